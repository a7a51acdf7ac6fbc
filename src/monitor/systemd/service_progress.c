/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. The words are systemd's, and trusted. */
#include "monitor/systemd/service_progress.h"

#include <stdio.h>
#include <string.h>

#include "monitor/systemd/service_job.h"

enum {
	USEC_PER_MSEC = 1000,
	INTERVAL = 900 * USEC_PER_MSEC, /* a tick comes each second, and may be a little early */
	PERCENT_UNKNOWN = 255,
};

void service_progress_tell(struct service_progress_teller *teller, const char *stage,
			   const char *detail)
{
	const struct service_order *order = teller->order;
	char text[sizeof(teller->text)];
	uint64_t now = service_now(teller->service);
	const struct msg_progress progress = {
		.ticket = order->ticket,
		.percent = PERCENT_UNKNOWN,
		.elapsed_ms = (uint32_t)((now - teller->begin) / USEC_PER_MSEC),
		.stage = stage,
		.detail = detail,
	};

	snprintf(text, sizeof(text), "%s %s", stage, detail);
	if (!order->progress || (strcmp(text, teller->text) == 0 && now - teller->when < INTERVAL))
		return;
	memcpy(teller->text, text, sizeof(text));
	teller->when = now;
	order->progress(&progress, order->data);
}

static void on_seen(const struct unit_state *now, const char *job_state, void *data)
{
	service_progress_tell(data, job_state, now->sub);
}

void service_progress_follow(struct service_progress_teller *teller, const char *unit,
			     const char *job_path)
{
	const struct service_look_order order = {
		.unit = unit,
		.job_path = job_path,
		.tick = true,
		.seen = on_seen,
		.data = teller,
	};
	struct service_bus *bus;

	service_progress_stop(teller);
	/* if it can't be, nothing is told, and the job goes on */
	if (teller->order->progress && service_connect(teller->service, &bus) == 0 &&
	    service_look_new(service_event(teller->service), bus, &order, &teller->look) < 0)
		teller->look = NULL;
}

void service_progress_stop(struct service_progress_teller *teller)
{
	teller->look = service_look_free(teller->look);
}
