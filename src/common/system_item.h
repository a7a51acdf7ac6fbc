/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SYSTEM_ITEM_H
#define EXM_SYSTEM_ITEM_H

#include <stddef.h>

/* What a policy may allow to be set of the system's identity: one table for all. */
#define SYSTEM_ITEMS(X) \
	X(TIMEZONE, "timezone") \
	X(HOSTNAME, "hostname") \
	X(LOCALE, "locale")

enum system_item {
#define X(name, word) SYSTEM_##name,
	SYSTEM_ITEMS(X)
#undef X
		SYSTEM_ITEM_MAX
};

/* The word of the policy, or NULL if there is no such item. */
static inline const char *system_item_word(unsigned int item)
{
	static const char *const words[] = {
#define X(name, word) [SYSTEM_##name] = word,
		SYSTEM_ITEMS(X)
#undef X
	};

	return item < SYSTEM_ITEM_MAX ? words[item] : NULL;
}

#endif
