/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root, with the journal in hand. */
#include "monitor/commit_history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "monitor/confirm/pending.h"
#include "monitor/history/history.h"

/* The first revision that may have to be taken back; UINT64_MAX: none. 0 or -errno. */
static int first_pending(int state_fd, uint64_t *ret_first)
{
	struct pending pending;
	int r = pending_read(state_fd, &pending);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_first = r == 0 ? pending.first : UINT64_MAX;
	return 0;
}

int commit_history_open(const struct commit_place *place, const struct policy *policy,
			const struct commit_origin *origin, struct commit_history *ret_history)
{
	struct commit_history history = COMMIT_HISTORY_NONE;
	scoped_fd dir = -1;
	uint64_t first;
	int r;

	history.origin = origin;
	history.policy = policy;
	history.state_fd = place->state_fd;
	if (place->state_fd < 0 || !origin) {
		*ret_history = history;
		return 0;
	}
	r = first_pending(place->state_fd, &first);
	if (r < 0)
		return r;
	if (policy->history.off && first == UINT64_MAX) {
		*ret_history = history;
		return 0;
	}
	dir = history_make(place->state_fd);
	if (dir < 0)
		return dir;
	r = history_next(dir, &history.number);
	if (r < 0)
		return r;
	history.dir = take_fd(&dir);
	history.changes = origin->changes;
	*ret_history = history;
	return 0;
}

void commit_history_clear(struct commit_history *history)
{
	history->dir = close_fd(history->dir);
}

int commit_history_describe(const struct commit_history *history, const struct staged *staged,
			    size_t count, struct journal_entry *entry)
{
	const struct commit_origin *origin = history->origin;

	if (!origin)
		return 0;
	entry->revision = history->number;
	entry->reverts = origin->reverts;
	entry->usec = clock_usec_of(CLOCK_REALTIME);
	entry->who = *origin->who;
	snprintf(entry->method, sizeof(entry->method), "%s", origin->method);
	for (size_t i = 0; i < count; i++) {
		struct journal_file *file = &entry->file[i];

		file->section = strdup(history->policy->files[staged[i].entry].path);
		if (!file->section)
			return -ENOMEM;
		file->changes = origin->counts ? origin->counts[i] : 0;
	}
	return 0;
}

int commit_history_prepare(struct commit_history *history, const struct journal *journal)
{
	return history->dir < 0 ? 0 : history_prepare(history->dir, journal->file);
}

void commit_history_drop(struct commit_history *history)
{
	if (history->dir >= 0)
		history_drop(history->dir);
}

int commit_history_sync(const struct commit_history *history)
{
	return history->dir < 0 ? 0 : history_sync(history->dir, history->number);
}

int commit_history_add(struct commit_history *history)
{
	int r = history->dir < 0 ? 0 : history_add(history->dir, history->number);
	uint64_t first;

	if (r < 0) {
		log_write(LOG_CRIT,
			  "revision %" PRIu64 " is not in the history yet, and nothing can be "
			  "committed until it is: %s",
			  history->number, strerror(-r));
		return r;
	}
	if (history->dir < 0)
		return 0;
	r = first_pending(history->state_fd, &first);
	if (r == 0)
		r = history_prune(history->dir, &history->policy->history, first);
	if (r < 0)
		log_warning("revisions that are not to be kept cannot be removed: %s",
			    strerror(-r));
	return 0;
}
