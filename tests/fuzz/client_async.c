/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a server says to a program that does not wait. In the first line each letter is what the
 * program does; behind it are the server's lines, with '@' as in client.c. Whatever is said, each
 * call is told of its end once, or never if it was cancelled or the session freed, and no function
 * is called within another of its kind.
 */
#include "fuzz.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/json.h"
#include "session.h"

enum { STEPS_MAX = 64, ASKS_MAX = 256, ID_PREFIX_SIZE = 48 };

struct program;

struct ask {
	struct program *program;
	struct exm_batch *batch; /* NULL: none */
	uint64_t call;
	bool open;
};

struct program {
	struct exm *session; /* NULL: it was freed */
	struct ask ask[ASKS_MAX];
	size_t count;
	bool in_end, in_note; /* a function of that kind is being called */
	/* what functions do beside looking on */
	bool asks, frees, reasks, processes;
};

static void text(const char *text)
{
	expect(!text || strlen(text) < SIZE_MAX);
}

/* ---- functions that are called ----------------------------------------------------- */

static void step(struct program *p, char letter);

/* The ask has ended, and may not end once more. */
static void begin_end(struct exm *session, struct ask *ask, int result)
{
	expect(ask->open && !ask->program->in_end && session == ask->program->session);
	ask->open = false;
	ask->program->in_end = true;
	text(exm_strerror(session, result));
	if (exm_last_error(session))
		text(exm_last_error(session)->data);
	if (ask->program->processes)
		expect(exm_process(session) == -EBUSY);
}

static void finish_end(struct ask *ask)
{
	struct program *p = ask->program;

	if (p->asks)
		step(p, 'S');
	if (p->session && p->reasks)
		step(p, 'a');
	if (p->session && p->frees)
		p->session = exm_free(p->session);
	p->in_end = false;
}

static void on_end(struct exm *session, int result, const char *json, void *data)
{
	begin_end(session, data, result);
	expect(result < 0 || json);
	text(json);
	finish_end(data);
}

static void on_service(struct exm *session, int result, const struct exm_service *service,
		       void *data)
{
	begin_end(session, data, result);
	expect((result == 0) == (service != NULL));
	if (service)
		text(service->unit), text(service->active);
	finish_end(data);
}

static void on_commit(struct exm *session, int result, const struct exm_commit *commit, void *data)
{
	begin_end(session, data, result);
	expect((result >= 0) == (commit != NULL));
	for (size_t i = 0; commit && commit->files[i]; i++)
		text(commit->files[i]->file);
	finish_end(data);
}

static void on_channel(struct exm *session, int result, struct exm *channel, void *data)
{
	begin_end(session, data, result);
	/* no descriptor is ever sent */
	expect(result < 0 && !channel);
	finish_end(data);
}

static void look_at_batch(struct exm_batch *batch)
{
	for (int i = -1; i <= exm_batch_count(batch); i++) {
		const struct exm_error *error = exm_batch_error(batch, i);
		char *got = NULL, **list = NULL;
		struct exm_node **nodes = NULL;

		if (error)
			text(error->message), text(error->name), text(error->data);
		if (exm_batch_result(batch, i) == 0)
			expect(!error);
		if (exm_batch_text(batch, i, &got) == 0)
			text(got), free(got);
		if (exm_batch_json(batch, i, &got) == 0)
			text(got), free(got);
		if (exm_batch_error_field(batch, i, "line", &got) == 0)
			text(got), free(got);
		if (exm_batch_texts(batch, i, &list) >= 0)
			free(list);
		if (exm_batch_nodes(batch, i, &nodes) >= 0)
			free(nodes);
		expect(exm_batch_number(batch, i) > -4096);
	}
}

static void on_batch(struct exm *session, int result, struct exm_batch *batch, void *data)
{
	struct ask *ask = data;

	begin_end(session, ask, result);
	expect(batch == ask->batch && result <= exm_batch_count(batch));
	look_at_batch(batch);
	ask->batch = exm_batch_free(batch);
	finish_end(ask);
}

static void on_note(void *data, const char *method, const char *params)
{
	struct program *p = data;

	expect(!p->in_note && p->session);
	p->in_note = true;
	text(method), text(params);
	expect(exm_process(p->session) == -EBUSY);
	if (p->asks)
		step(p, 'S');
	p->in_note = false;
}

