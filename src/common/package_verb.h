/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_VERB_H
#define EXM_PACKAGE_VERB_H

#include <stddef.h>

/* What a policy may allow for packages: one table for policy, wire, methods and CLI. */
#define PACKAGE_VERBS(X) \
	X(STATUS, "status") \
	X(INSTALL, "install") \
	X(REMOVE, "remove") \
	X(UPDATE, "update") \
	X(UPGRADE, "upgrade")

enum package_verb {
#define X(name, word) PACKAGE_##name,
	PACKAGE_VERBS(X)
#undef X
		PACKAGE_VERB_MAX
};

/* The word of the policy and of the CLI, or NULL if there is no such verb. */
static inline const char *package_verb_word(unsigned int verb)
{
	static const char *const words[] = {
#define X(name, word) [PACKAGE_##name] = word,
		PACKAGE_VERBS(X)
#undef X
	};

	return verb < PACKAGE_VERB_MAX ? words[verb] : NULL;
}

#endif
