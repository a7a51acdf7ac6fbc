/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. Names only; the unit's was checked before. */
#include "monitor/systemd/service_pair.h"

#include <stdio.h>
#include <string.h>

static const struct pair {
	enum service_verb verb;
	const char *suffix, *other;
	uint32_t any_of;
} pairs[] = {
	{ SERVICE_STOP, ".service", ".socket", 1u << SERVICE_STOP },
	{ SERVICE_RESTART, ".socket", ".service", 1u << SERVICE_RESTART | 1u << SERVICE_STOP },
};

bool service_pair(enum service_verb verb, const char *unit, char ret_other[static UNIT_NAME_SIZE],
		  uint32_t *ret_any_of)
{
	const char *suffix = strrchr(unit, '.');

	for (size_t i = 0; suffix && i < ARRAY_SIZE(pairs); i++) {
		if (pairs[i].verb != verb || strcmp(pairs[i].suffix, suffix) != 0)
			continue;
		*ret_any_of = pairs[i].any_of;
		return snprintf(ret_other, UNIT_NAME_SIZE, "%.*s%s", (int)(suffix - unit), unit,
				pairs[i].other) < UNIT_NAME_SIZE;
	}
	return false;
}
