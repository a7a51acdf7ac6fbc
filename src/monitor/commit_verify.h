/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_VERIFY_H
#define EXM_COMMIT_VERIFY_H

#include "monitor/session.h"
#include "monitor/verify.h"

/*
 * Has the staged files looked at, but for those whose policy says otherwise, in their order; the
 * first that may not be committed is the one of ret_index. All changes are added to the report.
 * Returns how many were looked at.
 */
size_t commit_verify(struct session *session, struct report *changes, uint32_t *ret_index,
		     struct verify_result *ret_result);

#endif
