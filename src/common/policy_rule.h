/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_RULE_H
#define EXM_POLICY_RULE_H

/*
 * May it be done, and if not, which line of the policy is lacking or in the way? Whoever
 * judges asks here, and so does whoever only explains: a denial and what was told before
 * it cannot differ.
 */

#include "common/policy.h"

struct policy_rule {
	const char *key; /* "Set", "Allow", "[Log]"; NULL: nothing in a policy could allow it */
	char *line;      /* "Set=Port", "[Service ssh.service] Allow=stop"; NULL with the key */
};

void policy_rule_clear(struct policy_rule *rule);

#define scoped_rule scoped(policy_rule_clear) struct policy_rule

/* Is a rule of this key there and forbids, or does it lack and would allow? */
bool policy_rule_forbids(const char *key);

/*
 * All of these: 0 if it is allowed, 1 with the rule if not, or -ENOMEM.
 *
 * Nodes are labels below the file; without any it is the file's own node, which has no value
 * and is added and removed by Create= and Delete=.
 */
int policy_rule_change(const struct policy_file *file, const struct node_path *node,
		       struct policy_rule *ret_rule) must_check;

/* alone: it would be the only one of its label below its parent */
int policy_rule_addition(const struct policy_file *file, const struct node_path *node, bool alone,
			 struct policy_rule *ret_rule) must_check;

/* What is below the node goes with it, unless policy_rule_deny() says no for some of it. */
int policy_rule_removal(const struct policy_file *file, const struct node_path *node,
			struct policy_rule *ret_rule) must_check;
int policy_rule_deny(const struct policy_file *file, const struct node_path *node,
		     struct policy_rule *ret_rule) must_check;

/* May the node have this value? Whether it may be changed at all is not asked. */
int policy_rule_value(const struct policy_file *file, const struct node_path *node,
		      const char *value, struct policy_rule *ret_rule) must_check;

/* May a commit change anything in the file that is there? */
int policy_rule_commit(const struct policy_file *file, struct policy_rule *ret_rule) must_check;

/* May it be edited as another lens than the policy's reads it? */
int policy_rule_other_lens(const struct policy_file *file, struct policy_rule *ret_rule) must_check;

/* The names must be possible ones. */
int policy_rule_service(const struct policy *policy, enum service_verb verb, const char *unit,
			struct policy_rule *ret_rule) must_check;
int policy_rule_log(const struct policy *policy, const char *unit,
		    struct policy_rule *ret_rule) must_check;

/* name: NULL as for policy_package_allows() */
int policy_rule_package(const struct policy *policy, enum package_verb verb, const char *name,
			struct policy_rule *ret_rule) must_check;

/* SYSTEM_ITEM_MAX: to look at all items */
int policy_rule_system(const struct policy *policy, enum system_item item,
		       struct policy_rule *ret_rule) must_check;

#endif
