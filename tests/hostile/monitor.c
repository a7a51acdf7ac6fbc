/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in the monitor's place and says one wrong thing to exmachina-run. The
 * cases are made from the real list of messages, so that a new message is tried
 * without anybody remembering to. "--list" prints their names; with a root
 * directory and a name the case is played, and the helper's answer printed:
 * "ended STATUS", or "answered OUTCOME".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/candidates.h"
#include "common/channel.h"
#include "common/fd.h"
#include "common/memfd.h"
#include "common/policy.h"
#include "common/run_program.h"
#include "common/wire.h"

#define HELPER LIBEXECDIR "/exmachina-run"

enum { ENTRY_X, ENTRY_OTHER, ENTRY_COUNT, POLICY_SIZE = 4096 };

/* of the files */
enum { FILE_X, FILE_DROPINS, FILE_READ_ONLY, FILE_COUNT };

#define CHECK_X "/opt/exm-check x"
#define CHECK_OTHER "/opt/exm-check other"

static int channel;

static void fail(const char *what)
{
	printf("broken: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void send_raw(const void *data, size_t size, const int *fds, size_t fd_count)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd_count > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
	}
	if (sendmsg(channel, &header, MSG_NOSIGNAL) < 0)
		fail("sendmsg");
}

/* Each file with a check; the second may be made and removed, the third not even be changed. */
static void add_files(struct policy *policy)
{
	static const char *const paths[FILE_COUNT] = { "/etc/exm-x.conf", "/etc/exm-x.d/*",
						       "/etc/exm-read.conf" };
	struct policy_file *file = NULL;

	for (size_t i = 0; i < FILE_COUNT; i++) {
		if (policy_file_add(policy, paths[i], &file) < 0 ||
		    policy_list_add(&file->checks, i == FILE_X ? CHECK_X : CHECK_OTHER) < 0)
			fail("policy");
		if (i != FILE_READ_ONLY && policy_list_add(&file->rights[RIGHT_SET], "**") < 0)
			fail("policy");
		file->may_create = file->may_delete = i == FILE_DROPINS;
	}
}

/* One that allows start of exm-x.service, and everything of exm-other.service. */
static size_t write_policy(uint8_t data[static POLICY_SIZE])
{
	scoped(policy_freep) struct policy *policy = policy_new();
	struct wire w = wire_over(data, POLICY_SIZE);
	struct policy_service *service = NULL;
	struct policy_package *package = NULL;

	if (!policy || policy_service_add(policy, "exm-x.service", &service) < 0)
		fail("policy");
	service->verbs = 1u << SERVICE_START;
	if (policy_service_add(policy, "exm-other.service", &service) < 0)
		fail("policy");
	service->verbs = (1u << SERVICE_VERB_MAX) - 1;
	if (policy_package_add(policy, "exm-hello", &package) < 0)
		fail("policy");
	package->verbs = 1u << PACKAGE_STATUS;
	add_files(policy);
	policy_put(&w, policy);
	return w.pos;
}

static int good_policy(void)
{
	uint8_t data[POLICY_SIZE];
	size_t size = write_policy(data);

	return memfd_of("policy", data, size);
}

static struct message good_message(enum message_type type)
{
	struct message m = { .type = type };

	if (type == MON_RUN_CALL)
		m.run_call = (struct msg_run_call){ .ticket = 1,
						    .program = RUN_INITD,
						    .entry = ENTRY_X,
						    .verb = SERVICE_START,
						    .timeout_ms = 60000,
						    .names = "exm-x.service" };
	return m;
}

static void say(const struct message *message, int fd)
{
	if (channel_send(channel, message, fd, true) < 0)
		fail("send");
}

static void say_policy(void)
{
	const struct message message = { .type = MON_RUN_POLICY };

	say(&message, good_policy());
}

/* ---- cases that every message has ---------------------------------------------------- */

enum mangling { AS_IT_IS, SHORT, LONG, WITH_FD, WITHOUT_FD, WITH_TWO_FDS, MANGLING_MAX };

static const char *const mangling_names[] = {
	[AS_IT_IS] = "as a request",
	[SHORT] = "one byte short",
	[LONG] = "one byte long",
	[WITH_FD] = "with a descriptor",
	[WITHOUT_FD] = "without its descriptor",
	[WITH_TWO_FDS] = "with two descriptors",
};

