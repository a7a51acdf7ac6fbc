/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. Finds the server and the secret, and shows it. The
 * secret is in these functions' own buffers only, which are wiped.
 */
#include "exchange.h"
#include "session.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "common/utf8.h"
#include "config.h"

#define FD_VARIABLE "EXMACHINA_FD"
#define SECRET_VARIABLE "EXMACHINA_SECRET_FD"

enum { SECRET_LENGTH = 64, SECRET_FILE_MAX = SECRET_LENGTH + 2, CLIENT_NAME_MAX = 64 };

struct secret_text {
	char digits[SECRET_FILE_MAX + 1];
};

static void secret_wipe(struct secret_text *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

/* The whole file from its start, wherever others who share the descriptor are. */
static ssize_t read_secret(int fd, char *buffer, size_t size)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = pread(fd, buffer + done, size - done, (off_t)done);
		if (n < 0 && errno == ESPIPE)
			n = read(fd, buffer + done, size - done);
		if (n > 0)
			done += (size_t)n;
	} while ((n > 0 && done < size) || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : (ssize_t)done;
}

static int secret_from_fd(int fd, struct secret_text *secret)
{
	ssize_t length = read_secret(fd, secret->digits, SECRET_FILE_MAX);

	if (length < 0)
		return (int)length;
	if (length == SECRET_LENGTH + 1 && secret->digits[SECRET_LENGTH] == '\n')
		length--;
	if (length != SECRET_LENGTH)
		return -EKEYREJECTED;
	secret->digits[SECRET_LENGTH] = '\0';
	for (int i = 0; i < SECRET_LENGTH; i++)
		if (!isxdigit((unsigned char)secret->digits[i]))
			return -EKEYREJECTED;
	return 0;
}

/* Written by hand, since a JSON object would keep a copy of the secret. */
static int send_secret(struct exm *session, const struct call *call,
		       const struct secret_text *secret)
{
	static const char request[] =
		"{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"session.authenticate\","
		"\"params\":{\"secret\":\"%s\"}}";
	char line[sizeof(request) + ID_SIZE + sizeof(secret->digits)];
	int length, r;

	length = snprintf(line, sizeof(line), request, call->id, secret->digits);
	r = stream_queue_line(&session->stream, line, (size_t)length);
	explicit_bzero(line, sizeof(line));
	return r;
}

static int send_hello(struct exm *session, const struct call *call)
{
	struct json_object *params = json_new_object();
	const char *name = program_invocation_short_name;
	int r;

	r = json_put(params, "protocol", json_new_int(PROTOCOL));
	/* for the server's log; whoever starts a program may give it any name */
	if (strlen(name) <= CLIENT_NAME_MAX && utf8_valid(name, strlen(name), NULL))
		r |= json_put(params, "client", json_new_string(name));
	if (r < 0) {
		json_free(params);
		return r;
	}
	return call_send(session, call, "session.hello", params);
}

/*
 * Both requests are sent before either is answered: connecting is one way there and back. A channel
 * has no secret to show.
 */
static int greet(struct exm *session, const struct secret_text *secret, int64_t deadline)
{
	struct call *hello = NULL;
	struct call *secret_call = NULL;
	scoped_json *greeting = NULL;
	scoped_json *granted = NULL;
	int r;

	r = call_new(session, deadline, &hello);
	if (r == 0 && secret)
		r = call_new(session, deadline, &secret_call);
	if (r == 0)
		r = send_hello(session, hello);
	if (r == 0 && secret)
		r = send_secret(session, secret_call, secret);
	if (r == 0)
		r = exchange_await(session, take_ptr(hello), &greeting);
	if (r == 0 && json_int(json_get(greeting, "protocol")) != PROTOCOL)
		r = -EPROTONOSUPPORT;
	if (r == 0 && !secret && !json_boolean(json_get(greeting, "authenticated")))
		r = -EBADF;
	if (r == 0 && secret)
		r = exchange_await(session, take_ptr(secret_call), &granted);
	call_free(session, hello);
	call_free(session, secret_call);
	return r;
}

