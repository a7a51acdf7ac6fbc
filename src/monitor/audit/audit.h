/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_AUDIT_H
#define EXM_AUDIT_H

#include <stdint.h>

#include "common/cleanup.h"
#include "monitor/audit/audit_changes.h"
#include "monitor/client.h"

/*
 * The audit trail: what was done for clients with the privileges that they do
 * not have. A record goes to the file in the state directory (common/trail.h), and
 * with the same fields to the journal, where one listens.
 */
struct audit;

/* What an operation ended with, where more is known than its words say. */
#define AUDIT_DONE "done"
#define AUDIT_DENIED "denied"
#define AUDIT_FAILED "failed"

enum {
	AUDIT_MORE_MAX = 4,
	/* bytes that a record has at most beside its list of changes */
	AUDIT_RECORD_SIZE = 16 << 10,
};

struct audit_event {
	const struct client *client; /* NULL: it is nobody's */
	const char *method;          /* "service.restart" */
	const char *subject;         /* a unit, packages, a file */
	const char *rule;   /* the section that allows it: "[Service ssh.service]", or NULL */
	const char *result; /* AUDIT_DONE, "timeout" ... */
	const char *detail; /* NULL or "" if there is nothing to say */
	uint64_t usec;      /* how long it took */
	const struct audit_changes *changes; /* NULL: no list */
	/* fields that only this method has, ended by one without a name */
	struct audit_field {
		const char *name, *value;
	} more[AUDIT_MORE_MAX + 1];
};

/*
 * state_fd: the state directory, -1 if there is none; it stays the caller's.
 * to_file: records go to the file there, which is looked at at once; else to the journal only.
 * 0, or -errno if the file cannot be written; logs why.
 */
int audit_new(int state_fd, bool to_file, struct audit **ret_audit) must_check;
struct audit *audit_free(struct audit *audit);

/* The policy is read anew: could the file be written? 0, or -errno; logs why. */
int audit_probe(struct audit *audit) must_check;
void audit_set_file(struct audit *audit, bool to_file);

/*
 * May an operation begin, of which so many bytes are to be recorded? Room for them is set aside,
 * so that it is recorded also if the disk becomes full meanwhile. 0, or
 * -errno if the trail cannot be written: then it must not begin. Logs why.
 */
int audit_ready(struct audit *audit, size_t size) must_check;

/*
 * One record. Never fails: one that cannot be written to the file is told to the log as loudly
 * as can be, and counted, and the next one that can be written is preceded by one that tells of
 * it. Denials beyond some hundred in a short time are counted only. Without an audit (NULL)
 * it is the journal's alone.
 */
void audit_record(struct audit *audit, const struct audit_event *event);

/* Why audit_ready() said no, as an answer. */
#define AUDIT_REFUSAL "the audit trail cannot be written"

/* At the end of a session: what was recorded gets to the disk. */
void audit_sync(struct audit *audit);

#endif
