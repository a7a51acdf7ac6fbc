/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TRANSACTION_STATE_H
#define EXM_TRANSACTION_STATE_H

/* What transaction.c and transaction_write.c share. */
#include "monitor/apply.h"
#include "monitor/check.h"
#include "monitor/commit_record.h"
#include "monitor/commit_verify.h"
#include "monitor/confirm/confirm.h"
#include "monitor/transaction.h"

struct transaction {
	const struct session_host *host;
	struct session *session; /* NULL: nobody waits for the answer */
	struct session *owner;   /* whose client asked for it; NULL: it has gone */
	struct msg_commit request;
	struct policy *policy;
	struct client who;
	struct staged *staged;
	size_t count;
	struct handouts base; /* of the staged files */
	struct commit_record record;
	struct commit_origin origin;
	struct verify_result verdict; /* what texts of the reply are in */
	bool verified;
	struct checks *checks; /* NULL: not begun, or ended */
	struct commit *commit; /* NULL: not begun, or taken back */
	struct apply *apply;
	struct apply *failed; /* the one that failed, for the texts of the reply */
	struct message reply;
	int enclosed;
	char detail[MESSAGE_TEXT_MAX]; /* for the audit trail */
	char token[PENDING_TOKEN_SIZE];
};

static inline struct msg_commit_reply *reply_of(struct transaction *t)
{
	return &t->reply.commit_reply;
}

/* It came to this at this step; the error is a positive errno, or 0. */
void transaction_stop(struct transaction *t, enum mon_outcome outcome, int error, const char *step);

/* Answers, and frees it, from the event loop. */
void transaction_end_late(struct transaction *t);

/* Writes all files, and has services read them. True if its end comes later. */
bool transaction_write(struct transaction *t) must_check;

/* What a commit has come to, or would. */
void transaction_take_result(struct transaction *t, const struct commit_result *result);

/* What was written is as it was, and the reply says so. */
void transaction_take_back(struct transaction *t);

/* For the audit trail: how that went. */
void transaction_tell_taken_back(struct transaction *t);

#endif
