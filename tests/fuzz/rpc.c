/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client says: its lines, as the engine reads them off its stream, over the real table of
 * methods, with Augeas, and a monitor that is in this file. "L" as the first byte: the secret has
 * yet to be shown. Whatever is said, each line of the answer is JSON-RPC, and no answer too many.
 */
#include <stdbool.h>

#include "fuzz.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memfd.h"
#include "common/report.h"
#include "config.h"
#include "engine/engine.h"
#include "engine/rpc.h"
#include "engine/timer.h"

enum { EVENTS_MAX = 64, ANSWER_DEPTH = RPC_DEPTH_MAX + 8 };

/* ---- Augeas, but for the expressions that are known to be its end ------------------------ */

/* Leaks of its own on the way out of an error are not what is looked for here. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libaugeas\nleak:libfa\n";
}

static size_t count(const char *text, const char *part)
{
	size_t found = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		found++;
	return found;
}

/*
 * `a else b else c` reads freed memory, nesting overflows the stack, and time grows with the
 * power of what stands for any node; an engine that ends over it is proved in tests/system.
 * Such an expression is replaced by one that is wrong.
 */
static const char *tame(const char *expr)
{
	static const char *const parts[] = { "(", "else", "=~", "!~" };

	for (size_t i = 0; expr && i < ARRAY_SIZE(parts); i++)
		if (strstr(expr, parts[i]))
			return "/[";
	if (expr && (count(expr, "[") > 4 || count(expr, "//") > 2 || count(expr, "*") > 3 ||
		     count(expr, "::") > 2))
		return "/[";
	return expr;
}

/* Calls the library's function of the same name. */
#define REAL(name, ...) \
	static int (*real)(augeas *, __VA_ARGS__); \
	if (!real) \
		*(void **)(void *)&real = dlsym(RTLD_NEXT, name); \
	expect(real)

int aug_get(const augeas *aug, const char *path, const char **value)
{
	REAL("aug_get", const char *, const char **);
	return real((augeas *)(uintptr_t)aug, tame(path), value);
}

int aug_label(const augeas *aug, const char *path, const char **label)
{
	REAL("aug_label", const char *, const char **);
	return real((augeas *)(uintptr_t)aug, tame(path), label);
}

int aug_match(const augeas *aug, const char *path, char ***matches)
{
	REAL("aug_match", const char *, char ***);
	return real((augeas *)(uintptr_t)aug, tame(path), matches);
}

int aug_set(augeas *aug, const char *path, const char *value)
{
	REAL("aug_set", const char *, const char *);
	return real(aug, tame(path), value);
}

int aug_setm(augeas *aug, const char *base, const char *sub, const char *value)
{
	REAL("aug_setm", const char *, const char *, const char *);
	return real(aug, tame(base), tame(sub), value);
}

int aug_insert(augeas *aug, const char *path, const char *label, int before)
{
	REAL("aug_insert", const char *, const char *, int);
	return real(aug, tame(path), label, before);
}

int aug_rm(augeas *aug, const char *path)
{
	REAL("aug_rm", const char *);
	return real(aug, tame(path));
}

int aug_mv(augeas *aug, const char *from, const char *to)
{
	REAL("aug_mv", const char *, const char *);
	return real(aug, tame(from), tame(to));
}

int aug_rename(augeas *aug, const char *path, const char *label)
{
	REAL("aug_rename", const char *, const char *);
	return real(aug, tame(path), label);
}

int aug_defvar(augeas *aug, const char *name, const char *expr)
{
	REAL("aug_defvar", const char *, const char *);
	return real(aug, name, tame(expr));
}

int aug_defnode(augeas *aug, const char *name, const char *expr, const char *value, int *created)
{
	REAL("aug_defnode", const char *, const char *, const char *, int *);
	return real(aug, name, tame(expr), value, created);
}

int aug_source(const augeas *aug, const char *path, char **file)
{
	REAL("aug_source", const char *, char **);
	return real((augeas *)(uintptr_t)aug, tame(path), file);
}

int aug_print(const augeas *aug, FILE *out, const char *path)
{
	REAL("aug_print", FILE *, const char *);
	return real((augeas *)(uintptr_t)aug, out, tame(path));
}

/* ---- in place of src/engine/timer.c: time is libFuzzer's ------------------------------------ */

