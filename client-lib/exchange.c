/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. One request and its answer. What comes in between is
 * passed over: notifications, answers that a killed process asked for on the
 * same stream, and lines that a dying engine left unfinished. An answer counts
 * by its id, which no other process can have made.
 */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Goes in front of a request where somebody, killed in the middle of it, may
 * have left a line without its end: that line swallows this one, not the
 * request. By itself it is a notification, which does nothing and has no answer.
 */
#define GUARD "{\"jsonrpc\":\"2.0\",\"method\":\"session.hello\"}\n"

enum { GUARD_LENGTH = sizeof(GUARD) - 1 };

void exchange_new_id(struct exm *session, char id[static ID_SIZE])
{
	/* the process ID now, not at the start: a fork copies the rest */
	snprintf(id, ID_SIZE, "%d-%s-%llu", (int)getpid(), session->token,
		 (unsigned long long)++session->serial);
}

int exchange_build(const char *id, const char *method, struct json_object *params, char **ret_line,
		   size_t *ret_length)
{
	scoped_json *request = json_new_object();
	const char *text;
	size_t length = 0;
	char *line;
	int r;

	r = json_put(request, "jsonrpc", json_new_string("2.0"));
	r |= json_put(request, "id", json_new_string(id));
	r |= json_put(request, "method", json_new_string(method));
	if (params)
		r |= json_put(request, "params", params);
	text = r == 0 ? json_text(request, &length) : NULL;
	if (!text)
		return -ENOMEM;
	if (length > REQUEST_MAX)
		return -EMSGSIZE;
	line = malloc(GUARD_LENGTH + length + 1);
	if (!line)
		return -ENOMEM;
	memcpy(line, GUARD, GUARD_LENGTH);
	memcpy(line + GUARD_LENGTH, text, length);
	line[GUARD_LENGTH + length] = '\n';
	*ret_line = line;
	*ret_length = GUARD_LENGTH + length + 1;
	return 0;
}

/*
 * A lock that ends with its process, whatever ends it. F_SETLKW would wait
 * without end, and a library has no signals to interrupt it with.
 */
int exchange_begin(struct exm *session, int64_t deadline)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct timespec pause = { 0, 100000 };

	if (!session->shared)
		return 0;
	if (deadline == DEADLINE_NEVER)
		deadline = deadline_after(LOCK_TIMEOUT_MS);
	while (fcntl(session->secret_fd, F_SETLK, &lock) < 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (deadline_left(deadline) == 0)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

void exchange_end(struct exm *session)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (!session->shared)
		return;
	/* the rest of a line begun here may be read by the next process */
	stream_drop_input(&session->stream);
	(void)fcntl(session->secret_fd, F_SETLK, &lock);
}

int exchange_send(struct exm *session, const char *lines, size_t length, int64_t deadline)
{
	size_t skip = session->shared || session->stream.torn ? 0 : GUARD_LENGTH;
	int r = stream_write(&session->stream, lines + skip, length - skip, deadline);

	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

static void tell(const struct exm *session, const struct json_object *message)
{
	const char *method = json_string(json_get(message, "method"), NULL);
	struct json_object *params = json_get(message, "params");

	if (method && session->notify && !json_has(message, "id"))
		session->notify(session->notify_data, method,
				params ? json_text(params, NULL) : NULL);
}

/* Errors that come without an id, because what they answer could not be read. */
static bool is_reading_error(int64_t code)
{
	return code == EXM_ERROR_PARSE || code == EXM_ERROR_INVALID_REQUEST ||
	       code == EXM_ERROR_LIMIT;
}

static bool is_answer(const struct json_object *message, const char *id, bool others)
{
	struct json_object *given = json_get(message, "id");
	struct json_object *error = json_get(message, "error");
	const char *text = json_string(given, NULL);

	if (text)
		return strcmp(text, id) == 0;
	if (given || !error || !json_has(message, "id"))
		return false;
	return !(others && is_reading_error(json_int(json_get(error, "code"))));
}

static int take_answer(struct exm *session, struct json_object *message,
		       struct json_object **ret_result)
{
	if (json_get(message, "error"))
		return session_keep_error(session, message);
	if (!json_has(message, "result")) {
		json_free(message);
		return -EBADMSG;
	}
	*ret_result = json_share(json_get(message, "result"));
	json_free(message);
	return 0;
}

int exchange_await(struct exm *session, const char *id, bool others, int64_t deadline,
		   struct json_object **ret_result)
{
	for (;;) {
		scoped_json *message = NULL;
		struct json_error where;
		size_t length;
		char *line;
		int r;

		r = stream_read_line(&session->stream, deadline, &line, &length);
		if (r < 0)
			return r;
		r = json_parse(line, length, ANSWER_DEPTH, &message, &where);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			continue;
		if (is_answer(message, id, others))
			return take_answer(session, take_ptr(message), ret_result);
		tell(session, message);
	}
}

int exchange(struct exm *session, const char *method, struct json_object *params,
	     struct json_object **ret_result)
{
	scoped_ptr char *line = NULL;
	char id[ID_SIZE];
	int64_t deadline;
	size_t length;
	int r;

	session_clear_error(session);
	if (session->stream.fd < 0) {
		json_free(params);
		return -ENOTCONN;
	}
	exchange_new_id(session, id);
	r = exchange_build(id, method, params, &line, &length);
	if (r < 0)
		return r;
	deadline = deadline_after(session->timeout_ms);
	r = exchange_begin(session, deadline);
	if (r < 0)
		return r;
	r = exchange_send(session, line, length, deadline);
	if (r == 0)
		r = exchange_await(session, id, session->shared, deadline, ret_result);
	exchange_end(session);
	return r;
}

static struct json_object *new_value(const struct param *param)
{
	return param->flag ? json_new_bool(*param->flag) : json_new_bytes(param->text);
}

int exchange_params(struct exm *session, const char *method, const struct param *params,
		    size_t count, struct json_object **ret_result)
{
	scoped_json *object = json_new_object();

	if (!session)
		return -EINVAL;
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
	return exchange(session, method, take_ptr(object), ret_result);
}
