/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: the table of methods, and the way from hostile JSON
 * parameters to the typed arguments that handlers see.
 */
#include "engine/method.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/policy.h"

#define REQUIRED(name) \
	{ \
		PARAM_##name, true \
	}
#define OPTIONAL(name) \
	{ \
		PARAM_##name, false \
	}

/* One handler for each verb and item. */
#define X(name, word, kind, method) \
	static int service_##name(struct call *call, const struct arguments *a) \
	{ \
		return service_verb(call, a, SERVICE_##name); \
	}
SERVICE_VERBS(X)
#undef X
#define X(name, word) \
	static int package_##name(struct call *call, const struct arguments *a) \
	{ \
		return package_verb(call, a, PACKAGE_##name); \
	}
PACKAGE_VERBS(X)
#undef X
#define X(name, word) \
	static int system_##name(struct call *call, const struct arguments *a) \
	{ \
		return system_set(call, a, SYSTEM_##name); \
	}
SYSTEM_ITEMS(X)
#undef X

const struct method methods[] = {
	{ "session.hello",
	  session_hello,
	  METHOD_BEFORE_AUTH,
	  { OPTIONAL(client), OPTIONAL(protocol) } },
	{ "session.authenticate", session_authenticate, METHOD_BEFORE_AUTH, { REQUIRED(secret) } },
	{ "session.info", session_info, METHOD_READS, { { 0 } } },
	{ "session.methods", session_methods, METHOD_READS, { { 0 } } },
	{ "session.whatcan", session_whatcan, METHOD_READS, { OPTIONAL(path), OPTIONAL(unit) } },
	{ "session.ping", session_ping, METHOD_READS, { { 0 } } },
	{ "session.channel", session_channel, METHOD_READS, { { 0 } } },
	{ "session.bye", session_bye, METHOD_PLAIN, { { 0 } } },

	{ "augeas.get", augeas_get, METHOD_READS, { REQUIRED(path) } },
	{ "augeas.set", augeas_set, METHOD_PLAIN, { REQUIRED(path), REQUIRED(value) } },
	{ "augeas.setm",
	  augeas_setm,
	  METHOD_PLAIN,
	  { REQUIRED(base), REQUIRED(sub), REQUIRED(value) } },
	{ "augeas.ensure",
	  augeas_ensure,
	  METHOD_PLAIN,
	  { REQUIRED(path), OPTIONAL(value), OPTIONAL(absent), OPTIONAL(match), OPTIONAL(where),
	    OPTIONAL(ahead_of) } },
	{ "augeas.clear", augeas_clear, METHOD_PLAIN, { REQUIRED(path) } },
	{ "augeas.match", augeas_match, METHOD_READS, { REQUIRED(path), OPTIONAL(values) } },
	{ "augeas.insert",
	  augeas_insert,
	  METHOD_PLAIN,
	  { REQUIRED(path), REQUIRED(label), OPTIONAL(before) } },
	{ "augeas.remove", augeas_remove, METHOD_PLAIN, { REQUIRED(path) } },
	{ "augeas.move", augeas_move, METHOD_PLAIN, { REQUIRED(source), REQUIRED(destination) } },
	{ "augeas.rename", augeas_rename, METHOD_PLAIN, { REQUIRED(path), REQUIRED(label) } },
	{ "augeas.label", augeas_label, METHOD_READS, { REQUIRED(path) } },
	{ "augeas.load", augeas_load, METHOD_PLAIN, { OPTIONAL(fresh), OPTIONAL(empty) } },
	{ "augeas.load_file", augeas_load_file, METHOD_PLAIN, { REQUIRED(file) } },
	{ "augeas.save", augeas_save, METHOD_PLAIN, { { 0 } } },
	{ "augeas.print", augeas_print, METHOD_READS, { OPTIONAL(path) } },
	{ "augeas.errors", augeas_errors, METHOD_READS, { { 0 } } },
	{ "augeas.transform",
	  augeas_transform,
	  METHOD_PLAIN,
	  { REQUIRED(lens), REQUIRED(file), OPTIONAL(exclude) } },
	{ "augeas.copy", augeas_copy, METHOD_PLAIN, { REQUIRED(source), REQUIRED(destination) } },
	{ "augeas.defvar", augeas_defvar, METHOD_PLAIN, { REQUIRED(name), OPTIONAL(expression) } },
	{ "augeas.defnode",
	  augeas_defnode,
	  METHOD_PLAIN,
	  { REQUIRED(name), REQUIRED(expression), OPTIONAL(value) } },
	{ "augeas.text_store",
	  augeas_text_store,
	  METHOD_PLAIN,
	  { REQUIRED(lens), REQUIRED(source), REQUIRED(path) } },
	{ "augeas.text_retrieve",
	  augeas_text_retrieve,
	  METHOD_PLAIN,
	  { REQUIRED(lens), REQUIRED(source), REQUIRED(path), REQUIRED(destination) } },
	{ "augeas.preview", augeas_preview, METHOD_PLAIN, { REQUIRED(path) } },
	{ "augeas.dump", augeas_dump, METHOD_READS, { OPTIONAL(path) } },
	{ "augeas.srun", augeas_srun, METHOD_PLAIN, { REQUIRED(script) } },
	{ "augeas.escape_name", augeas_escape_name, METHOD_READS, { REQUIRED(name) } },
	{ "augeas.ns_attr", augeas_ns_attr, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.ns_label", augeas_ns_label, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.ns_value", augeas_ns_value, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.ns_count", augeas_ns_count, METHOD_READS, { REQUIRED(name) } },
	{ "augeas.ns_path", augeas_ns_path, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.span", augeas_span, METHOD_READS, { REQUIRED(path) } },
	{ "augeas.source", augeas_source, METHOD_READS, { REQUIRED(path) } },

	{ "config.diff", config_diff, METHOD_PLAIN, { { 0 } } },
	{ "config.commit",
	  config_commit,
	  METHOD_PLAIN,
	  { OPTIONAL(dry_run), OPTIONAL(plan), OPTIONAL(progress), OPTIONAL(confirm),
	    OPTIONAL(dead_man), OPTIONAL(rebase) } },
	{ "config.confirm",
	  config_confirm,
	  METHOD_PLAIN,
	  { OPTIONAL(token), OPTIONAL(extend), OPTIONAL(rollback) } },
	{ "config.discard", config_discard, METHOD_PLAIN, { { 0 } } },
	{ "config.history",
	  config_history,
	  METHOD_READS,
	  { OPTIONAL(path), OPTIONAL(limit), OPTIONAL(below) } },
	{ "config.show", config_show, METHOD_READS, { REQUIRED(revision) } },
	{ "config.revert",
	  config_revert,
	  METHOD_PLAIN,
	  { REQUIRED(revision), OPTIONAL(dry_run), OPTIONAL(progress), OPTIONAL(confirm),
	    OPTIONAL(dead_man) } },

#define X(name, word, kind, method) \
	{ "service." word, \
	  service_##name, \
	  METHOD_READS, \
	  { REQUIRED(unit), OPTIONAL(timeout), OPTIONAL(settle), OPTIONAL(progress) } },
	SERVICE_VERBS(X)
#undef X
		{ "service.list", service_list, METHOD_READS, { OPTIONAL(glob) } },
	{ "service.log",
	  service_log,
	  METHOD_READS,
	  { REQUIRED(unit), OPTIONAL(lines), OPTIONAL(after) } },
	{ "service.watch", service_watch, METHOD_READS, { REQUIRED(unit) } },
	{ "service.unwatch", service_unwatch, METHOD_READS, { REQUIRED(unit) } },

	{ "package.status", package_STATUS, METHOD_READS, { REQUIRED(names) } },
	{ "package.install",
	  package_INSTALL,
	  METHOD_READS,
	  { REQUIRED(names), OPTIONAL(timeout), OPTIONAL(progress) } },
	{ "package.remove",
	  package_REMOVE,
	  METHOD_READS,
	  { REQUIRED(names), OPTIONAL(timeout), OPTIONAL(progress) } },
	{ "package.upgrade",
	  package_UPGRADE,
	  METHOD_READS,
	  { OPTIONAL(names), OPTIONAL(timeout), OPTIONAL(progress) } },
	{ "package.update",
	  package_UPDATE,
	  METHOD_READS,
	  { OPTIONAL(timeout), OPTIONAL(progress) } },

	{ "system.get", system_get, METHOD_READS, { { 0 } } },
	{ "system.set_timezone", system_TIMEZONE, METHOD_READS, { REQUIRED(timezone) } },
	{ "system.set_hostname", system_HOSTNAME, METHOD_READS, { REQUIRED(hostname) } },
	{ "system.set_locale", system_LOCALE, METHOD_READS, { REQUIRED(locale) } },
	{ 0 },
};

enum { LIST_MAX = PACKAGES_MAX };

enum param_type {
	TYPE_BYTES,
	TYPE_VALUE,
	TYPE_STRING,
	TYPE_BOOL,
	TYPE_INT,
	TYPE_LIST,
	TYPE_WANTED
};

static const struct {
	const char *name;
	enum param_type type;
	size_t offset;
} parameters[PARAM_MAX] = {
#define ROW(name_, type_) [PARAM_##name_] = { #name_, type_, offsetof(struct arguments, name_) },
#define BYTES_ROW(name) ROW(name, TYPE_BYTES)
#define VALUE_ROW(name) ROW(name, TYPE_VALUE)
#define STRING_ROW(name) ROW(name, TYPE_STRING)
#define BOOL_ROW(name) ROW(name, TYPE_BOOL)
#define INT_ROW(name) ROW(name, TYPE_INT)
#define LIST_ROW(name) ROW(name, TYPE_LIST)
#define WANTED_ROW(name) ROW(name, TYPE_WANTED)
	PARAMETERS(BYTES_ROW, VALUE_ROW, STRING_ROW, BOOL_ROW, INT_ROW, LIST_ROW, WANTED_ROW)
};

const char *parameter_name(enum parameter parameter)
{
	return parameters[parameter].name;
}

const char *parameter_type(enum parameter parameter)
{
	static const char *const names[] = {
		[TYPE_BYTES] = "bytes",
		[TYPE_VALUE] = "bytes or null",
		[TYPE_STRING] = "string",
		[TYPE_BOOL] = "boolean",
		[TYPE_INT] = "integer",
		[TYPE_LIST] = "string or array of strings",
		[TYPE_WANTED] = "object of wanted nodes",
	};

	return names[parameters[parameter].type];
}

const struct method *method_find(const char *name)
{
	for (const struct method *m = methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

static int invalid(struct call *call, const char *parameter, const char *expected,
		   const char *problem)
{
	struct json_object *data = data_of("parameter", parameter);

	json_put(data, "expected", json_new_string(expected));
	return call_error(call, EXM_ERROR_INVALID_PARAMS, data, "%s: parameter %s %s", call->method,
			  parameter, problem);
}

static int wrong_type(struct call *call, enum parameter parameter)
{
	return invalid(call, parameter_name(parameter), parameter_type(parameter),
		       "has the wrong type");
}

static int take_text(struct call *call, enum parameter parameter, struct json_object *value,
		     char **slot)
{
	enum param_type type = parameters[parameter].type;
	bool is_bytes = type == TYPE_BYTES || type == TYPE_VALUE;
	int r;

	if (!value && type == TYPE_VALUE)
		return 0;
	if (!is_bytes && json_kind(value) != JSON_STRING)
		return wrong_type(call, parameter);
	r = json_get_bytes(value, slot);
	if (r == -EILSEQ)
		return invalid(call, parameter_name(parameter), parameter_type(parameter),
			       "holds a NUL byte");
	if (r == -ENOMEM)
		return call_no_memory(call);
	return r < 0 ? wrong_type(call, parameter) : 0;
}

static int take_list(struct call *call, enum parameter parameter, struct json_object *value,
		     struct argument_list *list)
{
	bool is_list = json_kind(value) == JSON_ARRAY;
	size_t count = is_list ? json_length(value) : 1;

	if (count > LIST_MAX)
		return call_error(call, EXM_ERROR_LIMIT,
				  data_of("limit", parameter_name(parameter)),
				  "%s: %zu %s, at most %d are allowed", call->method, count,
				  parameter_name(parameter), LIST_MAX);
	list->item = calloc(count, sizeof(*list->item));
	if (!list->item && count > 0)
		return call_no_memory(call);
	list->count = count;
	for (size_t i = 0; i < count; i++) {
		int r = take_text(call, parameter, is_list ? json_at(value, i) : value,
				  &list->item[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int take_wanted(struct call *call, enum parameter parameter, struct json_object *value,
		       struct wanted *wanted)
{
	int r = json_kind(value) == JSON_OBJECT ? wanted_take(value, wanted) : -EINVAL;

	if (r == -EILSEQ)
		return invalid(call, parameter_name(parameter), parameter_type(parameter),
			       "holds a NUL byte");
	if (r == -E2BIG)
		return call_error(call, EXM_ERROR_LIMIT,
				  data_of("limit", parameter_name(parameter)),
				  "%s: more than %d nodes or values in %s", call->method,
				  WANTED_MAX, parameter_name(parameter));
	if (r == -ENOMEM)
		return call_no_memory(call);
	return r < 0 ? wrong_type(call, parameter) : 0;
}

static int take_one(struct call *call, enum parameter parameter, struct json_object *value,
		    struct arguments *a)
{
	void *slot = (char *)a + parameters[parameter].offset;

	a->given |= UINT64_C(1) << parameter;
	switch (parameters[parameter].type) {
	case TYPE_BYTES:
	case TYPE_VALUE:
	case TYPE_STRING:
		return take_text(call, parameter, value, slot);
	case TYPE_BOOL:
		if (json_kind(value) != JSON_BOOL)
			break;
		*(bool *)slot = json_boolean(value);
		return 0;
	case TYPE_INT:
		if (json_kind(value) != JSON_INT)
			break;
		*(int64_t *)slot = json_int(value);
		return 0;
	case TYPE_LIST:
		return take_list(call, parameter, value, slot);
	case TYPE_WANTED:
		return take_wanted(call, parameter, value, slot);
	}
	return wrong_type(call, parameter);
}

static size_t param_count(const struct method *method)
{
	size_t count = 0;

	while (count < METHOD_PARAMS_MAX && method->params[count].parameter != PARAM_none)
		count++;
	return count;
}

struct named {
	struct call *call;
	const struct method *method;
	struct arguments *arguments;
};

static int take_named(const char *key, struct json_object *value, void *data)
{
	const struct named *named = data;

	for (size_t i = 0; i < param_count(named->method); i++) {
		enum parameter parameter = named->method->params[i].parameter;

		if (strcmp(key, parameter_name(parameter)) == 0)
			return take_one(named->call, parameter, value, named->arguments);
	}
	return invalid(named->call, key, "nothing", "is unknown");
}

static int take_listed(struct call *call, const struct method *method,
		       const struct json_object *params, struct arguments *a)
{
	if (json_length(params) > param_count(method))
		return call_error(call, EXM_ERROR_INVALID_PARAMS, NULL,
				  "%s: %zu parameters, at most %zu are expected", call->method,
				  json_length(params), param_count(method));
	for (size_t i = 0; i < json_length(params); i++) {
		int r = take_one(call, method->params[i].parameter, json_at(params, i), a);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_required(struct call *call, const struct method *method, const struct arguments *a)
{
	for (size_t i = 0; i < param_count(method); i++) {
		const struct method_param *param = &method->params[i];

		if (param->required && !argument_given(a, param->parameter))
			return invalid(call, parameter_name(param->parameter),
				       parameter_type(param->parameter), "is missing");
	}
	return 0;
}

int arguments_take(struct call *call, const struct method *method, struct json_object *params,
		   struct arguments *ret_arguments)
{
	struct named named = { call, method, ret_arguments };
	int r = 0;

	if (json_kind(params) == JSON_OBJECT)
		r = json_each(params, take_named, &named);
	else if (json_kind(params) == JSON_ARRAY)
		r = take_listed(call, method, params, ret_arguments);
	return r < 0 ? r : check_required(call, method, ret_arguments);
}

static void list_clear(struct argument_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
}

void arguments_clear(struct arguments *a)
{
#define FREE_TEXT(name) free(a->name);
#define KEEP(name)
#define FREE_LIST(name) list_clear(&a->name);
#define FREE_WANTED(name) wanted_clear(&a->name);
	PARAMETERS(FREE_TEXT, FREE_TEXT, FREE_TEXT, KEEP, KEEP, FREE_LIST, FREE_WANTED)
#undef FREE_TEXT
#undef KEEP
#undef FREE_LIST
#undef FREE_WANTED
}

int arguments_seconds(struct call *call, enum parameter parameter, int64_t seconds, int64_t least,
		      uint32_t *ret_ms)
{
	const int64_t most = POLICY_TIMEOUT_MAX_MS / 1000;

	if (seconds < least)
		return call_error(call, EXM_ERROR_BAD_VALUE,
				  data_of("parameter", parameter_name(parameter)),
				  "%s: %s is a number of seconds, %d or more", call->method,
				  parameter_name(parameter), (int)least);
	*ret_ms = (uint32_t)(seconds < most ? seconds : most) * 1000;
	return 0;
}

int arguments_timeout(struct call *call, const struct arguments *a, uint32_t *ret_ms)
{
	if (!argument_given(a, PARAM_timeout))
		return 0;
	return arguments_seconds(call, PARAM_timeout, a->timeout, 1, ret_ms);
}