bool timer_retiring(void)
{
	return false;
}

int timer_init(uint32_t timeout_ms)
{
	(void)timeout_ms;
	return 0;
}

void timer_begin(void)
{
}

void timer_end(void)
{
}

int64_t timer_pause(void)
{
	return -1;
}

void timer_resume(int64_t used)
{
	(void)used;
}

/*
 * ---- in place of src/engine/mon.c: the monitor ----------------------------------------------
 *
 * A stub that the methods use, and that is not here, has the linker complain of all the others.
 */

static const char hosts[] = "127.0.0.1\tlocalhost\n10.0.0.1 one two\n# comment\n";

/* What it will tell of by itself. */
static struct message events[EVENTS_MAX];
static enum report_kind reports[EVENTS_MAX];
static size_t event_count;

static int tell_later(struct message event, enum report_kind report)
{
	if (event_count == EVENTS_MAX)
		return -ENOBUFS;
	reports[event_count] = report;
	events[event_count++] = event;
	return 0;
}

static int empty_report(enum report_kind kind)
{
	scoped_report report = report_begin(kind);

	return kind == REPORT_NONE ? -1 : report_seal(&report, "");
}

static void tell(struct engine *engine)
{
	/* an event may have more asked */
	for (size_t i = 0; i < event_count; i++) {
		scoped_fd fd = empty_report(reports[i]);

		expect(pending_event(&events[i], fd, engine) == 0);
	}
	event_count = 0;
}

int mon_auth(struct mon *mon, const char *secret, struct msg_auth_reply *ret_reply)
{
	static uint8_t left = 3;

	(void)mon;
	*ret_reply = (struct msg_auth_reply){
		.granted = strcmp(secret, "right") == 0,
		.tries_left = left == 0 ? (left = 3) : --left,
	};
	return 0;
}

int mon_open(struct mon *mon, uint32_t entry, const char *name, struct msg_open_reply *ret_reply,
	     int *ret_fd)
{
	static const enum mon_outcome outcomes[] = { OUTCOME_DONE, OUTCOME_DONE, OUTCOME_ABSENT,
						     OUTCOME_NOT_PLAIN };
	enum mon_outcome outcome = outcomes[entry % ARRAY_SIZE(outcomes)];

	(void)mon;
	expect(name);
	*ret_reply = (struct msg_open_reply){ .outcome = (uint8_t)outcome };
	if (outcome == OUTCOME_DONE)
		*ret_fd = memfd_of("hosts", hosts, sizeof(hosts) - 1);
	return 0;
}

int mon_list(struct mon *mon, uint32_t entry, struct msg_list_reply *ret_reply, int *ret_fd)
{
	static const char names[] = "a.list\0b.list";

	(void)mon;
	(void)entry;
	*ret_reply = (struct msg_list_reply){ .outcome = OUTCOME_DONE, .count = 2 };
	*ret_fd = memfd_of("names", names, sizeof(names));
	return 0;
}

void mon_prepare(struct mon *mon, uint32_t entry)
{
	(void)mon;
	(void)entry;
}

int mon_stage(struct mon *mon, uint32_t entry, const char *name, int content,
	      enum mon_outcome *ret_outcome)
{
	(void)mon;
	expect(name && (content < 0 || memfd_check(content, CONTENT_MAX, NULL) == 0));
	*ret_outcome = entry == 1 ? OUTCOME_DENIED : OUTCOME_DONE;
	return 0;
}

int mon_commit(struct mon *mon, bool drop, struct mon_commit *ret_commit)
{
	(void)mon;
	*ret_commit = (struct mon_commit){
		.outcome = OUTCOME_DONE,
		.enclosed = drop ? -1 : empty_report(REPORT_CHANGE),
	};
	return 0;
}

int mon_forget(struct mon *mon)
{
	(void)mon;
	return 0;
}

#define OUTCOME_OF(ticket) (uint8_t)((ticket) % JOB_MAX)

