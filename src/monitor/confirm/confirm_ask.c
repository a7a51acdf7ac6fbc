/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what a client may do with what is pending, which who has the token may. The
 * engine that passes it on may be the enemy, and then has the token as well.
 */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "monitor/confirm/confirm_watch.h"

enum { USEC = 1000000 };

static uint32_t seconds_of(const struct pending *pending)
{
	return (uint32_t)((pending_left(pending) + USEC - 1) / USEC);
}

bool confirm_is_of_another(struct confirm *confirm, const char *user)
{
	struct watch watch;

	return confirm && confirm_look(confirm, &watch) == 0 &&
	       strcmp(watch.pending.user, user) != 0;
}

uint32_t confirm_seconds(struct confirm *confirm, const char *user)
{
	struct watch watch;

	if (!confirm || confirm_look(confirm, &watch) < 0 || strcmp(watch.pending.user, user) != 0)
		return 0;
	return seconds_of(&watch.pending);
}

/* The token is asked for whatever is to be done. What is over nobody can change any more. */
static enum mon_outcome judge(struct confirm *confirm, const struct confirm_request *request,
			      struct watch *ret_watch, int *ret_error)
{
	int r = confirm ? confirm_look(confirm, ret_watch) : -ENOENT;

	if (r < 0 && r != -ENOENT) {
		*ret_error = -r;
		return OUTCOME_IO;
	}
	if (r < 0 || pending_left(&ret_watch->pending) == 0)
		return OUTCOME_ABSENT;
	if (pending_has_token(&ret_watch->pending, request->token))
		return OUTCOME_DONE;
	log_warning("a commit is to be confirmed with another token");
	confirm_record(confirm, &request->session->who, METHOD_CONFIRM, "", AUDIT_DENIED,
		       "another token");
	return OUTCOME_DENIED;
}

/* The same, and then with the journal in hand. */
static enum mon_outcome begin(struct confirm *confirm, const struct confirm_request *request,
			      struct journal *journal, struct watch *ret_watch, int *ret_error)
{
	enum mon_outcome outcome = judge(confirm, request, ret_watch, ret_error);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (confirm_is_occupied(confirm))
		return OUTCOME_BUSY;
	r = confirm_take_turn(confirm, journal);
	if (r < 0) {
		*ret_error = -r;
		return r == -ETIMEDOUT ? OUTCOME_BUSY : OUTCOME_IO;
	}
	return judge(confirm, request, ret_watch, ret_error);
}

static enum mon_outcome outcome_of(int r, int *ret_error)
{
	*ret_error = r < 0 ? -r : 0;
	return r < 0 ? OUTCOME_IO : OUTCOME_DONE;
}

enum mon_outcome confirm_keep(struct confirm *confirm, const struct confirm_request *request,
			      int *ret_error)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	enum mon_outcome outcome = begin(confirm, request, &journal, &watch, ret_error);

	if (outcome == OUTCOME_DONE)
		outcome = outcome_of(pending_remove(confirm->host->state_fd), ret_error);
	if (outcome != OUTCOME_DONE)
		return outcome;
	confirm_record(confirm, &request->session->who, METHOD_CONFIRM, "", AUDIT_DONE, "");
	log_notice("a commit was confirmed");
	confirm_let_go(confirm);
	return OUTCOME_DONE;
}

enum mon_outcome confirm_extend(struct confirm *confirm, const struct confirm_request *request,
				int *ret_error)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	enum mon_outcome outcome = begin(confirm, request, &journal, &watch, ret_error);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	r = pending_set_deadline(&watch.pending, request->seconds);
	if (r == 0)
		r = confirm_take(confirm, &watch);
	if (r == 0)
		confirm_record(confirm, &request->session->who, METHOD_CONFIRM, "", AUDIT_DONE,
			       "extended");
	return outcome_of(r, ret_error);
}

enum mon_outcome confirm_roll_back(struct confirm *confirm, const struct confirm_request *request,
				   int *ret_error)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	enum mon_outcome outcome = begin(confirm, request, &journal, &watch, ret_error);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	/* on disk first, so that whoever finds it half done goes on with it */
	pending_set_over(&watch.pending);
	r = confirm_take(confirm, &watch);
	if (r == 0) {
		confirm->asker = request->session;
		r = confirm_take_back(confirm, &journal, &watch, "it was asked for");
	}
	if (r < 0)
		confirm->asker = NULL;
	return outcome_of(r, ret_error);
}
