/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. One request, and waiting for its answer. Functions of
 * the user's that are called meanwhile may use the session, and even free it.
 */
#include "exchange.h"

#include <errno.h>

#include "batch.h"
#include "session.h"

/* Writes and reads once, waiting until one of both is possible. 0, -ETIMEDOUT, -errno. */
static int move_bytes(struct exm *session, const struct call *call)
{
	int r = stream_flush(&session->stream);

	if (r < 0 && r != -EAGAIN)
		return r;
	/* nothing to write and no hurry: one system call instead of three */
	r = stream_fill(&session->stream, r == 0 && call->deadline == DEADLINE_NEVER);
	if (r != -EAGAIN)
		return r;
	r = stream_wait(&session->stream, call->deadline);
	if (r == 0)
		r = stream_fill(&session->stream, false);
	return r == -EAGAIN ? 0 : r;
}

/* What was read, up to the answer; a line that is left is for exm_process() or the next call. */
static void take_lines(struct exm *session, const struct call *call)
{
	while (!call->done && calls_take_line(session) > 0)
		;
}

/*
 * On a stream that is shared nobody else can read what was read with the answer, and it is dropped
 * with the lock. Before the result is taken: the functions that are told may ask something else.
 */
static void take_rest(struct exm *session)
{
	while (session->shared && session->locks == 1 && calls_take_line(session) > 0)
		;
}

int exchange_await(struct exm *session, struct call *call, struct json_object **ret_result)
{
	int r;

	take_lines(session, call);
	while (!call->done) {
		r = move_bytes(session, call);
		if (r < 0 && r != -ETIMEDOUT)
			calls_fail(session, r);
		take_lines(session, call);
		/* also while others keep the stream busy */
		if (!call->done)
			calls_expire(session);
	}
	take_rest(session);
	r = call_take_result(session, call, ret_result);
	if (r == 0 && call->ret_fd)
		*call->ret_fd = take_fd(&call->fd);
	call_free(session, call);
	return r;
}

static int ask_and_wait(struct exm *session, struct call *call, const char *method,
			struct json_object *params, struct json_object **ret_result)
{
	int r = session_lock(session, call->deadline);

	if (r < 0) {
		json_free(params);
		call_free(session, call);
		return r;
	}
	r = call->batch ? batch_send(call->batch) : call_send(session, call, method, params);
	if (r == 0)
		r = exchange_await(session, call, ret_result);
	else
		call_free(session, call);
	session_unlock(session);
	return r;
}

/* Whatever is asked begins with this. */
static int begin(struct exm *session, struct call **ret_call)
{
	int r = session_check(session);

	session_clear_error(session);
	return r < 0 ? r : call_new(session, deadline_after(session->timeout_ms), ret_call);
}

int exchange_with_progress(struct exm *session, const char *method, struct json_object *params,
			   void (*progress)(void *data, const struct exm_progress *progress),
			   void *data, struct json_object **ret_result)
{
	struct call *call = NULL;
	int r = begin(session, &call);

	if (r < 0) {
		json_free(params);
		return r;
	}
	call->progress = progress;
	call->progress_data = data;
	session_hold(session);
	r = ask_and_wait(session, call, method, params, ret_result);
	session_release(session);
	return r;
}

int exchange(struct exm *session, const char *method, struct json_object *params,
	     struct json_object **ret_result)
{
	return exchange_with_progress(session, method, params, NULL, NULL, ret_result);
}

int exchange_batch(struct exm *session, struct exm_batch *batch)
{
	struct json_object *nothing = NULL;
	struct call *call = NULL;
	int r = begin(session, &call);

	if (r < 0)
		return r;
	batch_begin(batch, session, call);
	session_hold(session);
	r = ask_and_wait(session, call, NULL, NULL, &nothing);
	session_release(session);
	return r;
}

int exchange_fd(struct exm *session, const char *method, int *ret_fd)
{
	scoped_json *result = NULL;
	struct call *call = NULL;
	int r = begin(session, &call);

	if (r < 0)
		return r;
	call_take_fd(session, call);
	call->ret_fd = ret_fd;
	session_hold(session);
	r = ask_and_wait(session, call, method, NULL, &result);
	session_release(session);
	return r;
}

static struct json_object *new_value(const struct param *param)
{
	if (param->number)
		return json_new_int(*param->number);
	return param->flag ? json_new_bool(*param->flag) : json_new_bytes(param->text);
}

int params_new(const struct param *params, size_t count, struct json_object **ret_object)
{
	scoped_json *object = json_new_object();

	for (size_t i = 0; i < count; i++) {
		struct json_object *value = new_value(&params[i]);

		if (params[i].required && !params[i].text) {
			json_free(value);
			return -EINVAL;
		}
		/* no value is null on purpose, or for want of memory */
		if (!value && params[i].text)
			return -ENOMEM;
		if (json_put(object, params[i].name, value) < 0)
			return -ENOMEM;
	}
	*ret_object = take_ptr(object);
	return 0;
}

int exchange_params(struct exm *session, const char *method, const struct param *params,
		    size_t count, struct json_object **ret_result)
{
	struct json_object *object = NULL;
	int r = session ? params_new(params, count, &object) : -EINVAL;

	return r < 0 ? r : exchange(session, method, object, ret_result);
}
