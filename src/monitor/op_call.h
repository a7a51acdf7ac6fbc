/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_OP_CALL_H
#define EXM_OP_CALL_H

#include <stdint.h>

#include "monitor/session.h"

/*
 * A call with a ticket, from its acceptance to its end. The session may be over
 * by then, or another engine may have taken over; then the result goes to the
 * log and the audit record only.
 */
struct op_call;

/*
 * method and subject are copied, rule too; it may be NULL. -EBUSY if JOBS_MAX
 * are under way in the session, -ENOMEM.
 */
int op_call_new(struct session *session, uint32_t ticket, const char *method, const char *subject,
		const char *rule, struct op_call **ret_call) must_check;

uint32_t op_call_ticket(const struct op_call *call);

/* The policy that the engine knows that asked, or NULL if nobody waits for the call any more. */
const struct policy *op_call_policy(const struct op_call *call);

/* Sends an event to the engine that asked, if it is still there; a session that cannot be told
 * ends. */
void op_call_send(struct op_call *call, const struct message *event, int fd);

/* Tells where the call is; MON_PROGRESS with the call's ticket and the time since its beginning. */
void op_call_progress(struct op_call *call, uint8_t percent, const char *stage, const char *detail);

/*
 * Answers now, with what cannot be waited for any longer. Its end, which the
 * engine is not told any more, is still to be given to op_call_end().
 */
void op_call_answer(struct op_call *call, const struct message *event);

/* The end: audited, sent, and freed. Reading (audit false) leaves no record unless it was denied.
 */
void op_call_end(struct op_call *call, const struct message *event, int fd,
		 enum job_outcome outcome, const char *detail, bool audit);

/* A call that was not begun after all. */
void op_call_drop(struct op_call *call);

/*
 * A call that only looks, and so is of no use without the session: instead of
 * going on it is cancelled at the session's end, and drops the call then.
 */
void op_call_cancel_with(struct op_call *call, void (*cancel)(void *data), void *data);

/* A request that is denied, before any call: audited. */
void op_call_denied(const struct session *session, const char *method, const char *subject);

/*
 * May a call begin that changes something? -errno if it could not be recorded; then it must not
 * begin, and that was recorded wherever it can be.
 */
int op_call_recordable(const struct session *session, const char *method,
		       const char *subject) must_check;

/* The session ends; its calls go on, but for those that only look. */
void op_call_orphan(struct session *session);

#endif