/* Whoever had the stream before may have been killed in the middle of a line. */
static int greet_after_others(struct exm *session, const struct secret_text *secret,
			      int64_t deadline)
{
	int r;

	session->strangers = true;
	if (session->shared) {
		r = session_lock(session, deadline);
		if (r == 0) {
			r = greet(session, secret, deadline);
			session_unlock(session);
		}
	} else {
		r = call_send_guard(session);
		if (r == 0)
			r = greet(session, secret, deadline);
	}
	session->strangers = session->shared;
	return r;
}

static int connect_timeout(const struct exm *session)
{
	if (session->timeout_ms < 0 || session->timeout_ms > CONNECT_TIMEOUT_MS)
		return CONNECT_TIMEOUT_MS;
	return session->timeout_ms;
}

/* Leaves a session that failed as it was before; the descriptors are the caller's again. */
static int connect_over(struct exm *session, int fd, int secret_fd,
			const struct secret_text *secret, bool shared)
{
	int64_t deadline = deadline_after(connect_timeout(session));
	int r;

	session->stream.fd = fd;
	session->secret_fd = shared ? secret_fd : -1;
	session->shared = shared;
	r = greet_after_others(session, secret, deadline);
	if (r == 0)
		return 0;
	session->stream.fd = -1;
	session->process = 0;
	stream_close(&session->stream);
	session->secret_fd = -1;
	session->shared = false;
	return r;
}

int exm_connect_fds(struct exm *session, int fd, int secret_fd, unsigned int flags)
{
	bool shared = flags & EXM_KEEP_ENV, channel = secret_fd < 0;
	struct secret_text secret;
	int r;

	if (!session || flags & ~(unsigned int)EXM_KEEP_ENV || (shared && channel))
		return -EINVAL;
	session_clear_error(session);
	if (session->stream.fd >= 0)
		return -EISCONN;
	session_hold(session);
	r = channel ? 0 : secret_from_fd(secret_fd, &secret);
	if (r == 0)
		r = connect_over(session, fd, secret_fd, channel ? NULL : &secret, shared);
	secret_wipe(&secret);
	if (r == 0 && !shared)
		close_fd(secret_fd);
	session_release(session);
	return r;
}

/* A descriptor from the environment. It or -ENOTCONN, -EBADF. */
static int fd_from(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	long fd;

	if (!text || !*text)
		return -ENOTCONN;
	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno != 0 || *end || !isdigit((unsigned char)*text) || fd > INT_MAX ||
	    fcntl((int)fd, F_GETFD) < 0)
		return -EBADF;
	return (int)fd;
}

int exm_connect(struct exm *session, unsigned int flags)
{
	int fd = fd_from(FD_VARIABLE);
	int secret_fd = fd_from(SECRET_VARIABLE);
	int r;

	if (fd < 0 || secret_fd < 0)
		return fd < 0 ? fd : secret_fd;
	if (!(flags & EXM_KEEP_ENV) &&
	    (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(secret_fd, F_SETFD, FD_CLOEXEC) < 0))
		return -errno;
	r = exm_connect_fds(session, fd, secret_fd, flags);
	if (r == 0 && !(flags & EXM_KEEP_ENV)) {
		unsetenv(FD_VARIABLE);
		unsetenv(SECRET_VARIABLE);
	}
	return r;
}

static int connect_to(const char *path, int timeout_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { timeout_ms / 1000, timeout_ms % 1000 * 1000 + 1 };
	scoped_fd fd = -1;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* connect(2) waits while the queue of the server is full */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EAGAIN)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
	return take_fd(&fd);
}

int exm_connect_socket(struct exm *session, const char *path, const char *secret_file)
{
	scoped_fd secret_fd = -1;
	scoped_fd fd = -1;
	int r;

	if (!session)
		return -EINVAL;
	fd = connect_to(path ? path : RUN_DIR "/socket", connect_timeout(session));
	if (fd < 0)
		return fd;
	secret_fd = open(secret_file ? secret_file : RUN_DIR "/secret",
			 O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (secret_fd < 0)
		return -errno;
	r = exm_connect_fds(session, fd, secret_fd, 0);
	if (r == 0) {
		take_fd(&fd);
		take_fd(&secret_fd);
	}
	return r;
}
