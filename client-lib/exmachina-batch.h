/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_BATCH_H
#define EXMACHINA_BATCH_H

/*
 * Many requests, one way to the server and back; exmachina.h includes it, and has the conventions.
 * They are carried out in their order, each by itself: one that fails does not keep the next from
 * being done. What is whole or absent is a commit. A batch of one is how any of these is asked for
 * without waiting.
 */

#include <exmachina.h>

#ifdef __cplusplus
extern "C" {
#endif

struct exm_batch;

/* An empty one; it belongs to no session. -ENOMEM. exm_batch_free() frees it. */
EXM_PUBLIC int exm_batch_new(struct exm_batch **ret_batch) EXM_CHECK;

/*
 * Frees it with all results. One that runs is cancelled, as exm_cancel() has it; one that
 * exm_batch_run() waits for is freed when that returns. Takes NULL. Returns NULL.
 */
EXM_PUBLIC struct exm_batch *exm_batch_free(struct exm_batch *batch);

/* Takes all requests and results out of it. -EBUSY while it runs. */
EXM_PUBLIC int exm_batch_reset(struct exm_batch *batch);

/* How many requests are in it. */
EXM_PUBLIC int exm_batch_count(const struct exm_batch *batch);

/*
 * Each of these puts a request into it, and sends nothing. They return its index, from 0, with
 * which its result is asked for, or
 *
 *   -EBUSY     the batch runs
 *   -EMSGSIZE  the request is larger than the protocol allows
 *   -ENOBUFS   all of them together are more than a session sends at once (16 MiB)
 *
 * The first takes any method but session.channel, with parameters as those of exm_call(); the
 * others are the functions of the same name without "batch".
 */
EXM_PUBLIC int exm_batch_call(struct exm_batch *batch, const char *method,
			      const char *params) EXM_CHECK;
EXM_PUBLIC int exm_batch_get(struct exm_batch *batch, const char *path) EXM_CHECK;
EXM_PUBLIC int exm_batch_set(struct exm_batch *batch, const char *path,
			     const char *value) EXM_CHECK;
EXM_PUBLIC int exm_batch_setm(struct exm_batch *batch, const char *base, const char *sub,
			      const char *value) EXM_CHECK;
EXM_PUBLIC int exm_batch_ensure(struct exm_batch *batch, const char *path,
				const char *value) EXM_CHECK;
EXM_PUBLIC int exm_batch_clear(struct exm_batch *batch, const char *path) EXM_CHECK;
EXM_PUBLIC int exm_batch_match(struct exm_batch *batch, const char *expression) EXM_CHECK;
EXM_PUBLIC int exm_batch_match_nodes(struct exm_batch *batch, const char *expression) EXM_CHECK;
EXM_PUBLIC int exm_batch_insert(struct exm_batch *batch, const char *path, const char *label,
				bool before) EXM_CHECK;
EXM_PUBLIC int exm_batch_remove(struct exm_batch *batch, const char *expression) EXM_CHECK;
EXM_PUBLIC int exm_batch_move(struct exm_batch *batch, const char *source,
			      const char *destination) EXM_CHECK;
EXM_PUBLIC int exm_batch_copy(struct exm_batch *batch, const char *source,
			      const char *destination) EXM_CHECK;
EXM_PUBLIC int exm_batch_rename(struct exm_batch *batch, const char *expression,
				const char *label) EXM_CHECK;
EXM_PUBLIC int exm_batch_label(struct exm_batch *batch, const char *path) EXM_CHECK;
EXM_PUBLIC int exm_batch_defvar(struct exm_batch *batch, const char *name,
				const char *expression) EXM_CHECK;
EXM_PUBLIC int exm_batch_defnode(struct exm_batch *batch, const char *name, const char *expression,
				 const char *value) EXM_CHECK;

/*
 * Sends all of it and waits until the last one is answered. How many have failed, 0 if none has;
 * which, and for what, exm_batch_result() tells. It may be run again, on any session.
 *
 *   -EBUSY    it runs already
 *   -ENOBUFS  too much waits to be sent already
 *
 * With any error but these those that were answered have their results all the same.
 */
EXM_PUBLIC int exm_batch_run(struct exm *session, struct exm_batch *batch) EXM_CHECK;

/* How a batch ended: what exm_batch_run() returns. It may be freed or run again from here. */
typedef void exm_batch_callback(struct exm *session, int result, struct exm_batch *batch,
				void *data);

/*
 * The same without waiting: as exm_call_async(), and one call for exm_cancel(). The batch stays
 * the caller's; if the session is freed first, it has ended, and nobody is told. -EINVAL also if
 * it is empty, since there is no end to be told of.
 */
EXM_PUBLIC int exm_batch_run_async(struct exm *session, struct exm_batch *batch, int timeout_ms,
				   exm_batch_callback *callback, void *data,
				   uint64_t *ret_call) EXM_CHECK;

/*
 * How the request of that index ended: 0, or -EREMOTEIO, which exm_batch_error() describes; or why
 * it has no answer: what exm_batch_run() failed with,
 *
 *   -EINPROGRESS  the batch runs
 *   -ENODATA      it never ran
 *   -ECANCELED    it was cancelled
 *   -EINVAL       there is no such request
 */
EXM_PUBLIC int exm_batch_result(const struct exm_batch *batch, int index) EXM_CHECK;

/* What the server answered to it, if it was an error; else NULL. Lives until the batch is asked for
 * another, run, reset or freed. */
EXM_PUBLIC const struct exm_error *exm_batch_error(struct exm_batch *batch, int index);

/* One member of that error's data, as exm_error_field() has it. -ENOENT if there is none. */
EXM_PUBLIC int exm_batch_error_field(const struct exm_batch *batch, int index, const char *name,
				     char **ret_text) EXM_CHECK;

/*
 * The result of one request, in the form that its kind has, or what exm_batch_result() returns;
 * -EBADMSG if it is of another form.
 *
 *   exm_batch_json    any, as JSON text
 *   exm_batch_text    get, label: the text; NULL if the node has no value
 *   exm_batch_number  setm, ensure, remove, rename, defvar: how many
 *   exm_batch_texts   match: the paths, and their number
 *   exm_batch_nodes   match_nodes: the nodes, and their number
 */
EXM_PUBLIC int exm_batch_json(const struct exm_batch *batch, int index, char **ret_json) EXM_CHECK;
EXM_PUBLIC int exm_batch_text(const struct exm_batch *batch, int index, char **ret_text) EXM_CHECK;
EXM_PUBLIC int exm_batch_number(const struct exm_batch *batch, int index) EXM_CHECK;
EXM_PUBLIC int exm_batch_texts(const struct exm_batch *batch, int index,
			       char ***ret_texts) EXM_CHECK;
EXM_PUBLIC int exm_batch_nodes(const struct exm_batch *batch, int index,
			       struct exm_node ***ret_nodes) EXM_CHECK;

#ifdef __cplusplus
}
#endif

#endif
