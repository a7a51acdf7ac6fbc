/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_REPORT_H
#define EXM_REPORT_H

/*
 * Lists that the monitor, or exmachina-run for it, hands on: too long for one
 * message, they travel in a sealed memfd beside DATA and RUN_END. Declared
 * once, like the messages: rows of one kind, ended by a trailer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/memfd.h"
#include "common/message.h"
#include "common/wire.h"

enum {
	REPORT_ROWS_MAX = 1 << 20,
	REPORT_SIZE_MAX = 64 << 20, /* bytes of a whole report */
	REPORT_TEXT_MAX = 4096,     /* bytes of one text in it */
};

/* X(NAME, name) */
#define REPORTS(X) \
	X(UNIT, unit_row) \
	X(LINE, line_row) \
	X(PACKAGE, package_row) \
	X(CHANGE, change_row) \
	X(REFUSAL, refusal_row) \
	X(REVISION, revision_row) \
	X(NODE, node_row)

/* of UNITS: how a unit is */
#define FIELDS_unit_row(U8, U32, U64, I32, STR) \
	STR(unit, REPORT_TEXT_MAX) \
	STR(description, REPORT_TEXT_MAX) \
	STR(load_state, MESSAGE_TEXT_MAX) \
	STR(active_state, MESSAGE_TEXT_MAX) \
	STR(sub_state, MESSAGE_TEXT_MAX) \
	STR(file_state, MESSAGE_TEXT_MAX)

/* of LOG: a line of the journal; usec is CLOCK_REALTIME. The trailer is the cursor after the last.
 */
#define FIELDS_line_row(U8, U32, U64, I32, STR) \
	U64(usec) \
	U8(priority) \
	U32(pid) \
	STR(identifier, MESSAGE_TEXT_MAX) \
	STR(text, REPORT_TEXT_MAX)

/*
 * of PACKAGE: for status how a package is, else what became of it. `state` is
 * dpkg's, "installed" or "not-installed" and between; `version` what is there
 * now, `before` what was there, `candidate` what an upgrade would bring;
 * "" where there is none. `action`: "installed", "upgraded", "removed" ..., ""
 * for status.
 */
#define FIELDS_package_row(U8, U32, U64, I32, STR) \
	STR(name, MESSAGE_TEXT_MAX) \
	STR(state, MESSAGE_TEXT_MAX) \
	STR(version, MESSAGE_TEXT_MAX) \
	STR(before, MESSAGE_TEXT_MAX) \
	STR(candidate, MESSAGE_TEXT_MAX) \
	STR(action, MESSAGE_TEXT_MAX)

/*
 * from exmachina-verify: what a commit does to one node. file: which of the commit's files; path is
 * canonical, below the file; moved: the same is found elsewhere below the same node; below: it is
 * gone with a node above it; alone: it is the only one of its label there; cut: a value is longer
 * than its field; has_*: a node need not have a value.
 */
#define FIELDS_change_row(U8, U32, U64, I32, STR) \
	U32(file) \
	U8(action) \
	U8(moved) \
	U8(below) \
	U8(alone) \
	U8(cut) \
	U8(has_old) \
	U8(has_new) \
	STR(path, REPORT_TEXT_MAX) \
	STR(old_value, REPORT_TEXT_MAX) \
	STR(new_value, REPORT_TEXT_MAX)

enum change_action { CHANGE_VALUE, CHANGE_ADDED, CHANGE_REMOVED, CHANGE_MAX };

/*
 * of PACKAGE if it is DENIED: a package that it would change and may not. `would`: "remove" or the
 * like; `rule`: the line of the policy that would allow it, "" if there can be none
 */
#define FIELDS_refusal_row(U8, U32, U64, I32, STR) \
	STR(package, MESSAGE_TEXT_MAX) \
	STR(would, MESSAGE_TEXT_MAX) \
	STR(rule, MESSAGE_TEXT_MAX)

/*
 * of HISTORY and REVISION: a file of a commit that was done, and the same of the commit with each.
 * usec: CLOCK_REALTIME; reverts: the revision that it takes back, or 0; partial: it has more files,
 * which are not told of; file: its number in the commit; section: of the policy, as it was then;
 * changes: how many nodes; withheld: its bytes are not given
 */
#define FIELDS_revision_row(U8, U32, U64, I32, STR) \
	U64(revision) \
	U64(reverts) \
	U64(usec) \
	U32(pid) \
	U32(uid) \
	U8(partial) \
	STR(user, MESSAGE_TEXT_MAX) \
	STR(unit, MESSAGE_TEXT_MAX) \
	STR(method, MESSAGE_TEXT_MAX) \
	U32(file) \
	U8(had) \
	U8(has) \
	U8(withheld) \
	U64(changes) \
	STR(path, REPORT_TEXT_MAX) \
	STR(section, REPORT_TEXT_MAX)

/* what is kept of a change_row; secret: its values are not */
#define FIELDS_node_row(U8, U32, U64, I32, STR) \
	U32(file) \
	U8(action) \
	U8(moved) \
	U8(cut) \
	U8(secret) \
	U8(has_old) \
	U8(has_new) \
	STR(path, REPORT_TEXT_MAX) \
	STR(old_value, REPORT_TEXT_MAX) \
	STR(new_value, REPORT_TEXT_MAX)

enum report_kind {
	REPORT_NONE,
#define X(NAME, name) REPORT_##NAME,
	REPORTS(X)
#undef X
		REPORT_KIND_MAX
};

/* Strings of a row that was read point into the report. */
#define X(NAME, name) \
	struct name { \
		FIELDS_##name(MSG_DECLARE_U8, MSG_DECLARE_U32, MSG_DECLARE_U64, MSG_DECLARE_I32, \
			      MSG_DECLARE_STR) \
	};
REPORTS(X)
#undef X

/* ---- writing ---- */

struct report {
	enum report_kind kind;
	char *data;
	size_t length, room;
	size_t rows;
};

struct report report_begin(enum report_kind kind);
void report_clear(struct report *report);

#define scoped_report scoped(report_clear) struct report

/*
 * Each adds one row; texts that are longer than their bound are cut. 0, -ENOMEM,
 * or -E2BIG for more than a report may hold.
 */
#define X(NAME, name) \
	int report_add_##name(struct report *report, const struct name *row) must_check;
REPORTS(X)
#undef X

/* The sealed memfd with all rows and the trailer ("" for none), or -errno. */
int report_seal(const struct report *report, const char *trailer) must_check;
/* The same into a memfd that somebody else is going to seal. 0 or -errno. */
int report_write(const struct report *report, const char *trailer, int fd) must_check;

/* ---- reading; the writer is trusted no more than any peer ---- */

struct report_reader {
	struct mapping mapping;
	struct wire wire;
	uint32_t rows;       /* all of them */
	uint32_t read;       /* of these */
	const char *trailer; /* valid after the last row was read */
};

/* 0, or -EBADMSG for what is no report of that kind, or another -errno. */
int report_open(int fd, enum report_kind kind, struct report_reader *ret_reader) must_check;
void report_close(struct report_reader *reader);

#define scoped_reader scoped(report_close) struct report_reader

/* 1 with a row, 0 at the end, -EBADMSG. */
#define X(NAME, name) \
	int report_next_##name(struct report_reader *reader, struct name *ret_row) must_check;
REPORTS(X)
#undef X

#endif
