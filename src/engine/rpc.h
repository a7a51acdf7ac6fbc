/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RPC_H
#define EXM_RPC_H

#include "common/message.h"
#include "engine/call.h"

/* JSON-RPC 2.0 (jsonrpc.org/specification) over lines. */
enum {
	RPC_DEPTH_MAX = 64,
	RPC_BATCH_MAX = 1000,
	RPC_ANSWER_MAX = 16 << 20,
	RPC_MATCHES_MAX = 250000,
};

/* Deals with one line and writes the answers that are ready. 0, or -errno if the client is gone. */
int rpc_line(struct engine *engine, const char *line, size_t length) must_check;

/* The line was longer than allowed and is not read. */
int rpc_line_too_long(struct engine *engine, size_t max) must_check;

/* Answers what an engine that is gone has left open, and tells the client. */
int rpc_take_over(struct engine *engine, enum lost_reason reason) must_check;

/* Sends a notification; params stays the caller's. */
int rpc_notify(struct engine *engine, const char *method, struct json_object *params) must_check;

/* Batches, while an answer waits. */
void rpc_batch_wait(struct batch *batch);
void rpc_batch_done(struct engine *engine, struct batch *batch);

/* Writes the answer, whose member ("result" or "error") has this value, or puts it to its batch. */
int rpc_answer(struct call *call, const char *member, struct json_object *value) must_check;

/* The same for a value that is written piece by piece; fails only if the client is gone. */
struct output;
struct output *rpc_begin(struct call *call, const char *member);
bool rpc_is_full(const struct call *call);
int rpc_end(struct call *call, const char *member) must_check;
void rpc_cancel(struct call *call);

#endif
