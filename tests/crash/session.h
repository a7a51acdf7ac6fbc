/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_SESSION_H
#define EXM_CRASH_SESSION_H

/* A real server that stands where it would hear of a commit, and what is said to it. */
#include <time.h>

#include "common/message.h"
#include "scene.h"
#include "trace.h"

/* Where all of one test is: DIR/root, DIR/policy. */
struct ground {
	char root[PATH_MAX], policy[PATH_MAX];
	int root_fd;
	int log; /* what the programs write to their standard error */
};

struct ground ground_make(const char *dir);

/* Prints what was logged since then. */
void ground_forget(const struct ground *ground);
void ground_tell(const struct ground *ground);

struct session {
	const struct ground *ground;
	pid_t monitor;
	int stream;  /* the client's end */
	int channel; /* the engine's end, which says what this program has it say */
	struct trace_original original;
	/* for it, time stands still, so that the same commit is the same each time */
	time_t now, now_since_boot;
};

/* With nothing of the scene opened yet, and not stopped. */
struct session session_start(const struct ground *ground);
void session_end(struct session *session);

/* All files of the scene are opened and staged. */
void session_stage(const struct session *session, const struct scene *scene);

/* One file more is opened, staged and committed by a copy that was left. */
enum mon_outcome session_commit_more(const struct session *session, pid_t pid, const char *text);

/* It stops where it waits for messages; from then on there are copies only. */
void session_stop(struct session *session);

/*
 * A copy to which COMMIT was said, under the eyes of the hook from the message's arrival to where
 * it waits again, the answer having been given.
 */
struct commit_run {
	const struct session *session;
	trace_hook *hook;
	void *data;
	unsigned int names;            /* which temporary names it chooses */
	const struct message *message; /* what is said to it; NULL: COMMIT */
	/* set by session_commit() */
	pid_t pid;
	enum trace_end end;
	bool is_answered;
	enum mon_outcome outcome;
	char token[MESSAGE_TEXT_MAX + 1]; /* with which it is confirmed */
	unsigned int stops;
	/* its own */
	bool has_begun;
	unsigned int chosen;
};

void session_commit(struct commit_run *run);

/* `exmachinad --recover`, which stands before its first look at the root directory. */
struct trace_original recovery_original(const struct ground *ground);

/* One copy of it; the hook sees all from there on. The exit status, or -1 if it was killed. */
int recovery_run(const struct trace_original *original, trace_hook *hook, void *data);

#endif
