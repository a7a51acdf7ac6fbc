/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. systemd is trusted; signals that are not its own are
 * ignored. A look that misses something tells less, and never what is not so:
 * who needs certainty asks systemd at last.
 */
#include "monitor/systemd/service_look.h"

#include <errno.h>
#include <string.h>

#include "monitor/text.h"

enum {
	TICK = 1000000,
	ACCURACY = 10000,
};

struct service_look {
	struct service_bus *bus;
	service_look_seen *seen;
	void *data;
	struct unit_state now;
	char job_path[2 * UNIT_WORD_SIZE], job_state[UNIT_WORD_SIZE];
	sd_event_source *tick;
	sd_bus_slot *unit_signals, *job_signals, *unit_answer, *job_answer;
};

static int on_job_state(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_look *look = data;
	const char *state;

	(void)error;
	look->job_answer = sd_bus_slot_unref(look->job_answer);
	/* an error: the job has just ended, and its owner is told otherwise */
	if (sd_bus_message_get_error(message) || sd_bus_message_read(message, "v", "s", &state) < 0)
		return 0;
	text_copy(look->job_state, sizeof(look->job_state), state, strlen(state));
	look->seen(&look->now, look->job_state, look->data);
	return 0;
}

static void tell(struct service_look *look)
{
	if (look->now.id[0] == '\0' || look->job_answer)
		return;
	if (look->job_path[0] == '\0')
		look->seen(&look->now, "", look->data);
	else if (service_bus_ask_job_state(look->bus, look->job_path, on_job_state, look,
					   &look->job_answer) < 0)
		look->job_answer = NULL;
}

static int on_state(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_look *look = data;

	(void)error;
	look->unit_answer = sd_bus_slot_unref(look->unit_answer);
	if (!sd_bus_message_get_error(message) && unit_state_read(message, &look->now) == 0)
		tell(look);
	return 0;
}

static int on_unit_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_look *look = data;
	bool whole;

	(void)error;
	if (service_bus_is_from_systemd(look->bus, message) && look->now.id[0] != '\0' &&
	    unit_state_update(message, &look->now, &whole) == 0 && whole)
		tell(look);
	return 0;
}

static int on_job_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_look *look = data;

	(void)error;
	if (service_bus_is_from_systemd(look->bus, message))
		tell(look);
	return 0;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	/* both work on an existing source and can't fail */
	(void)usec;
	(void)sd_event_source_set_time_relative(source, TICK);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	tell(data);
	return 0;
}

/* First the signals, then the state: so nothing gets lost in between. */
static int begin(struct service_look *look, sd_event *event, const struct service_look_order *order)
{
	scoped_ptr char *path = NULL;
	int r = service_bus_unit_path(order->unit, &path);

	if (r >= 0)
		r = service_bus_listen_unit(look->bus, path, on_unit_changed, look,
					    &look->unit_signals);
	if (r >= 0 && look->job_path[0] != '\0')
		r = service_bus_listen_unit(look->bus, look->job_path, on_job_changed, look,
					    &look->job_signals);
	if (r >= 0)
		r = service_bus_ask_unit(look->bus, order->unit, on_state, look,
					 &look->unit_answer);
	if (r >= 0 && order->tick)
		r = sd_event_add_time_relative(event, &look->tick, CLOCK_MONOTONIC, TICK, ACCURACY,
					       on_tick, look);
	return r < 0 ? r : 0;
}

int service_look_new(sd_event *event, struct service_bus *bus,
		     const struct service_look_order *order, struct service_look **ret_look)
{
	struct service_look *look = calloc(1, sizeof(*look));
	int r;

	if (!look)
		return -ENOMEM;
	look->bus = bus;
	look->seen = order->seen;
	look->data = order->data;
	text_copy(look->job_path, sizeof(look->job_path), order->job_path, strlen(order->job_path));
	r = begin(look, event, order);
	if (r < 0) {
		service_look_free(look);
		return r;
	}
	*ret_look = look;
	return 0;
}

struct service_look *service_look_free(struct service_look *look)
{
	if (!look)
		return NULL;
	sd_event_source_disable_unref(look->tick);
	sd_bus_slot_unref(look->unit_signals);
	sd_bus_slot_unref(look->job_signals);
	sd_bus_slot_unref(look->unit_answer);
	sd_bus_slot_unref(look->job_answer);
	free(look);
	return NULL;
}
