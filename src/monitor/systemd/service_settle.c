/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. systemd is trusted. Its signals tell of a unit that dies
 * as soon as it does; the last word has its state at the end.
 */
#include "monitor/systemd/service_settle.h"

#include <errno.h>

#include "monitor/systemd/service_job.h"

static void on_seen(const struct unit_state *now, const char *job_state, void *data)
{
	struct service_settle *settle = data;

	(void)job_state;
	settle->seen(now, service_now(settle->service) - settle->begin, false, settle->data);
}

static int on_last(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	struct service_settle *settle = data;
	struct unit_state now;

	settle->slot = sd_bus_slot_unref(settle->slot);
	if (!refusal && unit_state_read(message, &now) == 0) {
		settle->seen(&now, service_now(settle->service) - settle->begin, true,
			     settle->data);
		return 0;
	}
	if (!refusal)
		sd_bus_error_set_errno(error, EBADMSG);
	settle->refused(refusal ? refusal : error, settle->data);
	sd_bus_error_free(error);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
	struct service_settle *settle = data;
	struct service_bus *bus;
	int r = service_connect(settle->service, &bus);

	(void)source;
	(void)usec;
	if (r >= 0)
		r = service_bus_ask_unit(bus, settle->unit, on_last, settle, &settle->slot);
	if (r < 0) {
		const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(
			SD_BUS_ERROR_DISCONNECTED, "the connection to systemd broke");

		settle->refused(&error, settle->data);
	}
	return 0;
}

int service_settle_begin(struct service_settle *settle)
{
	const struct service_look_order order = {
		.unit = settle->unit,
		.job_path = "",
		.tick = settle->tick,
		.seen = on_seen,
		.data = settle,
	};
	sd_event *event = service_event(settle->service);
	struct service_bus *bus;
	uint64_t gone;
	int r = service_connect(settle->service, &bus);

	if (settle->begin == 0)
		settle->begin = service_now(settle->service);
	gone = service_now(settle->service) - settle->begin;
	if (r >= 0)
		r = service_look_new(event, bus, &order, &settle->look);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &settle->timer, CLOCK_MONOTONIC,
					       gone < settle->usec ? settle->usec - gone : 0, 1,
					       on_time, settle);
	if (r < 0)
		service_settle_stop(settle);
	return r < 0 ? r : 0;
}

void service_settle_stop(struct service_settle *settle)
{
	settle->timer = sd_event_source_disable_unref(settle->timer);
	settle->slot = sd_bus_slot_unref(settle->slot);
	settle->look = service_look_free(settle->look);
}
