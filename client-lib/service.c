/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls for service.* methods. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exchange.h"
#include "loop.h"
#include "options.h"
#include "result.h"
#include "session.h"

enum { METHOD_SIZE = 64 };

static const struct field service_fields[] = {
	{ "unit", FIELD_TEXT, true, offsetof(struct exm_service, unit), NULL },
	{ "job", FIELD_TEXT, false, offsetof(struct exm_service, job), NULL },
	{ "load", FIELD_TEXT, true, offsetof(struct exm_service, load), NULL },
	{ "active", FIELD_TEXT, true, offsetof(struct exm_service, active), NULL },
	{ "sub", FIELD_TEXT, true, offsetof(struct exm_service, sub), NULL },
	{ "result", FIELD_TEXT, false, offsetof(struct exm_service, result), NULL },
	{ "main_pid", FIELD_NUMBER, false, offsetof(struct exm_service, main_pid), NULL },
	{ "main_pid_before", FIELD_NUMBER, false, offsetof(struct exm_service, main_pid_before),
	  NULL },
	{ "manager", FIELD_TEXT, false, offsetof(struct exm_service, manager), NULL },
	{ "file_state", FIELD_TEXT, false, offsetof(struct exm_service, file_state), NULL },
	{ "triggered_by", FIELD_TEXTS, false, offsetof(struct exm_service, triggered_by), NULL },
	{ "changes", FIELD_TEXTS, false, offsetof(struct exm_service, changes), NULL },
	{ "description", FIELD_TEXT, false, offsetof(struct exm_service, description), NULL },
	{ "exit_status", FIELD_NUMBER, false, offsetof(struct exm_service, exit_status), NULL },
};
static const struct record service_record = RECORD(struct exm_service, service_fields);

/* Method and parameters of a verb. */
static int prepare(const char *verb, const char *unit, const struct exm_options *options,
		   char method[static METHOD_SIZE], struct json_object **ret_params)
{
	scoped_json *params = NULL;
	int length;

	if (!verb || !unit)
		return -EINVAL;
	length = snprintf(method, METHOD_SIZE, "service.%s", verb);
	if (length >= METHOD_SIZE)
		return -EINVAL;
	for (char *c = method; *c; c++)
		if (*c == '-')
			*c = '_';
	params = json_new_object();
	if (json_put(params, "unit", json_new_bytes(unit)) < 0 || options_put(params, options) < 0)
		return -ENOMEM;
	*ret_params = take_ptr(params);
	return 0;
}

static int read_service(const struct json_object *result, struct exm_service **ret_service)
{
	void *service = NULL;
	int r = result_record(result, &service_record, &service);

	if (r == 0)
		*ret_service = service;
	return r;
}

int exm_service_call(struct exm *session, const char *verb, const char *unit,
		     const struct exm_options *options, struct exm_service **ret_service)
{
	struct json_object *params = NULL;
	struct exm_options known;
	scoped_json *result = NULL;
	char method[METHOD_SIZE];
	int r;

	if (!session)
		return -EINVAL;
	r = options_read(options, &known);
	if (r == 0)
		r = prepare(verb, unit, &known, method, &params);
	if (r == 0)
		r = exchange_with_progress(session, method, params, known.progress,
					   known.progress_data, &result);
	if (r < 0 || !ret_service)
		return r;
	return read_service(result, ret_service);
}

#define VERB(verb) \
	int exm_service_##verb(struct exm *session, const char *unit, \
			       struct exm_service **ret_service) \
	{ \
		return exm_service_call(session, #verb, unit, NULL, ret_service); \
	}
VERB(status)
VERB(start)
VERB(stop)
VERB(restart)
VERB(try_restart)
VERB(reload)
VERB(reload_or_restart)
VERB(enable)
VERB(disable)
VERB(mask)
VERB(unmask)
VERB(reset_failed)
#undef VERB

static void end_service(struct exm *session, struct call *call, int result,
			struct json_object *value)
{
	exm_service_callback *callback = (exm_service_callback *)call->callback;
	scoped_ptr struct exm_service *service = NULL;

	if (result == 0)
		result = read_service(value, &service);
	callback(session, result, service, call->data);
}

int exm_service_call_async(struct exm *session, const char *verb, const char *unit,
			   const struct exm_options *options, exm_service_callback *callback,
			   void *data, uint64_t *ret_call)
{
	struct loop_call how = {
		.timeout_ms = -1,
		.end = end_service,
		.callback = (void (*)(void))callback,
		.data = data,
	};
	struct json_object *params = NULL;
	struct exm_options known;
	char method[METHOD_SIZE];
	int r;

	if (!session || !callback)
		return -EINVAL;
	r = options_read(options, &known);
	if (r == 0)
		r = prepare(verb, unit, &known, method, &params);
	if (r < 0)
		return r;
	how.progress = known.progress;
	how.progress_data = known.progress_data;
	return loop_call(session, method, params, &how, ret_call);
}

int exm_service_list(struct exm *session, const char *glob, struct exm_service ***ret_services)
{
	scoped_json *result = NULL;
	void **list = NULL;
	int r;

	if (!ret_services)
		return -EINVAL;
	r = CALL(session, "service.list", &result, NEEDED("glob", glob ? glob : "*"));
	if (r == 0)
		r = result_records(result, &service_record, &list);
	if (r >= 0)
		*ret_services = (struct exm_service **)list;
	return r;
}

int exm_service_watch(struct exm *session, const char *unit, struct exm_service **ret_service)
{
	return exm_service_call(session, "watch", unit, NULL, ret_service);
}

int exm_service_unwatch(struct exm *session, const char *unit)
{
	scoped_json *result = NULL;

	return CALL(session, "service.unwatch", &result, NEEDED("unit", unit));
}

int exm_service_parse(const char *json, struct exm_service **ret_service)
{
	scoped_json *value = NULL;
	int r;

	if (!json || !ret_service)
		return -EINVAL;
	r = call_parse_params(json, &value);
	return r < 0 ? r : read_service(value, ret_service);
}
