/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_INITD_VERDICT_H
#define EXM_INITD_VERDICT_H

#include "monitor/runner.h"
#include "monitor/systemd/service.h"

/* What the exit statuses of init scripts mean (Linux Standard Base, "Init Script Actions"). */

enum initd_state {
	INITD_UNKNOWN,
	INITD_RUNNING,
	INITD_STOPPED,
	INITD_DEAD, /* stopped, but not by its script */
};

/* By how the action "status" ended. */
enum initd_state initd_state_of(const struct run_result *result);

/* systemd's words for it. */
const char *initd_active_word(enum initd_state state);
const char *initd_sub_word(enum initd_state state);

struct initd_verdict {
	enum job_outcome outcome;
	int error;           /* a positive errno */
	int32_t exit_status; /* as a shell shows it */
	const char *job_result;
	const char *result; /* as systemd's Result */
	char detail[MESSAGE_TEXT_MAX + 1];
};

/* Of an action for a unit that ended like this; JOB_DONE if it ended well, whatever that means. */
void initd_judge_run(struct initd_verdict *verdict, const char *unit, const char *action,
		     const struct run_result *result);

void initd_judge(struct initd_verdict *verdict, enum job_outcome outcome, int error,
		 const char *format, ...) printf_like(4, 5);

#endif
