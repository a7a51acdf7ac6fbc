/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SESSION_H
#define EXM_SESSION_H

/* What the files of the library know of a session, and share. */

#include "common/json.h"
#include "exmachina.h"
#include "stream.h"

enum {
	PROTOCOL = 1,
	CONNECT_TIMEOUT_MS = 30000,
	LOCK_TIMEOUT_MS = 600000,
	REQUEST_MAX = 1 << 20, /* bytes of one line to the server */
	REQUEST_DEPTH = 60,    /* of its parameters; the server takes 64 in all */
	ANSWER_DEPTH = 100,
	ID_SIZE = 64,
};

struct exm {
	struct stream stream;
	int secret_fd; /* -1 unless shared */
	bool shared;   /* with other processes: lock, and expect their remains */
	int timeout_ms;

	uint64_t serial;
	char token[17]; /* no other process has it */

	void (*notify)(void *data, const char *method, const char *params);
	void *notify_data;

	bool failed;                /* the last answer was an error: */
	struct exm_error error;     /* points into ... */
	struct json_object *answer; /* ... this */
};

/* session.c */

/* Forgets the last error. */
void session_clear_error(struct exm *session);
/* Takes an answer over that holds an error object. Returns -EREMOTEIO or -EBADMSG. */
int session_keep_error(struct exm *session, struct json_object *answer);

/* exchange.c */

void exchange_new_id(struct exm *session, char id[static ID_SIZE]);
/*
 * A request as one line, with a guard line before it (see exchange.c); takes
 * params over. 0, -EMSGSIZE, -ENOMEM.
 */
int exchange_build(const char *id, const char *method, struct json_object *params, char **ret_line,
		   size_t *ret_length) must_check;
/* The lock, if the session is shared, around all that it writes and reads. 0, -ETIMEDOUT, -errno.
 */
int exchange_begin(struct exm *session, int64_t deadline) must_check;
void exchange_end(struct exm *session);
/*
 * Writes requests, without the guard line where no one can have left a line
 * unfinished. 0 also if the peer takes no more: it may have said why,
 * and reading finds the end of the stream.
 */
int exchange_send(struct exm *session, const char *lines, size_t length,
		  int64_t deadline) must_check;
/*
 * Waits for the answer to a request. An error that names no request counts as
 * its answer, unless `others` may have caused it.
 */
int exchange_await(struct exm *session, const char *id, bool others, int64_t deadline,
		   struct json_object **ret_result) must_check;
/* All of it. Takes params over. The result may be JSON's null, which is NULL. */
int exchange(struct exm *session, const char *method, struct json_object *params,
	     struct json_object **ret_result) must_check;

/* One parameter of a typed call: bytes (NULL: null), or a yes or no. */
struct param {
	const char *name;
	const char *text;
	const bool *flag;
	bool required; /* NULL is the caller's mistake */
};

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
#define FLAG(key, value) \
	{ \
		.name = (key), .flag = &(value) \
	}

#endif
