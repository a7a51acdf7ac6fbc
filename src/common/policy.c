/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, where it decides, and in the engine, where it only
 * explains early. The policy is trusted by now; paths, labels, values and unit
 * names come from the client and from file content and are hostile.
 */
#include "common/policy.h"

#include <errno.h>
#include <string.h>

#include "common/glob.h"
#include "common/node_path.h"

struct policy *policy_new(void)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		policy->timeout_ms = POLICY_TIMEOUT_DEFAULT_MS;
	return policy;
}

static void list_clear(struct policy_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
}

static void value_clear(struct policy_value *value)
{
	free(value->pattern);
	free(value->ere);
	regfree(&value->compiled);
}

static void file_clear(struct policy_file *file)
{
	free(file->path);
	free(file->lens);
	for (size_t i = 0; i < RIGHT_MAX; i++)
		list_clear(&file->rights[i]);
	for (size_t i = 0; i < file->value_count; i++)
		value_clear(&file->values[i]);
	free(file->values);
	free(file->create_owner);
	free(file->create_group);
}

struct policy *policy_free(struct policy *policy)
{
	if (!policy)
		return NULL;
	for (size_t i = 0; i < policy->file_count; i++)
		file_clear(&policy->files[i]);
	for (size_t i = 0; i < policy->service_count; i++)
		free(policy->services[i].unit);
	for (size_t i = 0; i < policy->log_count; i++)
		free(policy->logs[i].unit);
	for (size_t i = 0; i < policy->package_count; i++)
		free(policy->packages[i].name);
	free(policy->files);
	free(policy->services);
	free(policy->logs);
	free(policy->packages);
	free(policy->user);
	free(policy);
	return NULL;
}

/* Room for one more of `size` bytes, all zero, behind `count` of them, or NULL. */
static void *grow(void *list, size_t count, size_t size)
{
	char *longer = reallocarray(list, count + 1, size);

	if (longer)
		memset(longer + count * size, 0, size);
	return longer;
}

