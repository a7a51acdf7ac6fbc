/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The unit's name comes from the engine, and the policy has
 * allowed the verb for it, and with `pair` for its other half; systemd is
 * trusted. Whatever is asked again after a loss does no harm the second time.
 */
#include "monitor/systemd/service_action.h"

#include <errno.h>
#include <string.h>

#include "monitor/systemd/service_job.h"
#include "monitor/systemd/service_pair.h"
#include "monitor/systemd/service_unit_file.h"
#include "monitor/text.h"

static void do_verb(struct service_action *action);

/* An error is told, and the action is over. */
static bool refused(struct service_action *action, sd_bus_message *message)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);

	action->slot = sd_bus_slot_unref(action->slot);
	if (error)
		action->events->refused(error, action->data);
	return error != NULL;
}

static void broken(struct service_action *action, int r)
{
	action->events->broken(
		-r, r == -EBADMSG ? "systemd's answer makes no sense" : "systemd can't be asked",
		action->data);
}

/* ---- jobs -------------------------------------------------------------------- */

void service_action_wait(struct service_action *action, const char *path)
{
	const char *result = service_removed_result(action->service, path);

	if (path != action->path)
		text_copy(action->path, sizeof(action->path), path, strlen(path));
	action->waiting = true;
	if (result)
		service_action_removed(action, path, result);
	else if (action->asked)
		action->events->waits(action->path, action->data);
}

static int on_job(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_action *action = data;
	const char *path;

	(void)error;
	if (refused(action, message))
		return 0;
	if (sd_bus_message_read(message, "o", &path) < 0 || strlen(path) >= sizeof(action->path))
		broken(action, -EBADMSG);
	else
		service_action_wait(action, path);
	return 0;
}

static void ask_job(struct service_action *action, enum service_verb verb, const char *unit,
		    sd_bus_message_handler_t handler)
{
	struct service_bus *bus;
	int r = service_connect(action->service, &bus);

	if (r >= 0)
		r = service_bus_ask_job(bus, service_verb_method(verb), unit, handler, action,
					&action->slot);
	if (r < 0)
		broken(action, r);
}

/* ---- the other half ---------------------------------------------------------------- */

/* Its job is not waited for: systemd starts no socket before the service has stopped. */
static int on_service_stopping(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_action *action = data;

	(void)error;
	if (!refused(action, message))
		do_verb(action);
	return 0;
}

/* A socket that listens could start the service in the midst of it all. */
static void on_socket_stopped(struct service_action *action, const char *result)
{
	const bool own = action->verb == SERVICE_RESTART;

	if (strcmp(result, "done") != 0)
		action->events->blocked(own ? action->unit : action->other, result, action->data);
	else if (own)
		ask_job(action, SERVICE_STOP, action->other, on_service_stopping);
	else
		do_verb(action);
}

static int on_other_half(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_action *action = data;
	char active[UNIT_NAME_SIZE];
	int r;

	(void)error;
	if (refused(action, message))
		return 0;
	r = unit_names_active(message, active, sizeof(active));
	if (r < 0)
		broken(action, -EBADMSG);
	else if (active[0] == '\0')
		do_verb(action);
	else
		ask_job(action, SERVICE_STOP,
			action->verb == SERVICE_RESTART ? action->unit : action->other, on_job);
	return 0;
}

static void begin_pair(struct service_action *action)
{
	struct service_bus *bus;
	uint32_t any_of;
	int r;

	if (!action->pair || !service_pair(action->verb, action->unit, action->other, &any_of)) {
		do_verb(action);
		return;
	}
	r = service_connect(action->service, &bus);
	if (r >= 0)
		r = service_bus_ask_names(bus, action->other, on_other_half, action, &action->slot);
	if (r < 0)
		broken(action, r);
}

/* ---- what is no job ------------------------------------------------------------------ */

static int on_read_anew(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_action *action = data;

	(void)error;
	if (!refused(action, message))
		action->events->ended(action->data);
	return 0;
}

static int on_plain(sd_bus_message *message, void *data, sd_bus_error *error)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	struct service_action *action = data;

	(void)error;
	/* systemd forgets what is neither active nor failed: there is nothing to reset */
	if (refusal && sd_bus_error_has_name(refusal, SYSTEMD_NAME ".NoSuchUnit"))
		action->events->ended(action->data);
	else if (!refused(action, message))
		action->events->ended(action->data);
	return 0;
}

static void read_files(struct service_action *action, sd_bus_message_handler_t handler)
{
	struct service_bus *bus;
	int r = service_connect(action->service, &bus);

	if (r >= 0)
		r = service_bus_ask_reload(bus, handler, action, &action->slot);
	if (r < 0)
		broken(action, r);
}

static int on_unit_file(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_action *action = data;
	char changes[sizeof(action->changes)];
	int r;

	(void)error;
	if (refused(action, message))
		return 0;
	r = service_unit_file_read(message, action->verb, changes, sizeof(changes),
				   &action->useless);
	if (r < 0) {
		broken(action, -EBADMSG);
		return 0;
	}
	/* asked again after a loss, systemd has nothing left to change */
	if (changes[0] != '\0')
		memcpy(action->changes, changes, sizeof(changes));
	read_files(action, on_read_anew);
	return 0;
}

static void ask_other(struct service_action *action)
{
	struct service_bus *bus;
	int r = service_connect(action->service, &bus);

	if (r < 0)
		;
	else if (service_verb_kind(action->verb) == VERB_UNIT_FILE)
		r = service_unit_file_ask(bus, action->verb, action->unit, on_unit_file, action,
					  &action->slot);
	else
		r = service_bus_ask_plain(bus, service_verb_method(action->verb), action->unit,
					  on_plain, action, &action->slot);
	if (r < 0)
		broken(action, r);
}

/* ---- the order ------------------------------------------------------------------------ */

static void do_verb(struct service_action *action)
{
	action->path[0] = '\0';
	action->asked = true;
	if (service_verb_kind(action->verb) == VERB_JOB)
		ask_job(action, action->verb, action->unit, on_job);
	else
		ask_other(action);
}

static int on_read_first(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct service_action *action = data;

	(void)error;
	if (!refused(action, message))
		begin_pair(action);
	return 0;
}

void service_action_begin(struct service_action *action, bool reload)
{
	if (reload && service_verb_kind(action->verb) == VERB_JOB)
		read_files(action, on_read_first);
	else
		begin_pair(action);
}

void service_action_removed(struct service_action *action, const char *path, const char *result)
{
	if (!action->waiting || strcmp(action->path, path) != 0)
		return;
	action->waiting = false;
	if (!action->asked) {
		on_socket_stopped(action, result);
		return;
	}
	text_copy(action->job_result, sizeof(action->job_result), result, strlen(result));
	action->events->ended(action->data);
}

void service_action_stop(struct service_action *action)
{
	action->slot = sd_bus_slot_unref(action->slot);
	action->waiting = false;
}
