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

/* 0 and logged if it is not between the least and the most that is allowed. */
static uint32_t read_time(struct policy_reader *reader, const char *value)
{
	static const struct {
		const char *suffix;
		uint32_t ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "min", 60 * 1000 }, { "h", 3600 * 1000 } };
	size_t digits = strspn(value, "0123456789");
	uint32_t number, ms = 0;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(value + digits, units[i].suffix) == 0 &&
		    policy_read_number(value, digits, POLICY_TIMEOUT_MAX_MS / units[i].ms, &number))
			ms = number * units[i].ms;
	if (ms >= POLICY_TIMEOUT_MIN_MS)
		return ms;
	policy_mistake(reader,
		       "Timeout=" QUOTE " is no time between 1s and 1h; write it as 30s or 5min",
		       value);
	return 0;
}

static int key_timeout(struct policy_reader *reader, enum policy_right unused, char *value)
{
	uint32_t ms = read_time(reader, value);

	(void)unused;
	if (ms && reader->timeout_given && ms != reader->policy->timeout_ms)
		policy_mistake(reader,
			       "Timeout=" QUOTE " differs from an earlier Timeout=; give one",
			       value);
	else if (ms)
		reader->policy->timeout_ms = ms;
	reader->timeout_given = true;
	return 0;
}

static int key_manager(struct policy_reader *reader, enum policy_right unused, char *value)
{
	unsigned int manager = 0;

	(void)unused;
	while (manager < MANAGER_MAX && strcmp(policy_manager_word(manager), value) != 0)
		manager++;
	if (manager == MANAGER_MAX)
		policy_mistake(reader,
			       "ServiceManager=" QUOTE " is unknown; there are"
#define X(name, word) " " word
			       SERVICE_MANAGERS(X),
#undef X
			       value);
	else if (reader->manager_given && manager != reader->policy->manager)
		policy_mistake(reader, "ServiceManager=" QUOTE " differs from an earlier one",
			       value);
	else
		reader->policy->manager = manager;
	reader->manager_given = true;
	return 0;
}

/* ---- keys of [Service], [Log], [Package] and [System] ------------------------- */

/* Adds the bits of the listed words to the set. */
static void read_words(struct policy_reader *reader, char *value,
		       const char *(*word_of)(unsigned int), const char *known, uint32_t *set)
{
	const char *word;

	while ((word = policy_next_word(&value))) {
		unsigned int bit = 0;

		while (word_of(bit) && strcmp(word_of(bit), word) != 0)
			bit++;
		if (word_of(bit))
			*set |= 1u << bit;
		else
			policy_mistake(reader, "Allow=" QUOTE " is unknown here; there are%s", word,
				       known);
	}
}

static int key_service_allow(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
#define X(name, word, kind, method) " " word
	read_words(reader, value, service_verb_word, SERVICE_VERBS(X),
		   &reader->policy->services[reader->index].verbs);
#undef X
	return 0;
}

static int key_service_timeout(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
	reader->policy->services[reader->index].timeout_ms = read_time(reader, value);
	return 0;
}

static int key_log_lines(struct policy_reader *reader, enum policy_right unused, char *value)
{
	uint32_t lines;

	(void)unused;
	if (policy_read_number(value, strlen(value), POLICY_LOG_LINES_MAX, &lines) && lines > 0)
		reader->policy->logs[reader->index].lines = lines;
	else
		policy_mistake(reader, "Lines=" QUOTE " is no number from 1 to %d", value,
			       POLICY_LOG_LINES_MAX);
	return 0;
}

static int key_package_allow(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
#define X(name, word) " " word
	read_words(reader, value, package_verb_word, PACKAGE_VERBS(X),
		   &reader->policy->packages[reader->index].verbs);
#undef X
	return 0;
}

static int key_package_timeout(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
	reader->policy->packages[reader->index].timeout_ms = read_time(reader, value);
	return 0;
}

