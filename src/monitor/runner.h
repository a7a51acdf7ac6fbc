/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUNNER_H
#define EXM_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/policy.h"
#include "common/run_program.h"

/*
 * exmachina-run, as the monitor uses it: the one helper that starts outside
 * programs. It is started as long as the monitor has all its capabilities, and
 * only if the policy needs it; it has the policy itself and checks every call
 * again. Calls run beside each other.
 */
struct runner;

/* How a run ended; lives until done returns. */
struct run_result {
	enum run_outcome outcome;
	int error;          /* RUN_CANNOT: a positive errno */
	int status;         /* exit status, or signal */
	const char *detail; /* why, in words, or "" */
	const char *output; /* the end of what it printed, MESSAGE_LOG_MAX bytes at most */
	int report;         /* a report (common/report.h), or -1; take_fd() it to keep it */
};

typedef void runner_progress(const struct msg_run_progress *progress, void *data);

/* Called exactly once for an accepted call, from the event loop and never from within runner_call.
 */
typedef void runner_done(struct run_result *result, void *data);

struct runner_order {
	enum run_program program;
	uint32_t entry; /* the policy's section, where the program has one */
	uint8_t verb;
	uint32_t timeout_ms;
	const char *names;         /* one blank apart */
	const int *enclosed;       /* a descriptor that goes with it, open until done; or NULL */
	runner_progress *progress; /* NULL: nobody wants to know */
	runner_done *done;
	void *data;
};

/*
 * Starts the helper for programs below the root directory. to_syslog: its log does
 * not go to our standard error. To be called before rights_enter(). 0 or
 * -errno, logged.
 */
int runner_start(int root_fd, bool to_syslog, const struct policy *policy,
		 struct runner **ret_runner) must_check;

/*
 * Runs under way go on, their done is not called any more; the helper ends after
 * them. Takes NULL.
 */
struct runner *runner_free(struct runner *runner);

/*
 * From here on calls are possible. Where systemd runs, the helper is moved out
 * of the server's cgroup into a scope of its own before its first call, so that
 * a run outlives a restart of the server. 0 or -errno.
 */
int runner_attach(struct runner *runner, sd_event *event) must_check;

/* Can there be calls? Not for NULL, nor after the helper has died. */
bool runner_is_there(const struct runner *runner);

/* Another policy counts from now on. 0 or -errno. */
int runner_set_policy(struct runner *runner, const struct policy *policy) must_check;

/*
 * 0; -EBUSY beyond JOBS_MAX; -ENOTCONN if there is no helper, also for NULL; done
 * is not called then.
 */
int runner_call(struct runner *runner, const struct runner_order *order) must_check;

/* Nobody waits any more for the calls with that data: they go on, and done is not called. */
void runner_forget(struct runner *runner, const void *data);

#endif
