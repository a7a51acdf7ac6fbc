/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. The state directory is root's alone, which was asked when it was opened. */
#include "monitor/journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "monitor/state.h"

#define JOURNAL "journal"

enum { PAUSE_NSEC = 1000000, COPY_MAX = INT32_MAX };

int journal_open(int state_fd, uint32_t timeout_msec, struct journal *ret_journal)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NSEC };
	uint64_t end = clock_msec() + timeout_msec;
	scoped_fd file = -1;

	*ret_journal = JOURNAL_NONE;
	if (state_fd < 0)
		return 0;
	file = state_file_open(state_fd, JOURNAL);
	if (file < 0)
		return file;
	/* a holder that dies lets go */
	while (flock(file, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_msec() >= end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	*ret_journal = (struct journal){ .state_fd = state_fd, .file = take_fd(&file) };
	return 0;
}

void journal_close(struct journal *journal)
{
	journal->file = close_fd(journal->file);
}

/* The first time its name has to be brought to disk, too. */
static int sync_name(const struct journal *journal)
{
	struct stat st;

	if (fstat(journal->file, &st) < 0)
		return -errno;
	return st.st_size > 0 || fsync(journal->state_fd) == 0 ? 0 : -errno;
}

static int begin(struct journal *journal, struct journal_entry *entry, const int *content,
		 int changes)
{
	int r;

	if (journal->file < 0)
		return 0;
	r = sync_name(journal);
	if (r == 0)
		r = journal_entry_write(journal->file, entry, content, changes);
	journal->phase = entry->phase;
	if (r < 0)
		journal_over(journal);
	return r;
}

int journal_begin(struct journal *journal, struct journal_entry *entry, const int *content,
		  int changes)
{
	entry->phase = JOURNAL_WRITING;
	return begin(journal, entry, content, changes);
}

int journal_begin_back(struct journal *journal, struct journal_entry *entry, const int *content)
{
	entry->phase = JOURNAL_SWITCHING;
	return begin(journal, entry, content, -1);
}

static int set_phase(struct journal *journal, enum journal_phase phase)
{
	int r = journal->file < 0 ? 0 : journal_entry_set_phase(journal->file, phase);

	if (r == 0)
		journal->phase = phase;
	return r;
}

int journal_switch(struct journal *journal)
{
	return set_phase(journal, JOURNAL_SWITCHING);
}

static int set_on_disk(struct journal *journal, enum journal_phase phase)
{
	int r = set_phase(journal, phase);

	return r == 0 && journal->file >= 0 && fdatasync(journal->file) < 0 ? -errno : r;
}

int journal_done(struct journal *journal)
{
	return set_on_disk(journal, JOURNAL_DONE);
}

int journal_taken_back(struct journal *journal)
{
	return set_on_disk(journal, JOURNAL_OVER);
}

void journal_over(struct journal *journal)
{
	int r = set_phase(journal, JOURNAL_OVER);

	if (r < 0)
		log_warning("the journal's last commit is looked at once more: %s", strerror(-r));
}

int journal_put_aside(struct journal *journal, char name[static NAME_MAX + 1])
{
	scoped_fd copy = -1;
	int r;

	snprintf(name, NAME_MAX + 1, "unfinished.%" PRIu64, clock_usec_of(CLOCK_REALTIME));
	copy = openat(journal->state_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (copy < 0)
		return -errno;
	r = fd_copy(journal->file, copy, COPY_MAX, NULL);
	return r == 0 && (fsync(copy) < 0 || fsync(journal->state_fd) < 0) ? -errno : r;
}
