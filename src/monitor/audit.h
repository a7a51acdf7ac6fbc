/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_AUDIT_H
#define EXM_AUDIT_H

#include <stdint.h>

/* What was done for a client with the privileges that it does not have. */
struct audit {
	const char *user;    /* the client's */
	const char *method;  /* "service.restart" */
	const char *subject; /* a unit, packages */
	const char *rule;    /* the section that allows it: "[Service ssh.service]", or NULL */
	const char *result;  /* "done", "failed", "denied" ... */
	const char *detail;  /* "" if there is nothing to say */
	uint64_t usec;       /* how long it took */
};

/*
 * One record in the journal, with fields of its own (EXMACHINA_METHOD= and so
 * on), which journalctl(1) finds; where no journal listens it is a line of the
 * ordinary log. Never fails and never waits.
 */
void audit_record(const struct audit *audit);

#endif
