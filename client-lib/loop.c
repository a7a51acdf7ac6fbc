/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. Asynchronous calls, for any event loop. The user's
 * functions are called from exm_process() alone, one at a time, when nothing
 * of the session is in hand: they may call, cancel and free what they like.
 */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "batch.h"
#include "session.h"

/* Another process may read what is meant for this one, unless it is kept out. */
static int check_loop(const struct exm *session)
{
	int r;

	if (!session)
		return -EINVAL;
	r = session_check(session);
	if (r < 0)
		return r;
	return session->shared && !session->kept ? -ENOLCK : 0;
}

int loop_call(struct exm *session, const char *method, struct json_object *params,
	      const struct loop_call *how, uint64_t *ret_call)
{
	struct call *call = NULL;
	int r = check_loop(session);

	if (r == 0)
		r = call_new(session,
			     deadline_after(how->timeout_ms < 0 ? session->timeout_ms
								: how->timeout_ms),
			     &call);
	if (r < 0) {
		json_free(params);
		return r;
	}
	call->end = how->end;
	call->callback = how->callback;
	call->data = how->data;
	call->progress = how->progress;
	call->progress_data = how->progress_data;
	if (how->takes_fd)
		call_take_fd(session, call);
	if (how->batch)
		batch_begin(how->batch, session, call);
	r = how->batch ? batch_send(how->batch) : call_send(session, call, method, params);
	if (r == 0)
		r = stream_flush(&session->stream);
	if (r < 0 && r != -EAGAIN) {
		call_free(session, call);
		return r;
	}
	if (ret_call)
		*ret_call = call->number;
	return 0;
}

static void end_plain(struct exm *session, struct call *call, int result, struct json_object *value)
{
	exm_callback *callback = (exm_callback *)call->callback;
	const char *text = result == 0 ? json_text(value, NULL) : NULL;

	callback(session, result == 0 && !text ? -ENOMEM : result, text, call->data);
}

int exm_call_async(struct exm *session, const char *method, const char *params, int timeout_ms,
		   exm_callback *callback, void *data, uint64_t *ret_call)
{
	const struct loop_call how = {
		.timeout_ms = timeout_ms,
		.end = end_plain,
		.callback = (void (*)(void))callback,
		.data = data,
	};
	struct json_object *given = NULL;
	int r;

	if (!session || !method || !callback)
		return -EINVAL;
	r = call_parse_params(params, &given);
	return r < 0 ? r : loop_call(session, method, given, &how, ret_call);
}

static struct call *find(const struct call_list *list, uint64_t number)
{
	struct call *call;

	TAILQ_FOREACH(call, list, link)
	if (call->end && call->number == number)
		return call;
	return NULL;
}

int exm_cancel(struct exm *session, uint64_t number)
{
	struct call *call;

	if (!session)
		return -EINVAL;
	call = find(&session->open, number);
	if (!call) {
		call = find(&session->done, number);
		if (!call)
			return -ENOENT;
		TAILQ_REMOVE(&session->done, call, link);
	}
	call_free(session, call);
	return 0;
}

int exm_get_fd(const struct exm *session)
{
	int r = check_loop(session);

	return r < 0 ? r : session->stream.fd;
}

int exm_get_events(const struct exm *session)
{
	int r = check_loop(session);

	if (r < 0)
		return r;
	return stream_has_output(&session->stream) ? POLLIN | POLLOUT : POLLIN;
}

int exm_get_timeout(const struct exm *session)
{
	const struct call *call;
	int soonest = -1;

	if (!session || session->stream.fd < 0)
		return -1;
	/* what was read with the answer to a synchronous call wakes no poll(2) */
	if (!TAILQ_EMPTY(&session->done) || stream_has_line(&session->stream))
		return 0;
	TAILQ_FOREACH(call, &session->open, link)
	{
		int left = deadline_left(call->deadline);

		if (left >= 0 && (soonest < 0 || left < soonest))
			soonest = left;
	}
	return soonest;
}

/* Tells the ends of all calls that have ended. Their number. */
static int tell_ends(struct exm *session)
{
	struct call *call;
	int count = 0;

	/* none is left when the session is freed */
	while ((call = TAILQ_FIRST(&session->done))) {
		scoped_json *value = NULL;
		int result;

		TAILQ_REMOVE(&session->done, call, link);
		session_clear_error(session);
		result = call_take_result(session, call, &value);
		call->end(session, call, result, value);
		call_free(session, call);
		count++;
	}
	return count;
}

/* What was read, line by line, so that everything is told in the order in which it came. */
static int tell_lines(struct exm *session)
{
	int count = tell_ends(session);

	while (calls_take_line(session) > 0)
		count += 1 + tell_ends(session);
	return count;
}

static int process(struct exm *session)
{
	int count = tell_lines(session);
	int r;

	if (session->freed)
		return -ENOTCONN;
	r = stream_flush(&session->stream);
	if (r == 0 || r == -EAGAIN)
		r = stream_fill(&session->stream, false);
	if (r == 0 || r == -EAGAIN)
		r = 0;
	count += tell_lines(session);
	if (session->freed)
		return -ENOTCONN;
	if (r < 0)
		calls_fail(session, r);
	calls_expire(session);
	count += tell_ends(session);
	if (session->freed)
		return -ENOTCONN;
	if (r < 0)
		return r;
	return count > 0 ? 1 : 0;
}

int exm_process(struct exm *session)
{
	int r = check_loop(session);

	if (r < 0)
		return r;
	if (session->processing || session->telling)
		return -EBUSY;
	session->processing = true;
	session_hold(session);
	r = process(session);
	session->processing = false;
	session_release(session);
	return r;
}
