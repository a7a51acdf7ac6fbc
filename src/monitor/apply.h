/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_APPLY_H
#define EXM_APPLY_H

#include "monitor/session.h"

/*
 * What the policy has done to services after a commit, Apply=: one action after the other, each
 * once however many sections name it, and each watched for a while.
 */
struct apply;

enum { APPLY_SETTLE_MS = 1000 };

/* How it ended; lives until done returns. */
struct apply_result {
	unsigned int failed; /* actions */
	/* the first that failed, if any */
	enum service_verb verb;
	const char *unit;
	const struct msg_job *job;
};

typedef void apply_done(const struct apply_result *result, void *data);
typedef void apply_progress(const char *stage, const char *detail, void *data);

struct apply_order {
	const struct session_host *host;
	const struct policy *policy; /* must outlive it */
	bool go_on;                  /* after an action that failed */
	apply_progress *progress;
	apply_done *done; /* once, from the event loop and never from within apply_begin() */
	void *data;
};

/* Does any of these sections name an action? */
bool apply_is_needed(const struct policy *policy, const struct staged *staged, size_t count);

/* Begins with the first action of the sections of these files. 0 or -errno. */
int apply_begin(const struct apply_order *order, const struct staged *staged, size_t count,
		struct apply **ret_apply) must_check;

/*
 * Ends it, without a word if it had not ended; an action under way goes on. Only after its end, or
 * when no service call can end any more. Takes NULL.
 */
struct apply *apply_free(struct apply *apply);

#endif
