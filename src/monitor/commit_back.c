/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Takes back what a commit of this process has done so far; what is
 * found beside the files by then may be anybody's.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "monitor/commit_state.h"

/* What cannot be brought back is said as loudly as can be. 0, or how it went with the last such. */
static int undo(struct commit *t)
{
	int result = 0;

	for (size_t i = t->count; i-- > 0;) {
		struct replacement *item = &t->item[i];
		int r = item->state == REPLACE_SWITCHED ? replace_undo(item) : 0;

		if (r == 0)
			r = replace_discard(item);
		if (r == 0)
			r = replace_remove_dirs(item);
		if (r == 0)
			continue;
		log_write(LOG_CRIT, "%s could not be brought back%s%s: %s", t->staged[i].path,
			  item->old >= 0 ? ", what was there is in " : "",
			  item->old >= 0 ? item->temporary : "", strerror(-r));
		result = r;
	}
	return result;
}

/* Files of one directory need it only once. */
static bool is_synced(const struct commit *t, size_t index, struct stat *dirs)
{
	if (fstat(t->item[index].target.dir, &dirs[index]) < 0)
		return false;
	for (size_t i = 0; i < index; i++)
		if (dirs[i].st_dev == dirs[index].st_dev && dirs[i].st_ino == dirs[index].st_ino)
			return true;
	return false;
}

int commit_sync_directories(const struct commit *t, uint32_t *ret_index)
{
	scoped_ptr struct stat *dirs = calloc(t->count, sizeof(*dirs));
	int r = dirs ? 0 : -ENOMEM;

	for (uint32_t i = 0; r == 0 && i < t->count; i++) {
		*ret_index = i;
		if (!is_synced(t, i, dirs))
			r = replace_sync(&t->item[i]);
	}
	return r;
}

int commit_undo(struct commit *t)
{
	uint32_t index;
	int r, undone;

	if (!t->is_begun)
		return 0;
	commit_history_drop(&t->history);
	/* whatever it was, so that nobody takes it for done */
	r = journal_switch(&t->journal);
	undone = undo(t);
	if (undone < 0)
		return undone;
	if (r == 0)
		r = commit_sync_directories(t, &index);
	if (r == 0)
		r = journal_taken_back(&t->journal);
	if (r < 0)
		log_warning("a commit was taken back, but not everything is on disk: %s",
			    strerror(-r));
	return 0;
}
