/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: packages. What a call does beyond the packages that it
 * names is known to the monitor only, which judges it; here the names are.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/policy_rule.h"
#include "common/report.h"
#include "engine/engine.h"
#include "engine/method.h"

/* "" stands for what there is not. */
static struct json_object *text_or_null(const char *text)
{
	return text[0] ? json_new_text(text) : NULL;
}

static struct json_object *row_of(const struct package_row *row, enum package_verb verb)
{
	struct json_object *item = json_new_object();

	json_put(item, "name", json_new_text(row->name));
	if (verb == PACKAGE_STATUS) {
		json_put(item, "state", json_new_text(row->state));
		json_put(item, "version", text_or_null(row->version));
		json_put(item, "candidate", text_or_null(row->candidate));
	} else {
		json_put(item, "action", json_new_text(row->action));
		json_put(item, "before", text_or_null(row->before));
		json_put(item, "version", text_or_null(row->version));
	}
	return item;
}

/* A call that failed may have changed nothing, and then there need be no report. */
static int read_rows(int fd, enum package_verb verb, struct json_object *list)
{
	scoped_reader reader = { 0 };
	struct package_row row;
	int r = report_open(fd, REPORT_PACKAGE, &reader);

	if (r < 0)
		return r;
	while ((r = report_next_package_row(&reader, &row)) > 0)
		if (json_append(list, row_of(&row, verb)) < 0)
			return -ENOMEM;
	return r;
}

static struct json_object *data_of_call(enum package_verb verb, const char *names)
{
	struct json_object *data = json_new_object();

	json_put(data, "verb", json_new_string(package_verb_word(verb)));
	json_put(data, "names", pending_split(names, ' '));
	return data;
}

static void answer(const struct pending *pending, struct json_object *list)
{
	struct json_object *result = list;

	if (pending->verb != PACKAGE_STATUS) {
		result = json_new_object();
		json_put(result, "changed", list);
	}
	if (call_result(pending->call, result) < 0)
		pending->call->engine->stream.ended = true;
}

static void answer_failure(const struct pending *pending, const struct msg_data *end,
			   struct json_object *changed)
{
	struct json_object *data = data_of_call(pending->verb, pending->subject);

	json_put(data, "exit_status", json_new_int(end->exit_status));
	json_put(data, "changed", changed);
	json_put(data, "log", pending_split(end->log, '\n'));
	call_error(pending->call, EXM_ERROR_PACKAGE_FAILED, data, "%s of %.300s failed%s%s",
		   pending->call->method, pending->subject[0] ? pending->subject : "packages",
		   end->detail[0] ? ": " : "", end->detail);
}

/* name: the one that may not, or NULL for none in particular */
static int denied(struct call *call, enum package_verb verb, const char *names, const char *name)
{
	scoped_rule rule = { 0 };
	struct json_object *data;

	if (policy_rule_package(call->engine->policy, verb, name, &rule) < 0)
		return call_no_memory(call);
	data = data_of_call(verb, names);
	json_put(data, "package", json_new_bytes(name));
	return call_denied(call, data, rule.key, rule.line,
			   "%s of %s is not allowed; it would need %s", package_verb_word(verb),
			   name ? name : "packages", rule.line ? rule.line : "another policy");
}

static struct json_object *refusal_of(const struct refusal_row *row)
{
	struct json_object *item = data_of("package", row->package);

	json_put(item, "would", json_new_text(row->would));
	data_put_rule(item, row->rule[0] ? "Allow" : NULL, row->rule[0] ? row->rule : NULL);
	return item;
}