static int key_system_allow(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
#define X(name, word) " " word
	read_words(reader, value, system_item_word, SYSTEM_ITEMS(X), &reader->policy->system_items);
#undef X
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

static int too_many(struct policy_reader *reader, const char *kind, int most)
{
	policy_mistake(reader, "more than %d [%s] sections; use wildcards", most, kind);
	reader->section = SECTION_UNKNOWN;
	return 0;
}

/* A section about a name: the one that is there already, or a new one. */
#define DEFINE_OPEN(kind, member, title, fault_of, missing, most) \
	static int open_##kind(struct policy_reader *reader, const char *name) \
	{ \
		const char *fault = name ? fault_of(name) : (missing); \
		struct policy *policy = reader->policy; \
		struct policy_##kind *entry; \
		int r; \
\
		if (fault) \
			policy_mistake(reader, "[" title " %.80s] %s", name ? name : "", fault); \
		name = name ? name : ""; \
		for (reader->index = 0; reader->index < policy->kind##_count; reader->index++) \
			if (strcmp(policy->kind##s[reader->index].member, name) == 0) \
				return 0; \
		r = policy_##kind##_add(policy, name, &entry); \
		return r == -E2BIG ? too_many(reader, title, most) : r; \
	}
DEFINE_OPEN(file, path, "File", policy_path_fault, "names no file; write [File /PATH]",
	    POLICY_FILES_MAX)
DEFINE_OPEN(service, unit, "Service", policy_unit_fault,
	    "names no unit; write it as in [Service ssh.service]", POLICY_SERVICES_MAX)
DEFINE_OPEN(log, unit, "Log", policy_unit_fault, "names no unit; write it as in [Log ssh.service]",
	    POLICY_LOGS_MAX)
DEFINE_OPEN(package, name, "Package", policy_package_fault,
	    "names no package; write it as in [Package openssh-server]", POLICY_PACKAGES_MAX)

static int open_system(struct policy_reader *reader, const char *argument)
{
	if (argument)
		policy_mistake(reader, "[System " QUOTE "] takes no name; write [System]",
			       argument);
	reader->policy->has_system = true;
	return 0;
}

/* ---- the tables ------------------------------------------------------------- */

static const struct {
	enum policy_section section;
	const char *name;
	int (*open)(struct policy_reader *reader, const char *argument);
} sections[] = {
	{ SECTION_SESSION, "Session", open_session }, { SECTION_FILE, "File", open_file },
	{ SECTION_SERVICE, "Service", open_service }, { SECTION_LOG, "Log", open_log },
	{ SECTION_PACKAGE, "Package", open_package }, { SECTION_SYSTEM, "System", open_system },
};

static const struct {
	enum policy_section section;
	const char *name;
	policy_key *read;
	enum policy_right right;
} keys[] = {
	{ SECTION_SESSION, "User", key_user, RIGHT_MAX },
	{ SECTION_SESSION, "Timeout", key_timeout, RIGHT_MAX },
	{ SECTION_SESSION, "ServiceManager", key_manager, RIGHT_MAX },
	{ SECTION_FILE, "Lens", policy_key_lens, RIGHT_MAX },
#define X(name, key) { SECTION_FILE, key, policy_key_right, RIGHT_##name },
	POLICY_RIGHTS(X)
#undef X
		{ SECTION_FILE, "Value", policy_key_value, RIGHT_MAX },
	{ SECTION_FILE, "Create", policy_key_create, RIGHT_MAX },
	{ SECTION_FILE, "Delete", policy_key_delete, RIGHT_MAX },
	{ SECTION_SERVICE, "Allow", key_service_allow, RIGHT_MAX },
	{ SECTION_SERVICE, "Timeout", key_service_timeout, RIGHT_MAX },
	{ SECTION_LOG, "Lines", key_log_lines, RIGHT_MAX },
	{ SECTION_PACKAGE, "Allow", key_package_allow, RIGHT_MAX },
	{ SECTION_PACKAGE, "Timeout", key_package_timeout, RIGHT_MAX },
	{ SECTION_SYSTEM, "Allow", key_system_allow, RIGHT_MAX },
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
		       "%.80s]; there are [Session], [File PATH], [Service UNIT], [Log UNIT], "
		       "[Package NAME] and [System]",
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
			       "%.80s= stands before any section; begin one, as with [Session] "
			       "or [File PATH]",
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
