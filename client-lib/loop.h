/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOOP_H
#define EXM_LOOP_H

/* Typed asynchronous calls are made of this. */

#include "call.h"

struct loop_call {
	int timeout_ms; /* negative: the session's */
	call_end *end;
	void (*callback)(void);
	void *data;
	void (*progress)(void *data, const struct exm_progress *progress);
	void *progress_data;
	bool takes_fd;           /* a descriptor comes with the answer */
	struct exm_batch *batch; /* in place of a method; or NULL */
};

/* Takes params over. 0 with the number of the call, or the errors of exm_call_async(). */
int loop_call(struct exm *session, const char *method, struct json_object *params,
	      const struct loop_call *how, uint64_t *ret_call) must_check;

#endif
