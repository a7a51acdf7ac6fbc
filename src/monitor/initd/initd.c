/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: keeps the calls to init scripts under way, one at a time for each unit. */
#include "monitor/initd/initd.h"

#include <errno.h>
#include <string.h>

#include "monitor/initd/initd_call.h"

struct initd {
	sd_event *event;
	int root_fd;
	struct runner *runner;
	TAILQ_HEAD(initd_calls, initd_call) calls;
	size_t call_count;
};

int initd_new(sd_event *event, int root_fd, struct runner *runner, struct initd **ret_initd)
{
	struct initd *initd = calloc(1, sizeof(*initd));

	if (!initd)
		return -ENOMEM;
	initd->event = sd_event_ref(event);
	initd->root_fd = root_fd;
	initd->runner = runner;
	TAILQ_INIT(&initd->calls);
	*ret_initd = initd;
	return 0;
}

struct initd *initd_free(struct initd *initd)
{
	struct initd_call *call;

	if (!initd)
		return NULL;
	while ((call = TAILQ_FIRST(&initd->calls))) {
		TAILQ_REMOVE(&initd->calls, call, link);
		initd_call_free(call);
	}
	sd_event_unref(initd->event);
	free(initd);
	return NULL;
}

int initd_call(struct initd *initd, const struct service_order *order)
{
	struct initd_call *call;
	int r;

	if (!runner_is_there(initd->runner))
		return -ENOTCONN;
	if (initd->call_count >= (order->entry == UINT32_MAX ? JOBS_MAX + 1 : JOBS_MAX))
		return -EBUSY;
	r = initd_call_new(initd, order, &call);
	if (r < 0)
		return r;
	TAILQ_INSERT_TAIL(&initd->calls, call, link);
	initd->call_count++;
	return 0;
}

sd_event *initd_event(const struct initd *initd)
{
	return initd->event;
}

int initd_root_fd(const struct initd *initd)
{
	return initd->root_fd;
}

struct runner *initd_runner(const struct initd *initd)
{
	return initd->runner;
}

bool initd_is_turn(const struct initd *initd, const struct initd_call *call)
{
	const struct initd_call *other;

	if (call->order.verb == SERVICE_STATUS)
		return true;
	TAILQ_FOREACH(other, &initd->calls, link)
	{
		if (other == call)
			return true;
		if (other->order.verb != SERVICE_STATUS && strcmp(other->unit, call->unit) == 0)
			return false;
	}
	return true;
}

void initd_forget(struct initd *initd, struct initd_call *call)
{
	struct initd_call *other;

	TAILQ_REMOVE(&initd->calls, call, link);
	initd->call_count--;
	TAILQ_FOREACH(other, &initd->calls, link)
	if (strcmp(other->unit, call->unit) == 0)
		initd_call_wake(other);
}
