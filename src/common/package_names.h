/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_NAMES_H
#define EXM_PACKAGE_NAMES_H

#include <stdbool.h>

#include "common/message.h"
#include "common/policy.h"

/* The names of a package call, taken apart; valid where the text of the message was. */
struct package_names {
	char text[MESSAGE_NAME_MAX + 1];
	const char *name[PACKAGES_MAX];
	size_t count;
};

/*
 * Names stand one blank apart; "" has none. 0, or -EINVAL if there are too
 * many, if one cannot be the name of a package or is there twice, or if a
 * blank is too much. Nothing is said about the policy yet.
 */
int package_names_split(const char *text, struct package_names *ret_names) must_check;

bool package_names_has(const struct package_names *names, const char *name);

/*
 * Does the policy allow the verb for each of the names, asked one by one? No
 * name at all is something for update and for upgrade only, and update takes
 * none. ret_denied is the first that is not allowed, "" for a call without
 * names.
 */
bool package_names_allowed(const struct package_names *names, const struct policy *policy,
			   enum package_verb verb, const char **ret_denied);

#endif
