/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The list comes from a verifier that has read hostile text and
 * may be taken over: it is typed and bounded, and whatever it says can only be
 * refused or allowed by the rules that the administrator wrote.
 */
#include "monitor/judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/node_path.h"
#include "monitor/text.h"

static void blame(const struct node_path *node, const char *key, const char *rest,
		  struct judgement *ret_judgement)
{
	scoped_ptr char *text = node_path_spell(node, 0);
	const char *name = text ? text : "";
	char rule[2 * sizeof(ret_judgement->rule)];

	snprintf(rule, sizeof(rule), "%s=%s", key, rest ? rest : name);
	text_copy(ret_judgement->rule, sizeof(ret_judgement->rule), rule, strlen(rule));
	text_copy(ret_judgement->node, sizeof(ret_judgement->node), name, strlen(name));
}

static bool has_right(const struct policy_file *file, enum policy_right right,
		      const struct node_path *node)
{
	return policy_check_node(file, right, node) == POLICY_ALLOWED;
}

/* A value of which only the beginning is known fits no rule that names its node. */
static bool value_fits(const struct policy_file *file, const struct change_row *row,
		       const struct node_path *node, struct judgement *ret_judgement)
{
	const struct policy_value *rule;
	char text[2 * MESSAGE_TEXT_MAX];

	rule = policy_check_value(file, node, row->has_new && !row->cut ? row->new_value : NULL);
	if (!rule)
		return true;
	snprintf(text, sizeof(text), "%s %s", rule->pattern, rule->ere);
	blame(node, "Value", text, ret_judgement);
	return false;
}

static bool allowed(const struct policy_file *file, bool removal, const struct change_row *row,
		    const struct node_path *node, struct judgement *ret_judgement)
{
	const char *deny = policy_denied_by(file, node);
	enum policy_right right = row->action == CHANGE_REMOVED ? RIGHT_REMOVE
				  : row->action == CHANGE_ADDED ? RIGHT_INSERT
								: RIGHT_SET;

	if (deny) {
		blame(node, "Deny", deny, ret_judgement);
		return false;
	}
	if (removal || (right == RIGHT_REMOVE && row->below))
		return true;
	/* a missing node that is the only one of its label is what Set= makes */
	if (!has_right(file, right, node) &&
	    !(right == RIGHT_INSERT && row->alone && has_right(file, RIGHT_SET, node))) {
		blame(node, policy_right_key(right), NULL, ret_judgement);
		return false;
	}
	if (right == RIGHT_REMOVE || (right == RIGHT_INSERT && !row->has_new))
		return true;
	return value_fits(file, row, node, ret_judgement);
}

static int judge_row(const struct policy_file *file, bool removal, const struct change_row *row,
		     struct judgement *ret_judgement)
{
	scoped_node_path node = { 0 };
	int r;

	if (row->action >= CHANGE_MAX || (removal && row->action != CHANGE_REMOVED))
		return -EBADMSG;
	r = node_path_parse(row->path, &node);
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	return allowed(file, removal, row, &node, ret_judgement) ? 0 : 1;
}

int judge(const struct policy_file *file, bool removal, struct report_reader *changes,
	  struct judgement *ret_judgement)
{
	struct change_row row;
	int r;

	while ((r = report_next_change_row(changes, &row)) > 0) {
		r = judge_row(file, removal, &row, ret_judgement);
		if (r != 0)
			return r;
	}
	return r;
}
