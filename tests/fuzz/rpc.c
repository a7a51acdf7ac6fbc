/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a client says: its lines, as the engine reads them off its stream, over the real table of
 * methods, with Augeas and a monitor that answers at once. "L" as the first byte: the secret has
 * yet to be shown. Whatever is said, each line of the answer is JSON-RPC, and no answer too many.
 */
#include "fake_monitor.h"
#include "fuzz.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memfd.h"
#include "config.h"
#include "engine/engine.h"
#include "engine/rpc.h"
#include "engine/timer.h"

enum { ANSWER_DEPTH = RPC_DEPTH_MAX + 8 };

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

/* How many answers a request may have: none if it is a notification as it should be. */
static size_t due_to(const struct json_object *request)
{
	const char *version = json_string(json_get(request, "jsonrpc"), NULL);
	enum json_kind params = json_kind(json_get(request, "params"));

	return json_kind(request) != JSON_OBJECT || json_has(request, "id") || !version ||
	       strcmp(version, "2.0") != 0 ||
	       json_kind(json_get(request, "method")) != JSON_STRING ||
	       (json_has(request, "params") && params != JSON_OBJECT && params != JSON_ARRAY);
}

/* The same for all lines that have an end. */
static size_t due_to_all(const char *text, size_t size)
{
	size_t due = 0;
	const char *end;

	for (; (end = memchr(text, '\n', size)); size -= (size_t)(end + 1 - text), text = end + 1) {
		scoped_json *value = NULL;
		struct json_error error;
		size_t length = (size_t)(end - text), count;

		if (json_parse(text, length, RPC_DEPTH_MAX, &value, &error) < 0 ||
		    json_kind(value) != JSON_ARRAY) {
			due += due_to(value);
			continue;
		}
		count = json_length(value);
		due += count == 0 || count > RPC_BATCH_MAX;
		for (size_t i = 0; i < count; i++)
			due += due_to(json_at(value, i));
	}
	return due;
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
	expect(stream_open(&engine->stream, stream, stream_piece(stream), memfd) == 0);
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

/* As src/engine/engine.c does. How many lines were too long. */
static size_t serve(struct engine *engine)
{
	size_t too_long = 0;

	while (!engine->stream.ended && !engine->closing) {
		size_t max = engine->authenticated ? STREAM_LINE_MAX : STREAM_LOCKED_LINE_MAX;
		enum stream_line what;
		const char *line;
		size_t length;
		int r = stream_fill(&engine->stream);

		expect(r == 0);
		while (!engine->closing && (what = stream_next(&engine->stream, max, &line,
							       &length)) != STREAM_NOTHING) {
			too_long += what == STREAM_TOO_LONG;
			if (what == STREAM_LINE)
				r = rpc_line(engine, line, length);
			else
				r = rpc_line_too_long(engine, max);
			expect(r == 0);
			fake_monitor_tell(engine);
			max = engine->authenticated ? STREAM_LINE_MAX : STREAM_LOCKED_LINE_MAX;
		}
	}
	fake_monitor_tell(engine);
	expect(!pending_any(engine));
	return too_long;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool locked = size > 0 && data[0] == 'L';
	scoped_fd memfd = memfd_new("stream");
	struct heard heard = { .fd = -1 };
	struct engine engine;
	pthread_t client;
	size_t due, too_long;
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
	too_long = serve(&engine);
	close(pair[0]);
	pthread_join(client, NULL);
	close(pair[1]);
	due = size > 1 ? due_to_all((const char *)data + 1, size - 1) : 0;
	/* a line that is too long is told of before it has an end */
	expect(look_at_all(heard.text, heard.size) <= due + too_long);
	free(heard.text);
	end(&engine, (size_t)st.st_size);
	return 0;
}
