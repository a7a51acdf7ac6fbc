/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFIRM_H
#define EXM_CONFIRM_H

#include "monitor/confirm/pending.h"
#include "monitor/confirm/rollback.h"
#include "monitor/journal/journal.h"
#include "monitor/session.h"

/*
 * Commits that are taken back unless somebody says in time that they are to stay, as a server
 * watches over them. Each commit while one is pending belongs to it, and is taken back with it.
 */
struct confirm;

/* Takes over what is pending on disk, unless another server watches over it. 0 or -errno. */
int confirm_new(const struct session_host *host, struct confirm **ret_confirm) must_check;

/* What is pending stays so, and is looked at by whoever starts next. Takes NULL. */
struct confirm *confirm_free(struct confirm *confirm);

/* Is something being taken back just now, so that nothing can be committed? */
bool confirm_is_busy(const struct confirm *confirm);

/* Does this server watch over something, and no other one by now? */
bool confirm_watches(struct confirm *confirm);

/* What a commit asks for. */
struct confirm_order {
	struct session *owner; /* whose client it is; NULL: it has gone */
	const struct client *who;
	uint64_t revision; /* of the commit */
	uint32_t seconds;
	bool dead_man;
};

/*
 * Before the commit is done, which has the journal: its deadline is on disk, from now on. The token
 * is for the client. 0; -EBUSY if a commit of another user is pending; or another -errno.
 */
int confirm_arm(struct confirm *confirm, const struct confirm_order *order,
		char token[static PENDING_TOKEN_SIZE]) must_check;

/* That commit was not done after all: what was pending before is so again. */
void confirm_disarm(struct confirm *confirm);

/* The engine that asked for a rollback has gone. */
void confirm_asker_gone(struct confirm *confirm, struct session *session);

/* The session is about to be freed. */
void confirm_forget(struct confirm *confirm, const struct session *session);

/* The client of the session has gone. */
void confirm_session_over(struct confirm *confirm, const struct session *session);

/* Is something being taken back, or will be when the client of the session goes? */
bool confirm_waits_for(const struct confirm *confirm, const struct session *session);

/* Is a commit of another user pending? As long as it is, no other can be armed. */
bool confirm_is_of_another(struct confirm *confirm, const char *user);

/* How long commits of this user may still be confirmed; 0: none is pending. */
uint32_t confirm_seconds(struct confirm *confirm, const char *user);

/* What a client asks for. */
struct confirm_request {
	struct session *session;
	const char *token;
	uint32_t seconds; /* of confirm_extend() */
};

/*
 * What a client with the token may do, also with what another server watches over: keep it, give it
 * so many seconds from now on, or have it taken back, whose end op_confirm_rolled_back() is told.
 * OUTCOME_DONE; OUTCOME_ABSENT if nothing is pending, or its time is over; OUTCOME_DENIED for
 * another token, which is recorded; OUTCOME_BUSY during a commit or a rollback; OUTCOME_IO with a
 * positive errno.
 */
enum mon_outcome confirm_keep(struct confirm *confirm, const struct confirm_request *request,
			      int *ret_error);
enum mon_outcome confirm_extend(struct confirm *confirm, const struct confirm_request *request,
				int *ret_error);
enum mon_outcome confirm_roll_back(struct confirm *confirm, const struct confirm_request *request,
				   int *ret_error);

/*
 * A commit that was to be confirmed and was not done leaves what it wrote first: that is removed.
 * The journal is this process's, and recovered. 0 or -errno.
 */
int confirm_drop_stale(int state_fd) must_check;

/*
 * What whoever starts finds: taken back if its time is over or its client gone with the server that
 * had it, unless another server watches over it. 0 or -errno.
 */
int confirm_recover(int root_fd, int state_fd, struct journal *journal,
		    struct rollback *ret_rollback) must_check;

/* Has services read again what was taken back at the start. */
void confirm_apply(struct confirm *confirm, const struct rollback *rollback);

#endif
