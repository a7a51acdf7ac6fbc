/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root), on lines that files of root's held. The
 * administrator is trusted but makes mistakes; whatever is not understood to
 * the last byte is refused. Touches the user database and nothing else.
 */
#include "monitor/policy_keys.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

void policy_mistake(struct policy_reader *reader, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_error("%s:%u: %s", reader->file, reader->line, text);
	reader->mistakes++;
}

char *policy_next_word(char **cursor)
{
	char *word = *cursor + strspn(*cursor, " \t"), *end = word;

	if (*word == '\0')
		return NULL;
	while (*end && *end != ' ' && *end != '\t')
		end += *end == '\\' && end[1] ? 2 : 1;
	*cursor = end;
	if (*end) {
		*end = '\0';
		*cursor = end + 1;
	}
	return word;
}

bool policy_read_number(const char *text, size_t length, uint32_t max, uint32_t *ret_number)
{
	uint64_t number = 0;

	if (length == 0 || length > 10)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	if (number > max)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

/* ---- keys of [Session] ------------------------------------------------------ */

static int key_user(struct policy_reader *reader, enum policy_right unused, char *value)
{
	const char *fault = policy_user_fault(value);
	const struct passwd *account;

	(void)unused;
	if (fault) {
		policy_mistake(reader, "User=" QUOTE " %s", value, fault);
		return 0;
	}
	if (reader->policy->user && strcmp(reader->policy->user, value) != 0) {
		policy_mistake(reader, "User=" QUOTE " after User=%s; one policy pairs one user",
			       value, reader->policy->user);
		return 0;
	}
	account = getpwnam(value);
	if (!account)
		policy_mistake(reader, "User=" QUOTE " is not known here; create the user first",
			       value);
	else if (account->pw_uid == 0)
		policy_mistake(reader, "User=" QUOTE " has uid 0; name an unprivileged user",
			       value);
	if (!reader->policy->user)
		reader->policy->user = strdup(value);
	return reader->policy->user ? 0 : -ENOMEM;
}

static int key_timeout(struct policy_reader *reader, enum policy_right unused, char *value)
{
	static const struct {
		const char *suffix;
		uint32_t ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "min", 60 * 1000 }, { "h", 3600 * 1000 } };
	size_t digits = strspn(value, "0123456789");
	uint32_t number, ms = 0;

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(value + digits, units[i].suffix) == 0 &&
		    policy_read_number(value, digits, POLICY_TIMEOUT_MAX_MS / units[i].ms, &number))
			ms = number * units[i].ms;
	if (ms < POLICY_TIMEOUT_MIN_MS)
		policy_mistake(reader,
			       "Timeout=" QUOTE " is no time between 1s and 1h; write it as 30s "
			       "or 5min",
			       value);
	else if (reader->timeout_given && ms != reader->policy->timeout_ms)
		policy_mistake(reader,
			       "Timeout=" QUOTE " differs from an earlier Timeout=; give one",
			       value);
	else
		reader->policy->timeout_ms = ms;
	reader->timeout_given = true;
	return 0;
}

/* ---- keys of [Service UNIT] ------------------------------------------------- */

static int key_allow(struct policy_reader *reader, enum policy_right unused, char *value)
{
	const char *word;

	(void)unused;
	while ((word = policy_next_word(&value))) {
		unsigned int verb = 0;

		while (verb < SERVICE_VERB_MAX && strcmp(service_verb_word(verb), word) != 0)
			verb++;
		if (verb < SERVICE_VERB_MAX)
			reader->policy->services[reader->index].verbs |= 1u << verb;
		else
			policy_mistake(reader,
				       "Allow=" QUOTE " is no verb; there are"
#define X(name, verb_word, method) " " verb_word
				       SERVICE_VERBS(X),
#undef X
				       word);
	}
	return 0;
}

/* ---- sections --------------------------------------------------------------- */

static int open_session(struct policy_reader *reader, const char *argument)
{
	if (argument)
		policy_mistake(reader, "[Session " QUOTE "] takes no name; write [Session]",
			       argument);
	return 0;
}

