/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, and guards invariant 1 for packages: a call is judged
 * by what it would change. Trusts apt's plan and the policy, and nothing that
 * the client wrote.
 */
#include "run/package_judge.h"

#include <stdio.h>
#include <string.h>

#include "common/policy_rule.h"

/* Why a package may not be changed, and what would allow it. */
enum reason {
	REASON_NONE,
	REASON_REMOVE,
	REASON_TAKES,
	REASON_ESSENTIAL,
	REASON_UPGRADE,
	REASON_INSTALL,
	REASON_DOWNGRADE,
	REASON_OTHER,
	REASON_MAX
};

static const struct {
	const char *would;
	const char *rule;
	enum package_verb allows; /* it, for the package; PACKAGE_VERB_MAX: none does */
} reasons[REASON_MAX] = {
	[REASON_REMOVE] = { "remove", "a [Package] section with Allow=remove", PACKAGE_REMOVE },
	[REASON_TAKES] = { "remove", "to be removed first, by a call of its own",
			   PACKAGE_VERB_MAX },
	[REASON_ESSENTIAL] = { "remove", "to stay: the system needs it", PACKAGE_VERB_MAX },
	[REASON_UPGRADE] = { "upgrade", "a [Package] section with Allow=upgrade or install",
			     PACKAGE_UPGRADE },
	[REASON_INSTALL] = { "install", "a [Package] section with Allow=install", PACKAGE_INSTALL },
	[REASON_DOWNGRADE] = { "downgrade", "to stay: versions never go back", PACKAGE_VERB_MAX },
	[REASON_OTHER] = { "pass over", "to be known to apt under that very name",
			   PACKAGE_VERB_MAX },
};

static enum reason judge_removal(const struct policy *policy, enum package_verb verb,
				 const struct plan_change *change,
				 const struct package_states *states)
{
	const struct package_state *state = package_states_find(states, change->name, change->arch);

	if (state && state->essential)
		return REASON_ESSENTIAL;
	if (verb != PACKAGE_REMOVE)
		return REASON_TAKES;
	return policy_package_allows(policy, PACKAGE_REMOVE, change->name) ? REASON_NONE
									   : REASON_REMOVE;
}

static enum reason judge_change(const struct policy *policy, enum package_verb verb,
				const struct plan_change *change,
				const struct package_states *states)
{
	switch (change->kind) {
	case PLAN_REMOVE:
		return judge_removal(policy, verb, change, states);
	case PLAN_INSTALL:
		return verb != PACKAGE_REMOVE ||
				       policy_package_allows(policy, PACKAGE_INSTALL, change->name)
			       ? REASON_NONE
			       : REASON_INSTALL;
	case PLAN_UPGRADE:
		return policy_package_allows(policy, PACKAGE_UPGRADE, change->name) ||
				       policy_package_allows(policy, PACKAGE_INSTALL, change->name)
			       ? REASON_NONE
			       : REASON_UPGRADE;
	case PLAN_FINISH:
		return REASON_NONE;
	default:
		return REASON_DOWNGRADE;
	}
}

/*
 * Does what was asked for happen? apt reads a name that it does not know as
 * something else: NAME- removes, NAME+ installs, and a point makes a pattern. The
 * names were looked up before, but not under its lock.
 */
static bool passed_over(enum package_verb verb, const char *name, const struct package_plan *plan,
			const struct package_states *states)
{
	bool planned = package_plan_find(plan, name) != NULL;
	bool there = package_states_installed(states, name);

	if (verb == PACKAGE_REMOVE)
		return there && !planned;
	return verb == PACKAGE_INSTALL && !there && !planned;
}

struct verdict {
	const struct policy *policy;
	char *why;
	size_t size, length;
	struct report *refusals;
};

static void say(struct verdict *verdict, const char *text)
{
	size_t room = verdict->size - verdict->length;
	int wanted = snprintf(verdict->why + verdict->length, room, "%s", text);

	verdict->length += wanted < (int)room ? (size_t)wanted : room - 1;
}

/* For programs. Where memory is short the sentence has to do. */
static void list(const struct verdict *verdict, enum reason reason, const char *name)
{
	enum package_verb allows = reasons[reason].allows;
	scoped_rule rule = { 0 };
	struct refusal_row row = { .package = name, .would = reasons[reason].would, .rule = "" };
	int r = 0;

	if (allows != PACKAGE_VERB_MAX)
		r = policy_rule_package(verdict->policy, allows, name, &rule);
	if (rule.line)
		row.rule = rule.line;
	if (r >= 0)
		(void)!report_add_refusal_row(verdict->refusals, &row);
}

/* The packages of one reason, as part of the sentence. */
static void add(struct verdict *verdict, enum reason reason, bool first, const char *name)
{
	list(verdict, reason, name);
	if (first) {
		say(verdict, verdict->length ? "; it would " : "it would ");
		say(verdict, reasons[reason].would);
	}
	say(verdict, " ");
	say(verdict, name);
}

static void close_reason(struct verdict *verdict, enum reason reason)
{
	say(verdict, ", which needs ");
	say(verdict, reasons[reason].rule);
}

bool package_judge(const struct policy *policy, enum package_verb verb,
		   const struct package_names *names, const struct package_plan *plan,
		   const struct package_states *states, struct report *refusals, char *why,
		   size_t size)
{
	struct verdict verdict = {
		.policy = policy, .why = why, .size = size, .refusals = refusals
	};

	why[0] = '\0';
	for (enum reason reason = REASON_NONE + 1; reason < REASON_MAX; reason++) {
		size_t found = 0;

		for (size_t i = 0; i < plan->count; i++)
			if (judge_change(policy, verb, &plan->change[i], states) == reason)
				add(&verdict, reason, found++ == 0, plan->change[i].name);
		for (size_t i = 0; reason == REASON_OTHER && i < names->count; i++)
			if (passed_over(verb, names->name[i], plan, states))
				add(&verdict, reason, found++ == 0, names->name[i]);
		if (found > 0)
			close_reason(&verdict, reason);
	}
	return verdict.length == 0;
}
