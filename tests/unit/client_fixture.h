/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLIENT_FIXTURE_H
#define EXM_CLIENT_FIXTURE_H

/*
 * A session of client-lib/ and its server: a child that says what each test
 * tells it to, and whose exit status is its verdict.
 */
#include "exmachina.h"
#include "unit.h"

#include <sys/types.h>

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HELLO "\"result\":{\"server\":\"exmachina\",\"protocol\":1}"
#define GRANTED "\"result\":{\"authenticated\":true}"

struct world {
	struct exm *session;
	int fd; /* the client's end, while it is the test's */
	int peer;
	int secret_fd;
	pid_t server;
};

int client_setup(void **state);
int client_teardown(void **state);

#define CLIENT_TEST(function) \
	cmocka_unit_test_setup_teardown(function, client_setup, client_teardown)

/* ---- the server's side, in the child ---- */

struct server {
	FILE *in;
	int out;
	char id[160]; /* of the last request */
	char *line;
	size_t size;
	int guards; /* lines in front of it that ask for nothing */
};

void say(const struct server *server, const char *text);
/* Reads the next request, which must have this in it; notifications, which guard it, are passed
 * over. */
void hear(struct server *server, const char *part);
/* rest: "\"result\":..." or "\"error\":..." */
void answer(const struct server *server, const char *id, const char *rest);
/* Hears the two requests of a client that connects, and answers them. */
void greet(struct server *server);

/* ---- the test's side ---- */

int secret_file(const char *text);
/* Starts the child. */
void serve(struct world *world, void (*script)(struct server *server));
int connect_world(struct world *world, unsigned int flags);
/* Both; the session has connected. */
void connect_to(struct world *world, void (*script)(struct server *server));
void assert_error(const struct world *world, int code, const char *name);

#endif
