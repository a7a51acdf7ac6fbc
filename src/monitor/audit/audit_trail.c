/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. The files of the trail are root's alone, or they
 * are refused; other servers write them as well, and may be killed at any time.
 */
#include "monitor/audit/audit_trail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "common/clock.h"
#include "monitor/audit/audit_find.h"
#include "monitor/audit/audit_rotate.h"
#include "monitor/state.h"

enum { LOCK_RETRY_NSEC = 1000000 };

const char *audit_trail_fault(int error)
{
	switch (error < 0 ? -error : error) {
	case ELOOP:
		return "a file of it is a symbolic link";
	case EPERM:
		return "a file of it is not root's alone: a regular file of one name, with mode "
		       "0600";
	case ETIMEDOUT:
		return "another process keeps it locked";
	default:
		return strerror(error < 0 ? -error : error);
	}
}

/* ---- the lock ---------------------------------------------------------------------- */

/*
 * Tries are counted, and not the time: while all the machine stood still, the holder had none
 * either. 0, -EAGAIN if the file was replaced meanwhile, -ETIMEDOUT, -errno.
 */
static int wait_for_lock(int fd, unsigned int *tries)
{
	const struct timespec pause = { .tv_nsec = LOCK_RETRY_NSEC };
	struct stat st;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (*tries == 0)
			return -ETIMEDOUT;
		--*tries;
		nanosleep(&pause, NULL);
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink > 0 ? 0 : -EAGAIN;
}

static int take_lock(int state_fd, int *ret_fd)
{
	unsigned int tries = AUDIT_LOCK_MSEC; /* one a millisecond */
	int r;

	do {
		scoped_fd fd = state_file_open(state_fd, TRAIL_HEAD);

		if (fd < 0)
			return fd;
		r = wait_for_lock(fd, &tries);
		if (r == 0)
			*ret_fd = take_fd(&fd);
	} while (r == -EAGAIN);
	return r;
}

int audit_trail_begin(int state_fd, struct audit_turn *turn)
{
	int r;

	*turn = AUDIT_TURN_NONE;
	turn->state_fd = state_fd;
	r = take_lock(state_fd, &turn->lock);
	if (r < 0)
		return r;
	turn->fd = state_file_open(state_fd, TRAIL_FILE);
	return turn->fd < 0 ? turn->fd : audit_find_end(turn);
}

void audit_trail_end(struct audit_turn *turn)
{
	/* the lock goes with the descriptor */
	close_fd(turn->fd);
	close_fd(turn->lock);
	free(turn->torn);
	*turn = AUDIT_TURN_NONE;
}

/* ---- writing ----------------------------------------------------------------------- */

/* A file that is full is put aside, with what was set aside for it given back. */
static int rotate_if_full(struct audit_turn *turn, size_t more)
{
	int r;

	if (turn->head.end == 0 || turn->head.end + more <= TRAIL_FILE_MAX)
		return 0;
	if (ftruncate(turn->fd, (off_t)turn->head.end) < 0 || fdatasync(turn->fd) < 0)
		return -errno;
	turn->head.start = turn->head.end = 0;
	/* first: a writer that is killed in between leaves a head that is right after both */
	audit_find_note(turn);
	r = audit_rotate(turn->state_fd, &turn->fd);
	return r;
}

/* Where the file system cannot set anything aside, it is asked what it has. */
static int ask_room(int fd, uint64_t size)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return -errno;
	return (uint64_t)fs.f_bfree * fs.f_frsize >= size ? 0 : -ENOSPC;
}

int audit_trail_reserve(struct audit_turn *turn, size_t size)
{
	uint64_t wanted = size + AUDIT_MARGIN;
	struct stat st;
	int r = rotate_if_full(turn, size);

	if (r < 0)
		return r;
	if (fstat(turn->fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_blocks * 512 >= turn->head.end + wanted)
		return 0;
	/* twice the margin at once, so that it need not be done each time */
	if (fallocate(turn->fd, FALLOC_FL_KEEP_SIZE, (off_t)turn->head.end,
		      (off_t)(wanted + AUDIT_MARGIN)) == 0 ||
	    fallocate(turn->fd, FALLOC_FL_KEEP_SIZE, (off_t)turn->head.end, (off_t)wanted) == 0)
		return 0;
	return errno == EOPNOTSUPP ? ask_room(turn->fd, wanted) : -errno;
}

void audit_trail_stamp(struct export_writer *record)
{
	char boot[SD_ID128_STRING_MAX];
	sd_id128_t id;

	export_print(record, "__REALTIME_TIMESTAMP", "%" PRIu64, clock_usec_of(CLOCK_REALTIME));
	export_print(record, "__MONOTONIC_TIMESTAMP", "%" PRIu64, clock_usec());
	if (sd_id128_get_boot(&id) >= 0)
		export_text(record, "_BOOT_ID", sd_id128_to_string(id, boot));
}

/* All of it or nothing. */
static int write_record(int fd, const struct export_writer *record, uint64_t at)
{
	size_t done = 0;
	ssize_t n;

	while (done < record->length) {
		n = pwrite(fd, record->data + done, record->length - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n < 0 ? errno : EIO;

			/* if that fails, too, the next turn finds half a record */
			if (ftruncate(fd, (off_t)at) < 0)
				return -error;
			return -error;
		}
		done += (size_t)n;
	}
	return 0;
}

int audit_trail_add(struct audit_turn *turn, const struct export_writer *fields,
		    struct export_writer *ret_record)
{
	scoped_export record = { .data = NULL };
	int r;

	audit_trail_stamp(&record);
	export_print(&record, TRAIL_NUMBER, "%" PRIu64, turn->head.number + 1);
	export_text(&record, TRAIL_PREVIOUS, turn->head.hash);
	export_append(&record, fields->data, fields->length);
	r = fields->error ? fields->error : export_end(&record);
	if (r == 0)
		r = rotate_if_full(turn, record.length);
	if (r == 0)
		r = write_record(turn->fd, &record, turn->head.end);
	if (r < 0)
		return r;
	turn->head.number++;
	turn->head.start = turn->head.end;
	turn->head.end += record.length;
	trail_hash(record.data, record.length, turn->head.hash);
	audit_find_note(turn);
	*ret_record = record;
	record = (struct export_writer){ 0 };
	return 0;
}

void audit_trail_sync(int state_fd)
{
	scoped_fd fd = state_file_open(state_fd, TRAIL_FILE);

	/* a disk that fails here fails the next record as well, and that is told */
	if (fd >= 0)
		fdatasync(fd);
}
