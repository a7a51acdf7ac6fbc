/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_INITD_CALL_H
#define EXM_INITD_CALL_H

#include <sys/queue.h>

#include "monitor/initd/initd.h"
#include "monitor/initd/initd_script.h"
#include "monitor/initd/initd_verdict.h"

/* One call from its acceptance to its answer; initd.c keeps the list of them. */
enum initd_step {
	STEP_WAIT,   /* until no other call works on the unit */
	STEP_BEFORE, /* try_restart: does it run at all? */
	STEP_ACTION,
	STEP_LOOK,  /* what the script says now */
	STEP_PAUSE, /* before it is looked at again */
	STEP_END,
};

struct initd_call {
	TAILQ_ENTRY(initd_call) link;
	struct initd *initd;
	struct service_order order; /* its unit is `unit` */
	char *unit;
	char name[INITD_NAME_SIZE];

	enum initd_step step;
	enum service_verb action; /* the one under way */
	sd_event_source *timer, *tick;
	/* CLOCK_MONOTONIC, microseconds */
	uint64_t begin, deadline;
	uint64_t patience; /* until when it may still be on its way up or down */
	uint64_t looked;   /* when the last look began, however long it took */
	uint64_t settled;  /* 0: it has not been seen running */

	struct initd_script script;
	enum initd_state state;
	uint32_t main_pid_before, main_pid;
	char links[INITD_LINKS_SIZE]; /* as they were before */
	struct initd_verdict verdict;
	char log[MESSAGE_LOG_MAX + 1];
};

/* Everything happens later from the event loop. 0 or -errno. */
int initd_call_new(struct initd *initd, const struct service_order *order,
		   struct initd_call **ret_call) must_check;
struct initd_call *initd_call_free(struct initd_call *call);

/* It may be this one's turn now. */
void initd_call_wake(struct initd_call *call);

/* Its parts, in initd_judge.c. */

/* CLOCK_MONOTONIC, microseconds. */
uint64_t initd_call_now(const struct initd_call *call);
/* The step is taken up after that time. */
void initd_call_pause(struct initd_call *call, enum initd_step step, uint64_t usec);
/* The verdict stands. */
void initd_call_finish(struct initd_call *call);
/* The state is known, as far as it can be: it is over, or looked at again. */
void initd_call_judge(struct initd_call *call);

/* What initd.c does for its calls. */

sd_event *initd_event(const struct initd *initd);
int initd_root_fd(const struct initd *initd);
struct runner *initd_runner(const struct initd *initd);

/* Does no earlier call change the same unit? */
bool initd_is_turn(const struct initd *initd, const struct initd_call *call);

/* It is over: not in the list any more, and whoever waits for it is woken. */
void initd_forget(struct initd *initd, struct initd_call *call);

#endif
