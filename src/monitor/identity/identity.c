/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Values come from the client and are checked before
 * anybody is asked. Of the bus it is the daemon that is trusted: it lets only the
 * owner of a name answer, and answers itself where there is none.
 */
#include "monitor/identity/identity.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>

#include "monitor/bus.h"
#include "monitor/identity/identity_locale.h"
#include "monitor/text.h"

enum { USEC_PER_MSEC = 1000 };

struct identity_service {
	sd_event *event;
	int root_fd;
	LIST_HEAD(identity_calls, identity_call) calls;
};

struct identity_call {
	LIST_ENTRY(identity_call) link;
	struct identity_service *service;
	const struct item *item;
	char *value;
	identity_done *done;
	void *data;
	sd_bus *bus;
	sd_event_source *deadline;
};

static bool zone_shows(const struct system_identity *now, const char *value)
{
	return strcmp(now->timezone, value) == 0;
}

static bool host_shows(const struct system_identity *now, const char *value)
{
	return strcmp(now->hostname, value) == 0;
}

static bool locale_shows(const struct system_identity *now, const char *value)
{
	struct identity_locale locale = { 0 };

	identity_locale_assign(&locale, now->locale);
	return identity_locale_shows(&locale, value);
}

/* The value, and that nobody can be asked for a password. */
static int add_text(sd_bus_message *message, const char *value)
{
	return sd_bus_message_append(message, "sb", value, 0);
}

/* localed keeps the variables that it is not told of. */
static int add_locale(sd_bus_message *message, const char *value)
{
	char copy[MESSAGE_NAME_MAX + 1], *rest = copy, *assignment;
	int r = sd_bus_message_open_container(message, 'a', "s");

	snprintf(copy, sizeof(copy), "%s", value);
	while (r >= 0 && (assignment = strsep(&rest, " ")))
		r = sd_bus_message_append(message, "s", assignment);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r < 0 ? r : sd_bus_message_append(message, "b", 0);
}

static const struct item {
	enum job_outcome (*check)(int root_fd, const char *value, struct identity_why *why);
	enum job_outcome (*write)(int root_fd, const char *value, struct identity_why *why);
	bool (*shows)(const struct system_identity *now, const char *value);
	int (*add)(sd_bus_message *message, const char *value);
	const char *via, *name, *path, *method;
} items[SYSTEM_ITEM_MAX] = {
	[SYSTEM_TIMEZONE] = { identity_zone_check, identity_zone_write, zone_shows, add_text,
			      "timedated", "org.freedesktop.timedate1",
			      "/org/freedesktop/timedate1", "SetTimezone" },
	[SYSTEM_HOSTNAME] = { identity_host_check, identity_host_write, host_shows, add_text,
			      "hostnamed", "org.freedesktop.hostname1",
			      "/org/freedesktop/hostname1", "SetStaticHostname" },
	[SYSTEM_LOCALE] = { identity_locale_check, identity_locale_write, locale_shows, add_locale,
			    "localed", "org.freedesktop.locale1", "/org/freedesktop/locale1",
			    "SetLocale" },
};

int identity_read(int root_fd, struct system_identity *ret_identity)
{
	struct identity_locale locale;
	int r = identity_zone_read(root_fd, ret_identity->timezone);

	if (r == 0)
		r = identity_host_read(root_fd, ret_identity->hostname);
	if (r == 0)
		r = identity_locale_read(root_fd, &locale);
	if (r == 0)
		identity_locale_print(&locale, ret_identity->locale, sizeof(ret_identity->locale));
	return r;
}

int identity_service_new(sd_event *event, int root_fd, struct identity_service **ret_service)
{
	struct identity_service *service = calloc(1, sizeof(*service));

	if (!service)
		return -ENOMEM;
	service->event = event;
	service->root_fd = root_fd;
	LIST_INIT(&service->calls);
	*ret_service = service;
	return 0;
}

static void call_free(struct identity_call *call)
{
	LIST_REMOVE(call, link);
	sd_event_source_disable_unref(call->deadline);
	/* not flushed: that could block */
	sd_bus_close_unref(call->bus);
	free(call->value);
	free(call);
}

struct identity_service *identity_service_free(struct identity_service *service)
{
	struct identity_call *call;

	if (!service)
		return NULL;
	while ((call = LIST_FIRST(&service->calls)))
		call_free(call);
	free(service);
	return NULL;
}

static void answer(const struct identity_order *order, enum job_outcome outcome, const char *via,
		   const struct system_identity *now, const struct identity_why *why)
{
	const struct msg_identity result = {
		.outcome = (uint8_t)outcome,
		.error = why->error,
		.via = via,
		.timezone = now->timezone,
		.hostname = now->hostname,
		.locale = now->locale,
		.detail = why->text,
	};

	order->done(&result, order->data);
}

