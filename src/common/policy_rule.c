/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in exmachina-run, which decide, and in the engine, which says no
 * early and explains. The policy is trusted by now; nodes, values and names are hostile.
 */
#include "common/policy_rule.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/node_path.h"

void policy_rule_clear(struct policy_rule *rule)
{
	free(rule->line);
	*rule = (struct policy_rule){ 0 };
}

bool policy_rule_forbids(const char *key)
{
	return key && (strcmp(key, "Deny") == 0 || strcmp(key, "Value") == 0);
}

static int refuse(struct policy_rule *ret_rule, const char *key, const char *format, ...)
	printf_like(3, 4);

static int refuse(struct policy_rule *ret_rule, const char *key, const char *format, ...)
{
	va_list arguments;
	char *line;
	int length;

	va_start(arguments, format);
	length = vasprintf(&line, format, arguments);
	va_end(arguments);
	if (length < 0)
		return -ENOMEM;
	*ret_rule = (struct policy_rule){ .key = key, .line = line };
	return 1;
}

/* ---- nodes ------------------------------------------------------------------- */

int policy_rule_deny(const struct policy_file *file, const struct node_path *node,
		     struct policy_rule *ret_rule)
{
	const char *pattern = policy_denied_by(file, node);

	return pattern ? refuse(ret_rule, "Deny", "Deny=%s", pattern) : 0;
}

static int check_right(const struct policy_file *file, enum policy_right right,
		       const struct node_path *node, struct policy_rule *ret_rule)
{
	const char *key = policy_right_key(right);
	scoped_ptr char *text = NULL;

	switch (policy_check_node(file, right, node)) {
	case POLICY_ALLOWED:
		return 0;
	case POLICY_DENIED:
		return policy_rule_deny(file, node, ret_rule);
	case POLICY_NO_RULE:
	default:
		text = node_path_spell(node, 0);
		return text ? refuse(ret_rule, key, "%s=%s", key, text) : -ENOMEM;
	}
}

int policy_rule_change(const struct policy_file *file, const struct node_path *node,
		       struct policy_rule *ret_rule)
{
	if (node->depth > 0)
		return check_right(file, RIGHT_SET, node, ret_rule);
	*ret_rule = (struct policy_rule){ 0 };
	return 1;
}

int policy_rule_addition(const struct policy_file *file, const struct node_path *node, bool alone,
			 struct policy_rule *ret_rule)
{
	if (node->depth == 0)
		return file->may_create ? 0 : refuse(ret_rule, "Create", "Create=MODE OWNER:GROUP");
	/* a missing node that is the only one of its label is what Set= makes */
	if (alone && policy_check_node(file, RIGHT_SET, node) == POLICY_ALLOWED)
		return 0;
	return check_right(file, RIGHT_INSERT, node, ret_rule);
}

int policy_rule_removal(const struct policy_file *file, const struct node_path *node,
			struct policy_rule *ret_rule)
{
	if (node->depth == 0)
		return file->may_delete ? 0 : refuse(ret_rule, "Delete", "Delete=yes");
	return check_right(file, RIGHT_REMOVE, node, ret_rule);
}

int policy_rule_value(const struct policy_file *file, const struct node_path *node,
		      const char *value, struct policy_rule *ret_rule)
{
	const struct policy_value *broken = policy_check_value(file, node, value);

	return broken ? refuse(ret_rule, "Value", "Value=%s %s", broken->pattern, broken->ere) : 0;
}

int policy_rule_commit(const struct policy_file *file, struct policy_rule *ret_rule)
{
	return policy_may_change(file) ? 0 : refuse(ret_rule, "Set", "Set=NODE");
}

int policy_rule_other_lens(const struct policy_file *file, struct policy_rule *ret_rule)
{
	return file->other_lens ? 0 : refuse(ret_rule, "OtherLens", "OtherLens=yes");
}

/* ---- units, packages, identity ------------------------------------------------- */

int policy_rule_service(const struct policy *policy, enum service_verb verb, const char *unit,
			struct policy_rule *ret_rule)
{
	ssize_t entry = policy_find_service(policy, unit);
	const struct policy_service *service = entry < 0 ? NULL : &policy->services[entry];

	if (service && (service->verbs & 1u << verb))
		return 0;
	/* a section of the unit's own would take away what that with the wildcard gives */
	return refuse(ret_rule, "Allow", "[Service %s] Allow=%s", service ? service->unit : unit,
		      service_verb_word(verb));
}

int policy_rule_log(const struct policy *policy, const char *unit, struct policy_rule *ret_rule)
{
	if (policy_find_log(policy, unit) >= 0)
		return 0;
	return refuse(ret_rule, "[Log]", "[Log %s]", unit);
}

int policy_rule_package(const struct policy *policy, enum package_verb verb, const char *name,
			struct policy_rule *ret_rule)
{
	ssize_t entry = name ? policy_find_package(policy, name) : -1;

	if (policy_package_allows(policy, verb, name))
		return 0;
	return refuse(ret_rule, "Allow", "[Package %s] Allow=%s",
		      entry >= 0 ? policy->packages[entry].name
		      : name     ? name
				 : "*",
		      package_verb_word(verb));
}

int policy_rule_system(const struct policy *policy, enum system_item item,
		       struct policy_rule *ret_rule)
{
	if (item == SYSTEM_ITEM_MAX)
		return policy->has_system ? 0 : refuse(ret_rule, "[System]", "[System]");
	if (policy->system_items & 1u << item)
		return 0;
	return refuse(ret_rule, "Allow", "[System] Allow=%s", system_item_word(item));
}
