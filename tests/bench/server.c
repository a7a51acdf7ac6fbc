/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "server.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum {
	FIRST_FREE_FD = 10,
	CLIENT_FD = 3,
	SECRET_FD = 4,
	ANSWER_SIZE = 32 << 20,
};

/* ---- one exchange -------------------------------------------------------------- */

void send_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, text, length);

		if (n <= 0)
			die("write");
		text += n;
		length -= (size_t)n;
	}
}

/* Reads up to and with the line's end. Returns the length; 0 at the end of the stream. */
static size_t read_line(int fd, char *line, size_t size)
{
	size_t length = 0;

	do {
		ssize_t n = read(fd, line + length, size - 1 - length);

		if (n <= 0)
			return 0;
		length += (size_t)n;
	} while (line[length - 1] != '\n');
	line[length] = '\0';
	return length;
}

size_t exchange(int fd, const char *request, char *answer)
{
	size_t length;

	send_all(fd, request, strlen(request));
	length = read_line(fd, answer, LINE);
	if (length == 0 || strstr(answer, "\"error\"")) {
		fprintf(stderr, "bench: %s-> %s", request, length ? answer : "the stream's end\n");
		exit(1);
	}
	return length;
}

/* What the server tells by itself may stand before the answer. */
static bool is_answer(const char *text, size_t length)
{
	static const char begin[] = "{\"jsonrpc\":\"2.0\",\"id\":";
	const char *line = length > 1 ? memrchr(text, '\n', length - 1) : NULL;

	line = line ? line + 1 : text;
	return strncmp(line, begin, strlen(begin)) == 0 || begin[0] != *line;
}

double ask_us(int fd, const char *request)
{
	static char answer[ANSWER_SIZE];
	double begin = now_us();
	size_t length = 0, n;

	send_all(fd, request, strlen(request));
	do {
		n = read_line(fd, answer + length, sizeof(answer) - length);
		length += n;
	} while (n > 0 && !is_answer(answer, length));
	begin = now_us() - begin;
	if (n > 0 && !strstr(answer, "\"error\""))
		return begin;
	progress("%.300s: %.300s", request, n > 0 ? answer : "the stream's end");
	return NAN;
}

double question_us(void *data)
{
	const struct question *question = data;

	return ask_us(question->fd, question->request);
}

/* ---- servers --------------------------------------------------------------------- */

static void exec_daemon(const char *policy, const char *root, int client, int secret)
{
	/* first out of the way of the numbers that they are to have */
	client = fcntl(client, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	secret = fcntl(secret, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	if (dup2(client, CLIENT_FD) >= 0 && dup2(secret, SECRET_FD) >= 0 &&
	    freopen("/dev/null", "w", stderr))
		execl(SBINDIR "/exmachinad", "exmachinad", "--policy", policy, "--root", root,
		      "--fd", "3", "--secret-fd", "4", NULL);
	_exit(127);
}

int secret_fd(void)
{
	int fd = memfd_create("secret", MFD_CLOEXEC);

	if (fd < 0)
		die("memfd_create");
	send_all(fd, SECRET, strlen(SECRET));
	return fd;
}

struct server server_start_locked(const char *policy, const char *root)
{
	int pair[2], secret = secret_fd();
	struct server server;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	server.fd = pair[0];
	server.pid = fork();
	if (server.pid < 0)
		die("fork");
	if (server.pid == 0)
		exec_daemon(policy, root, pair[1], secret);
	close(pair[1]);
	close(secret);
	return server;
}

struct server server_start(const char *policy, const char *root)
{
	struct server server = server_start_locked(policy, root);
	char answer[LINE];

	exchange(server.fd,
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.authenticate\","
		 "\"params\":[\"" SECRET "\"]}\n",
		 answer);
	return server;
}

struct server echo_start(size_t size)
{
	struct server server;
	int pair[2];
	char line[LINE], answer[LINE];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	server.fd = pair[0];
	server.pid = fork();
	if (server.pid < 0)
		die("fork");
	if (server.pid > 0) {
		close(pair[1]);
		return server;
	}
	close(pair[0]);
	memset(answer, 'x', size);
	answer[size - 1] = '\n';
	while (read_line(pair[1], line, LINE) > 0)
		send_all(pair[1], answer, size);
	_exit(0);
}

void server_stop(const struct server *server)
{
	close_fd(server->fd);
	waitpid(server->pid, NULL, 0);
}

pid_t server_engine(const struct server *server)
{
	char answer[LINE];
	const char *place;
	int pid = 0;

	exchange(server->fd, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session.info\"}\n",
		 answer);
	place = strstr(answer, "\"engine\"");
	place = place ? strstr(place, "\"pid\"") : NULL;
	if (!place || sscanf(place, "\"pid\": %d", &pid) != 1) {
		fprintf(stderr, "bench: no engine in %s", answer);
		exit(1);
	}
	return pid;
}
