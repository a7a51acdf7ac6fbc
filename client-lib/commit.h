/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_H
#define EXM_COMMIT_H

#include "session.h"

/*
 * Calls a method that answers with the files that it has changed, or would; takes params over. The
 * number of files, which are handed out unless ret_changes is NULL, or a negative error.
 */
int commit_changes(struct exm *session, const char *method, struct json_object *params,
		   struct exm_change ***ret_changes) must_check;

#endif
