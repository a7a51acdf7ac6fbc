/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Keeps the connection to systemd for the units that one
 * session watches, and hands on what systemd tells of all units. Signals count
 * only if they are systemd's own.
 */
#include "monitor/systemd/service_watch.h"

#include <errno.h>

#include "monitor/systemd/watched_unit.h"

enum {
	ACCURACY = 1, /* else sd-event may be late by a quarter of a second */
	RETRY_INTERVAL = 500000,
};

struct service_watch {
	sd_event *event;
	int root_fd;
	service_watch_tell *tell;
	void *data;
	struct service_bus *bus;
	sd_bus_slot *unit_new, *unit_removed, *reloading;
	sd_event_source *connect; /* makes the connection, and makes it anew */
	struct watched_unit *units[WATCHES_MAX];
};

sd_event *service_watch_event(const struct service_watch *list)
{
	return list->event;
}

struct service_bus *service_watch_bus(const struct service_watch *list)
{
	return list->bus;
}

int service_watch_say(struct service_watch *list, const struct msg_unit *event)
{
	return list->tell(event, list->data);
}

static void touch_all(struct service_watch *list)
{
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (list->units[i])
			watched_unit_touch(list->units[i]);
}

static void mark_loaded(struct service_watch *list, sd_bus_message *message, bool loaded)
{
	const char *id, *path;

	if (!service_bus_is_from_systemd(list->bus, message) ||
	    sd_bus_message_read(message, "so", &id, &path) < 0)
		return;
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (list->units[i])
			watched_unit_loaded(list->units[i], path, loaded);
}

static int on_unit_new(sd_bus_message *message, void *data, sd_bus_error *error)
{
	(void)error;
	mark_loaded(data, message, true);
	return 0;
}

static int on_unit_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	(void)error;
	mark_loaded(data, message, false);
	return 0;
}

static int on_reloading(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_watch *list = data;
	int begins;

	(void)error;
	if (service_bus_is_from_systemd(list->bus, message) &&
	    sd_bus_message_read(message, "b", &begins) >= 0 && !begins)
		touch_all(list);
	return 0;
}

static void on_back(void *data)
{
	touch_all(data);
}

static void disconnect(struct service_watch *list)
{
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (list->units[i])
			watched_unit_lost(list->units[i]);
	list->unit_new = sd_bus_slot_unref(list->unit_new);
	list->unit_removed = sd_bus_slot_unref(list->unit_removed);
	list->reloading = sd_bus_slot_unref(list->reloading);
	list->bus = service_bus_free(list->bus);
}

static void connect_in(struct service_watch *list, uint64_t usec)
{
	/* these work on an existing source and can't fail */
	(void)sd_event_source_set_time_relative(list->connect, usec);
	(void)sd_event_source_set_enabled(list->connect, SD_EVENT_ONESHOT);
}

static void on_lost(int error, const char *text, void *data)
{
	(void)error;
	(void)text;
	disconnect(data);
	connect_in(data, RETRY_INTERVAL);
}

static int connect_now(struct service_watch *list)
{
	static const struct service_bus_events events = { .back = on_back, .lost = on_lost };
	int r = service_bus_open(list->event, list->root_fd, &events, list, &list->bus);

	if (r >= 0)
		r = service_bus_listen(list->bus, "UnitNew", on_unit_new, list, &list->unit_new);
	if (r >= 0)
		r = service_bus_listen(list->bus, "UnitRemoved", on_unit_removed, list,
				       &list->unit_removed);
	if (r >= 0)
		r = service_bus_listen(list->bus, "Reloading", on_reloading, list,
				       &list->reloading);
	return r;
}

static int on_connect(sd_event_source *source, uint64_t usec, void *data)
{
	struct service_watch *list = data;
	int r = connect_now(list);

	(void)source;
	(void)usec;
	if (r < 0)
		on_lost(-r, NULL, list);
	else
		touch_all(list);
	return 0;
}

int service_watch_new(sd_event *event, int root_fd, service_watch_tell *tell, void *data,
		      struct service_watch **ret_watch)
{
	struct service_watch *list = calloc(1, sizeof(*list));
	int r;

	if (!list)
		return -ENOMEM;
	list->event = sd_event_ref(event);
	list->root_fd = root_fd;
	list->tell = tell;
	list->data = data;
	r = sd_event_add_time(event, &list->connect, CLOCK_MONOTONIC, 0, ACCURACY, on_connect,
			      list);
	if (r >= 0)
		r = sd_event_source_set_enabled(list->connect, SD_EVENT_OFF);
	if (r < 0) {
		service_watch_free(list);
		return r;
	}
	*ret_watch = list;
	return 0;
}

struct service_watch *service_watch_free(struct service_watch *list)
{
	if (!list)
		return NULL;
	disconnect(list);
	for (size_t i = 0; i < WATCHES_MAX; i++)
		watched_unit_free(list->units[i]);
	sd_event_source_disable_unref(list->connect);
	sd_event_unref(list->event);
	free(list);
	return NULL;
}

static struct watched_unit **place_of(struct service_watch *list, uint32_t ticket)
{
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (list->units[i] && watched_unit_ticket(list->units[i]) == ticket)
			return &list->units[i];
	return NULL;
}

int service_watch_add(struct service_watch *list, uint32_t ticket, const char *unit,
		      uint32_t timeout_ms)
{
	size_t place = 0;
	int r;

	if (place_of(list, ticket))
		return -EEXIST;
	while (place < WATCHES_MAX && list->units[place])
		place++;
	if (place == WATCHES_MAX)
		return -EBUSY;
	r = watched_unit_new(list, ticket, unit, timeout_ms, &list->units[place]);
	if (r >= 0 && !list->bus)
		connect_in(list, 0);
	return r;
}

void service_watch_forget(struct service_watch *list, struct watched_unit *unit)
{
	bool idle = true;

	for (size_t i = 0; i < WATCHES_MAX; i++) {
		if (list->units[i] == unit)
			list->units[i] = watched_unit_free(unit);
		idle = idle && !list->units[i];
	}
	if (!idle)
		return;
	disconnect(list);
	(void)sd_event_source_set_enabled(list->connect, SD_EVENT_OFF);
}

void service_watch_remove(struct service_watch *list, uint32_t ticket)
{
	struct watched_unit **place = place_of(list, ticket);

	if (place)
		service_watch_forget(list, *place);
}
