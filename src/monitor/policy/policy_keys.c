/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root), on lines that files of root's held. The
 * administrator is trusted but makes mistakes; whatever is not understood to
 * the last byte is refused. Touches the user database and nothing else.
 */
#include "monitor/policy/policy_keys.h"

#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/layer.h"
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

uint32_t policy_read_timeout(struct policy_reader *reader, const char *value)
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
	uint32_t ms = policy_read_timeout(reader, value);

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

/* A key that takes one of several words, and the same each time. known: a blank before each word.
 */
struct choice {
	const char *key;
	const char *const *words;
	unsigned int count;
	const char *known;
};

static void read_choice(struct policy_reader *reader, const struct choice *choice,
			const char *value, bool *given, unsigned int *chosen)
{
	unsigned int found = 0;

	while (found < choice->count && strcmp(choice->words[found], value) != 0)
		found++;
	if (found == choice->count)
		policy_mistake(reader, "%s=" QUOTE " is unknown; there are%s", choice->key, value,
			       choice->known);
	else if (*given && found != *chosen)
		policy_mistake(reader, "%s=" QUOTE " differs from an earlier %s=; give one",
			       choice->key, value, choice->key);
	else
		*chosen = found;
	*given = true;
}

static int key_manager(struct policy_reader *reader, enum policy_right unused, char *value)
{
#define X(name, word) word,
	static const char *const words[] = { SERVICE_MANAGERS(X) };
#undef X
#define X(name, word) " " word
	static const struct choice managers = { "ServiceManager", words, MANAGER_MAX,
						SERVICE_MANAGERS(X) };
#undef X
	unsigned int manager = reader->policy->manager;

	(void)unused;
	read_choice(reader, &managers, value, &reader->manager_given, &manager);
	reader->policy->manager = manager;
	return 0;
}

static int key_audit(struct policy_reader *reader, enum policy_right unused, char *value)
{
#define X(name, word) word,
	static const char *const words[] = { AUDIT_PLACES(X) };
#undef X
#define X(name, word) " " word
	static const struct choice places = { "Audit", words, AUDIT_PLACE_MAX, AUDIT_PLACES(X) };
#undef X
	bool first = !reader->audit_given;
	unsigned int place = reader->policy->audit;

	(void)unused;
	read_choice(reader, &places, value, &reader->audit_given, &place);
	reader->policy->audit = place;
	if (first && place == AUDIT_TO_JOURNAL)
		log_warning("%s:%u: Audit=journal: there is no audit trail in a file, and nothing "
			    "shows whether records were taken out of the journal",
			    reader->file, reader->line);
	return 0;
}

static int key_optional_layers(struct policy_reader *reader, enum policy_right unused, char *value)
{
	const char *word;

	(void)unused;
	while ((word = policy_next_word(&value))) {
		unsigned int layer = 0;

		while (layer < LAYER_MAX && strcmp(layer_word(layer), word) != 0)
			layer++;
		if (layer < LAYER_MAX && layer_is_optional(layer))
			reader->policy->optional_layers |= UINT32_C(1) << layer;
		else if (layer < LAYER_MAX)
			policy_mistake(reader,
				       "OptionalLayers=" QUOTE
				       " can be had everywhere, and is never "
				       "optional",
				       word);
		else
			policy_mistake(reader,
				       "OptionalLayers=" QUOTE " is no layer of the sandbox; "
				       "exmachina-policy(5) lists them",
				       word);
	}
	return 0;
}

/* ---- sections --------------------------------------------------------------- */

/* Of these there is one. */
static int open_single(struct policy_reader *reader, const char *unused)
{
	(void)reader;
	(void)unused;
	return 0;
}

static int open_system(struct policy_reader *reader, const char *unused)
{
	(void)unused;
	reader->policy->has_system = true;
	return 0;
}

/* Each of these finds the section of that name, or adds it. */
static int open_file(struct policy_reader *reader, const char *path)
{
	struct policy *policy = reader->policy;
	struct policy_file *file;

	for (reader->index = 0; reader->index < policy->file_count; reader->index++)
		if (strcmp(policy->files[reader->index].path, path) == 0)
			return 0;
	return policy_file_add(policy, path, &file);
}

static int open_service(struct policy_reader *reader, const char *unit)
{
	struct policy *policy = reader->policy;
	struct policy_service *service;

	for (reader->index = 0; reader->index < policy->service_count; reader->index++)
		if (strcmp(policy->services[reader->index].unit, unit) == 0)
			return 0;
	return policy_service_add(policy, unit, &service);
}

static int open_log(struct policy_reader *reader, const char *unit)
{
	struct policy *policy = reader->policy;
	struct policy_log *log;

	for (reader->index = 0; reader->index < policy->log_count; reader->index++)
		if (strcmp(policy->logs[reader->index].unit, unit) == 0)
			return 0;
	return policy_log_add(policy, unit, &log);
}

static int open_package(struct policy_reader *reader, const char *name)
{
	struct policy *policy = reader->policy;
	struct policy_package *package;

	for (reader->index = 0; reader->index < policy->package_count; reader->index++)
		if (strcmp(policy->packages[reader->index].name, name) == 0)
			return 0;
	return policy_package_add(policy, name, &package);
}

