/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. systemd is trusted, the bus daemon to deliver
 * and to tell the true sender; other clients of the bus are not: a JobRemoved that
 * does not come from the owner of systemd's name is ignored.
 */
#include "monitor/systemd/service_bus.h"

#include <errno.h>
#include <string.h>

#include "monitor/bus.h"

#define OWNER_CHANGED \
	"type='signal',sender='" BUS_DRIVER "',path='/org/freedesktop/DBus'," \
	"interface='" BUS_DRIVER "',member='NameOwnerChanged',arg0='" SYSTEMD_NAME "'"

struct service_bus {
	sd_bus *bus;
	sd_bus_slot *subscribe;
	const char *name; /* systemd's on the bus; NULL on the private socket */
	char *owner;      /* systemd's unique name; likewise */
	const struct service_bus_events *events;
	void *data;
};

bool service_bus_is_from_systemd(const struct service_bus *bus, sd_bus_message *message)
{
	const char *sender = sd_bus_message_get_sender(message);

	if (!bus->owner || !sender)
		return !bus->owner && !sender;
	return strcmp(sender, bus->owner) == 0;
}

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct service_bus *bus = data;
	uint32_t id;

	(void)error;
	if (!service_bus_is_from_systemd(bus, message))
		return 0;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0)
		bus->events->job_removed(path, result, bus->data);
	return 0;
}

int service_bus_listen(struct service_bus *bus, const char *member,
		       sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	return sd_bus_match_signal_async(bus->bus, ret_slot, bus->name, SYSTEMD_PATH,
					 SYSTEMD_MANAGER, member, handler, NULL, data);
}

int service_bus_listen_unit(struct service_bus *bus, const char *path,
			    sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	return sd_bus_match_signal_async(bus->bus, ret_slot, bus->name, path,
					 BUS_DRIVER ".Properties", "PropertiesChanged", handler,
					 NULL, data);
}

static int on_disconnected(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_bus *bus = data;

	(void)message;
	(void)error;
	bus->events->lost(ECONNRESET, "the connection to systemd broke", bus->data);
	return 0;
}

/* The bus daemon lets only the owner of the name answer, so the answer's sender is systemd. */
static int on_subscribed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	struct service_bus *bus = data;
	const char *sender;

	(void)error;
	if (refusal && !sd_bus_error_has_name(refusal, SYSTEMD_NAME ".AlreadySubscribed")) {
		bus->events->lost(sd_bus_error_get_errno(refusal), refusal->message, bus->data);
		return 0;
	}
	sender = sd_bus_message_get_sender(message);
	free(bus->owner);
	bus->owner = sender ? strdup(sender) : NULL;
	if (sender && !bus->owner)
		bus->events->lost(ENOMEM, "out of memory", bus->data);
	return 0;
}

static int subscribe(struct service_bus *bus)
{
	bus->subscribe = sd_bus_slot_unref(bus->subscribe);
	return sd_bus_call_method_async(bus->bus, &bus->subscribe, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, "Subscribe", on_subscribed, bus, NULL);
}

static int on_owner_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(message), *name, *before, *now;
	struct service_bus *bus = data;

	(void)error;
	if (!sender || strcmp(sender, BUS_DRIVER) != 0)
		return 0;
	if (sd_bus_message_read(message, "sss", &name, &before, &now) < 0 || now[0] == '\0')
		return 0;
	if (subscribe(bus) < 0)
		bus->events->lost(ECONNRESET, "systemd can't be asked for its signals", bus->data);
	else
		bus->events->back(bus->data);
	return 0;
}

/*
 * What is sent here arrives before any later call, so nothing waits for the
 * answers. sd-bus gives the connection up if a match is refused.
 */
static int listen_to_systemd(struct service_bus *bus)
{
	int r;

	r = sd_bus_match_signal_async(bus->bus, NULL, BUS_DRIVER ".Local",
				      "/org/freedesktop/DBus/Local", BUS_DRIVER ".Local",
				      "Disconnected", on_disconnected, NULL, bus);
	if (r >= 0 && bus->name)
		r = sd_bus_add_match_async(bus->bus, NULL, OWNER_CHANGED, on_owner_changed, NULL,
					   bus);
	if (r >= 0 && bus->events->job_removed)
		r = service_bus_listen(bus, "JobRemoved", on_job_removed, bus, NULL);
	return r < 0 ? r : subscribe(bus);
}

