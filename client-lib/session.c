/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. A session's life, its settings, and the error that the
 * server answered last, whose text is the server's: it is handed on as it is.
 */
#include "session.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "config.h"

const char *exm_version(void)
{
	return PACKAGE_VERSION;
}

int exm_new(struct exm **ret_session)
{
	struct exm *session;
	uint64_t random;

	if (!ret_session)
		return -EINVAL;
	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -errno;
	session = calloc(1, sizeof(*session));
	if (!session)
		return -ENOMEM;
	session->stream = stream_over(-1);
	session->secret_fd = -1;
	session->timeout_ms = -1;
	TAILQ_INIT(&session->open);
	TAILQ_INIT(&session->done);
	STAILQ_INIT(&session->notes);
	snprintf(session->token, sizeof(session->token), "%016llx", (unsigned long long)random);
	*ret_session = session;
	return 0;
}

struct exm *exm_free(struct exm *session)
{
	if (!session)
		return NULL;
	session_hold(session);
	/* a synchronous call further up ends with this, asynchronous ones are not told */
	calls_drop(session);
	notes_drop(session);
	stream_close(&session->stream);
	session->secret_fd = close_fd(session->secret_fd);
	session->freed = true;
	session_release(session);
	return NULL;
}

/*
 * The copy of a session in a forked process would take answers away from the other. One that is
 * shared is made for that, but not while it is locked.
 */
int session_check(const struct exm *session)
{
	if (session->stream.fd < 0)
		return -ENOTCONN;
	if (session->process == 0 || (session->shared && session->locks == 0))
		return 0;
	return session->process == getpid() ? 0 : -ECHILD;
}

void session_hold(struct exm *session)
{
	session->holders++;
}

void session_release(struct exm *session)
{
	if (--session->holders > 0 || !session->freed)
		return;
	session_clear_error(session);
	free(session);
}

void exm_set_timeout(struct exm *session, int timeout_ms)
{
	session->timeout_ms = timeout_ms < 0 ? -1 : timeout_ms;
}

void exm_set_notify(struct exm *session,
		    void (*notify)(void *data, const char *method, const char *params), void *data)
{
	session->notify = notify;
	session->notify_data = data;
}

void session_clear_error(struct exm *session)
{
	session->failed = false;
	session->answer = json_free(session->answer);
	memset(&session->error, 0, sizeof(session->error));
}

int error_read(const struct json_object *answer, struct exm_error *ret_error)
{
	struct json_object *error = json_get(answer, "error");
	struct json_object *data = json_get(error, "data");
	const char *message = json_string(json_get(error, "message"), NULL);
	const char *name = json_string(json_get(data, "name"), NULL);
	int64_t code = json_int(json_get(error, "code"));

	if (json_kind(json_get(error, "code")) != JSON_INT || code < INT_MIN || code > INT_MAX ||
	    !message)
		return -EBADMSG;
	*ret_error = (struct exm_error){
		.code = (int)code,
		.name = name ? name : "UNKNOWN",
		.message = message,
		.data = json_kind(data) == JSON_OBJECT ? json_text(data, NULL) : NULL,
	};
	if (!ret_error->data)
		ret_error->data = "{}";
	return -EREMOTEIO;
}

int session_keep_error(struct exm *session, struct json_object *answer)
{
	struct exm_error error;
	int r = error_read(answer, &error);

	if (r != -EREMOTEIO) {
		json_free(answer);
		return r;
	}
	session_clear_error(session);
	session->answer = answer;
	session->error = error;
	session->failed = true;
	return r;
}

const struct exm_error *exm_last_error(const struct exm *session)
{
	return session && session->failed ? &session->error : NULL;
}

int exm_error_field(const struct exm *session, const char *name, char **ret_text)
{
	if (!session || !name || !ret_text)
		return -EINVAL;
	return error_field(session->failed ? session->answer : NULL, name, ret_text);
}

int error_field(const struct json_object *answer, const char *name, char **ret_text)
{
	struct json_object *value = json_get(json_get(json_get(answer, "error"), "data"), name);
	const char *json;
	char *text;
	int r;

	if (!value)
		return -ENOENT;
	/* a string, or text that is not UTF-8 and so comes in base64 */
	r = json_get_bytes(value, ret_text);
	if (r == 0 || r == -ENOMEM)
		return r;
	json = json_text(value, NULL);
	text = json ? strdup(json) : NULL;
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* Where strerror(3) would tell of files and devices. */
static const struct {
	int error;
	const char *text;
} meanings[] = {
	{ ECHILD, "the session is another process's; ask that for a channel" },
	{ ENOTCONN, "no session with a server" },
	{ ECONNRESET, "the server has gone" },
	{ ETIMEDOUT, "no answer in time" },
	{ EMSGSIZE, "more than the protocol carries" },
	{ EBADMSG, "the server's answer makes no sense" },
	{ EKEYREJECTED, "the secret is not 64 hexadecimal digits" },
	{ EPROTONOSUPPORT, "the server speaks another version of the protocol" },
	{ EISCONN, "there is a session already" },
	{ ECANCELED, "the session was freed" },
	{ ENOLCK, "the session is shared and was not locked" },
	{ ENOBUFS, "too many requests wait to be sent" },
};

const char *exm_strerror(const struct exm *session, int result)
{
	if (result == -EREMOTEIO && session && session->failed)
		return session->error.message;
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].error == -result)
			return meanings[i].text;
	return strerror(result < 0 ? -result : 0);
}