/* Is the case wrong at all? */
static bool applies(enum message_type type, enum mangling mangling)
{
	bool has_fd = message_info(type)->flags & MSG_FD;

	switch (mangling) {
	case AS_IT_IS:
		return type != MON_RUN_POLICY && type != MON_RUN_CALL;
	case WITH_FD:
		return type != MON_RUN_POLICY;
	case WITHOUT_FD:
		return has_fd;
	default:
		return true;
	}
}

static void play_mangled(enum message_type type, enum mangling mangling)
{
	const struct message message = good_message(type);
	bool has_fd = message_info(type)->flags & MSG_FD;
	const int fds[] = { good_policy(), good_policy() };
	uint8_t data[MESSAGE_MAX + 1];
	size_t length;

	if (message_encode(&message, data, MESSAGE_MAX, &length) < 0)
		fail("encode");
	data[length] = 0;
	switch (mangling) {
	case SHORT:
		send_raw(data, length - 1, fds, has_fd);
		break;
	case LONG:
		send_raw(data, length + 1, fds, has_fd);
		break;
	case WITH_FD:
		send_raw(data, length, fds, 1);
		break;
	case WITH_TWO_FDS:
		send_raw(data, length, fds, 2);
		break;
	case WITHOUT_FD:
		send_raw(data, length, fds, 0);
		break;
	default:
		send_raw(data, length, fds, has_fd);
	}
}

/* ---- calls that the policy does not allow ----------------------------------------------- */

static const struct {
	const char *name;
	struct msg_run_call call;
} calls[] = {
#define INITD(name_, entry_, verb_, unit_) \
	{ \
		name_, \
		{ \
			.ticket = 1, .program = RUN_INITD, .entry = (entry_), .verb = (verb_), \
			.timeout_ms = 10000, .names = (unit_) \
		} \
	}
#define PACKAGE(name_, verb_, names_) \
	{ \
		name_, \
		{ \
			.ticket = 1, .program = RUN_PACKAGE, .verb = (verb_), .timeout_ms = 10000, \
			.names = (names_) \
		} \
	}
	INITD("an entry after the last", ENTRY_COUNT, SERVICE_START, "exm-x.service"),
	INITD("a huge entry", UINT32_MAX, SERVICE_START, "exm-x.service"),
	INITD("a unit of another entry", ENTRY_OTHER, SERVICE_START, "exm-x.service"),
	INITD("a unit of no entry", ENTRY_X, SERVICE_START, "exm-third.service"),
	INITD("a verb that the entry does not allow", ENTRY_X, SERVICE_STOP, "exm-x.service"),
	INITD("enable that the entry does not allow", ENTRY_X, SERVICE_ENABLE, "exm-x.service"),
	INITD("a verb after the last", ENTRY_OTHER, SERVICE_VERB_MAX, "exm-other.service"),
	INITD("a verb of 255", ENTRY_OTHER, 255, "exm-other.service"),
	INITD("a verb that no script has", ENTRY_OTHER, SERVICE_MASK, "exm-other.service"),
	INITD("a path", ENTRY_X, SERVICE_START, "../exm-x.service"),
	INITD("an absolute path", ENTRY_X, SERVICE_START, "/etc/init.d/exm-x.service"),
	INITD("an option", ENTRY_X, SERVICE_START, "--help.service"),
	INITD("an empty name", ENTRY_X, SERVICE_START, ""),
	INITD("a name with a blank", ENTRY_X, SERVICE_START, "exm-x.service exm-y.service"),
	INITD("a name with a newline", ENTRY_X, SERVICE_START, "exm-x.service\n"),
	INITD("a name of another kind", ENTRY_X, SERVICE_START, "exm-x.socket"),
	PACKAGE("a package that is not in the policy", PACKAGE_STATUS, "exm-secret"),
	PACKAGE("a package verb that is not allowed", PACKAGE_INSTALL, "exm-hello"),
	PACKAGE("one package of two that is not allowed", PACKAGE_STATUS, "exm-hello exm-secret"),
	PACKAGE("a package verb after the last", PACKAGE_VERB_MAX, "exm-hello"),
	PACKAGE("an option as a package", PACKAGE_STATUS, "--version"),
	PACKAGE("a path as a package", PACKAGE_STATUS, "./exm-hello.deb"),
	PACKAGE("a package with a version", PACKAGE_STATUS, "exm-hello=1"),
	PACKAGE("update that nothing allows", PACKAGE_UPDATE, ""),
	PACKAGE("upgrade of everything", PACKAGE_UPGRADE, ""),
	{ "no time",
	  { .ticket = 1, .verb = SERVICE_START, .timeout_ms = 0, .names = "exm-x.service" } },
	{ "more time than any policy gives",
	  { .ticket = 1,
	    .verb = SERVICE_START,
	    .timeout_ms = POLICY_TIMEOUT_MAX_MS + 1,
	    .names = "exm-x.service" } },
	{ "a program after the last",
	  { .ticket = 1,
	    .program = RUN_PROGRAM_MAX,
	    .timeout_ms = 10000,
	    .names = "exm-x.service" } },
};

