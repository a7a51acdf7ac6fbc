/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_AUDIT_TRAIL_H
#define EXM_AUDIT_TRAIL_H

#include "common/export.h"
#include "common/trail.h"

enum {
	AUDIT_LOCK_MSEC = 1000, /* how long another writer is waited for */
	/* bytes of a record that was not finished; none has more, but for one that keeps another */
	AUDIT_TORN_MAX = 64 << 10,
	/* room beyond what is asked for: what others may write before it is used */
	AUDIT_MARGIN = 256 << 10,
};

/*
 * One turn at writing the trail (common/trail.h). Several servers write the same
 * one, so a turn holds a lock, which ends with its holder; every file is
 * opened anew, since another one may have rotated them.
 */
struct audit_turn {
	int state_fd; /* the caller's */
	int lock;     /* audit.head */
	int fd;       /* audit */
	struct trail_head head;
	/* What was not as the last turn of anybody left it, to be recorded first; or "". */
	char repair[512];
	char *torn; /* what was cut off because no record ended it; or NULL */
	size_t torn_length;
};

/*
 * Takes the lock and finds the end of the trail. What stands behind the last
 * whole record is cut off, and kept in turn->torn. 0, -ETIMEDOUT if somebody else keeps the lock,
 * -ELOOP or -EPERM for files that cannot be trusted, or another -errno.
 */
int audit_trail_begin(int state_fd, struct audit_turn *turn) must_check;
void audit_trail_end(struct audit_turn *turn);

#define scoped_turn scoped(audit_trail_end) struct audit_turn
#define AUDIT_TURN_NONE ((struct audit_turn){ .lock = -1, .fd = -1 })

/*
 * Makes sure that so many bytes more can be written whatever becomes of the
 * disk, and a margin. 0 or -errno, -ENOSPC among them.
 */
int audit_trail_reserve(struct audit_turn *turn, size_t size) must_check;

/*
 * Writes one record: the fields, and before them its number, its time and the hash of the
 * one before. It is there whole or not at all. On success all of its bytes are in
 * ret_record, which the caller clears, and turn->head tells its hash.
 */
int audit_trail_add(struct audit_turn *turn, const struct export_writer *fields,
		    struct export_writer *ret_record) must_check;

/* What is on its way to the disk gets there. For the end of a session, not for each record. */
void audit_trail_sync(int state_fd);

/* The time and the boot, which every record begins with, also one that is in no file. */
void audit_trail_stamp(struct export_writer *record);

/* An error of these, for people. */
const char *audit_trail_fault(int error);

#endif