/* What it would have done, and to whom; the first of them is told like that of an early no. */
static void answer_refused(const struct pending *pending, const struct msg_data *end, int fd)
{
	struct json_object *data = data_of_call(pending->verb, pending->subject);
	struct json_object *list = json_new_array(), *first;
	scoped_reader reader = { 0 };
	struct refusal_row row;
	int r = fd < 0 ? 0 : report_open(fd, REPORT_REFUSAL, &reader);

	while (fd >= 0 && r >= 0 && (r = report_next_refusal_row(&reader, &row)) > 0)
		json_append(list, refusal_of(&row));
	first = json_at(list, 0);
	json_put(data, "package", json_share(json_get(first, "package")));
	json_put(data, "refused", list);
	json_put(data, "detail", json_new_text(end->detail));
	call_denied(pending->call, data, json_string(json_get(first, "key"), NULL),
		    json_string(json_get(first, "rule"), NULL), "%s of %.300s is not allowed: %s",
		    pending->call->method, pending->subject[0] ? pending->subject : "packages",
		    end->detail);
}

/* The monitor knows what the names may, exmachina-run what would come of them. */
static void answer_denied(const struct pending *pending, const struct msg_data *end, int fd)
{
	if (fd >= 0 || (end->detail[0] && !policy_package_name_valid(end->detail)))
		answer_refused(pending, end, fd);
	else
		denied(pending->call, pending->verb, pending->subject,
		       end->detail[0] ? end->detail : NULL);
}

static void verb_done(const struct pending *pending, const struct message *event, int fd)
{
	const struct msg_data *end = &event->data;
	struct json_object *list, *data;
	int r = 0;

	if (end->outcome == JOB_DONE || end->outcome == JOB_FAILED) {
		list = json_new_array();
		if (fd >= 0 || end->outcome == JOB_DONE)
			r = read_rows(fd, pending->verb, list);
		if (r < 0) {
			json_free(list);
			call_internal(pending->call, "read the report", r);
		} else if (end->outcome == JOB_DONE) {
			answer(pending, list);
		} else {
			answer_failure(pending, end, list);
		}
		return;
	}
	if (end->outcome == JOB_NO_UNIT) {
		call_error(pending->call, EXM_ERROR_NO_MATCH, data_of("package", end->detail),
			   "there is no package %.200s", end->detail);
		return;
	}
	if (end->outcome == JOB_DENIED) {
		answer_denied(pending, end, fd);
		return;
	}
	data = data_of_call(pending->verb, pending->subject);
	pending_refuse(pending, end->outcome, end->error, end->detail, data);
}

static const struct pending_family family = {
	.end = MON_DATA,
	.finish = verb_done,
	.progress = "package.progress",
};

/* The names, one blank apart, if each can be one and may be worked on. */
static int take_names(struct call *call, const struct argument_list *list, enum package_verb verb,
		      char names[static MESSAGE_NAME_MAX + 1])
{
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		const char *name = list->item[i];

		if (!policy_package_name_valid(name))
			return call_error(call, EXM_ERROR_BAD_VALUE, data_of("package", name),
					  "%.200s is not the name of a package", name);
		if (used + strlen(name) + 1 > MESSAGE_NAME_MAX)
			return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "names"),
					  "%s: the names have more than %d bytes", call->method,
					  MESSAGE_NAME_MAX);
		used += (size_t)sprintf(names + used, "%s%s", used ? " " : "", name);
	}
	for (size_t i = 0; i < list->count; i++)
		if (!policy_package_allows(call->engine->policy, verb, list->item[i]))
			return denied(call, verb, names, list->item[i]);
	return 0;
}

int package_verb(struct call *call, const struct arguments *a, enum package_verb verb)
{
	char names[MESSAGE_NAME_MAX + 1];
	struct msg_package request = { .verb = (uint8_t)verb };
	struct pending *pending;

	if (argument_given(a, PARAM_names) && a->names.count == 0)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "names"),
				  "%s: names has no name in it", call->method);
	if (take_names(call, &a->names, verb, names) < 0)
		return -1;
	if (a->names.count == 0 && !policy_package_allows(call->engine->policy, verb, NULL))
		return denied(call, verb, names, NULL);
	if (arguments_timeout(call, a, &request.timeout_ms) < 0)
		return -1;
	pending = pending_keep(call, &family, verb, names, a->progress);
	if (!pending)
		return -1;
	request.ticket = pending->ticket;
	request.progress = pending->progress;
	request.names = pending->subject;
	return pending_sent(pending, mon_package(&call->engine->mon, &request));
}