/* ---- checks that the policy does not allow ------------------------------------------------ */

#define CHECK(entry_, number_, line_) \
	{ \
		.ticket = 1, .program = RUN_CHECK, .entry = (entry_), .verb = (number_), \
		.timeout_ms = 60000, .names = (line_) \
	}

/* The first file is FILE_X's, and right; the second, where there is one, is this. */
static const struct {
	const char *name;
	struct msg_run_call call;
	struct candidate_file file; /* its content: -1, or 0 for some */
} checks[] = {
#define LINE(name_, entry_, number_, line_) \
	{ \
		name_, CHECK(entry_, number_, line_), \
		{ \
			.path = NULL \
		} \
	}
#define WITH(name_, entry_, path_, content_) \
	{ \
		name_, CHECK(FILE_X, 0, CHECK_X), \
		{ \
			.entry = (entry_), .path = (path_), .content = (content_) \
		} \
	}
	LINE("a check of an entry after the last", FILE_COUNT, 0, CHECK_X),
	LINE("a check of a huge entry", UINT32_MAX, 0, CHECK_X),
	LINE("a check after the last", FILE_X, 1, CHECK_X),
	LINE("a check of another line", FILE_X, 0, CHECK_OTHER),
	LINE("a check of a line of its own", FILE_X, 0, "/bin/sh -c x"),
	LINE("a check of no line", FILE_X, 0, ""),
	LINE("a check that is for none of the files", FILE_DROPINS, 0, CHECK_OTHER),
	WITH("a check of a file of no entry", FILE_X, "/etc/passwd", 0),
	WITH("a check of a file of another entry", FILE_X, "/etc/exm-x.d/a", 0),
	WITH("a check of a file of an entry after the last", FILE_COUNT, "/etc/exm-x.d/a", 0),
	WITH("a check of a file below the section's", FILE_DROPINS, "/etc/exm-x.d/a/b", 0),
	WITH("a check of a path that leads out", FILE_DROPINS, "/etc/exm-x.d/../passwd", 0),
	WITH("a check of a relative path", FILE_DROPINS, "etc/exm-x.d/a", 0),
	WITH("a check of a path of nothing", FILE_DROPINS, "", 0),
	WITH("a check of one file twice", FILE_X, "/etc/exm-x.conf", 0),
	WITH("a check of a file that may not be changed", FILE_READ_ONLY, "/etc/exm-read.conf", 0),
	WITH("a check of a removal that is not allowed", FILE_READ_ONLY, "/etc/exm-read.conf", -1),
};

static int good_files(const struct candidate_file *second)
{
	static const char *secrets[] = { "secret" };
	int content = memfd_of("content", "x\n", 2);
	struct candidate_file files[2] = {
		{ .entry = FILE_X, .path = "/etc/exm-x.conf", .content = content },
	};
	const struct candidate_secrets all = { .item = (char **)(uintptr_t)secrets, .count = 1 };
	int fd;

	if (second) {
		files[1] = *second;
		if (second->content == 0)
			files[1].content = content;
	}
	fd = candidates_to_memfd(files, second ? 2 : 1, &all);
	if (fd < 0)
		fail("files");
	return fd;
}

static void say_check(int fd)
{
	const struct message message = { .type = MON_RUN_CALL,
					 .run_call = CHECK(FILE_X, 0, CHECK_X) };

	say_policy();
	say(&message, fd);
}

