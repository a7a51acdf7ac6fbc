/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMMIT_H
#define EXM_COMMIT_H

#include "result.h"
#include "session.h"

/* struct exm_node_change and struct exm_change, as answers have them. */
extern const struct record commit_node_record;
extern const struct record commit_change_record;

/*
 * Calls a method that answers with the files that it has changed, or would; takes params over. The
 * number of files, which are handed out unless ret_changes is NULL, or a negative error.
 */
int commit_changes(struct exm *session, const char *method, struct json_object *params,
		   struct exm_change ***ret_changes) must_check;

#endif
