/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The unit's name comes from the engine, and the policy has
 * allowed it; systemd is trusted, other clients of the bus are not. Everything
 * that happens only marks the unit, and one timer does what is to be done: so a
 * unit that changes without end is looked at now and then.
 */
#include "monitor/systemd/watched_unit.h"

#include <errno.h>
#include <string.h>

#include "monitor/systemd/service_verdict.h"
#include "monitor/systemd/unit_state.h"

enum {
	USEC_PER_MSEC = 1000,
	ACCURACY = 1, /* else sd-event may be late by a quarter of a second */
	LOOK_INTERVAL = 100 * USEC_PER_MSEC,
	RETRY_INTERVAL = 500 * USEC_PER_MSEC, /* while systemd does not answer */
};

struct watched_unit {
	struct service_watch *list;
	uint32_t ticket;
	char *unit;
	char *path;         /* whose signals are heard: that of the unit's own name */
	sd_bus_slot *match; /* NULL: not heard on this connection yet */
	sd_bus_slot *look;  /* the answer that is waited for */
	sd_event_source *timer;
	sd_event_source *deadline; /* until something was told */
	uint64_t not_before;       /* CLOCK_MONOTONIC: nothing is done earlier */
	bool dirty;                /* may have changed since the last look */
	bool appeared;             /* systemd has loaded it since the last look */
	bool untold;               /* `outcome` and `now` are still to be told */
	bool told;                 /* something was */
	enum job_outcome outcome;
	struct unit_state now, shown;
};

static bool wants_look(const struct watched_unit *unit)
{
	return (unit->dirty || unit->appeared) && !unit->look && service_watch_bus(unit->list);
}

