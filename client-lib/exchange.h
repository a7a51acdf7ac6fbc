/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_EXCHANGE_H
#define EXM_EXCHANGE_H

/* Synchronous calls: what call.h has, and waiting. */

#include "call.h"

/*
 * Waits for a call that was sent, frees it, and hands out its result. Answers
 * to other calls that come meanwhile are kept for exm_process().
 */
int exchange_await(struct exm *session, struct call *call,
		   struct json_object **ret_result) must_check;
/*
 * All of it: forgets the last error, asks and waits. Takes params over. The
 * result may be JSON's null, which is NULL.
 */
int exchange(struct exm *session, const char *method, struct json_object *params,
	     struct json_object **ret_result) must_check;
/* The same with a function to tell of the call's progress, or NULL. */
int exchange_with_progress(struct exm *session, const char *method, struct json_object *params,
			   void (*progress)(void *data, const struct exm_progress *progress),
			   void *data, struct json_object **ret_result) must_check;

/* A method without parameters, with whose answer a descriptor comes; -1: it came without. */
int exchange_fd(struct exm *session, const char *method, int *ret_fd) must_check;

/* All requests of a batch, and waiting for the last answer. 0, or what it failed with as a whole.
 */
struct exm_batch;
int exchange_batch(struct exm *session, struct exm_batch *batch) must_check;

/* One parameter of a typed call: bytes (NULL: null), a yes or no, or a number. */
struct param {
	const char *name;
	const char *text;
	const bool *flag;
	const int *number;
	bool required; /* NULL is the caller's mistake */
};

/* 0, -EINVAL if one that is required is NULL, -ENOMEM. */
int params_new(const struct param *params, size_t count,
	       struct json_object **ret_object) must_check;
int exchange_params(struct exm *session, const char *method, const struct param *params,
		    size_t count, struct json_object **ret_result) must_check;

#define CALL(session, method, ret_result, ...) \
	exchange_params(session, method, (const struct param[]){ __VA_ARGS__ }, \
			ARRAY_SIZE(((const struct param[]){ __VA_ARGS__ })), ret_result)
#define NEEDED(key, value) \
	{ \
		.name = (key), .text = (value), .required = true \
	}
#define NULLABLE(key, value) \
	{ \
		.name = (key), .text = (value) \
	}
#define NUMBER(key, value) \
	{ \
		.name = (key), .number = &(value) \
	}
#define FLAG(key, value) \
	{ \
		.name = (key), .flag = &(value) \
	}

#endif
