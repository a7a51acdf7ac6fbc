/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachinad (root), on lines that files of root's held: the keys of [History]. */
#include <string.h>

#include "monitor/policy/policy_keys.h"

struct unit {
	const char *suffix;
	uint64_t size;
};

static const struct unit ages[] = {
	{ "min", 60 },
	{ "h", 3600 },
	{ "d", 86400 },
	{ "w", 604800 },
};

static const struct unit sizes[] = {
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
};

/* A number with one of the units behind it; 0 for what is none, or more than max. */
static uint64_t read_quantity(const char *value, const struct unit *units, size_t count,
			      uint64_t max)
{
	size_t digits = strspn(value, "0123456789");
	uint32_t number;

	for (size_t i = 0; i < count; i++)
		if (strcmp(value + digits, units[i].suffix) == 0 &&
		    policy_read_number(value, digits, UINT32_MAX, &number) &&
		    number <= max / units[i].size)
			return number * units[i].size;
	return 0;
}

/* The same each time, or it is a mistake; 0 is one that was noted already. */
static void set(struct policy_reader *reader, enum policy_history_key key, const char *name,
		const char *value, uint64_t number, uint64_t *field)
{
	bool given = reader->history_given & 1u << key;

	reader->history_given |= 1u << key;
	if (given && number && number != *field)
		policy_mistake(reader, "%s=" QUOTE " differs from an earlier %s=; give one", name,
			       value, name);
	else if (number)
		*field = number;
}

int policy_key_history_record(struct policy_reader *reader, enum policy_right unused, char *value)
{
	bool yes = strcmp(value, "yes") == 0;
	uint64_t off = reader->policy->history.off ? 1 : 2;

	(void)unused;
	if (!yes && strcmp(value, "no") != 0) {
		policy_mistake(reader, "Record=" QUOTE " is unknown; write yes or no", value);
		return 0;
	}
	set(reader, HISTORY_RECORD, "Record", value, yes ? 2 : 1, &off);
	reader->policy->history.off = off == 1;
	return 0;
}

int policy_key_history_keep(struct policy_reader *reader, enum policy_right unused, char *value)
{
	uint64_t count = reader->policy->history.count;
	uint32_t number = 0;

	(void)unused;
	if (!policy_read_number(value, strlen(value), POLICY_REVISIONS_MAX, &number) || number == 0)
		policy_mistake(reader,
			       "Keep=" QUOTE " is no number from 1 to %d; to keep none, "
			       "write Record=no",
			       value, POLICY_REVISIONS_MAX);
	set(reader, HISTORY_KEEP, "Keep", value, number, &count);
	reader->policy->history.count = (uint32_t)count;
	return 0;
}

int policy_key_history_max_age(struct policy_reader *reader, enum policy_right unused, char *value)
{
	uint64_t seconds = read_quantity(value, ages, ARRAY_SIZE(ages),
					 (uint64_t)POLICY_HISTORY_DAYS_MAX * 86400);

	(void)unused;
	if (seconds == 0)
		policy_mistake(reader,
			       "MaxAge=" QUOTE " is no time up to %dd; write it as 12h, 90d "
			       "or 8w",
			       value, POLICY_HISTORY_DAYS_MAX);
	set(reader, HISTORY_MAX_AGE, "MaxAge", value, seconds, &reader->policy->history.seconds);
	return 0;
}

int policy_key_history_max_size(struct policy_reader *reader, enum policy_right unused, char *value)
{
	uint64_t bytes = read_quantity(value, sizes, ARRAY_SIZE(sizes),
				       (uint64_t)POLICY_HISTORY_MIB_MAX << 20);

	(void)unused;
	if (bytes == 0)
		policy_mistake(reader,
			       "MaxSize=" QUOTE " is no size up to %dG; write it as 500K, "
			       "100M or 2G",
			       value, POLICY_HISTORY_MIB_MAX >> 10);
	set(reader, HISTORY_MAX_SIZE, "MaxSize", value, bytes, &reader->policy->history.bytes);
	return 0;
}