static int open_file(struct policy_reader *reader, const char *path)
{
	const char *fault = path ? policy_path_fault(path) : "names no file; write [File /PATH]";
	struct policy_file *file;
	int r;

	if (fault)
		policy_mistake(reader, "[File %.80s] %s", path ? path : "", fault);
	path = path ? path : "";
	for (reader->index = 0; reader->index < reader->policy->file_count; reader->index++)
		if (strcmp(reader->policy->files[reader->index].path, path) == 0)
			return 0;
	r = policy_file_add(reader->policy, path, &file);
	if (r != -E2BIG)
		return r;
	policy_mistake(reader, "more than %d [File] sections; use wildcards", POLICY_FILES_MAX);
	reader->section = SECTION_UNKNOWN;
	return 0;
}

static int open_service(struct policy_reader *reader, const char *unit)
{
	const char *fault = unit ? policy_unit_fault(unit)
				 : "names no unit; write it as in [Service ssh.service]";
	struct policy_service *service;
	int r;

	if (fault)
		policy_mistake(reader, "[Service %.80s] %s", unit ? unit : "", fault);
	unit = unit ? unit : "";
	for (reader->index = 0; reader->index < reader->policy->service_count; reader->index++)
		if (strcmp(reader->policy->services[reader->index].unit, unit) == 0)
			return 0;
	r = policy_service_add(reader->policy, unit, &service);
	if (r != -E2BIG)
		return r;
	policy_mistake(reader, "more than %d [Service] sections; use wildcards",
		       POLICY_SERVICES_MAX);
	reader->section = SECTION_UNKNOWN;
	return 0;
}

/* ---- the tables ------------------------------------------------------------- */

static const struct {
	enum policy_section section;
	const char *name;
	int (*open)(struct policy_reader *reader, const char *argument);
} sections[] = {
	{ SECTION_SESSION, "Session", open_session },
	{ SECTION_FILE, "File", open_file },
	{ SECTION_SERVICE, "Service", open_service },
};

static const struct {
	enum policy_section section;
	const char *name;
	policy_key *read;
	enum policy_right right;
} keys[] = {
	{ SECTION_SESSION, "User", key_user, RIGHT_MAX },
	{ SECTION_SESSION, "Timeout", key_timeout, RIGHT_MAX },
	{ SECTION_FILE, "Lens", policy_key_lens, RIGHT_MAX },
#define X(name, key) { SECTION_FILE, key, policy_key_right, RIGHT_##name },
	POLICY_RIGHTS(X)
#undef X
		{ SECTION_FILE, "Value", policy_key_value, RIGHT_MAX },
	{ SECTION_FILE, "Create", policy_key_create, RIGHT_MAX },
	{ SECTION_FILE, "Delete", policy_key_delete, RIGHT_MAX },
	{ SECTION_SERVICE, "Allow", key_allow, RIGHT_MAX },
};

int policy_section_open(struct policy_reader *reader, const char *name, const char *argument)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		if (strcmp(sections[i].name, name) != 0)
			continue;
		reader->section = sections[i].section;
		return sections[i].open(reader, argument);
	}
	policy_mistake(reader,
		       "unknown section ["
		       "%.80s]; there are [Session], [File PATH] and "
		       "[Service UNIT]",
		       name);
	reader->section = SECTION_UNKNOWN;
	return 0;
}

/* A key that the section does not have: says where it belongs, or what there is. */
static void unknown_key(struct policy_reader *reader, const char *key)
{
	char known[256] = "";

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t used = strlen(known);

		if (keys[i].section == reader->section)
			snprintf(known + used, sizeof(known) - used, " %s=", keys[i].name);
	}
	policy_mistake(reader, "unknown key %.80s=; this section has%s", key, known);
}

int policy_key_read(struct policy_reader *reader, const char *key, char *value)
{
	if (reader->section == SECTION_UNKNOWN)
		return 0;
	if (reader->section == SECTION_NONE) {
		policy_mistake(reader,
			       "%.80s= stands before any section; begin one with [Session], "
			       "[File PATH] or [Service UNIT]",
			       key);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].section != reader->section || strcmp(keys[i].name, key) != 0)
			continue;
		if (*value)
			return keys[i].read(reader, keys[i].right, value);
		policy_mistake(reader, "%s= has no value; leave the line out or complete it", key);
		return 0;
	}
	unknown_key(reader, key);
	return 0;
}
