/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. The state directory is root's alone, which was asked when it was opened. */
#include "monitor/history/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "monitor/history/history.h"
#include "monitor/state.h"

#define LOCK "lock"
#define PENDING "pending"

enum { PAUSE_NSEC = 10000000, USEC_PER_MSEC = 1000 };

int journal_lock(struct journal *journal, int state_fd, uint32_t timeout_ms)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NSEC };
	uint64_t end = clock_usec() + (uint64_t)timeout_ms * USEC_PER_MSEC;
	scoped_fd lock = state_file_open(state_fd, LOCK);

	if (lock < 0)
		return lock;
	/* a holder that dies lets go */
	while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_usec() >= end)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	*journal = (struct journal){
		.state_fd = state_fd, .lock = take_fd(&lock), .pending = -1
	};
	return 0;
}

bool journal_is_open(const struct journal *journal)
{
	return faccessat(journal->state_fd, PENDING, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int journal_open_pending(const struct journal *journal)
{
	int fd = openat(journal->state_fd, PENDING, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int sync_directory(int fd)
{
	return fsync(fd) < 0 ? -errno : 0;
}

int journal_begin(struct journal *journal, struct revision *revision, const int *content,
		  int changes)
{
	int fd = openat(journal->state_fd, PENDING,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	journal->pending = fd;
	revision->phase = REVISION_PREPARED;
	r = revision_write(fd, revision, content, changes);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0)
		r = sync_directory(journal->state_fd);
	if (r < 0)
		unlinkat(journal->state_fd, PENDING, 0);
	return r;
}

int journal_done(struct journal *journal)
{
	return revision_set_phase(journal->pending, REVISION_DONE);
}

int journal_keep(struct journal *journal, uint32_t number)
{
	journal->pending = close_fd(journal->pending);
	return history_add(journal->state_fd, PENDING, number);
}

int journal_drop(struct journal *journal)
{
	journal->pending = close_fd(journal->pending);
	return unlinkat(journal->state_fd, PENDING, 0) < 0 ? -errno : 0;
}

void journal_unlock(struct journal *journal)
{
	journal->pending = close_fd(journal->pending);
	journal->lock = close_fd(journal->lock);
}
