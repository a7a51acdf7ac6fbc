/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. systemd is trusted; what the log says is bounded and
 * made UTF-8 by unit_log. Nothing here changes how the call has ended.
 */
#include "monitor/systemd/service_ending.h"

#include "monitor/systemd/service_job.h"
#include "monitor/systemd/unit_log.h"

enum {
	/* journald writes a moment later than systemd answers, on a busy machine much later */
	LOG_INTERVAL = 50 * 1000,
	ACCURACY = 1000,
	LOG_TRIES = 60,
	LOG_TRIES_OPEN = 4, /* where nothing tells which line is the last */
};

static void go_on(struct service_ending *ending)
{
	/* of an existing source; can't fail */
	(void)sd_event_source_set_enabled(ending->turn, SD_EVENT_ONESHOT);
}

static int on_sockets(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_ending *ending = data;

	(void)error;
	ending->slot = sd_bus_slot_unref(ending->slot);
	if (sd_bus_message_get_error(message) ||
	    unit_names_active(message, ending->sockets, sizeof(ending->sockets)) < 0)
		ending->sockets[0] = '\0';
	go_on(ending);
	return 0;
}

/* Is there more to come? */
static bool read_log(struct service_ending *ending)
{
	/* once more after process 1's last word: the unit's own may come by another way */
	bool enough = ending->log_said & ending->last_word ||
		      ending->tries >= (ending->last_word ? LOG_TRIES : LOG_TRIES_OPEN);
	int r = unit_log_read(service_root_fd(ending->service), ending->unit, ending->since,
			      ending->log, sizeof(ending->log), &ending->log_said);

	ending->tries++;
	if (r < 0)
		ending->log[0] = '\0';
	return r >= 0 && !enough && !ending->hurried;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	go_on(data);
	return 0;
}

static int on_turn(sd_event_source *source, void *data)
{
	struct service_ending *ending = data;
	bool more = ending->with_log && read_log(ending);

	ending->timer = sd_event_source_disable_unref(ending->timer);
	if (!more || sd_event_add_time_relative(sd_event_source_get_event(source), &ending->timer,
						CLOCK_MONOTONIC, LOG_INTERVAL, ACCURACY, on_timer,
						ending) < 0)
		ending->done(ending->data);
	return 0;
}

/* Not by a timer: a status that has all it needs is told in the next round. */
int service_ending_begin(struct service_ending *ending)
{
	struct service_bus *bus;
	int r = sd_event_add_defer(service_event(ending->service), &ending->turn, on_turn, ending);

	if (r < 0)
		return r;
	if (ending->names[0] != '\0' && !ending->hurried &&
	    service_connect(ending->service, &bus) >= 0 &&
	    service_bus_ask_names(bus, ending->names, on_sockets, ending, &ending->slot) >= 0)
		r = sd_event_source_set_enabled(ending->turn, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

void service_ending_hurry(struct service_ending *ending)
{
	if (!ending->slot)
		return;
	ending->slot = sd_bus_slot_unref(ending->slot);
	go_on(ending);
}

void service_ending_stop(struct service_ending *ending)
{
	ending->turn = sd_event_source_disable_unref(ending->turn);
	ending->timer = sd_event_source_disable_unref(ending->timer);
	ending->slot = sd_bus_slot_unref(ending->slot);
}