/* ---- the tables ------------------------------------------------------------- */

struct section {
	enum policy_section section;
	const char *name;
	int (*open)(struct policy_reader *reader, const char *name);
	const char *(*fault)(const char *name); /* NULL: the section is about nothing by name */
	const char *missing;                    /* what is said if it has no name */
	int most;
};

static const struct section sections[] = {
	{ SECTION_SESSION, "Session", open_single, NULL, NULL, 1 },
	{ SECTION_FILE, "File", open_file, policy_path_fault, "names no file; write [File /PATH]",
	  POLICY_FILES_MAX },
	{ SECTION_SERVICE, "Service", open_service, policy_unit_fault,
	  "names no unit; write it as in [Service ssh.service]", POLICY_SERVICES_MAX },
	{ SECTION_LOG, "Log", open_log, policy_unit_fault,
	  "names no unit; write it as in [Log ssh.service]", POLICY_LOGS_MAX },
	{ SECTION_PACKAGE, "Package", open_package, policy_package_fault,
	  "names no package; write it as in [Package openssh-server]", POLICY_PACKAGES_MAX },
	{ SECTION_SYSTEM, "System", open_system, NULL, NULL, 1 },
	{ SECTION_HISTORY, "History", open_single, NULL, NULL, 1 },
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
	{ SECTION_SESSION, "OptionalLayers", key_optional_layers, RIGHT_MAX },
	{ SECTION_SESSION, "Audit", key_audit, RIGHT_MAX },
	{ SECTION_SESSION, "Lenses", policy_key_lenses, RIGHT_MAX },
	{ SECTION_FILE, "Lens", policy_key_lens, RIGHT_MAX },
#define X(name, key) { SECTION_FILE, key, policy_key_right, RIGHT_##name },
	POLICY_RIGHTS(X)
#undef X
		{ SECTION_FILE, "Value", policy_key_value, RIGHT_MAX },
	{ SECTION_FILE, "Create", policy_key_create, RIGHT_MAX },
	{ SECTION_FILE, "MakeDirs", policy_key_make_dirs, RIGHT_MAX },
	{ SECTION_FILE, "Delete", policy_key_delete, RIGHT_MAX },
	{ SECTION_FILE, "Verify", policy_key_verify, RIGHT_MAX },
	{ SECTION_FILE, "OtherLens", policy_key_other_lens, RIGHT_MAX },
	{ SECTION_FILE, "Secret", policy_key_secret, RIGHT_MAX },
	{ SECTION_FILE, "Check", policy_key_check, RIGHT_MAX },
	{ SECTION_FILE, "Apply", policy_key_apply, RIGHT_MAX },
	{ SECTION_SERVICE, "Allow", policy_key_service_allow, RIGHT_MAX },
	{ SECTION_SERVICE, "Timeout", policy_key_service_timeout, RIGHT_MAX },
	{ SECTION_LOG, "Lines", policy_key_log_lines, RIGHT_MAX },
	{ SECTION_PACKAGE, "Allow", policy_key_package_allow, RIGHT_MAX },
	{ SECTION_PACKAGE, "Timeout", policy_key_package_timeout, RIGHT_MAX },
	{ SECTION_SYSTEM, "Allow", policy_key_system_allow, RIGHT_MAX },
	{ SECTION_HISTORY, "Record", policy_key_history_record, RIGHT_MAX },
	{ SECTION_HISTORY, "Keep", policy_key_history_keep, RIGHT_MAX },
	{ SECTION_HISTORY, "MaxAge", policy_key_history_max_age, RIGHT_MAX },
	{ SECTION_HISTORY, "MaxSize", policy_key_history_max_size, RIGHT_MAX },
};

/* A section whose name is wrong is read all the same, for the mistakes that may be in it. */
static int open_section(struct policy_reader *reader, const struct section *section,
			const char *argument)
{
	const char *fault = argument ? NULL : section->missing;
	int r;

	reader->section = section->section;
	if (argument && !section->fault)
		policy_mistake(reader, "[%s " QUOTE "] takes no name; write [%s]", section->name,
			       argument, section->name);
	else if (argument)
		fault = section->fault(argument);
	if (fault)
		policy_mistake(reader, "[%s %.80s] %s", section->name, argument ? argument : "",
			       fault);
	r = section->open(reader, argument ? argument : "");
	if (r != -E2BIG)
		return r;
	policy_mistake(reader, "more than %d [%s] sections; use wildcards", section->most,
		       section->name);
	reader->section = SECTION_UNKNOWN;
	return 0;
}

int policy_section_open(struct policy_reader *reader, const char *name, const char *argument)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strcmp(sections[i].name, name) == 0)
			return open_section(reader, &sections[i], argument);
	policy_mistake(reader,
		       "unknown section [%.80s]; there are [Session], [File PATH], "
		       "[Service UNIT], [Log UNIT], [Package NAME], [System] and [History]",
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
