/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a server says to libexmachina. In the first line each letter is a call of the library;
 * behind it are the server's lines, in which '@' stands for what ids begin with: "@1" is the first
 * call's. What a call hands out is whole, whatever the server said.
 */
#include "fuzz.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/json.h"
#include "session.h"

enum { CALLS_MAX = 32, ID_PREFIX_SIZE = 48 };

/* Reads each byte of a text; there may be none. */
static void text(const char *text)
{
	expect(!text || strlen(text) < SIZE_MAX);
}

static void texts(char *const *list)
{
	for (; list && *list; list++)
		text(*list);
}

/* A list ends with NULL, and has as many as were told. */
#define LIST(list, count, look) \
	do { \
		if ((count) < 0) \
			break; \
		expect(list); \
		for (int i_ = 0; i_ < (count); i_++) { \
			expect((list)[i_]); \
			look((list)[i_]); \
		} \
		expect(!(list)[count]); \
		free(list); \
	} while (0)

static void look_service(const struct exm_service *s)
{
	text(s->unit), text(s->job), text(s->load), text(s->active), text(s->sub);
	text(s->result), text(s->manager), text(s->file_state), text(s->description);
	texts(s->triggered_by), texts(s->changes);
}

static void look_package(const struct exm_package *p)
{
	text(p->name), text(p->state), text(p->version), text(p->candidate);
	text(p->action), text(p->before);
}

static void look_change(const struct exm_change *c)
{
	text(c->file), text(c->action), text(c->diff);
	for (size_t i = 0; c->changes && c->changes[i]; i++) {
		text(c->changes[i]->node), text(c->changes[i]->action);
		text(c->changes[i]->old_value), text(c->changes[i]->new_value);
	}
}

static void look_error(const struct exm_file_error *e)
{
	text(e->file), text(e->kind), text(e->lens), text(e->path), text(e->reason);
}

static void look_node(const struct exm_node *n)
{
	text(n->path), text(n->value);
}

static void look_log(struct exm_log *log)
{
	text(log->unit), text(log->cursor);
	for (struct exm_log_line **line = log->lines; line && *line; line++)
		text((*line)->time), text((*line)->identifier), text((*line)->message);
	free(log);
}

static void look_system(struct exm_system *system)
{
	text(system->hostname), text(system->timezone), text(system->via);
	texts(system->locale);
	free(system);
}

static void take_text(int r, char *got)
{
	if (r < 0)
		return;
	text(got);
	free(got);
}

static void take_service(int r, struct exm_service *service)
{
	if (r < 0)
		return;
	look_service(service);
	free(service);
}

static void look_revision(const struct exm_revision *revision)
{
	text(revision->time), text(revision->method);
	text(revision->client->user), text(revision->client->unit);
	for (size_t i = 0; revision->files[i]; i++) {
		const struct exm_revision_file *file = revision->files[i];

		text(file->file), text(file->action), text(file->section), text(file->diff);
		for (size_t k = 0; file->changes && file->changes[k]; k++) {
			text(file->changes[k]->node), text(file->changes[k]->action);
			text(file->changes[k]->old_value), text(file->changes[k]->new_value);
		}
	}
}

static void take_commit(int r, struct exm_commit *commit)
{
	if (r < 0)
		return;
	for (size_t i = 0; commit->files[i]; i++)
		look_change(commit->files[i]);
	text(commit->plan), text(commit->token);
	texts(commit->rebased);
	free(commit);
}

static void on_end(struct exm *session, int result, const char *json, void *data)
{
	(void)session;
	(void)data;
	expect(result < 0 || json);
	text(json);
}

static void on_notification(void *data, const char *method, const char *params)
{
	(void)data;
	text(method), text(params);
}

static void on_progress(void *data, const struct exm_progress *progress)
{
	(void)data;
	text(progress->stage), text(progress->detail);
}

