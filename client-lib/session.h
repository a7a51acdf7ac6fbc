/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SESSION_H
#define EXM_SESSION_H

/* What the files of the library know of a session. */

#include "call.h"
#include "common/json.h"
#include "exmachina.h"
#include "note.h"
#include "stream.h"

enum {
	PROTOCOL = 1,
	CONNECT_TIMEOUT_MS = 30000,
	LOCK_TIMEOUT_MS = 600000,
};

struct exm {
	struct stream stream;
	int timeout_ms;
	struct call_list open; /* asked, and not answered */
	struct call_list done; /* asynchronous ones whose end exm_process() will tell */
	uint64_t serial;
	char token[17]; /* no other process has it */

	bool shared;    /* with other processes: lock, and expect their remains */
	int secret_fd;  /* what is locked; -1 unless shared */
	unsigned locks; /* how often the session has taken the lock */
	bool kept;      /* one of these is exm_lock()'s */
	bool strangers; /* somebody else may have caused an error that names no request */

	unsigned holders; /* functions further up that still need the session */
	bool freed;       /* to be freed by the last of them */
	bool processing;
	bool telling;           /* a notification ... */
	struct note_list notes; /* ... behind which these wait */
	size_t note_count;

	pid_t process; /* whose the session is; 0: that of the first who uses it */

	void (*notify)(void *data, const char *method, const char *params);
	void *notify_data;

	int64_t last_revision; /* that a commit of this session made; 0: none */

	bool failed;                /* the last answer was an error: */
	struct exm_error error;     /* points into ... */
	struct json_object *answer; /* ... this */
};

/* session.c */

/* Whoever calls functions of the user's holds the session, which they may free. */
void session_hold(struct exm *session);
/* The session may be gone after it. */
void session_release(struct exm *session);
/* 0, -ENOTCONN, or -ECHILD in a process that was forked since it was used first. */
int session_check(const struct exm *session) must_check;
/* What an answer that holds an error object says, in texts that are its own. -EREMOTEIO or
 * -EBADMSG. */
int error_read(const struct json_object *answer, struct exm_error *ret_error) must_check;
/* As exm_error_field(); without an answer there is none. */
int error_field(const struct json_object *answer, const char *name, char **ret_text) must_check;
/* Forgets the last error. */
void session_clear_error(struct exm *session);
/* Takes an answer over that holds an error object. Returns -EREMOTEIO or -EBADMSG. */
int session_keep_error(struct exm *session, struct json_object *answer);

/* lock.c */

/*
 * The lock, if the session is shared, around all that it writes and reads; can
 * be taken again by who has it. 0, -ETIMEDOUT, -ENOMEM, -errno.
 */
int session_lock(struct exm *session, int64_t deadline) must_check;
void session_unlock(struct exm *session);

#endif
