/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_H
#define EXM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/policy.h"
#include "common/service_verb.h"

/*
 * systemd, as the monitor talks to it: over the system bus, or over
 * /run/systemd/private where no bus daemon runs, below the root directory.
 * Everything but the connect(2) itself and the reading of a failed unit's log is
 * asynchronous. The connection is made by the first call and made anew by the
 * first call after it broke; calls that were under way then find out what has become
 * of their jobs, or end with JOB_UNAVAILABLE. Whether a call is allowed has
 * been decided before.
 */
struct service;

/*
 * Called exactly once for a call that was accepted, always from the event loop and
 * never from within service_call; the result lives until it returns. It may
 * call service_call and service_free.
 */
typedef void service_done(const struct msg_job *result, void *data);

/* root "" means "/". It is opened here and held. 0 or -errno. */
int service_new(sd_event *event, const char *root, struct service **ret_service) must_check;

/* Calls still under way end without a word; their jobs go on in systemd. */
struct service *service_free(struct service *service);

/* Called between acceptance and end, from the event loop, when something has changed or a second
 * has passed. */
typedef void service_progress(const struct msg_progress *progress, void *data);

/* What is asked for; whether the policy allows it has been decided before. */
struct service_order {
	uint32_t ticket; /* comes back in the result */
	/* of the policy, for init scripts; UINT32_MAX: of none, but the monitor's own, for which
	 * there is room when JOBS_MAX are under way */
	uint32_t entry;
	enum service_verb verb;
	const char *unit;           /* copied */
	bool pair;                  /* what service_pair() tells is allowed for the other half */
	uint32_t timeout_ms;        /* how long to wait for the job */
	uint32_t settle_ms;         /* how long to look on afterwards */
	service_progress *progress; /* NULL: nobody wants to know */
	service_done *done;
	void *data; /* of both */
};

/*
 * Starts one call. A job: subscribes first, starts the job, waits for the JobRemoved
 * signal of its very object path, then reads the unit's state. The deadline ends
 * the waiting, not the job; the unit's state is still looked up, for half a second
 * at most. A job that failed or outlasted its deadline brings the lines that the
 * journal has of the unit since the call. exit_status is as a shell shows it, 128
 * and the number for a signal; main_pid_before is 0 for status.
 *
 * A unit whose file has changed since systemd read it (NeedDaemonReload) has
 * systemd read its files anew first, and so do verbs for unit files afterwards.
 *
 * Returns 0, or, done never being called then: -EBUSY if JOBS_MAX are under way,
 * -EINVAL for what can't be the name of a unit, or another -errno. That there
 * is no systemd is told by done.
 */
int service_call(struct service *service, const struct service_order *order) must_check;

/* Is there a systemd below the root that runs the system (sd_booted(3))? */
bool service_is_systemd(int root_fd);

/* Who manages services there if the policy says `wanted`: MANAGER_SYSTEMD or MANAGER_INITD. */
enum service_manager service_manager_below(int root_fd, enum service_manager wanted);

#endif