static void call_tree(struct exm *s, char letter)
{
	struct exm_file_error **errors = NULL;
	struct exm_change **changes = NULL;
	struct exm_commit *commit = NULL;
	struct exm_node **nodes = NULL;
	struct exm_revision **revisions = NULL, *revision = NULL;
	struct exm_span *span = NULL;
	char *got = NULL, **list = NULL;
	int r;

	switch (letter) {
	case 'g':
		r = exm_get(s, "/files/x", &got);
		take_text(r, got);
		break;
	case 'm':
		r = exm_match(s, "/files/x", &list);
		LIST(list, r, text);
		break;
	case 'n':
		r = exm_match_nodes(s, "/files/x", &nodes);
		LIST(nodes, r, look_node);
		break;
	case 's':
		r = exm_span(s, "/files/x", &span);
		if (r >= 0)
			text(span->file), free(span);
		break;
	case 'e':
		r = exm_errors(s, &errors);
		LIST(errors, r, look_error);
		break;
	case 'd':
		r = exm_diff(s, &changes);
		LIST(changes, r, look_change);
		break;
	case 'c':
		r = exm_commit(s, &changes);
		LIST(changes, r, look_change);
		break;
	case 'o':
		r = exm_commit_with(s, NULL, &commit);
		take_commit(r, commit);
		break;
	case 'k':
		r = exm_confirm_rollback(s, "token");
		expect(r <= 1);
		break;
	case 'h':
		r = exm_history(s, NULL, 0, 0, &revisions, NULL);
		LIST(revisions, r, look_revision);
		break;
	case 'w':
		r = exm_show(s, 1, &revision);
		if (r >= 0)
			look_revision(revision), free(revision);
		break;
	case 'v':
		r = exm_revert(s, 1, &changes);
		LIST(changes, r, look_change);
		break;
	case 'x':
		r = exm_discard(s, &list);
		LIST(list, r, text);
		break;
	default:
		r = exm_rename(s, "/files/x", "y");
		expect(r >= 0 || r > -4096);
	}
}

static void call_system(struct exm *s, char letter)
{
	static const char *const names[] = { "hello", NULL };
	const struct exm_options options = { .size = sizeof(options), .progress = on_progress };
	struct exm_service *service = NULL, **services = NULL;
	struct exm_package **packages = NULL;
	struct exm_system *system = NULL;
	struct exm_log *log = NULL;
	int r;

	switch (letter) {
	case 'V':
		r = exm_service_call(s, "restart", "x.service", &options, &service);
		take_service(r, service);
		break;
	case 'W':
		r = exm_service_watch(s, "x.service", &service);
		take_service(r, service);
		break;
	case 'L':
		r = exm_service_list(s, NULL, &services);
		LIST(services, r, look_service);
		break;
	case 'J':
		if (exm_service_log(s, "x.service", 5, NULL, &log) >= 0)
			look_log(log);
		break;
	case 'K':
		r = exm_package_status(s, names, &packages);
		LIST(packages, r, look_package);
		break;
	case 'I':
		r = exm_package_install(s, names, &options, &packages);
		LIST(packages, r, look_package);
		break;
	default:
		if (exm_system_get(s, &system) >= 0)
			look_system(system);
	}
}

static void call(struct exm *s, char letter)
{
	char *got = NULL;
	int r;

	switch (letter) {
	case 'a':
		r = exm_call_async(s, "session.ping", NULL, 0, on_end, NULL, NULL);
		break;
	case 'p':
		r = exm_process(s);
		break;
	case 'C':
		r = exm_call(s, "session.info", NULL, &got);
		take_text(r, got);
		break;
	case 'f':
		r = exm_error_field(s, "line", &got);
		take_text(r, got);
		break;
	default:
		r = 0;
		if (letter >= 'A' && letter <= 'Z')
			call_system(s, letter);
		else
			call_tree(s, letter);
	}
	text(exm_strerror(s, r));
	if (exm_last_error(s))
		text(exm_last_error(s)->name), text(exm_last_error(s)->message),
			text(exm_last_error(s)->data);
}

/* All of it, and then the end of the stream; what finds no room is not said. */
static void say(int to, const char *prefix, const uint8_t *data, size_t size)
{
	for (size_t i = 0, begin = 0; i <= size; i++) {
		if (i < size && data[i] != '@')
			continue;
		if (send(to, data + begin, i - begin, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ||
		    (i < size && send(to, prefix, strlen(prefix), MSG_NOSIGNAL | MSG_DONTWAIT) < 0))
			break;
		begin = i + 1;
	}
	shutdown(to, SHUT_WR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t count = end ? (size_t)(end - data) : size;
	char prefix[ID_PREFIX_SIZE];
	struct exm *session = NULL;
	int pair[2];

	expect(exm_new(&session) == 0);
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	snprintf(prefix, sizeof(prefix), "%d-%s-", (int)getpid(), session->token);
	session->stream = stream_over(pair[0]);
	exm_set_notify(session, on_notification, NULL);
	if (end)
		say(pair[1], prefix, end + 1, size - count - 1);
	else
		shutdown(pair[1], SHUT_WR);
	for (size_t i = 0; i < count && i < CALLS_MAX; i++)
		call(session, (char)data[i]);
	exm_free(session);
	close(pair[1]);
	return 0;
}
