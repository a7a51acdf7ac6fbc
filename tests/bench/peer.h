/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_PEER_H
#define EXM_BENCH_PEER_H

#include <stddef.h>
#include <sys/types.h>

/* What the benchmarks share: a server of one's own, and its client's end. Whatever goes wrong ends
 * the program. */

enum {
	LINE = 65536,
	ROUND_MAX = 2000, /* calls of one measurement */
};

struct server {
	pid_t pid;
	int fd;
};

void die(const char *what);
double now_us(void);
double median(double *values, size_t count); /* sorts them */
void pin_to_one_core(void);

void send_all(int fd, const char *text, size_t length);

/* Reads up to and with the line's end. Returns the length; 0 at the end of the stream. */
size_t read_line(int fd, char *line);

/* One request that must not be answered with an error. Returns the answer's length. */
size_t exchange(int fd, const char *request, char *answer);

/* The median time of `count` calls. */
double round_us(int fd, const char *request, char *answer, size_t count);

struct server start_daemon(const char *policy);
struct server start_daemon_at(const char *policy, const char *root);
void authenticate(const struct server *server);
void stop(const struct server *server);

/* The secret of every server here, as a client finds it. */
int secret_fd(void);

#endif
