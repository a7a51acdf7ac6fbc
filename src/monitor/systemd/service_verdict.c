/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Judges what systemd said, and has no other input. A call
 * has gone well only if job and unit both did.
 */
#include "monitor/systemd/service_verdict.h"

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

/* After a try_restart of what did not run nothing has been tried. */
static bool wants_active(enum service_verb verb, bool started)
{
	switch (verb) {
	case SERVICE_START:
	case SERVICE_RESTART:
	case SERVICE_RELOAD:
	case SERVICE_RELOAD_OR_RESTART:
		return true;
	case SERVICE_TRY_RESTART:
		return started;
	default:
		return false;
	}
}

void verdict_of_job(struct verdict *verdict, enum service_verb verb, const char *job_result,
		    const struct unit_state *before, const struct unit_state *after)
{
	const char *word = service_verb_word(verb);

	if (strcmp(job_result, "done") != 0)
		verdict_set(verdict, JOB_FAILED, 0, "The %s job of %s ended with: %s.", word,
			    after->id, job_result);
	else if (wants_active(verb, unit_state_started(before, after)) && unit_state_failed(after))
		verdict_set(verdict, JOB_FAILED, 0, "The %s job was done, but %s is %s (%s) now.",
			    word, after->id, after->active, after->sub);
	else
		verdict_set(verdict, JOB_DONE, 0, "%s", "");
}

void verdict_of_change(struct verdict *verdict, enum service_verb verb,
		       const struct unit_state *before)
{
	/* a unit may have failed whose file has gone since */
	if (verb == SERVICE_RESET_FAILED && !unit_state_failed(before))
		verdict_of_status(verdict, before);
	else
		verdict_set(verdict, JOB_DONE, 0, "%s", "");
}

void verdict_of_useless(struct verdict *verdict, const struct unit_state *state)
{
	verdict_set(verdict, JOB_FAILED, 0,
		    "%s has no [Install] section, so there is nothing to enable: other units "
		    "start it.",
		    state->id);
}

static bool is_up(const struct unit_state *state)
{
	return strcmp(state->active, "active") == 0 || strcmp(state->active, "reloading") == 0;
}

bool verdict_is_settling(enum service_verb verb, const struct unit_state *after)
{
	return service_verb_kind(verb) == VERB_JOB && verb != SERVICE_STOP && is_up(after);
}

bool verdict_of_settling(struct verdict *verdict, const struct unit_state *then,
			 const struct unit_state *now, uint64_t after_usec)
{
	double seconds = (double)after_usec / 1e6;

	if (!is_up(now))
		verdict_set(verdict, JOB_FAILED, 0, "%s was up, but is %s (%s) %.1f s later.",
			    now->id, now->active, now->sub, seconds);
	else if (now->restarts != then->restarts || unit_state_started(then, now))
		verdict_set(verdict, JOB_FAILED, 0,
			    "%s was up, but has ended and was started again within %.1f s.",
			    now->id, seconds);
	else
		return true;
	return false;
}

void verdict_of_traces(struct verdict *verdict, enum service_verb verb,
		       const struct unit_state *before, const struct unit_state *after)
{
	bool ran = unit_state_started(before, after);
	bool active = strcmp(after->active, "active") == 0;
	bool again = verb == SERVICE_RESTART || verb == SERVICE_TRY_RESTART ||
		     verb == SERVICE_RELOAD_OR_RESTART;

	if ((verb == SERVICE_STOP && unit_state_is_down(after->active)) ||
	    (verb == SERVICE_START && active) || (again && active && ran))
		verdict_set(verdict, JOB_DONE, 0,
			    "The connection to systemd broke meanwhile; %s is %s now.", after->id,
			    after->active);
	else if ((again || verb == SERVICE_START) && ran && unit_state_failed(after))
		verdict_set(verdict, JOB_FAILED, 0,
			    "The connection to systemd broke meanwhile; %s is %s now.", after->id,
			    after->active);
	else
		verdict_set(verdict, JOB_UNAVAILABLE, ECONNRESET,
			    "The connection to systemd broke before the %s job of %s ended; "
			    "its result is not known.",
			    service_verb_word(verb), after->id);
}
