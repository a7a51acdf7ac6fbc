/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run. apt is trusted; names and versions have come from an
 * archive that apt trusts, and are held to their form.
 */
#include "run/package_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/policy.h"
#include "common/report.h"

enum field { NAME, OLD, OLD_ARCH, OLD_MULTI, WAY, NEW, NEW_ARCH, NEW_MULTI, ACTION, FIELD_MAX };

void package_plan_clear(struct package_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->change[i].name);
		free(plan->change[i].arch);
		free(plan->change[i].before);
		free(plan->change[i].after);
	}
	free(plan->change);
	*plan = (struct package_plan){ .change = NULL };
}

const struct plan_change *package_plan_find(const struct package_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->change[i].name, name) == 0)
			return &plan->change[i];
	return NULL;
}

static int kind_of(char *const *field, enum plan_kind *ret_kind)
{
	bool was = strcmp(field[OLD], "-") != 0, will = strcmp(field[NEW], "-") != 0;

	if (!was && will)
		*ret_kind = PLAN_INSTALL;
	else if (was && !will)
		*ret_kind = PLAN_REMOVE;
	else if (!was || strlen(field[WAY]) != 1)
		return -EBADMSG;
	else if (field[WAY][0] == '<')
		*ret_kind = PLAN_UPGRADE;
	else if (field[WAY][0] == '>')
		*ret_kind = PLAN_DOWNGRADE;
	else if (field[WAY][0] == '=')
		*ret_kind = PLAN_FINISH;
	else
		return -EBADMSG;
	return 0;
}

static char *version_copy(const char *version)
{
	return strdup(strcmp(version, "-") == 0 ? "" : version);
}

static int change_add(struct package_plan *plan, char *const *field)
{
	const char *arch = field[strcmp(field[NEW], "-") == 0 ? OLD_ARCH : NEW_ARCH];
	struct plan_change *change;
	enum plan_kind kind;
	int r = kind_of(field, &kind);

	if (r < 0)
		return r;
	/* a package is unpacked and configured, in two lines that say the same else */
	for (size_t i = plan->count; i-- > 0;)
		if (strcmp(plan->change[i].name, field[NAME]) == 0 &&
		    strcmp(plan->change[i].arch, arch) == 0 && plan->change[i].kind == kind)
			return 0;
	if (plan->count == REPORT_ROWS_MAX)
		return -E2BIG;
	change = reallocarray(plan->change, plan->count + 1, sizeof(*change));
	if (!change)
		return -ENOMEM;
	plan->change = change;
	change += plan->count++;
	*change = (struct plan_change){
		.name = strdup(field[NAME]),
		.arch = strdup(arch),
		.before = version_copy(field[OLD]),
		.after = version_copy(field[NEW]),
		.kind = kind,
	};
	return change->name && change->arch && change->before && change->after ? 0 : -ENOMEM;
}

static int change_line(struct package_plan *plan, char *line)
{
	char *field[FIELD_MAX];

	/* the last one is a path, in which anything may be */
	for (size_t i = 0; i < FIELD_MAX; i++) {
		field[i] = i < ACTION ? strsep(&line, " ") : line;
		if (!field[i] || field[i][0] == '\0')
			return -EBADMSG;
	}
	if (!policy_package_name_valid(field[NAME]))
		return -EBADMSG;
	return change_add(plan, field);
}

int package_plan_line(struct package_plan *plan, char *line)
{
	switch (plan->place) {
	case PLAN_AT_VERSION:
		if (strcmp(line, "VERSION 3") != 0)
			return -EBADMSG;
		plan->place = PLAN_AT_CONFIGURATION;
		return 0;
	case PLAN_AT_CONFIGURATION:
		if (line[0] == '\0')
			plan->place = PLAN_AT_CHANGES;
		return 0;
	case PLAN_AT_CHANGES:
		break;
	}
	if (strcmp(line, PLAN_END) != 0)
		return change_line(plan, line);
	plan->place = PLAN_AT_VERSION;
	return 1;
}
