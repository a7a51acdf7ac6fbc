/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. Which line of the server answers which call. What comes
 * in between is passed over or told: notifications, answers that a killed
 * process asked for on the same stream, those of calls that were given up, and
 * lines that a dying engine left unfinished.
 */
#include "call.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "note.h"
#include "session.h"

enum { ANSWER_DEPTH = 100 };

int call_new(struct exm *session, int64_t deadline, struct call **ret_call)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return -ENOMEM;
	call->number = ++session->serial;
	call->deadline = deadline;
	call->fd = -1;
	/* the process ID now, not at the start: a fork copies the rest */
	session->process = getpid();
	snprintf(call->id, sizeof(call->id), "%d-%s-%llu", (int)session->process, session->token,
		 (unsigned long long)call->number);
	TAILQ_INSERT_TAIL(&session->open, call, link);
	*ret_call = call;
	return 0;
}

void call_take_fd(struct exm *session, struct call *call)
{
	call->takes_fd = true;
	session->stream.takers++;
}

/* Whatever the answer is, it waits no more. */
static void take_passed(struct exm *session, struct call *call)
{
	if (call->takes_fd)
		call->fd = stream_take_fd(&session->stream);
	call->takes_fd = false;
}

struct call *call_free(struct exm *session, struct call *call)
{
	if (!call)
		return NULL;
	if (!call->done) {
		TAILQ_REMOVE(&session->open, call, link);
		take_passed(session, call);
	}
	batch_leave(call);
	close_fd(call->fd);
	json_free(call->answer);
	free(call);
	return NULL;
}

int call_send(struct exm *session, const struct call *call, const char *method,
	      struct json_object *params)
{
	scoped_json *request = json_new_object();
	const char *text;
	size_t length = 0;
	int r;

	r = json_put(request, "jsonrpc", json_new_string("2.0"));
	r |= json_put(request, "id", json_new_string(call->id));
	r |= json_put(request, "method", json_new_string(method));
	if (params)
		r |= json_put(request, "params", params);
	text = r == 0 ? json_text(request, &length) : NULL;
	if (!text)
		return -ENOMEM;
	if (length > REQUEST_MAX)
		return -EMSGSIZE;
	return stream_queue_line(&session->stream, text, length);
}

int call_send_guard(struct exm *session)
{
	/* by itself a notification, which does nothing and has no answer */
	static const char guard[] = "{\"jsonrpc\":\"2.0\",\"method\":\"session.hello\"}";

	return stream_queue_line(&session->stream, guard, sizeof(guard) - 1);
}

int call_parse_params(const char *text, struct json_object **ret_params)
{
	scoped_json *params = NULL;
	struct json_error where;
	int r;

	if (text) {
		r = json_parse(text, strlen(text), REQUEST_DEPTH, &params, &where);
		if (r < 0)
			return r == -ENOMEM ? r : -EINVAL;
		if (json_kind(params) != JSON_ARRAY && json_kind(params) != JSON_OBJECT)
			return -EINVAL;
	}
	*ret_params = take_ptr(params);
	return 0;
}

int call_take_result(struct exm *session, struct call *call, struct json_object **ret_value)
{
	if (call->result < 0)
		return call->result;
	if (json_get(call->answer, "error"))
		return session_keep_error(session, take_ptr(call->answer));
	/* its answers are with the requests */
	if (call->batch)
		return call->answer ? -EBADMSG : 0;
	if (!json_has(call->answer, "result"))
		return -EBADMSG;
	*ret_value = json_share(json_get(call->answer, "result"));
	return 0;
}

static void end_call(struct exm *session, struct call *call, int result, struct json_object *answer)
{
	TAILQ_REMOVE(&session->open, call, link);
	call->done = true;
	call->result = result;
	call->answer = json_share(answer);
	if (call->batch)
		batch_end(call->batch, result < 0                  ? result
				       : json_has(answer, "error") ? -EREMOTEIO
								   : -EBADMSG);
	take_passed(session, call);
	if (call->end)
		TAILQ_INSERT_TAIL(&session->done, call, link);
}

