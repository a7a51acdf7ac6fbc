/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root. Takes its input from systemd only. */
#include "monitor/systemd/scope.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/systemd/service_bus.h"

enum { NAME_SIZE = 48, PATIENCE = 10 * 1000000 };

struct scope {
	struct service_bus *bus;
	sd_bus_slot *call, *signal;
	sd_event_source *timer;
	char name[NAME_SIZE];
	scope_done *done;
	void *data;
};

static void on_lost(int error, const char *text, void *data)
{
	struct scope *scope = data;

	scope->done(error, text ? text : strerror(error), scope->data);
}

/* What was lost with systemd's old connection is asked for again by the next call. */
static void on_back(void *data)
{
	(void)data;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct scope *scope = data;

	(void)source;
	(void)usec;
	scope->done(ETIMEDOUT, "systemd does not answer", scope->data);
	return 0;
}

static int on_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct scope *scope = data;
	uint32_t id;

	(void)error;
	if (!service_bus_is_from_systemd(scope->bus, message) ||
	    sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0 ||
	    strcmp(unit, scope->name) != 0)
		return 0;
	if (strcmp(result, "done") == 0)
		scope->done(0, "", scope->data);
	else
		scope->done(EIO, result, scope->data);
	return 0;
}

/* A job was made for it, or not; its end is a signal. */
static int on_answer(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	struct scope *scope = data;

	(void)error;
	/* made by an earlier call, whose answer was lost: the name is that of our own process */
	if (refusal && sd_bus_error_has_name(refusal, SYSTEMD_NAME ".UnitExists"))
		scope->done(0, "", scope->data);
	else if (refusal)
		scope->done(sd_bus_error_get_errno(refusal), refusal->message, scope->data);
	return 0;
}

static int start(struct scope *scope, sd_event *event, int root_fd, pid_t pid)
{
	static const struct service_bus_events events = { .back = on_back, .lost = on_lost };
	int r = service_bus_open(event, root_fd, &events, scope, &scope->bus);

	if (r >= 0)
		r = service_bus_listen(scope->bus, "JobRemoved", on_removed, scope, &scope->signal);
	if (r >= 0)
		r = service_bus_ask_scope(scope->bus, scope->name, "Programs run for exmachinad",
					  (uint32_t)pid, on_answer, scope, &scope->call);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &scope->timer, CLOCK_MONOTONIC, PATIENCE, 0,
					       on_timer, scope);
	return r < 0 ? r : 0;
}

int scope_new(sd_event *event, int root_fd, pid_t pid, scope_done *done, void *data,
	      struct scope **ret_scope)
{
	struct scope *scope = calloc(1, sizeof(*scope));
	int r;

	if (!scope)
		return -ENOMEM;
	scope->done = done;
	scope->data = data;
	snprintf(scope->name, sizeof(scope->name), "exmachina-run-%d.scope", (int)pid);
	r = start(scope, event, root_fd, pid);
	if (r < 0) {
		scope_free(scope);
		return r;
	}
	*ret_scope = scope;
	return 0;
}

struct scope *scope_free(struct scope *scope)
{
	if (!scope)
		return NULL;
	sd_bus_slot_unref(scope->call);
	sd_bus_slot_unref(scope->signal);
	sd_event_source_disable_unref(scope->timer);
	service_bus_free(scope->bus);
	free(scope);
	return NULL;
}
