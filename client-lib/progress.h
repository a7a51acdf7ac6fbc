/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PROGRESS_H
#define EXM_PROGRESS_H

#include <stdbool.h>

struct call;
struct json_object;

/* Does a notification of this method tell how a call goes on? */
bool progress_is(const char *method);
/* Tells it to whoever made the call, which may be gone after that. */
void progress_tell(const struct call *call, const struct json_object *params);

#endif
