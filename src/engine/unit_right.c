/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: an early and clear no for units. The monitor decides
 * again. Names are the client's.
 */
#include "engine/unit_right.h"

#include <stdio.h>
#include <string.h>

#include "common/policy_rule.h"
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

static int denied(struct call *call, const char *verb, const char *unit,
		  const struct policy_rule *rule)
{
	struct json_object *data = data_of("unit", unit);

	json_put(data, "verb", json_new_string(verb));
	return call_denied(call, data, rule->key, rule->line,
			   "%s of %.200s is not allowed; it would need %s", verb, unit,
			   rule->line ? rule->line : "another policy");
}

int unit_right_denied(struct call *call, enum service_verb verb, const char *unit)
{
	scoped_rule rule = { 0 };

	/* the monitor has decided; where its policy is another one, ours has no rule to tell */
	if (policy_rule_service(call->engine->policy, verb, unit, &rule) < 0)
		return call_no_memory(call);
	return denied(call, service_verb_word(verb), unit, &rule);
}

ssize_t unit_right_verb(struct call *call, const char *wanted, enum service_verb verb,
			char **ret_unit)
{
	const struct policy *policy = call->engine->policy;
	scoped_ptr char *unit = NULL;
	scoped_rule rule = { 0 };
	int r;

	if (unit_right_name(call, wanted, &unit) < 0)
		return -1;
	r = policy_rule_service(policy, verb, unit, &rule);
	if (r != 0)
		return r < 0 ? call_no_memory(call)
			     : denied(call, service_verb_word(verb), unit, &rule);
	*ret_unit = take_ptr(unit);
	return policy_find_service(policy, *ret_unit);
}

ssize_t unit_right_log(struct call *call, const char *wanted, char **ret_unit)
{
	const struct policy *policy = call->engine->policy;
	scoped_ptr char *unit = NULL;
	scoped_rule rule = { 0 };
	int r;

	if (unit_right_name(call, wanted, &unit) < 0)
		return -1;
	r = policy_rule_log(policy, unit, &rule);
	if (r != 0)
		return r < 0 ? call_no_memory(call) : denied(call, "log", unit, &rule);
	*ret_unit = take_ptr(unit);
	return policy_find_log(policy, *ret_unit);
}