/* The one place that decides whether the timer has something to do. */
static void schedule(struct watched_unit *unit)
{
	bool has_work = unit->untold || wants_look(unit);

	/* these work on an existing source and can't fail */
	(void)sd_event_source_set_time(unit->timer, unit->not_before);
	(void)sd_event_source_set_enabled(unit->timer, has_work ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void pause_for(struct watched_unit *unit, uint64_t usec)
{
	uint64_t now = 0;

	/* fails only without a loop, where nothing would wait */
	(void)sd_event_now(service_watch_event(unit->list), CLOCK_MONOTONIC, &now);
	unit->not_before = now + usec;
}

static bool same(const struct unit_state *a, const struct unit_state *b)
{
	return strcmp(a->load, b->load) == 0 && strcmp(a->active, b->active) == 0 &&
	       strcmp(a->sub, b->sub) == 0 && strcmp(a->file_state, b->file_state) == 0 &&
	       strcmp(a->result, b->result) == 0 && a->main_pid == b->main_pid &&
	       unit_state_exit(a) == unit_state_exit(b);
}

/* Frees the unit if it can't be watched. */
static void tell(struct watched_unit *unit)
{
	const struct unit_state *now = &unit->now;
	const struct msg_unit event = {
		.ticket = unit->ticket,
		.outcome = (uint8_t)unit->outcome,
		.load_state = now->load,
		.active_state = now->active,
		.sub_state = now->sub,
		.file_state = now->file_state,
		.result = now->result,
		.main_pid = now->main_pid,
		.exit_status = unit_state_exit(now),
	};

	unit->untold = service_watch_say(unit->list, &event) < 0;
	if (unit->untold) {
		pause_for(unit, LOOK_INTERVAL);
	} else if (unit->outcome != JOB_DONE) {
		service_watch_forget(unit->list, unit);
		return;
	} else {
		unit->told = true;
		unit->shown = *now;
		unit->deadline = sd_event_source_disable_unref(unit->deadline);
	}
	schedule(unit);
}

static void give_up(struct watched_unit *unit, enum job_outcome outcome)
{
	unit->outcome = outcome;
	tell(unit);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	give_up(data, JOB_UNAVAILABLE);
	return 0;
}

static int on_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct watched_unit *unit = data;

	(void)error;
	if (service_bus_is_from_systemd(service_watch_bus(unit->list), message))
		watched_unit_touch(unit);
	return 0;
}

/* The signals are those of the unit's own name, which `unit` may be an alias of. */
static int listen_to(struct watched_unit *unit, const char *id)
{
	scoped_ptr char *path = NULL;
	int r = service_bus_unit_path(id, &path);

	if (r < 0)
		return r;
	if (unit->match && strcmp(unit->path, path) == 0)
		return 0;
	unit->match = sd_bus_slot_unref(unit->match);
	free(unit->path);
	unit->path = take_ptr(path);
	/* what happened before anybody listened is seen by a look after it */
	unit->dirty = true;
	return service_bus_listen_unit(service_watch_bus(unit->list), unit->path, on_changed, unit,
				       &unit->match);
}

/* systemd does not answer, or not as it should: again, later. */
static void look_failed(struct watched_unit *unit)
{
	unit->dirty = true;
	pause_for(unit, RETRY_INTERVAL);
	schedule(unit);
}

static int on_state(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	struct watched_unit *unit = data;

	(void)error;
	unit->look = sd_bus_slot_unref(unit->look);
	if (refusal && !unit->told && !verdict_is_lost(refusal)) {
		give_up(unit, JOB_NO_UNIT);
		return 0;
	}
	if (refusal || unit_state_read(message, &unit->now) < 0 ||
	    listen_to(unit, unit->now.id) < 0) {
		look_failed(unit);
		return 0;
	}
	unit->outcome = JOB_DONE;
	unit->untold = !unit->told || !same(&unit->shown, &unit->now);
	if (unit->untold)
		tell(unit);
	else
		schedule(unit);
	return 0;
}

static void look(struct watched_unit *unit)
{
	const char *name = unit->now.id[0] != '\0' ? unit->now.id : unit->unit;
	int r = unit->match ? 0 : listen_to(unit, name);

	pause_for(unit, LOOK_INTERVAL);
	unit->dirty = unit->appeared = false;
	if (r >= 0)
		r = service_bus_ask_unit(service_watch_bus(unit->list), unit->unit, on_state, unit,
					 &unit->look);
	if (r < 0)
		look_failed(unit);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct watched_unit *unit = data;

	(void)source;
	(void)usec;
	if (wants_look(unit))
		look(unit);
	else if (unit->untold)
		tell(unit);
	return 0;
}

void watched_unit_touch(struct watched_unit *unit)
{
	unit->dirty = true;
	schedule(unit);
}

/*
 * A unit that was loaded may have been started before systemd's first signal of
 * it, so it is looked at. Not at once, because it may be our own look that
 * has loaded it, and then it is unloaded in the same breath. What it was
 * before it is unloaded has been signalled by itself.
 */
void watched_unit_loaded(struct watched_unit *unit, const char *path, bool loaded)
{
	if (!unit->path || strcmp(unit->path, path) != 0)
		return;
	unit->appeared = loaded;
	if (loaded && !unit->dirty)
		pause_for(unit, LOOK_INTERVAL);
	schedule(unit);
}

void watched_unit_lost(struct watched_unit *unit)
{
	unit->match = sd_bus_slot_unref(unit->match);
	unit->look = sd_bus_slot_unref(unit->look);
}

uint32_t watched_unit_ticket(const struct watched_unit *unit)
{
	return unit->ticket;
}

static int prepare(struct watched_unit *unit, uint32_t timeout_ms)
{
	sd_event *event = service_watch_event(unit->list);
	int r = sd_event_add_time(event, &unit->timer, CLOCK_MONOTONIC, 0, ACCURACY, on_timer,
				  unit);

	if (r >= 0)
		r = sd_event_add_time_relative(event, &unit->deadline, CLOCK_MONOTONIC,
					       (uint64_t)timeout_ms * USEC_PER_MSEC, ACCURACY,
					       on_deadline, unit);
	return r < 0 ? r : 0;
}

int watched_unit_new(struct service_watch *list, uint32_t ticket, const char *name,
		     uint32_t timeout_ms, struct watched_unit **ret_unit)
{
	struct watched_unit *unit = calloc(1, sizeof(*unit));
	int r = -ENOMEM;

	if (!unit)
		return r;
	unit->list = list;
	unit->ticket = ticket;
	unit->unit = strdup(name);
	if (unit->unit)
		r = prepare(unit, timeout_ms);
	if (r < 0) {
		watched_unit_free(unit);
		return r;
	}
	watched_unit_touch(unit);
	*ret_unit = unit;
	return 0;
}

struct watched_unit *watched_unit_free(struct watched_unit *unit)
{
	if (!unit)
		return NULL;
	watched_unit_lost(unit);
	sd_event_source_disable_unref(unit->timer);
	sd_event_source_disable_unref(unit->deadline);
	free(unit->unit);
	free(unit->path);
	free(unit);
	return NULL;
}
