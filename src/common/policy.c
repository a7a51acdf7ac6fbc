/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, where it decides, and in the engine, where it only
 * explains early. The policy is trusted by now; paths, labels, values and unit
 * names come from the client and from file content and are hostile.
 */
#include "common/policy.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "common/glob.h"
#include "common/node_path.h"

struct policy *policy_new(void)
{
	struct policy *policy = calloc(1, sizeof(*policy));

	if (policy) {
		policy->owners = 1;
		policy->timeout_ms = POLICY_TIMEOUT_DEFAULT_MS;
		policy->history.count = POLICY_REVISIONS_DEFAULT;
		policy->history.bytes = (uint64_t)POLICY_HISTORY_MIB_DEFAULT << 20;
	}
	return policy;
}

struct policy *policy_ref(struct policy *policy)
{
	policy->owners++;
	return policy;
}

/* What append() and find() count on. */
static_assert(offsetof(struct policy_file, path) == 0, "a name comes first");
static_assert(offsetof(struct policy_service, unit) == 0, "a name comes first");
static_assert(offsetof(struct policy_log, unit) == 0, "a name comes first");
static_assert(offsetof(struct policy_package, name) == 0, "a name comes first");

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
	list_clear(&file->secrets);
	list_clear(&file->checks);
	for (size_t i = 0; i < file->value_count; i++)
		value_clear(&file->values[i]);
	free(file->values);
	policy_apply_clear(file);
	free(file->create_owner);
	free(file->create_group);
	free(file->dirs.owner);
	free(file->dirs.group);
}

struct policy *policy_free(struct policy *policy)
{
	if (!policy || --policy->owners > 0)
		return NULL;
	for (size_t i = 0; i < policy->file_count; i++)
		file_clear(&policy->files[i]);
	for (size_t i = 0; i < policy->service_count; i++)
		free(policy->services[i].unit);
	for (size_t i = 0; i < policy->log_count; i++)
		free(policy->logs[i].unit);
	for (size_t i = 0; i < policy->package_count; i++)
		free(policy->packages[i].name);
	list_clear(&policy->lens_dirs);
	free(policy->files);
	free(policy->services);
	free(policy->logs);
	free(policy->packages);
	free(policy->user);
	free(policy);
	return NULL;
}

/*
 * One more entry behind `count` of them, all zero but for its name, which each
 * kind of entry has first. The list, which may have moved, or NULL.
 */
static void *append(void *list, size_t *count, size_t size, const char *name)
{
	char *copy = strdup(name), *longer = NULL;

	if (copy)
		longer = reallocarray(list, *count + 1, size);
	if (!longer) {
		free(copy);
		return NULL;
	}
	memset(longer + *count * size, 0, size);
	memcpy(longer + *count * size, &copy, sizeof(copy));
	(*count)++;
	return longer;
}

int policy_file_add(struct policy *policy, const char *path, struct policy_file **ret_file)
{
	struct policy_file *list;

	if (policy->file_count == POLICY_FILES_MAX)
		return -E2BIG;
	list = append(policy->files, &policy->file_count, sizeof(*list), path);
	if (!list)
		return -ENOMEM;
	policy->files = list;
	*ret_file = &list[policy->file_count - 1];
	return 0;
}

int policy_service_add(struct policy *policy, const char *unit, struct policy_service **ret_service)
{
	struct policy_service *list;

	if (policy->service_count == POLICY_SERVICES_MAX)
		return -E2BIG;
	list = append(policy->services, &policy->service_count, sizeof(*list), unit);
	if (!list)
		return -ENOMEM;
	policy->services = list;
	*ret_service = &list[policy->service_count - 1];
	return 0;
}

int policy_log_add(struct policy *policy, const char *unit, struct policy_log **ret_log)
{
	struct policy_log *list;

	if (policy->log_count == POLICY_LOGS_MAX)
		return -E2BIG;
	list = append(policy->logs, &policy->log_count, sizeof(*list), unit);
	if (!list)
		return -ENOMEM;
	policy->logs = list;
	*ret_log = &list[policy->log_count - 1];
	return 0;
}