/* Each kind of entry is a list, its length, and a name that comes first. */
#define DEFINE_ADD(kind, member, most) \
	int policy_##kind##_add(struct policy *policy, const char *name, \
				struct policy_##kind **ret_entry) \
	{ \
		size_t count = policy->kind##_count; \
		struct policy_##kind *list; \
\
		if (count == (most)) \
			return -E2BIG; \
		list = grow(policy->kind##s, count, sizeof(*list)); \
		if (!list) \
			return -ENOMEM; \
		policy->kind##s = list; \
		list[count].member = strdup(name); \
		if (!list[count].member) \
			return -ENOMEM; \
		policy->kind##_count++; \
		*ret_entry = &list[count]; \
		return 0; \
	}
DEFINE_ADD(file, path, POLICY_FILES_MAX)
DEFINE_ADD(service, unit, POLICY_SERVICES_MAX)
DEFINE_ADD(log, unit, POLICY_LOGS_MAX)
DEFINE_ADD(package, name, POLICY_PACKAGES_MAX)

int policy_list_add(struct policy_list *list, const char *text)
{
	char **items, *copy;

	if (list->count == POLICY_ITEMS_MAX)
		return -E2BIG;
	items = reallocarray(list->item, list->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->item = items;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	items[list->count++] = copy;
	return 0;
}

int policy_value_add(struct policy_file *file, const char *pattern, const char *ere)
{
	struct policy_value *values, value = { 0 };
	int r;

	if (file->value_count == POLICY_ITEMS_MAX)
		return -E2BIG;
	values = reallocarray(file->values, file->value_count + 1, sizeof(*values));
	if (!values)
		return -ENOMEM;
	file->values = values;
	value.pattern = strdup(pattern);
	value.ere = strdup(ere);
	r = value.pattern && value.ere ? policy_value_compile(&value) : -ENOMEM;
	if (r != 0) {
		free(value.pattern);
		free(value.ere);
		return r;
	}
	values[file->value_count++] = value;
	return 0;
}

ssize_t policy_find_file(const struct policy *policy, const char *path)
{
	if (!policy_path_is_plain(path))
		return -1;
	for (size_t i = 0; i < policy->file_count; i++)
		if (strcmp(policy->files[i].path, path) == 0)
			return (ssize_t)i;
	for (size_t i = 0; i < policy->file_count; i++)
		if (glob_match_path(policy->files[i].path, path))
			return (ssize_t)i;
	return -1;
}

/* The one that spells the name, else the first whose glob matches it. */
#define DEFINE_FIND(kind, member, is_valid) \
	ssize_t policy_find_##kind(const struct policy *policy, const char *name) \
	{ \
		if (!is_valid(name)) \
			return -1; \
		for (size_t i = 0; i < policy->kind##_count; i++) \
			if (strcmp(policy->kind##s[i].member, name) == 0) \
				return (ssize_t)i; \
		for (size_t i = 0; i < policy->kind##_count; i++) \
			if (glob_has_wildcard(policy->kind##s[i].member) && \
			    glob_match_path(policy->kind##s[i].member, name)) \
				return (ssize_t)i; \
		return -1; \
	}
DEFINE_FIND(service, unit, policy_unit_name_valid)
DEFINE_FIND(log, unit, policy_unit_name_valid)
DEFINE_FIND(package, name, policy_package_name_valid)

bool policy_package_allows(const struct policy *policy, enum package_verb verb, const char *name)
{
	ssize_t found;

	if (name) {
		found = policy_find_package(policy, name);
		return found >= 0 && (policy->packages[found].verbs & 1u << verb);
	}
	for (size_t i = 0; i < policy->package_count; i++) {
		const struct policy_package *package = &policy->packages[i];

		if (!(package->verbs & 1u << verb))
			continue;
		if (verb == PACKAGE_UPDATE ||
		    (verb == PACKAGE_UPGRADE && strcmp(package->name, "*") == 0))
			return true;
	}
	return false;
}

bool policy_needs_run(const struct policy *policy, enum service_manager manager)
{
	return policy->package_count > 0 || (policy->service_count > 0 && manager == MANAGER_INITD);
}

const char *policy_manager_word(enum service_manager manager)
{
	static const char *const words[] = {
#define X(name, word) [MANAGER_##name] = word,
		SERVICE_MANAGERS(X)
#undef X
	};

	return words[manager];
}

const char *policy_denied_by(const struct policy_file *file, const struct node_path *node)
{
	const struct policy_list *deny = &file->rights[RIGHT_DENY];

	for (size_t i = 0; i < deny->count; i++)
		if (node_pattern_covers(deny->item[i], node, 0))
			return deny->item[i];
	return NULL;
}

enum policy_verdict policy_check_node(const struct policy_file *file, enum policy_right right,
				      const struct node_path *node)
{
	const struct policy_list *give = &file->rights[right];

	if (policy_denied_by(file, node))
		return POLICY_DENIED;
	if (node->depth == 0 || right == RIGHT_DENY)
		return POLICY_NO_RULE;
	for (size_t i = 0; i < give->count; i++)
		if (node_pattern_match(give->item[i], node, 0))
			return POLICY_ALLOWED;
	return POLICY_NO_RULE;
}

static bool value_fits(const struct policy_value *rule, const char *value)
{
	regmatch_t match;

	/* the match must be the value itself, to its last byte: '$' also stands before a newline */
	return value && regexec(&rule->compiled, value, 1, &match, 0) == 0 && match.rm_so == 0 &&
	       (size_t)match.rm_eo == strlen(value);
}

const struct policy_value *policy_check_value(const struct policy_file *file,
					      const struct node_path *node, const char *value)
{
	for (size_t i = 0; i < file->value_count; i++) {
		const struct policy_value *rule = &file->values[i];

		if (node_pattern_match(rule->pattern, node, 0) && !value_fits(rule, value))
			return rule;
	}
	return NULL;
}

const char *policy_right_key(enum policy_right right)
{
	static const char *const keys[] = {
#define X(name, key) [RIGHT_##name] = key,
		POLICY_RIGHTS(X)
#undef X
	};

	return keys[right];
}
