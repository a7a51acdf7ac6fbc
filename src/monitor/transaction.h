/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TRANSACTION_H
#define EXM_TRANSACTION_H

#include "monitor/session.h"

/*
 * A commit from what was staged to its answer: verified, written, taken by the services that the
 * policy names, and kept, or taken back. It goes on without the session and without the engine that
 * asked for it. A server has one at a time.
 */
struct transaction;

/*
 * Begins with what the session has staged, which is taken over, and may come to its end at once.
 * 0, or what session_reply() returns.
 */
int transaction_begin(struct session *session, const struct msg_commit *request) must_check;

/* The engine has gone that waits for its answer. */
void transaction_orphan(struct session *session);

/* The client has gone whose commit it is. */
void transaction_session_over(const struct session *session);

/* The server ends: what was not done yet is taken back. Takes NULL. */
struct transaction *transaction_abort(struct transaction *transaction);

#endif
