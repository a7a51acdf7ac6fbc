/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_CHANNEL_H
#define EXMACHINA_CHANNEL_H

/*
 * Sessions for several processes and threads; exmachina.h includes it, and has the conventions.
 *
 * Threads: each session may be used by one thread at a time, and different ones by different
 * threads at once, with no lock; the library has nothing that they share. A session that is handed
 * from thread to thread needs a lock of the program's around each call, and its functions are
 * called by the thread that is in the call. exm_connect() changes the environment, and
 * so comes before there are others. The processes that share a session (EXM_KEEP_ENV) must not have
 * it twice: a lock of fcntl(2) does not keep a process from itself.
 *
 * Processes: a session belongs to the process that used it first. In a child of fork(2) all calls
 * with it return -ECHILD, but exm_free(), which does no harm to the parent's; its asynchronous
 * calls and batches are the parent's as well. So a server that forks opens a channel for each
 * worker before it forks; the worker uses that, frees the session that it was opened with, and the
 * parent frees its copy of the channel. Or it connects with EXM_KEEP_ENV, and each worker opens a
 * channel for itself: a session that is shared is any process's that is not locked out.
 */

#include <exmachina.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One more session with the same server (session.channel): with the same rights, but with edits of
 * its own, which no other one sees before they are committed. It is connected, needs no secret, has
 * the timeout of the other one, and lives on when that is freed. It is that process's that uses it
 * first. A server has at most 16 of them; they end with the program that it was started with.
 *
 * BUSY if there are as many as there may be, or the server is about to end; IO if it could not be
 * made.
 */
EXM_PUBLIC int exm_open_channel(struct exm *session, struct exm **ret_channel) EXM_CHECK;

/* How that ended; the channel is the function's, to be freed with exm_free(). NULL unless result
 * is 0. */
typedef void exm_channel_callback(struct exm *session, int result, struct exm *channel, void *data);

/* The same without waiting, as exm_call_async(). */
EXM_PUBLIC int exm_open_channel_async(struct exm *session, exm_channel_callback *callback,
				      void *data, uint64_t *ret_call) EXM_CHECK;

#ifdef __cplusplus
}
#endif

#endif
