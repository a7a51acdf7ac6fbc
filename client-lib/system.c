/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls for system.* methods. */
#include <errno.h>

#include "exchange.h"
#include "result.h"
#include "session.h"

static const struct field system_fields[] = {
	{ "hostname", FIELD_TEXT, true, offsetof(struct exm_system, hostname), NULL },
	{ "timezone", FIELD_TEXT, false, offsetof(struct exm_system, timezone), NULL },
	{ "locale", FIELD_PAIRS, true, offsetof(struct exm_system, locale), NULL },
	{ "via", FIELD_TEXT, false, offsetof(struct exm_system, via), NULL },
};
static const struct record system_record = RECORD(struct exm_system, system_fields);

static int hand_out(const struct json_object *result, struct exm_system **ret_system)
{
	void *identity = NULL;
	int r;

	if (!ret_system)
		return 0;
	r = result_record(result, &system_record, &identity);
	if (r == 0)
		*ret_system = identity;
	return r;
}

int exm_system_get(struct exm *session, struct exm_system **ret_system)
{
	scoped_json *result = NULL;
	int r;

	if (!session || !ret_system)
		return -EINVAL;
	r = exchange(session, "system.get", NULL, &result);
	return r < 0 ? r : hand_out(result, ret_system);
}

int exm_system_set_timezone(struct exm *session, const char *timezone,
			    struct exm_system **ret_system)
{
	scoped_json *result = NULL;
	int r = CALL(session, "system.set_timezone", &result, NEEDED("timezone", timezone));

	return r < 0 ? r : hand_out(result, ret_system);
}

int exm_system_set_hostname(struct exm *session, const char *hostname,
			    struct exm_system **ret_system)
{
	scoped_json *result = NULL;
	int r = CALL(session, "system.set_hostname", &result, NEEDED("hostname", hostname));

	return r < 0 ? r : hand_out(result, ret_system);
}

int exm_system_set_locale(struct exm *session, const char *const *assignments,
			  struct exm_system **ret_system)
{
	scoped_json *params = NULL;
	scoped_json *list = NULL;
	scoped_json *result = NULL;
	int r;

	if (!session || !assignments)
		return -EINVAL;
	params = json_new_object();
	list = json_new_array();
	for (; *assignments; assignments++)
		if (json_append(list, json_new_bytes(*assignments)) < 0)
			return -ENOMEM;
	if (json_put(params, "locale", take_ptr(list)) < 0)
		return -ENOMEM;
	r = exchange(session, "system.set_locale", take_ptr(params), &result);
	return r < 0 ? r : hand_out(result, ret_system);
}
