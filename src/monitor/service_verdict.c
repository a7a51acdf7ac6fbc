/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Judges what systemd said, and has no other input. A call
 * has gone well only if job and unit both did.
 */
#include "monitor/service_verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "monitor/text.h"

#define DBUS_ERROR "org.freedesktop.DBus.Error."
#define SYSTEMD_ERROR "org.freedesktop.systemd1."

void verdict_set(struct verdict *verdict, enum job_outcome outcome, int error, const char *format,
		 ...)
{
	char text[2 * sizeof(verdict->detail)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	text_copy(verdict->detail, sizeof(verdict->detail), text, strlen(text));
	verdict->outcome = outcome;
	verdict->error = error;
}

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

bool verdict_is_lost(const sd_bus_error *error)
{
	static const char *const names[] = {
		DBUS_ERROR "NoReply",        DBUS_ERROR "Disconnected", DBUS_ERROR "ServiceUnknown",
		DBUS_ERROR "NameHasNoOwner", DBUS_ERROR "NoServer",     DBUS_ERROR "Timeout",
		DBUS_ERROR "TimedOut",
	};
	static const char spawn[] = DBUS_ERROR "Spawn.";

	return is_one_of(error->name, names, ARRAY_SIZE(names)) ||
	       strncmp(error->name, spawn, sizeof(spawn) - 1) == 0;
}

void verdict_of_refusal(struct verdict *verdict, const sd_bus_error *error)
{
	static const char *const unknown[] = {
		SYSTEMD_ERROR "NoSuchUnit",
		DBUS_ERROR "UnknownObject",
		DBUS_ERROR "InvalidArgs",
	};
	bool no_unit = is_one_of(error->name, unknown, ARRAY_SIZE(unknown));

	verdict_set(verdict, no_unit ? JOB_NO_UNIT : JOB_FAILED, 0, "%s",
		    error->message ? error->message : error->name);
}

void verdict_of_status(struct verdict *verdict, const struct unit_state *state)
{
	if (strcmp(state->load, "not-found") == 0)
		verdict_set(verdict, JOB_NO_UNIT, 0, "Unit %s not found.", state->id);
	else
		verdict_set(verdict, JOB_DONE, 0, "%s", "");
}

static bool wants_active(enum service_verb verb)
{
	return verb == SERVICE_START || verb == SERVICE_RESTART || verb == SERVICE_RELOAD;
}

void verdict_of_job(struct verdict *verdict, enum service_verb verb, const char *job_result,
		    const struct unit_state *after)
{
	const char *word = service_verb_word(verb);

	if (strcmp(job_result, "done") != 0)
		verdict_set(verdict, JOB_FAILED, 0, "The %s job of %s ended with: %s.", word,
			    after->id, job_result);
	else if (wants_active(verb) && unit_state_failed(after))
		verdict_set(verdict, JOB_FAILED, 0, "The %s job was done, but %s is %s (%s) now.",
			    word, after->id, after->active, after->sub);
	else
		verdict_set(verdict, JOB_DONE, 0, "%s", "");
}

void verdict_of_traces(struct verdict *verdict, enum service_verb verb,
		       const struct unit_state *before, const struct unit_state *after)
{
	bool ran = memcmp(before->invocation, after->invocation, UNIT_INVOCATION_SIZE) != 0;
	bool active = strcmp(after->active, "active") == 0;
	bool down = strcmp(after->active, "inactive") == 0 || strcmp(after->active, "failed") == 0;
	bool again = verb == SERVICE_START || verb == SERVICE_RESTART;

	if ((verb == SERVICE_STOP && down) || (verb == SERVICE_START && active) ||
	    (verb == SERVICE_RESTART && active && ran))
		verdict_set(verdict, JOB_DONE, 0,
			    "The connection to systemd broke meanwhile; %s is %s now.", after->id,
			    after->active);
	else if (again && ran && unit_state_failed(after))
		verdict_set(verdict, JOB_FAILED, 0,
			    "The connection to systemd broke meanwhile; %s is %s now.", after->id,
			    after->active);
	else
		verdict_set(verdict, JOB_UNAVAILABLE, ECONNRESET,
			    "The connection to systemd broke before the %s job of %s ended; "
			    "its result is not known.",
			    service_verb_word(verb), after->id);
}
