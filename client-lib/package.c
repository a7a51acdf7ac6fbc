/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls for package.* methods. */
#include <errno.h>
#include <stdio.h>

#include "exchange.h"
#include "loop.h"
#include "options.h"
#include "result.h"
#include "session.h"

enum { METHOD_SIZE = 64 };

static const struct field package_fields[] = {
	{ "name", FIELD_TEXT, true, offsetof(struct exm_package, name), NULL },
	{ "state", FIELD_TEXT, false, offsetof(struct exm_package, state), NULL },
	{ "version", FIELD_TEXT, false, offsetof(struct exm_package, version), NULL },
	{ "candidate", FIELD_TEXT, false, offsetof(struct exm_package, candidate), NULL },
	{ "action", FIELD_TEXT, false, offsetof(struct exm_package, action), NULL },
	{ "before", FIELD_TEXT, false, offsetof(struct exm_package, before), NULL },
};
static const struct record package_record = RECORD(struct exm_package, package_fields);

static int put_names(struct json_object *params, const char *const *names)
{
	scoped_json *list = NULL;

	if (!names)
		return 0;
	list = json_new_array();
	for (; *names; names++)
		if (json_append(list, json_new_bytes(*names)) < 0)
			return -ENOMEM;
	return json_put(params, "names", take_ptr(list));
}

/* Method and parameters of a verb. */
static int prepare(const char *verb, const char *const *names, const struct exm_options *options,
		   char method[static METHOD_SIZE], struct json_object **ret_params)
{
	scoped_json *params = NULL;

	if (!verb || options->settle_s != 0 ||
	    snprintf(method, METHOD_SIZE, "package.%s", verb) >= METHOD_SIZE)
		return -EINVAL;
	params = json_new_object();
	if (put_names(params, names) < 0 || options_put(params, options) < 0)
		return -ENOMEM;
	*ret_params = take_ptr(params);
	return 0;
}

static int read_packages(const struct json_object *array, struct exm_package ***ret_packages)
{
	void **list = NULL;
	int r = result_records(array, &package_record, &list);

	if (r >= 0)
		*ret_packages = (struct exm_package **)list;
	return r;
}

int exm_package_status(struct exm *session, const char *const *names,
		       struct exm_package ***ret_packages)
{
	static const struct exm_options none = EXM_OPTIONS_INIT;
	struct json_object *params = NULL;
	scoped_json *result = NULL;
	char method[METHOD_SIZE];
	int r;

	if (!session || !names || !ret_packages)
		return -EINVAL;
	r = prepare("status", names, &none, method, &params);
	if (r == 0)
		r = exchange(session, method, params, &result);
	return r < 0 ? r : read_packages(result, ret_packages);
}

int exm_package_call(struct exm *session, const char *verb, const char *const *names,
		     const struct exm_options *options, struct exm_package ***ret_changes)
{
	scoped_ptr struct exm_package **changes = NULL;
	struct json_object *params = NULL;
	struct exm_options known;
	scoped_json *result = NULL;
	char method[METHOD_SIZE];
	int r;

	if (!session)
		return -EINVAL;
	r = options_read(options, &known);
	if (r == 0)
		r = prepare(verb, names, &known, method, &params);
	if (r == 0)
		r = exchange_with_progress(session, method, params, known.progress,
					   known.progress_data, &result);
	if (r == 0)
		r = read_packages(json_get(result, "changed"), &changes);
	if (r >= 0 && ret_changes)
		*ret_changes = take_ptr(changes);
	return r;
}

int exm_package_install(struct exm *session, const char *const *names,
			const struct exm_options *options, struct exm_package ***ret_changes)
{
	return names ? exm_package_call(session, "install", names, options, ret_changes) : -EINVAL;
}

int exm_package_remove(struct exm *session, const char *const *names,
		       const struct exm_options *options, struct exm_package ***ret_changes)
{
	return names ? exm_package_call(session, "remove", names, options, ret_changes) : -EINVAL;
}

int exm_package_upgrade(struct exm *session, const char *const *names,
			const struct exm_options *options, struct exm_package ***ret_changes)
{
	return exm_package_call(session, "upgrade", names, options, ret_changes);
}

int exm_package_update(struct exm *session, const struct exm_options *options)
{
	return exm_package_call(session, "update", NULL, options, NULL);
}

static void end_package(struct exm *session, struct call *call, int result,
			struct json_object *value)
{
	exm_package_callback *callback = (exm_package_callback *)call->callback;
	scoped_ptr struct exm_package **changes = NULL;

	if (result == 0)
		result = read_packages(json_get(value, "changed"), &changes);
	callback(session, result, (const struct exm_package *const *)changes, call->data);
}

int exm_package_call_async(struct exm *session, const char *verb, const char *const *names,
			   const struct exm_options *options, exm_package_callback *callback,
			   void *data, uint64_t *ret_call)
{
	struct loop_call how = {
		.timeout_ms = -1,
		.end = end_package,
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
		r = prepare(verb, names, &known, method, &params);
	if (r < 0)
		return r;
	how.progress = known.progress;
	how.progress_data = known.progress_data;
	return loop_call(session, method, params, &how, ret_call);
}