static void end_all(struct exm *session, int result, struct json_object *answer)
{
	struct call *call;

	while ((call = TAILQ_FIRST(&session->open)))
		end_call(session, call, result, answer);
}

void calls_fail(struct exm *session, int error)
{
	end_all(session, error, NULL);
}

void calls_expire(struct exm *session)
{
	struct call *call = TAILQ_FIRST(&session->open);

	while (call) {
		struct call *next = TAILQ_NEXT(call, link);

		if (deadline_left(call->deadline) == 0)
			end_call(session, call, -ETIMEDOUT, NULL);
		call = next;
	}
}

void calls_drop(struct exm *session)
{
	struct call *call;

	calls_fail(session, -ECANCELED);
	while ((call = TAILQ_FIRST(&session->done))) {
		TAILQ_REMOVE(&session->done, call, link);
		call_free(session, call);
	}
}

struct call *call_find(struct exm *session, const char *id)
{
	struct call *call;

	TAILQ_FOREACH(call, &session->open, link)
	if (strcmp(call->id, id) == 0)
		return call;
	return NULL;
}

/* The call of a batch, one of whose requests has this id: that of the call, and its index. */
static struct call *find_batch(struct exm *session, const char *id, size_t *ret_index)
{
	const char *point = strrchr(id, '.');
	size_t length = point ? (size_t)(point - id) : 0;
	struct call *call;

	if (!point || !isdigit((unsigned char)point[1]))
		return NULL;
	TAILQ_FOREACH(call, &session->open, link)
	if (call->batch && strncmp(call->id, id, length) == 0 && !call->id[length]) {
		*ret_index = strtoul(point + 1, NULL, 10);
		return call;
	}
	return NULL;
}

/* Errors that come without an id, because what they answer could not be read. */
static bool is_reading_error(int64_t code)
{
	return code == EXM_ERROR_PARSE || code == EXM_ERROR_INVALID_REQUEST ||
	       code == EXM_ERROR_LIMIT;
}

/*
 * True if it answers something that was asked. Alone a request of a batch is answered when an
 * engine was lost, and the array of that batch never comes (exmachina-protocol(7)).
 */
static bool take_answer(struct exm *session, struct json_object *message, bool alone)
{
	const char *id = json_string(json_get(message, "id"), NULL);
	struct call *call = id ? call_find(session, id) : NULL;
	size_t index;

	if (call) {
		end_call(session, call, 0, message);
		return true;
	}
	call = id ? find_batch(session, id, &index) : NULL;
	if (call && batch_take(call->batch, index, message))
		end_call(session, call, 0, NULL);
	else if (call && alone && json_get(message, "error"))
		end_call(session, call, 0, message);
	return call;
}

static void take_message(struct exm *session, struct json_object *message)
{
	struct json_object *error = json_get(message, "error");

	for (size_t i = 0; json_kind(message) == JSON_ARRAY && i < json_length(message); i++)
		(void)take_answer(session, json_at(message, i), false);
	if (take_answer(session, message, true))
		return;
	if (json_string(json_get(message, "method"), NULL) && !json_has(message, "id"))
		note_tell(session, message);
	else if (error && json_has(message, "id") && !json_get(message, "id") &&
		 !(session->strangers && is_reading_error(json_int(json_get(error, "code")))))
		/* it can be about any of them, and none must wait for ever */
		end_all(session, 0, message);
}

int calls_take_line(struct exm *session)
{
	scoped_json *message = NULL;
	struct json_error where;
	size_t length;
	char *line;
	int r;

	r = stream_next_line(&session->stream, &line, &length);
	if (r == 0)
		return 0;
	if (r > 0)
		r = json_parse(line, length, ANSWER_DEPTH, &message, &where);
	if (r == 0)
		take_message(session, message);
	else if (r != -EBADMSG)
		/* too long a line, or no memory for it: whose it was is lost with it */
		calls_fail(session, r);
	return 1;
}