int mon_service(struct mon *mon, const struct msg_service *request)
{
	const struct message event = {
		.type = MON_JOB,
		.job = {
			.ticket = request->ticket,
			.outcome = OUTCOME_OF(request->ticket),
			.manager = "systemd", .job_result = "done", .load_state = "loaded",
			.active_state = "active", .sub_state = "running", .file_state = "enabled",
			.result = "success", .triggered_by = "a.socket b.socket",
			.changes = "+/a\n-/b\n", .detail = "", .log = "line\nline\n",
		},
	};

	(void)mon;
	return tell_later(event, REPORT_NONE);
}

static int data_later(uint32_t ticket, enum report_kind kind)
{
	const struct message event = {
		.type = MON_DATA,
		.data = { .ticket = ticket,
			  .outcome = OUTCOME_OF(ticket),
			  .detail = "",
			  .log = "line\n" },
	};

	return tell_later(event, event.data.outcome == JOB_DONE ? kind : REPORT_NONE);
}

int mon_units(struct mon *mon, const struct msg_units *request)
{
	(void)mon;
	return data_later(request->ticket, REPORT_UNIT);
}

int mon_log(struct mon *mon, const struct msg_log *request)
{
	(void)mon;
	return data_later(request->ticket, REPORT_LINE);
}

int mon_package(struct mon *mon, const struct msg_package *request)
{
	(void)mon;
	return data_later(request->ticket, REPORT_PACKAGE);
}

int mon_watch(struct mon *mon, const struct msg_watch *request)
{
	const struct message event = {
		.type = MON_UNIT,
		.unit = { .ticket = request->ticket,
			  .outcome = OUTCOME_OF(request->ticket),
			  .load_state = "loaded",
			  .active_state = "active",
			  .sub_state = "running",
			  .file_state = "enabled",
			  .result = "success" },
	};

	(void)mon;
	return tell_later(event, REPORT_NONE);
}

int mon_unwatch(struct mon *mon, const struct msg_unwatch *request)
{
	(void)mon;
	(void)request;
	return 0;
}

int mon_system(struct mon *mon, const struct msg_system *request)
{
	const struct message event = {
		.type = MON_IDENTITY,
		.identity = { .ticket = request->ticket,
			      .outcome = OUTCOME_OF(request->ticket),
			      .via = "files",
			      .timezone = "Etc/UTC",
			      .hostname = "x",
			      .locale = "LANG=C.UTF-8 LC_TIME=C",
			      .detail = "" },
	};

	(void)mon;
	return tell_later(event, REPORT_NONE);
}

/* ---- the client's side of the stream -----------------------------------------------------------
 */

struct heard {
	int fd;
	char *text;
	size_t size;
};

static void *hear(void *data)
{
	struct heard *heard = data;
	scoped_file *out = open_memstream(&heard->text, &heard->size);
	char chunk[65536];
	ssize_t n;

	while ((n = read(heard->fd, chunk, sizeof(chunk))) > 0)
		fwrite(chunk, 1, (size_t)n, out);
	return NULL;
}

/* One message of the server: an answer, or what it tells of by itself. */
static size_t look(struct json_object *message)
{
	const char *version = json_string(json_get(message, "jsonrpc"), NULL);

	expect(json_kind(message) == JSON_OBJECT && version && strcmp(version, "2.0") == 0);
	if (json_has(message, "method")) {
		expect(!json_has(message, "id") && json_has(message, "params"));
		return 0;
	}
	expect(json_has(message, "id"));
	expect(json_has(message, "result") != json_has(message, "error"));
	return 1;
}

/* How many answers there are. */
static size_t look_at_all(char *text, size_t size)
{
	size_t answers = 0;
	char *end;

	for (; size > 0; size -= (size_t)(end + 1 - text), text = end + 1) {
		scoped_json *value = NULL;
		struct json_error error;

		end = memchr(text, '\n', size);
		expect(end);
		expect(json_parse(text, (size_t)(end - text), ANSWER_DEPTH, &value, &error) == 0);
		if (json_kind(value) != JSON_ARRAY)
			answers += look(value);
		else
			for (size_t i = 0; i < json_length(value); i++)
				answers += look(json_at(value, i));
	}
	return answers;
}

/* ---- the engine --------------------------------------------------------------------------------
 */

static struct policy *make_policy(void)
{
	static const char *const paths[] = { "/etc/hosts", "/etc/other", "/etc/absent",
					     "/etc/link" };
	struct policy *policy = policy_new();
	struct policy_service *service;
	struct policy_package *package;
	struct policy_file *file;
	struct policy_log *log;

