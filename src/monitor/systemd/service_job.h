/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_JOB_H
#define EXM_SERVICE_JOB_H

#include <stdint.h>

#include "monitor/systemd/service.h"
#include "monitor/systemd/service_bus.h"

/* One service call from its acceptance to its answer. */
struct service_job;

/* Everything, errors included, happens later from the event loop. 0 or -errno. */
int service_job_new(struct service *service, const struct service_order *order,
		    struct service_job **ret_job) must_check;
struct service_job *service_job_free(struct service_job *job);

/* Neither of these ends or frees the job: that it does by itself, later. */
void service_job_removed(struct service_job *job, const char *path, const char *result);
void service_job_back(struct service_job *job);
void service_job_lost(struct service_job *job, int error, const char *text);

/* What the service does for its jobs. */

sd_event *service_event(struct service *service);

/* CLOCK_MONOTONIC, microseconds, as of this round of the event loop. */
uint64_t service_now(const struct service *service);
int service_root_fd(const struct service *service);

/* The connection, made now if there is none. 0 or -errno. */
int service_connect(struct service *service, struct service_bus **ret_bus) must_check;

/* The result of a job that was removed of late, maybe before its path was known here, or NULL. */
const char *service_removed_result(const struct service *service, const char *path);

/* The job is over: the service knows it no longer. */
void service_forget(struct service *service, struct service_job *job);

#endif
