/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_JOB_H
#define EXM_RUN_JOB_H

/*
 * What the program modules (initd.c, package*.c) are given, and what they give
 * back. A job is one RUN_CALL, in a process of its own: it may block, sees the
 * root directory as "/", and everything that it starts is its descendant. When
 * its time is over all of them are ended; when it is done, those that are
 * still there (daemons) live on without it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/policy.h"
#include "common/run_program.h"
#include "run/tail.h"

/* How a job, or one of its steps, ended. */
struct job_end {
	enum run_outcome outcome;
	int error;  /* RUN_CANNOT: a positive errno */
	int status; /* exit status, or signal */
	char detail[MESSAGE_TEXT_MAX + 1];
};

struct job {
	const struct policy *policy;
	const struct msg_run_call *call; /* the policy allows it */
	int enclosed;                    /* what came with it, or -1 */
	int channel;
	int root_fd;
	int proc_fd;       /* /proc, whatever the root directory has there */
	uint64_t deadline; /* CLOCK_MONOTONIC, milliseconds */
	struct tail output;

	/* of the step that runs */
	int talk;     /* our end of its descriptor 3, or -1 */
	bool ending;  /* its time is over, and it is being ended */
	bool lasting; /* it must not be ended any more */

	/* filled by the module */
	struct job_end end;
	int report; /* a report (common/report.h) to go with the end, or -1 */
};

/* A line without its end, cut at JOB_LINE_MAX bytes; not yet known to be UTF-8. */
typedef void job_line(char *line, void *data);

enum { JOB_LINE_MAX = 4096 };

/* One program, run to its end. Standard error always goes to the job's output. */
struct job_step {
	const char *path;        /* absolute; what argv[0] says is the program's affair */
	const char *const *argv; /* ended by NULL */
	const char *const
		*environment; /* "NAME=value" beside PATH and LANG, ended by NULL; or NULL */
	job_line *on_output;  /* of standard output; NULL: goes to the job's output */
	job_line *on_status;  /* of descriptor 3, a socket that job_say() answers on; NULL: it is
				 closed */
	void *data;           /* of both */
	/* In the child, last before it is executed: 0, or -errno and it is not. NULL: nothing */
	int (*confine)(void *data);
	bool at_once; /* when its time is over it is killed, and not asked to end */
	/* It may take that long whatever the job's deadline is: for what has to be found out
	 * even after a program that took too long. */
	uint32_t extra_ms;
};

/*
 * Runs it. RUN_EXITED with its status, RUN_SIGNALED, RUN_MISSING, RUN_CANNOT,
 * or RUN_TIMEOUT: all that the job has started is gone then.
 */
void job_step(struct job *job, const struct job_step *step, struct job_end *ret_end);

/* Tells the monitor how far it is; percent: 255 where nobody knows. Never blocks, never fails. */
void job_progress(struct job *job, uint8_t percent, const char *stage, const char *detail);

/* From a job_line: writes to descriptor 3 of the program. False if that cannot be. */
bool job_say(struct job *job, const char *text);

/*
 * From a job_line: what the program does next must not be interrupted. The
 * deadline is told to the monitor instead, and the step goes on. False if it is
 * being ended already. Counts for this step.
 */
bool job_commit(struct job *job) must_check;

/* How long it is to the deadline; 0 behind it. */
uint32_t job_left_ms(const struct job *job);

/* Fills job->end: for RUN_REFUSED, RUN_CANNOT and their like. */
void job_fail(struct job *job, enum run_outcome outcome, int error, const char *format, ...)
	printf_like(4, 5);

/*
 * The modules, one for each of RUN_PROGRAMS:
 *
 * name_refuse() runs in the main process. The monitor is not trusted: is the
 * call one that the policy allows, whoever asked? NULL, or why not. `enclosed` came with the
 * call, or is -1.
 * name_run() runs in the job's process, and leaves job->end and job->report.
 */
#define X(NAME, name, word) \
	const char *name##_refuse(const struct policy *policy, const struct msg_run_call *call, \
				  int enclosed) must_check; \
	void name##_run(struct job *job);
RUN_PROGRAMS(X)
#undef X

/* ---- for step.c ---- */

/* Tells the monitor that the deadline has passed, and the job goes on. */
void job_late(struct job *job);

/* ---- for run.c ---- */

struct job_place {
	int channel;
	int root_fd;
	int proc_fd;
};

/* The child's whole life; the exit status is 0 if the end was told. */
_Noreturn void job_main(const struct job_place *place, const struct policy *policy,
			const struct msg_run_call *call, int enclosed);

#endif