int policy_package_add(struct policy *policy, const char *name, struct policy_package **ret_package)
{
	struct policy_package *list;

	if (policy->package_count == POLICY_PACKAGES_MAX)
		return -E2BIG;
	list = append(policy->packages, &policy->package_count, sizeof(*list), name);
	if (!list)
		return -ENOMEM;
	policy->packages = list;
	*ret_package = &list[policy->package_count - 1];
	return 0;
}

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

/* Each kind of entry has its name first. */
static const char *name_at(const void *list, size_t size, size_t index)
{
	const char *name;

	memcpy(&name, (const char *)list + index * size, sizeof(name));
	return name;
}

/* The one that spells the name, else the first whose glob matches it. */
static ssize_t find(const void *list, size_t count, size_t size, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name_at(list, size, i), name) == 0)
			return (ssize_t)i;
	for (size_t i = 0; i < count; i++)
		if (glob_has_wildcard(name_at(list, size, i)) &&
		    glob_match_path(name_at(list, size, i), name))
			return (ssize_t)i;
	return -1;
}

ssize_t policy_find_file(const struct policy *policy, const char *path)
{
	if (!policy_path_is_plain(path))
		return -1;
	return find(policy->files, policy->file_count, sizeof(*policy->files), path);
}

ssize_t policy_find_service(const struct policy *policy, const char *unit)
{
	if (!policy_unit_name_valid(unit))
		return -1;
	return find(policy->services, policy->service_count, sizeof(*policy->services), unit);
}

ssize_t policy_find_log(const struct policy *policy, const char *unit)
{
	if (!policy_unit_name_valid(unit))
		return -1;
	return find(policy->logs, policy->log_count, sizeof(*policy->logs), unit);
}

ssize_t policy_find_package(const struct policy *policy, const char *name)
{
	if (!policy_package_name_valid(name))
		return -1;
	return find(policy->packages, policy->package_count, sizeof(*policy->packages), name);
}

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
	bool services = policy->service_count > 0, checks = false;

	for (size_t i = 0; i < policy->file_count; i++) {
		services |= policy->files[i].apply_count > 0;
		checks |= policy->files[i].checks.count > 0;
	}
	return checks || policy->package_count > 0 || (services && manager == MANAGER_INITD);
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

const char *policy_audit_word(enum audit_place place)
{
	static const char *const words[] = {
#define X(name, word) [AUDIT_TO_##name] = word,
		AUDIT_PLACES(X)
#undef X
	};

	return words[place];
}

/* The first pattern of the list that names the node, or one above it; or NULL. */
static const char *covering(const struct policy_list *list, const struct node_path *node)
{
	for (size_t i = 0; i < list->count; i++)
		if (node_pattern_covers(list->item[i], node, 0))
			return list->item[i];
	return NULL;
}

bool policy_is_secret(const struct policy_file *file, const struct node_path *node)
{
	return covering(&file->secrets, node) != NULL;
}

bool policy_is_secret_path(const struct policy_file *file, const char *path)
{
	scoped_node_path node = { 0 };

	if (file->secrets.count == 0)
		return false;
	return node_path_parse(path, &node) < 0 || policy_is_secret(file, &node);
}

const char *policy_denied_by(const struct policy_file *file, const struct node_path *node)
{
	return covering(&file->rights[RIGHT_DENY], node);
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

const struct policy_value *policy_value_for(const struct policy_file *file, size_t from,
					    const struct node_path *node)
{
	for (size_t i = from; i < file->value_count; i++)
		if (node_pattern_match(file->values[i].pattern, node, 0))
			return &file->values[i];
	return NULL;
}

const struct policy_value *policy_check_value(const struct policy_file *file,
					      const struct node_path *node, const char *value)
{
	const struct policy_value *rule = policy_value_for(file, 0, node);

	while (rule && value_fits(rule, value))
		rule = policy_value_for(file, (size_t)(rule - file->values) + 1, node);
	return rule;
}

bool policy_may_change(const struct policy_file *file)
{
	return file->rights[RIGHT_SET].count > 0 || file->rights[RIGHT_INSERT].count > 0 ||
	       file->rights[RIGHT_REMOVE].count > 0;
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
