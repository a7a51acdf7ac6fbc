/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what the staged files would change. The engine staged them and may be the
 * enemy; what counts is what the verifier finds.
 */
#include "monitor/commit_verify.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"

static const struct policy_file *policy_of(const struct session *session, size_t index)
{
	return &session->policy->files[session->staged[index].entry];
}

/* The first from there on that is to be verified; the number of all if there is none. */
static size_t next_verified(const struct session *session, size_t from)
{
	while (from < session->staged_count && policy_of(session, from)->unverified)
		from++;
	return from;
}

static const struct handout *before_of(struct session *session, size_t index)
{
	return handout_find(&session->handouts, session->staged[index].path);
}

/* The one that waits, if it is for this file, or a new one; NULL after the last. */
static int verifier_for(struct session *session, size_t index, struct verifier **ret_verifier)
{
	const char *lens;

	*ret_verifier = NULL;
	if (index == session->staged_count)
		return 0;
	lens = policy_of(session, index)->lens;
	if (session->verifier && !verifier_waits(session->verifier))
		session->verifier = verifier_free(session->verifier);
	if (session->verifier && strcmp(verifier_lens(session->verifier), lens) == 0 &&
	    verifier_fits(session->verifier, before_of(session, index))) {
		*ret_verifier = take_ptr(session->verifier);
		return 0;
	}
	return verifier_new(session->host->starter, session->host->event,
			    session->policy->optional_layers, lens, ret_verifier);
}

static void verify_one(struct session *session, size_t index, struct verifier *verifier,
		       struct report *changes, struct verify_result *result)
{
	const struct staged *staged = &session->staged[index];
	const struct verify_file file = {
		.policy = policy_of(session, index),
		.timeout_ms = session->policy->timeout_ms,
		.index = (uint32_t)index,
		.before = before_of(session, index),
		.after = staged->content,
	};

	verify_file(&file, verifier, changes, result);
}

/* While one is looked at, the process for the next one gets ready. */
size_t commit_verify(struct session *session, struct report *changes, uint32_t *ret_index,
		     struct verify_result *ret_result)
{
	size_t index = next_verified(session, 0), verified = 0;
	struct verifier *next;
	int r = verifier_for(session, index, &next);

	*ret_result = (struct verify_result){ .outcome = OUTCOME_DONE };
	while (index < session->staged_count && ret_result->outcome == OUTCOME_DONE) {
		scoped(verifier_freep) struct verifier *verifier = next;
		size_t following = next_verified(session, index + 1);

		*ret_index = (uint32_t)index;
		verified++;
		next = NULL;
		if (r < 0) {
			verify_impossible(r, ret_result);
			break;
		}
		r = verifier_for(session, following, &next);
		verify_one(session, index, verifier, changes, ret_result);
		index = following;
	}
	verifier_free(next);
	if (ret_result->outcome != OUTCOME_DONE)
		log_warning("nothing was committed: %s: %s%s%s", session->staged[*ret_index].path,
			    ret_result->why, ret_result->node[0] ? " for " : "", ret_result->node);
	return verified;
}