	expect(policy);
	for (size_t i = 0; i <= ARRAY_SIZE(paths); i++) {
		const char *path = i < ARRAY_SIZE(paths) ? paths[i] : "/etc/l/*.list";

		expect(policy_file_add(policy, path, &file) == 0);
		file->lens = strdup("Hosts.lns");
		file->may_create = file->may_delete = true;
		for (int right = RIGHT_SET; right <= RIGHT_REMOVE; right++)
			expect(policy_list_add(&file->rights[right], "**") == 0);
	}
	expect(policy_service_add(policy, "x*.service", &service) == 0);
	expect(policy_log_add(policy, "x*.service", &log) == 0);
	expect(policy_package_add(policy, "*", &package) == 0);
	service->verbs = package->verbs = UINT32_MAX;
	policy->has_system = true;
	policy->system_items = UINT32_MAX;
	return policy;
}

static void start(struct engine *engine, int stream, int memfd, bool authenticated)
{
	static char staging[] = "/tmp/exmachina-fuzz-XXXXXX";
	static bool made;

	if (!made)
		expect(mkdtemp(staging));
	made = true;
	*engine = (struct engine){
		.policy = make_policy(),
		.reader = json_reader_new(RPC_DEPTH_MAX),
		.authenticated = authenticated,
		.tries_left = 3,
		.timeout_ms = 10000,
		.user = strdup("panel"),
		.root = strdup("/"),
	};
	expect(engine->reader && engine->user && engine->root);
	expect(stream_open(&engine->stream, stream, memfd) == 0);
	expect(tree_new(&engine->mon, engine->policy, staging, LENS_PATH, &engine->tree) == 0);
}

static void end(struct engine *engine, size_t shared_size)
{
	/* those that are watched are told to be no more */
	for (size_t i = 0; i < ARRAY_SIZE(engine->watch); i++)
		free(engine->watch[i].unit);
	tree_free(engine->tree);
	policy_free(engine->policy);
	json_reader_free(engine->reader);
	output_clear(&engine->out);
	free(engine->user);
	free(engine->root);
	munmap(engine->stream.shared, shared_size);
}

/* As src/engine/engine.c does. How many lines there were. */
static size_t serve(struct engine *engine)
{
	size_t lines = 0;

	while (!engine->stream.ended && !engine->closing) {
		size_t max = engine->authenticated ? STREAM_LINE_MAX : STREAM_LOCKED_LINE_MAX;
		enum stream_line what;
		const char *line;
		size_t length;
		int r = stream_fill(&engine->stream);

		expect(r == 0);
		while (!engine->closing && (what = stream_next(&engine->stream, max, &line,
							       &length)) != STREAM_NOTHING) {
			lines++;
			if (what == STREAM_LINE)
				r = rpc_line(engine, line, length);
			else
				r = rpc_line_too_long(engine, max);
			expect(r == 0);
			tell(engine);
			max = engine->authenticated ? STREAM_LINE_MAX : STREAM_LOCKED_LINE_MAX;
		}
	}
	tell(engine);
	expect(!pending_any(engine));
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool locked = size > 0 && data[0] == 'L';
	scoped_fd memfd = memfd_new("stream");
	struct heard heard = { .fd = -1 };
	struct engine engine;
	pthread_t client;
	size_t commas = 0, lines;
	struct stat st;
	int pair[2];

	expect(memfd >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	start(&engine, pair[0], memfd, !locked);
	expect(fstat(memfd, &st) == 0);
	heard.fd = pair[1];
	expect(pthread_create(&client, NULL, hear, &heard) == 0);
	if (size > 1)
		expect(send(pair[1], data + 1, size - 1, MSG_NOSIGNAL) == (ssize_t)size - 1);
	shutdown(pair[1], SHUT_WR);
	lines = serve(&engine);
	close(pair[0]);
	pthread_join(client, NULL);
	close(pair[1]);
	/* a line has one answer, or one for each of its requests, which are more than commas */
	for (size_t i = 0; i < size; i++)
		commas += data[i] == ',';
	expect(look_at_all(heard.text, heard.size) <= lines + commas);
	free(heard.text);
	end(&engine, (size_t)st.st_size);
	return 0;
}
