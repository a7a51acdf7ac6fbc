/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BATCH_H
#define EXM_BATCH_H

/* What the files of the library know of a batch: requests as text, and the answers to them. */

#include <stdbool.h>
#include <stddef.h>

#include "call.h"
#include "exmachina-batch.h"

struct batch_item {
	size_t start; /* of the request in the text, without what comes in front of its method */
	size_t length;
	struct json_object *answer; /* the whole message; NULL: none yet */
};

struct exm_batch {
	char *text;
	size_t used, size;
	struct batch_item *item;
	size_t count, room;

	struct exm *session; /* while it runs; so call */
	struct call *call;
	size_t left; /* answers that are to come */
	bool waited; /* exm_batch_run() has it in hand ... */
	bool freed;  /* ... and is to free it */
	int result;  /* of those without an answer */
	struct exm_error error;
};

/* Puts a request into it; takes params over, which may be NULL. Its index, or an error of
 * exm_batch_call(). */
int batch_add(struct exm_batch *batch, const char *method, struct json_object *params) must_check;

/* It runs now; the call is the one that the ids are made of. */
void batch_begin(struct exm_batch *batch, struct exm *session, struct call *call);
/* All requests as lines, to be written by stream_flush(). 0, -ENOBUFS, -ENOMEM; all or none. */
int batch_send(const struct exm_batch *batch) must_check;
/* The answer to one of them. True if it was the last. */
bool batch_take(struct exm_batch *batch, size_t index, struct json_object *answer);
/* Those without an answer have this now. */
void batch_end(struct exm_batch *batch, int result);
/* The call is gone, or about to be: the batch does not run any more. */
void batch_leave(struct call *call);
/* How many have failed, or what the run as a whole failed with. */
int batch_outcome(const struct exm_batch *batch, int result);

#endif
