/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: systemd's interface for unit files. The message is
 * systemd's and trusted; what its texts may look like is not assumed.
 */
#include "monitor/systemd/service_unit_file.h"

#include <stdio.h>
#include <string.h>

#include "monitor/text.h"

enum { CHANGE_SIZE = 1024 };

int service_unit_file_ask(struct service_bus *bus, enum service_verb verb, const char *unit,
			  sd_bus_message_handler_t handler, void *data, sd_bus_slot **ret_slot)
{
	const bool can_force = verb == SERVICE_ENABLE || verb == SERVICE_MASK;
	scoped(service_bus_unref) sd_bus_message *call = NULL;
	int r = service_bus_call(bus, service_verb_method(verb), &call);

	if (r >= 0)
		r = sd_bus_message_append(call, "asb", 1, unit, /* runtime */ 0);
	if (r >= 0 && can_force)
		r = sd_bus_message_append(call, "b", /* force */ 0);
	return r < 0 ? r : service_bus_send(bus, call, handler, data, ret_slot);
}

/* A line that does not fit is left out, as are all after it. */
static size_t add_change(char *changes, size_t size, size_t used, const char *kind,
			 const char *link, const char *target)
{
	char line[CHANGE_SIZE], text[CHANGE_SIZE];
	size_t length;

	snprintf(line, sizeof(line), "%s %s%s%s", kind, link, target[0] ? " -> " : "", target);
	length = text_copy(text, sizeof(text), line, strlen(line));
	if (length + 2 > size - used)
		return size;
	for (char *at = text; (at = strchr(at, '\n')) != NULL;)
		*at = '?';
	memcpy(changes + used, text, length);
	memcpy(changes + used + length, "\n", 2);
	return used + length + 1;
}

int service_unit_file_read(sd_bus_message *message, enum service_verb verb, char *changes,
			   size_t size, bool *ret_useless)
{
	const char *kind, *link, *target;
	int has_install = 1, r = 0;
	size_t used = 0;

	changes[0] = '\0';
	if (verb == SERVICE_ENABLE)
		r = sd_bus_message_read(message, "b", &has_install);
	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'a', "(sss)");
	while (r >= 0 && (r = sd_bus_message_read(message, "(sss)", &kind, &link, &target)) > 0)
		if (used < size)
			used = add_change(changes, size, used, kind, link, target);
	if (r < 0)
		return r;
	*ret_useless = !has_install && changes[0] == '\0';
	return 0;
}
