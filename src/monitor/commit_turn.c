/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. What comes before any commit: the journal, which keeps others from
 * theirs meanwhile, and what an earlier process has left in it.
 */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "monitor/commit.h"
#include "monitor/confirm/confirm.h"
#include "monitor/journal/journal_recover.h"

static int take_turn(const struct commit_place *place, struct journal *ret_journal,
		     struct journal_entry *ret_entry, const char **ret_step)
{
	int r;

	r = journal_open(place->state_fd, JOURNAL_LOCK_MSEC, ret_journal);
	*ret_step = r == -ETIMEDOUT ? "wait for the commit of another server" : "open the journal";
	if (r < 0)
		return r;
	*ret_step = "take back a commit that was interrupted";
	r = journal_recover_entry(place->root_fd, ret_journal, ret_entry);
	if (r < 0)
		return r;
	*ret_step = "look at what is to be confirmed";
	return confirm_drop_stale(place->state_fd);
}

int commit_take_turn(const struct commit_place *place, struct journal *ret_journal,
		     const char **ret_step)
{
	scoped_journal_entry entry = { 0 };

	return take_turn(place, ret_journal, &entry, ret_step);
}

int commit_recover(const struct commit_place *place, struct rollback *ret_rollback)
{
	scoped_journal journal = JOURNAL_NONE;
	scoped_journal_entry entry = { 0 };
	const char *step;
	int r = take_turn(place, &journal, &entry, &step);

	if (r == 0) {
		step = "take back what was not confirmed";
		r = confirm_recover(place->root_fd, place->state_fd, &journal, ret_rollback);
	}
	for (uint32_t i = 0; r == 0 && i < entry.count; i++)
		r = rollback_add(ret_rollback, entry.file[i].path);
	if (r < 0)
		log_error("cannot %s: %s", step, strerror(-r));
	return r;
}
