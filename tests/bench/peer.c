/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmarks: runs as root inside the sandbox, trusts all. */
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECRET "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum {
	FIRST_FREE_FD = 10,
	CLIENT_FD = 3,
	SECRET_FD = 4,
};

void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

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
size_t read_line(int fd, char *line)
{
	size_t length = 0;

	do {
		ssize_t n = read(fd, line + length, LINE - 1 - length);

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
	length = read_line(fd, answer);
	if (length == 0 || strstr(answer, "\"error\"")) {
		fprintf(stderr, "bench: %s-> %s", request, length ? answer : "the stream's end\n");
		exit(1);
	}
	return length;
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

struct server start_daemon(const char *policy)
{
	return start_daemon_at(policy, "/");
}

struct server start_daemon_at(const char *policy, const char *root)
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

void authenticate(const struct server *server)
{
	char answer[LINE];

	exchange(server->fd,
		 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"session.authenticate\","
		 "\"params\":[\"" SECRET "\"]}\n",
		 answer);
}

void stop(const struct server *server)
{
	close(server->fd);
	waitpid(server->pid, NULL, 0);
}

/* The median time of one call. */
double round_us(int fd, const char *request, char *answer, size_t count)
{
	static double times[ROUND_MAX];

	for (size_t i = 0; i < count; i++) {
		double begin = now_us();

		send_all(fd, request, strlen(request));
		if (read_line(fd, answer) == 0)
			die("the stream ended");
		times[i] = now_us() - begin;
	}
	return median(times, count);
}

void pin_to_one_core(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		die("sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && CPU_COUNT(&one) == 0)
			CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		die("sched_setaffinity");
}
