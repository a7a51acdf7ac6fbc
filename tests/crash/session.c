/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests, which run as root in the sandbox, with engine.c in the engine's place.
 */
#include "session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/fd.h"
#include "common/memfd.h"
#include "must.h"

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { FIRST_FREE_FD = 10, CLIENT_FD = 3, SECRET_FD = 4, ANSWER_MSEC = 20000 };

/* ---- the ground ------------------------------------------------------------------------ */

static void make_directory(const char *root, const char *path)
{
	char whole[2 * PATH_MAX];

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	MUST(mkdir(whole, 0755) == 0);
}

struct ground ground_make(const char *dir)
{
	static const char *const all[] = { "", "etc", "etc/one.d", "etc/two.d", "var", "var/lib" };
	struct ground ground;
	char path[2 * PATH_MAX];
	FILE *file;

	snprintf(ground.root, sizeof(ground.root), "%s/root", dir);
	snprintf(ground.policy, sizeof(ground.policy), "%s/policy", dir);
	MUST(mkdir(dir, 0755) == 0 || errno == EEXIST);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		make_directory(ground.root, all[i]);
	snprintf(path, sizeof(path), "%s/var/lib/exmachina", ground.root);
	MUST(mkdir(path, 0700) == 0);
	MUST(mkdir(ground.policy, 0755) == 0);
	snprintf(path, sizeof(path), "%s/crash.conf", ground.policy);
	file = fopen(path, "we");
	MUST(file && fputs(scene_policy, file) >= 0 && fclose(file) == 0);
	ground.root_fd = open(ground.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ground.log = memfd_create("log", MFD_CLOEXEC);
	MUST(ground.root_fd >= 0 && ground.log >= 0);
	MUST(fcntl(ground.log, F_SETFL, O_APPEND) == 0);
	return ground;
}

void ground_forget(const struct ground *ground)
{
	MUST(ftruncate(ground->log, 0) == 0);
}

void ground_tell(const struct ground *ground)
{
	char text[4096];
	ssize_t n;

	for (off_t at = 0; (n = pread(ground->log, text, sizeof(text), at)) > 0; at += n)
		MUST(fd_write_all(STDERR_FILENO, text, (size_t)n) == 0);
}

/* ---- the server ------------------------------------------------------------------------- */

static void exec_monitor(const struct ground *ground, int client, int secret)
{
	/* first out of the way of the numbers that they are to have */
	client = fcntl(client, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	secret = fcntl(secret, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	if (dup2(ground->log, STDERR_FILENO) >= 0 && dup2(client, CLIENT_FD) >= 0 &&
	    dup2(secret, SECRET_FD) >= 0)
		execl(SBINDIR "/exmachinad", "exmachinad", "--policy", ground->policy, "--root",
		      ground->root, "--fd", "3", "--secret-fd", "4", NULL);
	_exit(127);
}

/* What the engine's place passes on. */
static int take_channel(int stream)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(stream, &header, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&header))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(fd));
	return fd;
}

struct session session_start(const struct ground *ground)
{
	int secret = memfd_of("secret", SECRET, strlen(SECRET)), pair[2];
	struct session session = { .ground = ground, .now = time(NULL) };
	struct timespec since_boot;

