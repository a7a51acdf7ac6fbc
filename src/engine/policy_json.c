/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: the policy for the client to read. It is root's, and tells nothing but what
 * the client may do; whose files are made, and with which mode, stays with the monitor.
 */
#include "engine/policy_json.h"

static struct json_object *texts(const struct policy_list *list)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < list->count; i++)
		json_append(array, json_new_bytes(list->item[i]));
	return array;
}

struct json_object *policy_json_value(const struct policy_value *value)
{
	struct json_object *item = json_new_object();

	json_put(item, "node", json_new_bytes(value->pattern));
	json_put(item, "matches", json_new_bytes(value->ere));
	return item;
}

static struct json_object *file_json(const struct policy_file *file)
{
	struct json_object *item = json_new_object(), *values = json_new_array();

	for (size_t i = 0; i < file->value_count; i++)
		json_append(values, policy_json_value(&file->values[i]));
	json_put(item, "path", json_new_bytes(file->path));
	json_put(item, "lens", json_new_bytes(file->lens));
	json_put(item, "set", texts(&file->rights[RIGHT_SET]));
	json_put(item, "insert", texts(&file->rights[RIGHT_INSERT]));
	json_put(item, "remove", texts(&file->rights[RIGHT_REMOVE]));
	json_put(item, "deny", texts(&file->rights[RIGHT_DENY]));
	json_put(item, "secrets", texts(&file->secrets));
	json_put(item, "values", values);
	json_put(item, "create", json_new_bool(file->may_create));
	json_put(item, "delete", json_new_bool(file->may_delete));
	json_put(item, "verified", json_new_bool(!file->unverified));
	json_put(item, "other_lens", json_new_bool(file->other_lens));
	json_put(item, "checks", texts(&file->checks));
	return item;
}

/* The words of a set of bits. */
static struct json_object *words(uint32_t set, const char *(*word)(unsigned int bit))
{
	struct json_object *array = json_new_array();

	for (unsigned int bit = 0; word(bit); bit++)
		if (set & 1u << bit)
			json_append(array, json_new_string(word(bit)));
	return array;
}

static struct json_object *files_json(const struct policy *policy)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < policy->file_count; i++)
		json_append(array, file_json(&policy->files[i]));
	return array;
}

/* What a section without any keys for nodes comes to: its name, and what it gives. */
static struct json_object *grant(const char *key, const char *name, const char *gives,
				 struct json_object *what)
{
	struct json_object *item = json_new_object();

	json_put(item, key, json_new_bytes(name));
	json_put(item, gives, what);
	return item;
}

static struct json_object *services_json(const struct policy *policy)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < policy->service_count; i++)
		json_append(array, grant("unit", policy->services[i].unit, "verbs",
					 words(policy->services[i].verbs, service_verb_word)));
	return array;
}

static struct json_object *logs_json(const struct policy *policy)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < policy->log_count; i++)
		json_append(array, grant("unit", policy->logs[i].unit, "lines",
					 json_new_int(policy_log_lines(&policy->logs[i]))));
	return array;
}

static struct json_object *packages_json(const struct policy *policy)
{
	struct json_object *array = json_new_array();

	for (size_t i = 0; i < policy->package_count; i++)
		json_append(array, grant("name", policy->packages[i].name, "verbs",
					 words(policy->packages[i].verbs, package_verb_word)));
	return array;
}

static struct json_object *system_json(const struct policy *policy)
{
	struct json_object *item = json_new_object();

	json_put(item, "items", words(policy->system_items, system_item_word));
	return item;
}

struct json_object *policy_json(const struct policy *policy)
{
	struct json_object *object = json_new_object();

	json_put(object, "files", files_json(policy));
	json_put(object, "services", services_json(policy));
	json_put(object, "logs", logs_json(policy));
	json_put(object, "packages", packages_json(policy));
	json_put(object, "system", policy->has_system ? system_json(policy) : NULL);
	return object;
}
