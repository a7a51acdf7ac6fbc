/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CALL_H
#define EXM_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "exmachina.h"

/*
 * One JSON-RPC request, from its parameters to its answer. A handler calls
 * exactly one of call_result(), call_error() (or one of its shapes) and returns what
 * that returned; or it returns call_later() and ends the call some other time.
 */
struct engine;
struct batch;

/* Of a call that was made within another: one of the two, owned. */
struct captured {
	struct json_object *result, *error;
};

struct call {
	struct engine *engine;
	const char *method;
	struct json_object *id; /* owned; NULL is also the id null */
	bool notification;      /* nobody waits for an answer */
	bool answered;
	bool later;
	bool recorded; /* the monitor decides, or has decided, and records that itself */
	struct json_object **refusal; /* where errors go, and are no answer; NULL: to the client */
	struct captured *captured;    /* takes the answer, which nobody else gets; or NULL */
	struct batch *batch;          /* NULL: a request of its own */
	int slot;                     /* in the stream, while the answer waits; or -1 */
	size_t begun;                 /* where its answer begins in what is written */
	bool begun_failed;            /* memory had run out before */
};

/* Takes the result over. NULL is null, unless memory ran out while it was made. */
int call_result(struct call *call, struct json_object *result);

/*
 * The same for a result that is long: its JSON text is added to what call_begin() returns, and
 * nothing else is done between the two.
 */
struct output;
struct output *call_begin(struct call *call);
int call_end(struct call *call);
/* Is what was added so far more than is answered, or memory short? The rest can be left out. */
bool call_is_full(const struct call *call);

/* code as in EXM_ERRORS or JSON-RPC's own; data is taken over and may be NULL. Returns -1. */
int call_error(struct call *call, int code, struct json_object *data, const char *format, ...)
	printf_like(4, 5);

/*
 * DENIED, and the only place that says so: key and rule are what the policy lacks or has
 * against it, and NULL where nothing in a policy could allow it. Returns -1.
 */
int call_denied(struct call *call, struct json_object *data, const char *key, const char *rule,
		const char *format, ...) printf_like(5, 6);

/* Shapes that many handlers need. Each returns -1. */
int call_no_memory(struct call *call);
int call_internal(struct call *call, const char *what, int error);

/* The answer comes later; the call is copied. Returns 0, or -1 with the call answered. */
int call_later(struct call *call, struct call **ret_kept);
void call_finish(struct call *kept);

/* An error object's data with one or two members already in it. */
struct json_object *data_of(const char *key, const char *text);
struct json_object *data_of_path(const char *path);
void data_put_rule(struct json_object *data, const char *key, const char *rule);

const char *call_error_name(int code);

#endif
