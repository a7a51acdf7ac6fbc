/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_FIXTURE_H
#define EXM_COMMIT_FIXTURE_H

/*
 * For the tests of commits in a session: a root with a state directory, a session with this program
 * in its engine's place, an event loop, and services that end as the test says.
 */
#include "root_fixture.h"

#include "monitor/check.h"
#include "monitor/confirm/confirm.h"
#include "monitor/transaction.h"

#define COMMIT_STATE "/s" /* below the root */

enum { COMMIT_ORDERS_MAX = 64 };

struct commit_world {
	struct root *root;
	struct policy *policy; /* of one section, /etc, not verified */
	struct policy_file *file;
	struct calls_under_way calls;
	struct transaction *transaction;
	struct session_host host;
	struct session *session;
	int engine;
	struct packet packet;
	unsigned int ended; /* sessions */
	size_t open;        /* descriptors, before anything was done */
};

int commit_setup(void **state);
int commit_teardown(void **state);

/* One more section. */
struct policy_file *commit_section(struct commit_world *w, const char *path);

/* As server.c does at the end: what is under way is given up. Once more is nothing. */
void commit_give_up(struct commit_world *w);

/* The server ends, or dies as far as that can be seen, and another one begins. */
void commit_server_again(struct commit_world *w);

/* The session is over, and freed. */
void commit_session_over(struct commit_world *w);

/* A new session, of another client. */
void commit_session_again(struct commit_world *w);

/* What was read of the file, and what is to become of it; NULL: no file. */
void commit_stage(struct commit_world *w, const char *path, const char *content);

/* The event loop, until nothing is to be done at once. */
void commit_settle(struct commit_world *w);

/* What the engine is told; -1 in ret_fd for no descriptor. */
struct message commit_answer(struct commit_world *w, enum message_type type);
void commit_no_answer(struct commit_world *w);

/* ---- services ---- */

/* The next ones are refused with -errno; 0: they begin. */
void commit_services_refuse(int r);

/* None was called, and there is room again. */
void commit_services_forget(void);

/* How many were called, and how many of them have not ended. */
size_t commit_services_called(void);
size_t commit_services_under_way(void);

/* "VERB UNIT" of the call of that number, from 0. */
const char *commit_service(size_t number);

/* The oldest one ends. */
void commit_service_end(struct commit_world *w, enum job_outcome outcome);

/* It tells how far it is, if that is wanted. */
void commit_service_tell(const char *stage, const char *detail);

/* ---- checks ---- */

/* The next ones are refused with -errno; 0: they begin. */
void commit_checks_refuse(int r);
bool commit_checks_under_way(void);
void commit_checks_end(struct commit_world *w, enum mon_outcome outcome);

#endif
