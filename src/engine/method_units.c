/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: service.list and service.log, whose answers the monitor
 * gives as reports. What units say of themselves in them is anybody's text.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/report.h"
#include "engine/engine.h"
#include "engine/method.h"
#include "engine/unit_right.h"
#include "engine/when.h"

enum { LOG_LINES_DEFAULT = 20 };

/* A text that has to fit into a message. */
static int check_length(struct call *call, enum parameter parameter, const char *text)
{
	if (strlen(text) <= MESSAGE_TEXT_MAX)
		return 0;
	return call_error(call, EXM_ERROR_BAD_VALUE,
			  data_of("parameter", parameter_name(parameter)),
			  "%s: %s has more than %d bytes", call->method, parameter_name(parameter),
			  MESSAGE_TEXT_MAX);
}

static void answer(struct call *call, int r, struct json_object *result)
{
	if (r < 0) {
		json_free(result);
		call_internal(call, "read the report", r);
	} else if (call_result(call, result) < 0) {
		call->engine->stream.ended = true;
	}
}

/* ---- service.list ---- */

static int read_units(int fd, struct json_object *list)
{
	scoped_reader reader = { 0 };
	struct unit_row row;
	int r = report_open(fd, REPORT_UNIT, &reader);

	if (r < 0)
		return r;
	while ((r = report_next_unit_row(&reader, &row)) > 0) {
		struct json_object *item = json_new_object();

		json_put(item, "unit", json_new_text(row.unit));
		json_put(item, "description", json_new_text(row.description));
		json_put(item, "load", json_new_text(row.load_state));
		json_put(item, "active", json_new_text(row.active_state));
		json_put(item, "sub", json_new_text(row.sub_state));
		json_put(item, "file_state", json_new_text(row.file_state));
		if (json_append(list, item) < 0)
			return -ENOMEM;
	}
	return r;
}

static void list_done(const struct pending *pending, const struct message *event, int fd)
{
	const struct msg_data *data = &event->data;
	struct json_object *list;

	if (data->outcome != JOB_DONE) {
		pending_refuse(pending, data->outcome, data->error, data->detail,
			       json_new_object());
		return;
	}
	list = json_new_array();
	answer(pending->call, read_units(fd, list), list);
}

static const struct pending_family list_family = { .end = MON_DATA, .finish = list_done };

int service_list(struct call *call, const struct arguments *a)
{
	struct msg_units request = { .glob = a->glob ? a->glob : "*" };
	struct pending *pending;

	if (check_length(call, PARAM_glob, request.glob) < 0)
		return -1;
	pending = pending_keep(call, &list_family, 0, NULL, false);
	if (!pending)
		return -1;
	request.ticket = pending->ticket;
	return pending_sent(pending, mon_units(&call->engine->mon, &request));
}

/* ---- service.log ---- */

static int read_lines(int fd, struct json_object *result)
{
	scoped_reader reader = { 0 };
	struct json_object *lines = json_new_array();
	struct line_row row;
	int r = report_open(fd, REPORT_LINE, &reader);

	json_put(result, "lines", lines);
	if (r < 0)
		return r;
	while ((r = report_next_line_row(&reader, &row)) > 0) {
		struct json_object *line = json_new_object();

		json_put(line, "time", when_json(row.usec));
		json_put(line, "priority", json_new_int(row.priority));
		json_put(line, "pid", json_new_int(row.pid));
		json_put(line, "identifier", json_new_text(row.identifier));
		json_put(line, "message", json_new_text(row.text));
		if (json_append(lines, line) < 0)
			return -ENOMEM;
	}
	if (r == 0)
		json_put(result, "cursor", json_new_text(reader.trailer));
	return r;
}

static void log_done(const struct pending *pending, const struct message *event, int fd)
{
	const struct msg_data *data = &event->data;
	struct json_object *result = data_of("unit", pending->subject);

	if (data->outcome == JOB_DONE)
		answer(pending->call, read_lines(fd, result), result);
	else
		pending_refuse(pending, data->outcome, data->error, data->detail, result);
}

static const struct pending_family log_family = { .end = MON_DATA, .finish = log_done };

int service_log(struct call *call, const struct arguments *a)
{
	const struct policy *policy = call->engine->policy;
	scoped_ptr char *unit = NULL;
	int64_t lines = argument_given(a, PARAM_lines) ? a->lines : LOG_LINES_DEFAULT, most;
	struct msg_log request = { .cursor = a->after };
	struct pending *pending;
	ssize_t entry = unit_right_log(call, a->unit, &unit);

	if (entry < 0)
		return -1;
	if (lines < 1)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "lines"),
				  "%s: lines is a number, 1 or more", call->method);
	if (a->after && check_length(call, PARAM_after, a->after) < 0)
		return -1;
	pending = pending_keep(call, &log_family, 0, unit, false);
	if (!pending)
		return -1;
	most = policy_log_lines(&policy->logs[entry]);
	request.ticket = pending->ticket;
	request.entry = (uint32_t)entry;
	request.lines = (uint32_t)(lines < most ? lines : most);
	request.unit = pending->subject;
	return pending_sent(pending, mon_log(&call->engine->mon, &request));
}
