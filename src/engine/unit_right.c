/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: an early and clear no for units. The monitor decides
 * again. Names are the client's.
 */
#include "engine/unit_right.h"

#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

/* As systemctl(1) does: a name without a suffix is a service's. */
static char *full_name(const char *unit)
{
	char *name = NULL;

	return asprintf(&name, strchr(unit, '.') ? "%s" : "%s.service", unit) < 0 ? NULL : name;
}

int unit_right_name(struct call *call, const char *wanted, char **ret_unit)
{
	scoped_ptr char *unit = full_name(wanted);

	if (!unit)
		return call_no_memory(call);
	if (!policy_unit_name_valid(unit))
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("unit", unit),
				  "%.200s is not the name of a unit", unit);
	*ret_unit = take_ptr(unit);
	return 0;
}

static int denied(struct call *call, const char *verb, const char *unit, const char *key,
		  const char *rule)
{
	struct json_object *data = data_of("unit", unit);

	json_put(data, "verb", json_new_string(verb));
	json_put(data, "key", json_new_string(key));
	json_put(data, "rule", json_new_bytes(rule));
	return call_error(call, EXM_ERROR_DENIED, data,
			  "%s of %.200s is not allowed; it would need %s", verb, unit, rule);
}

int unit_right_denied(struct call *call, enum service_verb verb, const char *unit)
{
	const char *word = service_verb_word(verb);
	scoped_ptr char *rule = NULL;

	if (asprintf(&rule, "[Service %s] Allow=%s", unit, word) < 0)
		return call_no_memory(call);
	return denied(call, word, unit, "Allow", rule);
}

ssize_t unit_right_verb(struct call *call, const char *wanted, enum service_verb verb,
			char **ret_unit)
{
	const struct policy *policy = call->engine->policy;
	scoped_ptr char *unit = NULL;
	ssize_t entry;

	if (unit_right_name(call, wanted, &unit) < 0)
		return -1;
	entry = policy_find_service(policy, unit);
	if (entry < 0 || !(policy->services[entry].verbs & (1u << verb)))
		return unit_right_denied(call, verb, unit);
	*ret_unit = take_ptr(unit);
	return entry;
}

ssize_t unit_right_log(struct call *call, const char *wanted, char **ret_unit)
{
	scoped_ptr char *unit = NULL, *rule = NULL;
	ssize_t entry;

	if (unit_right_name(call, wanted, &unit) < 0)
		return -1;
	entry = policy_find_log(call->engine->policy, unit);
	if (entry < 0) {
		if (asprintf(&rule, "[Log %s]", unit) < 0)
			return call_no_memory(call);
		return denied(call, "log", unit, "[Log]", rule);
	}
	*ret_unit = take_ptr(unit);
	return entry;
}
