/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The message is systemd's and trusted, but types and
 * lengths are checked all the same: one table tells what is expected.
 */
#include "monitor/systemd/unit_state.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "monitor/text.h"

struct property {
	const char *name;
	const char
		*type; /* "o" is taken out of Job's pair, "ay" is the invocation; sockets of "as" */
	size_t offset, size;
};

#define PROPERTY(name_, type_, field) \
	{ \
		.name = (name_), .type = (type_), .offset = offsetof(struct unit_state, field), \
		.size = sizeof(((struct unit_state *)0)->field) \
	}

static const struct property properties[] = {
	PROPERTY("Id", "s", id),
	PROPERTY("LoadState", "s", load),
	PROPERTY("ActiveState", "s", active),
	PROPERTY("SubState", "s", sub),
	PROPERTY("UnitFileState", "s", file_state),
	PROPERTY("Result", "s", result),
	PROPERTY("Job", "(uo)", job),
	PROPERTY("TriggeredBy", "as", sockets),
	PROPERTY("NeedDaemonReload", "b", need_reload),
	PROPERTY("NRestarts", "u", restarts),
	PROPERTY("InvocationID", "ay", invocation),
	PROPERTY("MainPID", "u", main_pid),
	PROPERTY("ExecMainCode", "i", exit_code),
	PROPERTY("ExecMainStatus", "i", exit_status),
};

static const struct property *find_property(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (strcmp(properties[i].name, name) == 0)
			return &properties[i];
	return NULL;
}

static int read_text(sd_bus_message *message, const struct property *property, char *to)
{
	const char *text;
	uint32_t id;
	int r;

	if (property->type[0] == '(')
		r = sd_bus_message_read(message, "(uo)", &id, &text);
	else
		r = sd_bus_message_read(message, "s", &text);
	if (r < 0)
		return r;
	text_copy(to, property->size, text, strlen(text));
	return 0;
}

static int read_invocation(sd_bus_message *message, const struct property *property, uint8_t *to)
{
	const void *bytes;
	size_t size;
	int r = sd_bus_message_read_array(message, 'y', &bytes, &size);

	if (r < 0)
		return r;
	/* empty for a unit that has never run */
	if (size == property->size)
		memcpy(to, bytes, size);
	return 0;
}

/* A name that does not fit is left out. */
static void add_name(char *names, size_t size, const char *name)
{
	size_t used = strlen(names), length = strlen(name);

	if (used + (used > 0) + length + 1 > size)
		return;
	if (used > 0)
		names[used++] = ' ';
	text_copy(names + used, size - used, name, length);
}

static int read_sockets(sd_bus_message *message, const struct property *property, char *to)
{
	static const char suffix[] = ".socket";
	const size_t suffix_length = sizeof(suffix) - 1;
	const char *name;
	int r = sd_bus_message_enter_container(message, 'a', "s");

	to[0] = '\0';
	while (r >= 0 && (r = sd_bus_message_read(message, "s", &name)) > 0) {
		size_t length = strlen(name);

		if (length > suffix_length && strcmp(name + length - suffix_length, suffix) == 0)
			add_name(to, property->size, name);
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_value(sd_bus_message *message, const struct property *property,
		      struct unit_state *state)
{
	char *to = (char *)state + property->offset;
	int r;

	r = sd_bus_message_enter_container(message, 'v', property->type);
	if (r < 0)
		return r;
	switch (property->type[0]) {
	case 's':
	case '(':
		r = read_text(message, property, to);
		break;
	case 'a':
		r = property->type[1] == 's' ? read_sockets(message, property, to)
					     : read_invocation(message, property, (uint8_t *)to);
		break;
	default:
		r = sd_bus_message_read_basic(message, property->type[0], to);
		break;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_property(sd_bus_message *message, struct unit_state *state)
{
	const struct property *property;
	const char *name;
	int r = sd_bus_message_read(message, "s", &name);

	if (r < 0)
		return r;
	property = find_property(name);
	return property ? read_value(message, property, state) : sd_bus_message_skip(message, "v");
}

static int read_properties(sd_bus_message *message, struct unit_state *state)
{
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = read_property(message, state);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	return r < 0 ? r : 0;
}

int unit_state_read(sd_bus_message *message, struct unit_state *ret_state)
{
	struct unit_state state = { .id = "" };
	int r = read_properties(message, &state);

	if (r < 0)
		return r;
	if (state.id[0] == '\0' || state.load[0] == '\0' || state.active[0] == '\0')
		return -EBADMSG;
	*ret_state = state;
	return 0;
}

int unit_state_update(sd_bus_message *message, struct unit_state *state, bool *ret_is_whole)
{
	struct unit_state next = *state;
	const char *interface;
	int r = sd_bus_message_read(message, "s", &interface);

	if (r >= 0)
		r = read_properties(message, &next);
	if (r < 0)
		return r;
	*state = next;
	*ret_is_whole = strcmp(interface, "org.freedesktop.systemd1.Unit") == 0;
	return 0;
}

int unit_names_active(sd_bus_message *message, char *names, size_t size)
{
	const char *name, *active;
	int r = sd_bus_message_enter_container(message, 'a', "(ssssssouso)");

	names[0] = '\0';
	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'r', "ssssssouso")) > 0) {
		r = sd_bus_message_read(message, "ssss", &name, NULL, NULL, &active);
		if (r >= 0 && !unit_state_is_down(active))
			add_name(names, size, name);
		if (r >= 0)
			r = sd_bus_message_skip(message, "ssouso");
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	return r < 0 ? r : 0;
}

int32_t unit_state_exit(const struct unit_state *state)
{
	if (state->exit_code == CLD_KILLED || state->exit_code == CLD_DUMPED)
		return 128 + state->exit_status;
	return state->exit_status;
}

bool unit_state_is_down(const char *active)
{
	return strcmp(active, "inactive") == 0 || strcmp(active, "failed") == 0;
}

bool unit_state_started(const struct unit_state *before, const struct unit_state *after)
{
	return memcmp(before->invocation, after->invocation, UNIT_INVOCATION_SIZE) != 0;
}

bool unit_state_failed(const struct unit_state *state)
{
	return strcmp(state->active, "failed") == 0 || strcmp(state->sub, "auto-restart") == 0;
}
