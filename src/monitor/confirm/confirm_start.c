/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, with the journal in hand: what is found of commits that were to be
 * confirmed. */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "monitor/confirm/confirm.h"
#include "monitor/history/history.h"

int confirm_drop_stale(int state_fd)
{
	struct pending pending;
	scoped_fd dir = -1;
	uint64_t next = 1;
	int r = pending_read(state_fd, &pending);

	if (r == -EBADMSG)
		log_error("the file \"pending\" of the state directory is damaged: which commits "
			  "wait "
			  "to be confirmed is not known; revert what is not to stay and remove it");
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	dir = history_open(state_fd);
	r = dir < 0 ? dir : history_next(dir, &next);
	if (r < 0 && r != -ENOENT)
		return r;
	return pending.first < next ? 0 : pending_remove(state_fd);
}

int confirm_recover(int root_fd, int state_fd, struct journal *journal,
		    struct rollback *ret_rollback)
{
	struct client who = { .user = "" };
	struct pending pending;
	scoped_fd file = pending_watch(state_fd, &pending);
	int r;

	if (file < 0)
		return file == -ENOENT || file == -EAGAIN ? 0 : file;
	if (pending_left(&pending) > 0 && !pending.dead_man)
		return 0;
	memcpy(who.user, pending.user, sizeof(who.user));
	r = rollback_run(root_fd, journal, &who, &pending, ret_rollback);
	if (r == 0)
		r = pending_remove(state_fd);
	if (r == 0)
		log_notice("files that were taken back, since they were not confirmed in time: %zu",
			   ret_rollback->count);
	return r;
}