static void good_check(void)
{
	const struct candidate_file second = { .entry = FILE_DROPINS, .path = "/etc/exm-x.d/a" };

	say_check(good_files(&second));
}

static void check_without_files(void)
{
	say_check(-1);
}

/* Its bytes, changed, in a memfd of their own: `more` of them, or without that many. */
static void say_changed_files(int more)
{
	char bytes[4096] = "";
	ssize_t size = pread(good_files(NULL), bytes, sizeof(bytes), 0);

	say_check(memfd_of("files", bytes, (size_t)(size + more)));
}

static void files_cut(void)
{
	say_changed_files(-1);
}

static void files_long(void)
{
	say_changed_files(1);
}

static void files_of_nothing(void)
{
	say_check(memfd_of("files", "", 0));
}

static void files_unsealed(void)
{
	char bytes[4096] = "";
	ssize_t size = pread(good_files(NULL), bytes, sizeof(bytes), 0);
	int fd = memfd_new("files");

	if (fd_write_all(fd, bytes, (size_t)size) < 0)
		fail("write");
	say_check(fd);
}

static void files_in_a_file(void)
{
	say_check(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void files_with_a_service(void)
{
	const struct message message = good_message(MON_RUN_CALL);

	say_policy();
	say(&message, good_files(NULL));
}

/* ---- cases of their own ----------------------------------------------------------------- */

static void good_call(void)
{
	const struct message message = good_message(MON_RUN_CALL);

	say_policy();
	say(&message, -1);
}

static void call_without_policy(void)
{
	const struct message message = good_message(MON_RUN_CALL);

	say(&message, -1);
}

static void give_policy(int fd)
{
	const struct message message = { .type = MON_RUN_POLICY };
	const struct message call = good_message(MON_RUN_CALL);
	int r;

	say(&message, fd);
	r = channel_send(channel, &call, -1, true);
	/* by then the helper may have read the policy, and ended */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		fail("send");
}

static void policy_unsealed(void)
{
	uint8_t data[POLICY_SIZE];
	size_t size = write_policy(data);
	int fd = memfd_new("policy");

	if (fd_write_all(fd, data, size) < 0)
		fail("write");
	give_policy(fd);
}

static void policy_of_a_socket(void)
{
	give_policy(channel);
}

static void policy_of_a_file(void)
{
	give_policy(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void policy_empty(void)
{
	give_policy(memfd_of("policy", "", 0));
}

static void policy_short(void)
{
	uint8_t data[POLICY_SIZE];
	size_t size = write_policy(data);

	give_policy(memfd_of("policy", data, size - 1));
}

static void policy_long(void)
{
	uint8_t data[POLICY_SIZE] = { 0 };
	size_t size = write_policy(data);

	give_policy(memfd_of("policy", data, size + 1));
}

/* The one before does not count any more, nor does a bad one leave it in place. */
static void policy_bad_after_good(void)
{
	say_policy();
	policy_short();
}

static void name_with_nul(void)
{
	const struct message message = good_message(MON_RUN_CALL);
	uint8_t data[MESSAGE_MAX];
	size_t length;

	if (message_encode(&message, data, sizeof(data), &length) < 0)
		fail("encode");
	data[length - 3] = '\0';
	say_policy();
	send_raw(data, length, NULL, 0);
}

static void unknown_type(void)
{
	const uint32_t types[] = { MESSAGE_TYPE_MAX };

	send_raw(types, sizeof(types), NULL, 0);
}

static void too_large(void)
{
	static uint8_t data[MESSAGE_MAX + 4096] = { MON_RUN_CALL };

	send_raw(data, sizeof(data), NULL, 0);
}

static const struct {
	const char *name;
	void (*play)(void);
} cases[] = {
	{ "RUN_CALL of a check without its descriptor", check_without_files },
	{ "RUN_CALL of a service with the descriptor of a check", files_with_a_service },
	{ "RUN_CALL with a check of files that are cut", files_cut },
	{ "RUN_CALL with a check of files and a byte more", files_long },
	{ "RUN_CALL with a check of an empty memfd", files_of_nothing },
	{ "RUN_CALL with a check of an unsealed memfd", files_unsealed },
	{ "RUN_CALL with a check of a file of the system", files_in_a_file },
	{ "RUN_CALL without a policy", call_without_policy },
	{ "RUN_CALL of a name with a NUL", name_with_nul },
	{ "RUN_POLICY in an unsealed memfd", policy_unsealed },
	{ "RUN_POLICY in a socket", policy_of_a_socket },
	{ "RUN_POLICY in a file", policy_of_a_file },
	{ "RUN_POLICY that is empty", policy_empty },
	{ "RUN_POLICY that is cut", policy_short },
	{ "RUN_POLICY with a byte more", policy_long },
	{ "RUN_POLICY that is bad after a good one", policy_bad_after_good },
	{ "a type that does not exist", unknown_type },
	{ "a packet over the limit", too_large },
};

/* ---- playing -------------------------------------------------------------------------- */

static void mangled_name(enum message_type type, enum mangling mangling, char name[static 128])
{
	snprintf(name, 128, "%s %s", message_info(type)->name, mangling_names[mangling]);
}

static int list_cases(void)
{
	char name[128];

	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++)
		for (enum mangling m = 0; m < MANGLING_MAX; m++)
			if (applies(type, m)) {
				mangled_name(type, m, name);
				puts(name);
			}
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		printf("RUN_CALL with %s\n", calls[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		printf("RUN_CALL with %s\n", checks[i].name);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		puts(cases[i].name);
	return 0;
}

static bool play_check(const char *wanted)
{
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		const struct message message = { .type = MON_RUN_CALL, .run_call = checks[i].call };

		if (strcmp(wanted, checks[i].name) != 0)
			continue;
		say_policy();
		say(&message, good_files(checks[i].file.path ? &checks[i].file : NULL));
		return true;
	}
	return false;
}

static bool play_call(const char *wanted)
{
	static const char prefix[] = "RUN_CALL with ";

	if (strncmp(wanted, prefix, strlen(prefix)) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct message message = { .type = MON_RUN_CALL, .run_call = calls[i].call };

		if (strcmp(wanted + strlen(prefix), calls[i].name) != 0)
			continue;
		say_policy();
		say(&message, -1);
		return true;
	}
	return play_check(wanted + strlen(prefix));
}

static bool play(const char *wanted)
{
	char name[128];

	if (strcmp(wanted, "good check") == 0) {
		good_check();
		return true;
	}
	if (strcmp(wanted, "good") == 0) {
		good_call();
		return true;
	}
	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++)
		for (enum mangling m = 0; m < MANGLING_MAX; m++) {
			mangled_name(type, m, name);
			if (applies(type, m) && strcmp(name, wanted) == 0) {
				say_policy();
				play_mangled(type, m);
				return true;
			}
		}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(cases[i].name, wanted) == 0) {
			cases[i].play();
			return true;
		}
	return play_call(wanted);
}

/* As the monitor starts it. */
static pid_t start_helper(const char *root)
{
	scoped_fd root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), theirs = -1;
	pid_t pid;

	if (root_fd < 0 || channel_pair(&channel, &theirs) < 0)
		fail(root);
	pid = fork();
	if (pid == 0) {
		const int keep[] = { theirs, root_fd };
		char name[] = "exmachina-run";
		char *const argv[] = { name, NULL }, *const environment[] = { NULL };

		if (fd_quiet(STDOUT_FILENO) == 0 && fd_keep_only(keep, ARRAY_SIZE(keep)) == 0)
			execve(HELPER, argv, environment);
		_exit(99);
	}
	return pid;
}

/* The first end of a call, or the helper's own. */
static void report(pid_t helper)
{
	struct packet packet;
	struct message message;
	int status, fd = -1;

	for (;;) {
		int r = channel_recv(channel, true, &packet, &message, &fd);

		if (r <= 0)
			break;
		if (message.type == MON_RUN_END) {
			printf("answered %d %s\n", message.run_end.outcome, message.run_end.detail);
			break;
		}
	}
	shutdown(channel, SHUT_RDWR);
	if (waitpid(helper, &status, 0) < 0)
		fail("waitpid");
	if (WIFEXITED(status))
		printf("ended %d\n", WEXITSTATUS(status));
	else
		printf("killed %d\n", WTERMSIG(status));
}

int main(int argc, char **argv)
{
	pid_t helper;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list_cases();
	if (argc != 3)
		return 2;
	helper = start_helper(argv[1]);
	if (!play(argv[2]))
		return 2;
	report(helper);
	return 0;
}
