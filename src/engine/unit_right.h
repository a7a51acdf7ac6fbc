/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UNIT_RIGHT_H
#define EXM_UNIT_RIGHT_H

#include <sys/types.h>

#include "common/service_verb.h"
#include "engine/call.h"

/*
 * The unit that a parameter names, and the section of the policy that lets the
 * verb be used on it (for the log: its journal be read). The section's number,
 * and the unit's whole name; or -1 with the call answered BAD_VALUE or DENIED.
 */
ssize_t unit_right_verb(struct call *call, const char *wanted, enum service_verb verb,
			char **ret_unit) must_check;
ssize_t unit_right_log(struct call *call, const char *wanted, char **ret_unit) must_check;

/* The whole name only. 0, or -1 with the call answered. */
int unit_right_name(struct call *call, const char *wanted, char **ret_unit) must_check;

/* Answers that the verb is not allowed. Returns -1. */
int unit_right_denied(struct call *call, enum service_verb verb, const char *unit);

#endif