int service_bus_open(sd_event *event, int root_fd, const struct service_bus_events *events,
		     void *data, struct service_bus **ret_bus)
{
	struct service_bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->events = events;
	bus->data = data;
	r = bus_open(event, root_fd, &bus->bus);
	if (r >= 0)
		bus->name = SYSTEMD_NAME;
	else
		r = bus_open_private(event, root_fd, &bus->bus);
	if (r >= 0)
		r = listen_to_systemd(bus);
	if (r < 0) {
		service_bus_free(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

struct service_bus *service_bus_free(struct service_bus *bus)
{
	if (!bus)
		return NULL;
	sd_bus_slot_unref(bus->subscribe);
	/* not flushed: that could block, and a job that was not sent yet is better not begun */
	sd_bus_close_unref(bus->bus);
	free(bus->owner);
	free(bus);
	return NULL;
}

bool service_bus_is_ready(const struct service_bus *bus)
{
	return sd_bus_is_ready(bus->bus) > 0;
}

int service_bus_unit_path(const char *unit, char **ret_path)
{
	int r = sd_bus_path_encode(SYSTEMD_PATH "/unit", unit, ret_path);

	return r < 0 ? r : 0;
}

int service_bus_ask_unit(struct service_bus *bus, const char *unit,
			 sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	scoped_ptr char *path = NULL;
	int r = service_bus_unit_path(unit, &path);

	if (r < 0)
		return r;
	return sd_bus_call_method_async(bus->bus, ret_slot, SYSTEMD_NAME, path,
					BUS_DRIVER ".Properties", "GetAll", handler, data, "s", "");
}

int service_bus_ask_job(struct service_bus *bus, const char *method, const char *unit,
			sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	return sd_bus_call_method_async(bus->bus, ret_slot, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, method, handler, data, "ss", unit,
					"replace");
}

void service_bus_unref(sd_bus_message **message)
{
	sd_bus_message_unref(*message);
}

int service_bus_call(struct service_bus *bus, const char *method, sd_bus_message **ret_call)
{
	return sd_bus_message_new_method_call(bus->bus, ret_call, SYSTEMD_NAME, SYSTEMD_PATH,
					      SYSTEMD_MANAGER, method);
}

int service_bus_send(struct service_bus *bus, sd_bus_message *call,
		     sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	return sd_bus_call_async(bus->bus, ret_slot, call, handler, data, 0);
}

int service_bus_ask_plain(struct service_bus *bus, const char *method, const char *unit,
			  sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	return sd_bus_call_method_async(bus->bus, ret_slot, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, method, handler, data, "s", unit);
}

int service_bus_ask_reload(struct service_bus *bus, sd_bus_message_handler_t handler, void *data,
			   sd_bus_slot **ret_slot)
{
	return sd_bus_call_method_async(bus->bus, ret_slot, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, "Reload", handler, data, NULL);
}

int service_bus_ask_job_state(struct service_bus *bus, const char *path,
			      sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	return sd_bus_call_method_async(bus->bus, ret_slot, SYSTEMD_NAME, path,
					BUS_DRIVER ".Properties", "Get", handler, data, "ss",
					SYSTEMD_NAME ".Job", "State");
}

int service_bus_ask_names(struct service_bus *bus, const char *names,
			  sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	scoped(service_bus_unref) sd_bus_message *call = NULL;
	scoped_ptr char *copy = strdup(names);
	char *rest = NULL;
	int r = copy ? service_bus_call(bus, "ListUnitsByNames", &call) : -ENOMEM;

	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "s");
	for (char *name = r < 0 ? NULL : strtok_r(copy, " ", &rest); name && r >= 0;
	     name = strtok_r(NULL, " ", &rest))
		r = sd_bus_message_append(call, "s", name);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	return r < 0 ? r : service_bus_send(bus, call, handler, data, ret_slot);
}

int service_bus_ask_patterns(struct service_bus *bus, const char *method, char **patterns,
			     sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	scoped(service_bus_unref) sd_bus_message *call = NULL;
	int r = service_bus_call(bus, method, &call);

	if (r >= 0)
		r = sd_bus_message_append_strv(call, NULL);
	if (r >= 0)
		r = sd_bus_message_append_strv(call, patterns);
	return r < 0 ? r : service_bus_send(bus, call, handler, data, ret_slot);
}

int service_bus_ask_scope(struct service_bus *bus, const char *name, const char *description,
			  uint32_t pid, sd_bus_message_handler_t handler, void *data,
			  sd_bus_slot **ret_slot)
{
	return sd_bus_call_method_async(bus->bus, ret_slot, SYSTEMD_NAME, SYSTEMD_PATH,
					SYSTEMD_MANAGER, "StartTransientUnit", handler, data,
					"ssa(sv)a(sa(sv))", name, "fail", 3, "Description", "s",
					description, "PIDs", "au", 1, pid, "CollectMode", "s",
					"inactive-or-failed", 0);
}
