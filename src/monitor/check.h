/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_MONITOR_CHECK_H
#define EXM_MONITOR_CHECK_H

#include "common/message.h"
#include "common/policy.h"
#include "monitor/commit.h"
#include "monitor/runner.h"

/*
 * The Check= of a commit: programs that see all of its files as if they were written, and of which
 * each must agree, before any is. They run one after the other, in the order of the files and of
 * the policy, each once, however many files name it. exmachina-run runs them.
 */
struct checks;

struct checks_result {
	enum mon_outcome
		outcome;      /* DONE: all agree; CHECK_FAILED; IO, LIMIT: one could not be run */
	uint32_t index;       /* the first staged file that names it */
	int error;            /* a positive errno, or 0 */
	const char *check;    /* its line, as the policy has it; "" for DONE */
	enum run_outcome how; /* how it ended */
	int status;           /* exit status, or signal */
	const char *why;      /* "Check=/usr/sbin/sshd -t: exit status 1" */
	const char *output;   /* the end of what it printed, without what is secret */
};

/* Called once, from the event loop. What the result points to is gone after it. */
typedef void checks_done(const struct checks_result *result, void *data);

struct checks_order {
	struct runner *runner;
	const struct policy *policy; /* stays as it is until done, as does what is staged */
	const struct staged *staged;
	size_t count;
	int changes; /* what it changes (REPORT_CHANGE), for what is secret of it; -1: there is no
			list */
	checks_done *done;
	void *data;
};

/* Do the sections of these files name any? */
bool checks_are_needed(const struct policy *policy, const struct staged *staged, size_t count);

/*
 * Begins with the first of them, of which there must be one. 0 or -errno: they cannot be begun, and
 * so nothing may be written; -ENOTCONN without exmachina-run, -E2BIG for more bytes than it can be
 * given.
 */
int checks_begin(const struct checks_order *order, struct checks **ret_checks) must_check;

/*
 * Within done and after it, or before: then nobody waits any more, and the one that runs goes on to
 * its end. Takes NULL.
 */
struct checks *checks_free(struct checks *checks);

#endif
