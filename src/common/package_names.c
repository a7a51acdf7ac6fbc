/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, and once more in exmachina-run: what both must see alike
 * in the names that an engine sent. The text is hostile.
 */
#include "common/package_names.h"

#include <errno.h>
#include <string.h>

bool package_names_has(const struct package_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->name[i], name) == 0)
			return true;
	return false;
}

int package_names_split(const char *text, struct package_names *ret_names)
{
	struct package_names *names = ret_names;
	char *rest = names->text;
	const char *name;

	names->count = 0;
	if (strlen(text) >= sizeof(names->text))
		return -EINVAL;
	strcpy(names->text, text);
	if (text[0] == '\0')
		return 0;
	while ((name = strsep(&rest, " "))) {
		if (names->count == PACKAGES_MAX || !policy_package_name_valid(name) ||
		    package_names_has(names, name))
			return -EINVAL;
		names->name[names->count++] = name;
	}
	return 0;
}

bool package_names_allowed(const struct package_names *names, const struct policy *policy,
			   enum package_verb verb, const char **ret_denied)
{
	*ret_denied = "";
	if (names->count == 0)
		return policy_package_allows(policy, verb, NULL);
	if (verb == PACKAGE_UPDATE)
		return false;
	for (size_t i = 0; i < names->count; i++) {
		if (policy_package_allows(policy, verb, names->name[i]))
			continue;
		*ret_denied = names->name[i];
		return false;
	}
	return true;
}
