/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CALL_H
#define EXM_CALL_H

/*
 * The engine room of the library: calls that were asked and not answered yet,
 * and what the server says about them. Nothing here waits. A synchronous call
 * (exchange.c) is one of these and waiting, an asynchronous one (loop.c) is one
 * and telling.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/cleanup.h"

enum {
	REQUEST_MAX = 1 << 20, /* bytes of one line to the server */
	REQUEST_DEPTH = 60,    /* of its parameters; the server takes 64 in all */
	ID_SIZE = 64,
};

struct exm;
struct exm_progress;
struct exm_batch;
struct json_object;
struct call;

/* Tells the end of an asynchronous call to whoever asked. Value: the result, if result is 0. */
typedef void call_end(struct exm *session, struct call *call, int result,
		      struct json_object *value);

struct call {
	TAILQ_ENTRY(call) link;
	uint64_t number; /* what exm_cancel() knows it by */
	char id[ID_SIZE];
	int64_t deadline;
	call_end *end;          /* NULL: somebody waits for it */
	void (*callback)(void); /* for end, which knows its type; so data */
	void *data;
	void (*progress)(void *data, const struct exm_progress *progress);
	void *progress_data;

	struct exm_batch *batch; /* whose requests these are; NULL: it is one */
	bool takes_fd;           /* a descriptor comes with the answer ... */
	int fd;                  /* ... this one; -1: none yet */
	int *ret_fd;             /* where it goes when somebody waits for the call; or NULL */

	bool done;
	int result;
	struct json_object *answer; /* the whole message; NULL of a batch that was answered */
};

TAILQ_HEAD(call_list, call);

/* An open call that was not sent; its id is one that no other process can have made. */
int call_new(struct exm *session, int64_t deadline, struct call **ret_call) must_check;
/* The open one with that id, or NULL. */
struct call *call_find(struct exm *session, const char *id);
/* A descriptor comes with its answer. */
void call_take_fd(struct exm *session, struct call *call);
/* Takes it off its list and frees it; takes NULL. Returns NULL. */
struct call *call_free(struct exm *session, struct call *call);
/*
 * The request as one line, to be written; takes params over. 0, -EMSGSIZE,
 * -ENOBUFS, -ENOMEM.
 */
int call_send(struct exm *session, const struct call *call, const char *method,
	      struct json_object *params) must_check;
/*
 * Goes in front of a request where somebody, killed in the middle of one, may
 * have left a line without its end: that line swallows this one.
 */
int call_send_guard(struct exm *session) must_check;
/* Parameters as JSON text (NULL: none), an object or an array. 0, -EINVAL, -ENOMEM. */
int call_parse_params(const char *text, struct json_object **ret_params) must_check;
/* What a call that is done brought: the result, which may be JSON's null, or what failed. */
int call_take_result(struct exm *session, struct call *call,
		     struct json_object **ret_value) must_check;

/*
 * Deals with the next line that was read: notes whose answer it is, or tells
 * what it notifies of, after which the session may be marked as freed. 1, or 0
 * if there is none.
 */
int calls_take_line(struct exm *session) must_check;
/* Ends those whose time is up with -ETIMEDOUT. */
void calls_expire(struct exm *session);
/* Ends all with an error. */
void calls_fail(struct exm *session, int error);
/* Frees those that nobody waits for. */
void calls_drop(struct exm *session);

#endif
