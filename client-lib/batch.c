/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. A batch from its making to its end: what is sent, and which answer is whose.
 * The answers are the server's; an index that is none, and a second answer, are passed over.
 */
#include "batch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exchange.h"
#include "loop.h"
#include "session.h"

enum {
	LINE_REQUESTS_MAX = 1000, /* in one line, as the server takes it */
	ENVELOPE_SIZE = 48,       /* around a request, but for the id of its call */
	FIRST_SIZE = 4096,
	FIRST_ROOM = 16,
};

int exm_batch_new(struct exm_batch **ret_batch)
{
	struct exm_batch *batch;

	if (!ret_batch)
		return -EINVAL;
	batch = calloc(1, sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	batch->result = -ENODATA;
	*ret_batch = batch;
	return 0;
}

static void forget_answers(struct exm_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		batch->item[i].answer = json_free(batch->item[i].answer);
	memset(&batch->error, 0, sizeof(batch->error));
}

struct exm_batch *exm_batch_free(struct exm_batch *batch)
{
	if (!batch)
		return NULL;
	if (batch->waited) {
		batch->freed = true;
		return NULL;
	}
	if (batch->call)
		(void)exm_cancel(batch->session, batch->call->number);
	forget_answers(batch);
	free(batch->item);
	free(batch->text);
	free(batch);
	return NULL;
}

static bool runs(const struct exm_batch *batch)
{
	return batch->call || batch->waited;
}

int exm_batch_reset(struct exm_batch *batch)
{
	if (!batch)
		return -EINVAL;
	if (runs(batch))
		return -EBUSY;
	forget_answers(batch);
	batch->count = 0;
	batch->used = 0;
	batch->result = -ENODATA;
	return 0;
}

int exm_batch_count(const struct exm_batch *batch)
{
	return batch ? (int)batch->count : 0;
}

/* ---- requests --------------------------------------------------------------------- */

static int make_room(struct exm_batch *batch, size_t length)
{
	size_t size = batch->size ? batch->size : FIRST_SIZE;
	size_t room = batch->room ? batch->room : FIRST_ROOM;

	while (size - batch->used < length)
		size *= 2;
	if (batch->count == room)
		room *= 2;
	if (size > batch->size) {
		char *text = realloc(batch->text, size);

		if (!text)
			return -ENOMEM;
		batch->text = text;
		batch->size = size;
	}
	if (room > batch->room) {
		struct batch_item *item = reallocarray(batch->item, room, sizeof(*item));

		if (!item)
			return -ENOMEM;
		batch->item = item;
		batch->room = room;
	}
	return 0;
}

static int add_text(struct exm_batch *batch, const char *text, size_t length)
{
	size_t envelopes = (batch->count + 1) * (ENVELOPE_SIZE + ID_SIZE);
	int r;

	if (length + ENVELOPE_SIZE + ID_SIZE > REQUEST_MAX)
		return -EMSGSIZE;
	if (batch->used + length + envelopes > STREAM_OUTPUT_MAX)
		return -ENOBUFS;
	r = make_room(batch, length);
	if (r < 0)
		return r;
	memcpy(batch->text + batch->used, text, length);
	batch->item[batch->count] = (struct batch_item){ .start = batch->used, .length = length };
	batch->used += length;
	return (int)batch->count++;
}

int batch_add(struct exm_batch *batch, const char *method, struct json_object *params)
{
	scoped_json *request = json_new_object();
	const char *text;
	size_t length = 0;
	int r;

	r = json_put(request, "method", json_new_string(method));
	if (params)
		r |= json_put(request, "params", params);
	text = r == 0 ? json_text(request, &length) : NULL;
	if (!text)
		return -ENOMEM;
	if (runs(batch))
		return -EBUSY;
	/* its opening brace is in front of the id that it will have */
	return add_text(batch, text + 1, length - 1);
}

/* ---- a run ------------------------------------------------------------------------ */

void batch_begin(struct exm_batch *batch, struct exm *session, struct call *call)
{
	batch->session = session;
	batch->call = call;
	batch->left = batch->count;
	batch->result = -EINPROGRESS;
	call->batch = batch;
}

/* One request with its envelope. Returns the byte behind it. */
static char *write_request(const struct exm_batch *batch, size_t index, char *at)
{
	const struct batch_item *item = &batch->item[index];

	at += sprintf(at, "{\"jsonrpc\":\"2.0\",\"id\":\"%s.%zu\",", batch->call->id, index);
	memcpy(at, batch->text + item->start, item->length);
	return at + item->length;
}

/* All of them, with as many in each line as the server takes. Returns the length. */
static size_t write_lines(const struct exm_batch *batch, char *text)
{
	size_t in_line = 0;
	char *at = text, *line = text;

	for (size_t i = 0; i < batch->count; i++) {
		size_t next = batch->item[i].length + ENVELOPE_SIZE + ID_SIZE;

		if (in_line == LINE_REQUESTS_MAX || (size_t)(at - line) + next > REQUEST_MAX) {
			*at++ = ']';
			*at++ = '\n';
			line = at;
			in_line = 0;
		}
		*at++ = in_line++ == 0 ? '[' : ',';
		at = write_request(batch, i, at);
	}
	*at++ = ']';
	return (size_t)(at - text);
}

int batch_send(const struct exm_batch *batch)
{
	scoped_ptr char *text =
		malloc(batch->used + (batch->count + 1) * (ENVELOPE_SIZE + ID_SIZE));

	if (!text)
		return -ENOMEM;
	return stream_queue_line(&batch->session->stream, text, write_lines(batch, text));
}

bool batch_take(struct exm_batch *batch, size_t index, struct json_object *answer)
{
	if (index >= batch->count || batch->item[index].answer)
		return false;
	batch->item[index].answer = json_share(answer);
	return --batch->left == 0;
}

void batch_end(struct exm_batch *batch, int result)
{
	batch->result = result;
}

void batch_leave(struct call *call)
{
	struct exm_batch *batch = call->batch;

	call->batch = NULL;
	if (!batch)
		return;
	if (batch->result == -EINPROGRESS)
		batch->result = -ECANCELED;
	batch->call = NULL;
	batch->session = NULL;
}

int batch_outcome(const struct exm_batch *batch, int result)
{
	int failed = 0;

	if (result < 0)
		return result;
	for (size_t i = 0; i < batch->count; i++)
		failed += json_has(batch->item[i].answer, "result") ? 0 : 1;
	return failed;
}

int exm_batch_run(struct exm *session, struct exm_batch *batch)
{
	int r;

	if (!session || !batch)
		return -EINVAL;
	if (runs(batch))
		return -EBUSY;
	if (batch->count == 0)
		return 0;
	forget_answers(batch);
	batch->waited = true;
	r = exchange_batch(session, batch);
	if (r < 0)
		batch_end(batch, r);
	r = batch_outcome(batch, r);
	batch->waited = false;
	if (batch->freed)
		exm_batch_free(batch);
	return r;
}

static void end_run(struct exm *session, struct call *call, int result, struct json_object *value)
{
	exm_batch_callback *callback = (exm_batch_callback *)call->callback;
	struct exm_batch *batch = call->batch;

	(void)value;
	/* it is the user's again */
	batch_leave(call);
	callback(session, batch_outcome(batch, result), batch, call->data);
}

int exm_batch_run_async(struct exm *session, struct exm_batch *batch, int timeout_ms,
			exm_batch_callback *callback, void *data, uint64_t *ret_call)
{
	const struct loop_call how = {
		.timeout_ms = timeout_ms,
		.end = end_run,
		.callback = (void (*)(void))callback,
		.data = data,
		.batch = batch,
	};
	int r;

	if (!session || !batch || !callback || batch->count == 0)
		return -EINVAL;
	if (runs(batch))
		return -EBUSY;
	forget_answers(batch);
	r = loop_call(session, NULL, NULL, &how, ret_call);
	if (r < 0)
		batch_end(batch, r);
	return r;
}