/* The end of a call, which is freed first: done() may do anything. */
static void finish(struct identity_call *call, enum job_outcome outcome, const char *via,
		   struct identity_why *why)
{
	const struct identity_order order = { .done = call->done, .data = call->data };
	struct system_identity now = { 0 };
	int r = outcome == JOB_DONE ? identity_read(call->service->root_fd, &now) : 0;

	if (r < 0)
		outcome =
			identity_why_not(why, JOB_FAILED, -r, "reading it back: %s", strerror(-r));
	else if (outcome == JOB_DONE && !call->item->shows(&now, call->value))
		outcome =
			identity_why_not(why, JOB_FAILED, 0,
					 "%s says that it is set, but it is not what the files say",
					 via);
	call_free(call);
	answer(&order, outcome, via, &now, why);
}

static void write_files(struct identity_call *call)
{
	struct identity_why why = { 0 };

	finish(call, call->item->write(call->service->root_fd, call->value, &why), "files", &why);
}

/* The bus itself answers for a service that is not there, masked, or fails to start. */
static int on_reply(sd_bus_message *message, void *data, sd_bus_error *unused)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);
	const char *sender = sd_bus_message_get_sender(message);
	struct identity_call *call = data;
	struct identity_why why = { 0 };
	enum job_outcome outcome = JOB_DONE;

	(void)unused;
	if (error && (!sender || strcmp(sender, BUS_DRIVER) == 0)) {
		write_files(call);
		return 0;
	}
	if (error) {
		outcome = sd_bus_error_has_name(error, SD_BUS_ERROR_INVALID_ARGS) ? JOB_BAD_VALUE
										  : JOB_FAILED;
		why.error = sd_bus_error_get_errno(error);
		if (error->message)
			text_copy(why.text, sizeof(why.text), error->message,
				  strlen(error->message));
	}
	finish(call, outcome, call->item->via, &why);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct identity_call *call = data;
	struct identity_why why;

	(void)source;
	(void)usec;
	finish(call,
	       identity_why_not(&why, JOB_TIMEOUT, ETIMEDOUT, "%s did not answer in time",
				call->item->via),
	       call->item->via, &why);
	return 0;
}

/* 0, or -errno: -ENOENT and -ECONNREFUSED where there is no bus. */
static int ask(struct identity_call *call, uint32_t timeout_ms)
{
	const struct item *item = call->item;
	scoped(sd_bus_message_unrefp) sd_bus_message *message = NULL;
	int r = bus_open(call->service->event, call->service->root_fd, &call->bus);

	if (r >= 0)
		r = sd_bus_message_new_method_call(call->bus, &message, item->name, item->path,
						   item->name, item->method);
	if (r >= 0)
		r = item->add(message, call->value);
	if (r >= 0)
		r = sd_bus_call_async(call->bus, NULL, message, on_reply, call, UINT64_MAX);
	if (r >= 0)
		r = sd_event_add_time_relative(call->service->event, &call->deadline,
					       CLOCK_MONOTONIC,
					       (uint64_t)timeout_ms * USEC_PER_MSEC, 0, on_deadline,
					       call);
	return r < 0 ? r : 0;
}

static struct identity_call *call_new(struct identity_service *service,
				      const struct identity_order *order)
{
	struct identity_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->service = service;
	call->item = &items[order->item];
	call->done = order->done;
	call->data = order->data;
	LIST_INSERT_HEAD(&service->calls, call, link);
	call->value = strdup(order->value);
	if (!call->value) {
		call_free(call);
		return NULL;
	}
	return call;
}

void identity_set(struct identity_service *service, const struct identity_order *order)
{
	static const struct system_identity nothing = { 0 };
	struct identity_why why = { 0 };
	struct identity_call *call;
	enum job_outcome outcome = items[order->item].check(service->root_fd, order->value, &why);
	int r;

	if (outcome != JOB_DONE) {
		answer(order, outcome, "", &nothing, &why);
		return;
	}
	call = call_new(service, order);
	if (!call) {
		identity_why_not(&why, JOB_FAILED, ENOMEM, "%s", strerror(ENOMEM));
		answer(order, JOB_FAILED, "", &nothing, &why);
		return;
	}
	r = ask(call, order->timeout_ms);
	if (r == -ENOENT || r == -ECONNREFUSED)
		write_files(call);
	else if (r < 0)
		finish(call,
		       identity_why_not(&why, JOB_UNAVAILABLE, -r, "the system bus: %s",
					strerror(-r)),
		       "", &why);
}
