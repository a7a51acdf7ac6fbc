/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_CALLS_H
#define EXMACHINA_CALLS_H

/*
 * The asynchronous half of libexmachina; exmachina.h includes it, and has the
 * conventions. Any number of calls may be open, their answers come in any
 * order, and synchronous calls may be made in between: what comes meanwhile
 * for others is kept for exm_process().
 *
 * A program's event loop waits, level-triggered, for exm_get_events() on
 * exm_get_fd(), no longer than exm_get_timeout(), and then calls exm_process().
 * All three are to be asked anew before each wait.
 */

#include <exmachina.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How a call ended: 0 with the result as JSON text, valid during the function
 * only, or what the synchronous call would have returned; exm_last_error()
 * then is about this call. Called once, from exm_process(); never after
 * exm_cancel() or exm_free(). It may call anything but exm_process(), cancel
 * other calls, free batches, and free the session: then no other is told, and
 * what the function itself got stays valid until it returns. While it waits, in a
 * synchronous call, notifications are told, but ends of other calls are not: no
 * function of a call is called within another's.
 */
typedef void exm_callback(struct exm *session, int result, const char *json, void *data);

/*
 * Asks, and returns at once. Parameters as those of exm_call(). A timeout that
 * is negative is the session's. A call that ends with -ETIMEDOUT or that is
 * cancelled may still be carried out. ret_call may be NULL; the number that it
 * gets is good for exm_cancel() and never used again in this session.
 *
 *   -ENOBUFS  too much waits to be sent already
 *   -ENOLCK   the session is shared (EXM_KEEP_ENV), and exm_lock() did not
 *             make it this process's own
 */
EXM_PUBLIC int exm_call_async(struct exm *session, const char *method, const char *params,
			      int timeout_ms, exm_callback *callback, void *data,
			      uint64_t *ret_call) EXM_CHECK;

/*
 * Forgets an asynchronous call: its function is not called any more. What the
 * server has begun it finishes. -ENOENT if it has ended.
 */
EXM_PUBLIC int exm_cancel(struct exm *session, uint64_t call);

/* The descriptor to wait for, which stays the session's. -ENOLCK as above. */
EXM_PUBLIC int exm_get_fd(const struct exm *session) EXM_CHECK;

/* What to wait for: POLLIN, and POLLOUT while something is left to be sent. -ENOLCK. */
EXM_PUBLIC int exm_get_events(const struct exm *session) EXM_CHECK;

/* How long to wait at most, in milliseconds; 0: not at all; -1: as long as it takes. */
EXM_PUBLIC int exm_get_timeout(const struct exm *session) EXM_CHECK;

/*
 * Sends and receives what can be without waiting, and tells: the ends of calls
 * to their functions, notifications to that of exm_set_notify(), which here
 * may use the session. 1 if something was told, 0 if not.
 *
 *   -EBUSY       called from a function that the library has called
 *   -ECONNRESET  the server has gone. Every open call has been told so; wait
 *                for the descriptor no more
 *   -ENOTCONN    also if one of the functions has freed the session
 *   -ENOLCK      as above
 */
EXM_PUBLIC int exm_process(struct exm *session) EXM_CHECK;

/*
 * Makes a session that is shared (EXM_KEEP_ENV) this process's own until
 * exm_unlock(): other processes wait, so do not keep it for long. Does nothing
 * for a session that is not shared. Also fails with the errors of fcntl(2).
 *
 *   -ETIMEDOUT  another process kept it for longer than exm_set_timeout()
 *   -EALREADY   it is locked
 */
EXM_PUBLIC int exm_lock(struct exm *session) EXM_CHECK;

/* Ends that. -EINVAL if it is not locked, -EBUSY while calls are open or their ends untold. */
EXM_PUBLIC int exm_unlock(struct exm *session);

#ifdef __cplusplus
}
#endif

#endif
