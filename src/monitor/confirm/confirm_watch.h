/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CONFIRM_WATCH_H
#define EXM_CONFIRM_WATCH_H

/* What confirm.c and confirm_ask.c share. */
#include "monitor/confirm/confirm.h"

#define METHOD_CONFIRM "config.confirm"

/* What is pending, and for whom. */
struct watch {
	struct pending pending;
	struct session *owner; /* whose client is waited for; NULL: it has gone, or is not ours */
	struct client who;
};

struct confirm {
	const struct session_host *host;
	int file;            /* pending, locked; -1: nothing is that this server watches over */
	struct watch watch;  /* while there is a file */
	struct watch before; /* while a commit is being done: what was pending then */
	bool had_before;
	sd_event_source *timer;
	/* after a rollback */
	struct session *asker; /* waits for its end; NULL: nobody */
	struct session *told;  /* has not asked; NULL: nobody */
	const char *why;
	struct apply *apply;
	struct policy *policy;
	struct staged *staged;
	size_t count;
	bool busy;
	bool restored;
};

/* Does this server watch over something? Not if another one has written or removed it. */
bool confirm_is_ours(struct confirm *confirm);

/* Is the journal in this server's hands already, or is something being taken back? */
bool confirm_is_occupied(const struct confirm *confirm);

/* As commit_take_turn(). */
int confirm_take_turn(const struct confirm *confirm, struct journal *journal) must_check;

/* What is pending now, whoever watches over it. 0; -ENOENT: nothing is; or another -errno. */
int confirm_look(struct confirm *confirm, struct watch *ret_watch) must_check;

/* What is pending from now on, on disk and watched over; with the journal in hand. 0 or -errno. */
int confirm_take(struct confirm *confirm, const struct watch *watch) must_check;

/* Nothing is watched over any more. */
void confirm_let_go(struct confirm *confirm);

/* With the journal in hand. 0, or -errno if it is to be tried again. Its end may come later. */
int confirm_take_back(struct confirm *confirm, struct journal *journal, const struct watch *watch,
		      const char *why) must_check;

void confirm_record(const struct confirm *confirm, const struct client *who, const char *method,
		    const char *subject, const char *result, const char *detail);

#endif