/* ---- what the program does -------------------------------------------------------------- */

static struct ask *new_ask(struct program *p)
{
	struct ask *ask = p->count < ASKS_MAX ? &p->ask[p->count] : NULL;

	if (ask)
		*ask = (struct ask){ .program = p };
	return ask;
}

static void note_ask(struct program *p, struct ask *ask, int r)
{
	ask->open = r == 0;
	if (r == 0)
		p->count++;
	else
		ask->batch = exm_batch_free(ask->batch);
}

static struct exm_batch *make_batch(void)
{
	struct exm_batch *batch = NULL;

	expect(exm_batch_new(&batch) == 0);
	expect(exm_batch_get(batch, "/files/x") == 0);
	expect(exm_batch_match_nodes(batch, "/files/*") == 1);
	expect(exm_batch_remove(batch, "/files/y") == 2);
	return batch;
}

static void ask(struct program *p, char letter)
{
	struct ask *ask = new_ask(p);
	struct exm *s = p->session;
	int r;

	if (!ask)
		return;
	switch (letter) {
	case 'b':
		ask->batch = make_batch();
		r = exm_batch_run_async(s, ask->batch, -1, on_batch, ask, &ask->call);
		break;
	case 's':
		r = exm_service_call_async(s, "stop", "x.service", NULL, on_service, ask,
					   &ask->call);
		break;
	case 'c':
		r = exm_commit_async(s, NULL, on_commit, ask, &ask->call);
		break;
	case 'o':
		r = exm_open_channel_async(s, on_channel, ask, &ask->call);
		break;
	default:
		r = exm_call_async(s, "session.ping", NULL, letter == 't' ? 0 : -1, on_end, ask,
				   &ask->call);
	}
	note_ask(p, ask, r);
}

/* The newest one that is open, by its number or with its batch. */
static void cancel(struct program *p)
{
	for (size_t i = p->count; i > 0; i--) {
		struct ask *ask = &p->ask[i - 1];

		if (!ask->open)
			continue;
		ask->open = false;
		if (ask->batch)
			ask->batch = exm_batch_free(ask->batch);
		else
			expect(exm_cancel(p->session, ask->call) == 0);
		expect(exm_cancel(p->session, ask->call) == -ENOENT);
		return;
	}
}

static void run_batch(struct program *p)
{
	struct exm_batch *batch = make_batch();
	int r = exm_batch_run(p->session, batch);

	expect(r <= 3);
	look_at_batch(batch);
	exm_batch_free(batch);
}

static void step(struct program *p, char letter)
{
	switch (letter) {
	case 'p':
		expect(exm_process(p->session) <= 1);
		break;
	case 'S':
		expect(exm_ping(p->session) <= 0);
		break;
	case 'B':
		run_batch(p);
		break;
	case 'x':
		cancel(p);
		break;
	case 'A':
		p->asks = true;
		break;
	case 'F':
		p->frees = true;
		break;
	case 'R':
		p->reasks = !p->reasks;
		break;
	case 'P':
		p->processes = true;
		break;
	default:
		ask(p, letter);
	}
}

/* Until the end of the stream is told to all that wait. */
static void wait_for_all(struct program *p)
{
	int r = 0;

	p->reasks = false;
	while (p->session && r >= 0)
		r = exm_process(p->session);
	for (size_t i = 0; p->session && i < p->count; i++)
		expect(!p->ask[i].open);
}

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
	static struct program p;
	char prefix[ID_PREFIX_SIZE];
	int pair[2];

	p = (struct program){ .session = NULL };
	expect(exm_new(&p.session) == 0);
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	snprintf(prefix, sizeof(prefix), "%d-%s-", (int)getpid(), p.session->token);
	p.session->stream = stream_over(pair[0]);
	exm_set_notify(p.session, on_note, &p);
	if (end)
		say(pair[1], prefix, end + 1, size - count - 1);
	else
		shutdown(pair[1], SHUT_WR);
	for (size_t i = 0; i < count && i < STEPS_MAX && p.session; i++)
		step(&p, (char)data[i]);
	wait_for_all(&p);
	for (size_t i = 0; i < p.count; i++)
		exm_batch_free(p.ask[i].batch);
	exm_free(p.session);
	close(pair[1]);
	return 0;
}