	MUST(clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0);
	session.now_since_boot = since_boot.tv_sec;
	MUST(secret >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	session.monitor = trace_fork();
	if (session.monitor == 0)
		exec_monitor(ground, pair[1], secret);
	trace_let_exec(session.monitor);
	close(pair[1]);
	close(secret);
	session.stream = pair[0];
	MUST(fd_write_all(session.stream, SECRET "\n", strlen(SECRET) + 1) == 0);
	session.channel = take_channel(session.stream);
	if (session.channel < 0)
		ground_tell(ground);
	MUST(session.channel >= 0);
	return session;
}

void session_end(struct session *session)
{
	close(session->channel);
	close(session->stream);
	kill(session->monitor, SIGKILL);
	while (waitpid(session->monitor, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* ---- what is said to it ------------------------------------------------------------------ */

/* Not a system call, but for us. */
static bool is_clock(const struct trace_stop *stop)
{
	return stop->number == SYS_clock_gettime;
}

static bool is_wait(const struct trace_stop *stop)
{
	return stop->is_entry &&
	       (stop->number == SYS_epoll_wait || stop->number == SYS_epoll_pwait ||
		stop->number == SYS_epoll_pwait2);
}

/*
 * The event loop asks in which thread it is, and a copy has another number; and the time of the
 * commit is written down.
 */
static void pretend(const struct session *session, pid_t pid, const struct trace_stop *stop)
{
	const struct timespec now = { .tv_sec = session->now };
	const struct timespec since_boot = { .tv_sec = session->now_since_boot };

	if (stop->is_entry)
		return;
	if (stop->number == SYS_gettid || stop->number == SYS_getpid)
		trace_set_result(pid, session->monitor);
	if (is_clock(stop) && stop->argument[0] == CLOCK_REALTIME)
		trace_poke(pid, stop->argument[1], &now, sizeof(now));
	if (is_clock(stop) && stop->argument[0] == CLOCK_BOOTTIME)
		trace_poke(pid, stop->argument[1], &since_boot, sizeof(since_boot));
}

static bool has_answered(const struct session *session, int timeout_msec)
{
	struct pollfd poll_fd = { .fd = session->channel, .events = POLLIN };

	return poll(&poll_fd, 1, timeout_msec) == 1;
}

static enum trace_step until_it_has_answered(void *data, pid_t pid, const struct trace_stop *stop)
{
	const struct session *session = data;

	pretend(session, pid, stop);
	return is_wait(stop) && has_answered(session, 0) ? TRACE_LEAVE : TRACE_GO;
}

/* Of a copy that was left, or, with -1, of the server, which runs. */
static struct message ask(const struct session *session, pid_t pid, const struct message *message,
			  int fd)
{
	static struct packet packet; /* the answer's texts are in it */
	struct message reply;
	int enclosed = -1;

	MUST(channel_send(session->channel, message, fd, true) == 0);
	if (pid >= 0)
		(void)trace_run(pid, until_it_has_answered, (void *)(uintptr_t)session, NULL);
	if (!has_answered(session, pid >= 0 ? 0 : ANSWER_MSEC))
		ground_tell(session->ground);
	MUST(channel_recv(session->channel, false, &packet, &reply, &enclosed) == 1);
	close_fd(enclosed);
	return reply;
}

static void stage_one(const struct session *session, pid_t pid, enum tree_place place,
		      const char *name, const char *text, size_t size)
{
	const struct message open_it = { .type = MON_OPEN, .open = { place, name } };
	const struct message stage_it = { .type = MON_STAGE, .stage = { place, name } };
	scoped_fd content = text ? memfd_of("content", text, size) : -1;
	struct message reply = ask(session, pid, &open_it, -1);

	MUST(reply.type == MON_OPEN_REPLY);
	MUST(reply.open_reply.outcome == OUTCOME_DONE ||
	     reply.open_reply.outcome == OUTCOME_ABSENT);
	reply = ask(session, pid, &stage_it, content);
	MUST(reply.type == MON_STAGE_REPLY && reply.stage_reply.outcome == OUTCOME_DONE);
}

void session_stage(const struct session *session, const struct scene *scene)
{
	for (size_t i = 0; i < scene_file_count(scene); i++) {
		const struct scene_file *file = &scene->file[i];
		size_t size = 0;
		scoped_ptr char *text = file->new ? scene_text(file, file->new, &size) : NULL;

		stage_one(session, -1, file->place, file->name, text, size);
	}
}

enum mon_outcome session_commit_more(const struct session *session, pid_t pid, const char *text)
{
	const struct message commit = { .type = MON_COMMIT };
	struct message reply;

	stage_one(session, pid, TREE_ONE, SCENE_NEXT, text, strlen(text));
	reply = ask(session, pid, &commit, -1);
	MUST(reply.type == MON_COMMIT_REPLY);
	return (enum mon_outcome)reply.commit_reply.outcome;
}

/* ---- the commit ----------------------------------------------------------------------------- */

static enum trace_step where_it_waits(void *data, pid_t pid, const struct trace_stop *stop)
{
	(void)data;
	(void)pid;
	return is_wait(stop) ? TRACE_LEAVE : TRACE_GO;
}

void session_stop(struct session *session)
{
	trace_seize(session->monitor, where_it_waits, NULL);
	session->original = trace_original_of(session->monitor);
}

static void take_answer(struct commit_run *run)
{
	static struct packet packet;
	struct message reply;
	int enclosed = -1;

	while (channel_recv(run->session->channel, false, &packet, &reply, &enclosed) == 1) {
		close_fd(enclosed);
		enclosed = -1;
		if (reply.type == MON_COMMIT_REPLY) {
			run->outcome = (enum mon_outcome)reply.commit_reply.outcome;
			snprintf(run->token, sizeof(run->token), "%s", reply.commit_reply.token);
		} else if (reply.type == MON_CONFIRM_REPLY) {
			run->outcome = (enum mon_outcome)reply.confirm_reply.outcome;
		} else {
			continue;
		}
		run->is_answered = true;
	}
}

/* So that the same files get the same temporary names each time, and states can be compared. */
static void no_random(struct commit_run *run, pid_t pid, const struct trace_stop *stop)
{
	unsigned char bytes[64];

	if (stop->number != SYS_getrandom || stop->is_entry || stop->result <= 0)
		return;
	MUST((size_t)stop->result <= sizeof(bytes));
	memset(bytes, (int)(run->names + run->chosen++), sizeof(bytes));
	trace_poke(pid, stop->argument[0], bytes, (size_t)stop->result);
}

static enum trace_step during_commit(void *data, pid_t pid, const struct trace_stop *stop)
{
	struct commit_run *run = data;
	struct trace_stop counted = *stop;

	if (!run->has_begun) {
		run->has_begun = stop->number == SYS_recvmsg && !stop->is_entry && stop->result > 0;
		return TRACE_GO;
	}
	no_random(run, pid, stop);
	pretend(run->session, pid, stop);
	if (is_clock(stop))
		return TRACE_GO;
	if (is_wait(stop)) {
		take_answer(run);
		if (run->is_answered)
			return TRACE_LEAVE;
	}
	counted.index = run->stops++;
	return run->hook(run->data, pid, &counted);
}

void session_commit(struct commit_run *run)
{
	const struct message commit = { .type = MON_COMMIT };

	run->is_answered = run->has_begun = false;
	run->stops = run->chosen = 0;
	ground_forget(run->session->ground);
	MUST(channel_send(run->session->channel, run->message ? run->message : &commit, -1, true) ==
	     0);
	run->pid = trace_copy(&run->session->original);
	run->end = trace_run(run->pid, during_commit, run, NULL);
	take_answer(run);
}

/* ---- recovery ------------------------------------------------------------------------------- */

static enum trace_step at_the_root(void *data, pid_t pid, const struct trace_stop *stop)
{
	const struct ground *ground = data;
	char path[PATH_MAX] = "";

	if (!stop->is_entry || stop->number != SYS_openat)
		return TRACE_GO;
	trace_peek_text(pid, stop->argument[1], path, sizeof(path));
	return strcmp(path, ground->root) == 0 ? TRACE_LEAVE : TRACE_GO;
}

struct trace_original recovery_original(const struct ground *ground)
{
	const char *const argv[] = { SBINDIR "/exmachinad", "--root", ground->root, "--recover",
				     NULL };

	return trace_original_of(
		trace_start(argv, ground->log, at_the_root, (void *)(uintptr_t)ground));
}

int recovery_run(const struct trace_original *original, trace_hook *hook, void *data)
{
	pid_t pid = trace_copy(original);
	int status = -1;

	return trace_run(pid, hook, data, &status) == TRACE_EXITED ? status : -1;
}
