/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_SERVER_H
#define EXM_BENCH_SERVER_H

/* A server of one's own, its client's end, and the least that any server could be. */

#include <stddef.h>
#include <sys/types.h>

enum { LINE = 65536 };

struct server {
	pid_t pid;
	int fd;
};

/* exmachinad over a root directory, whose secret was shown already. */
struct server server_start(const char *policy, const char *root);

/* The same without the secret: whoever connects to server.fd has to show it, secret_fd() has it. */
struct server server_start_locked(const char *policy, const char *root);
int secret_fd(void);

/* Answers each line with `size` bytes, and does nothing else. */
struct server echo_start(size_t size);

void server_stop(const struct server *server);
pid_t server_engine(const struct server *server);

void send_all(int fd, const char *text, size_t length);

/* One request that must not be answered with an error. Returns the answer's length. */
size_t exchange(int fd, const char *request, char *answer);

/*
 * One request whose answer may be long, and is thrown away. How many microseconds it took, or NAN
 * if it was answered with an error, which is told as progress.
 */
double ask_us(int fd, const char *request);

/* A request, for ask_us(). */
struct question {
	int fd;
	char request[1024];
};

/* The same as a measure() of a struct question. */
double question_us(void *data);

#endif
