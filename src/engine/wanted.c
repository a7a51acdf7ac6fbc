/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine, on what a client sent. */
#include "engine/wanted.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"

/* Text, or null for none. */
static int take_value(const struct json_object *json, char **ret_value)
{
	*ret_value = NULL;
	return json_kind(json) == JSON_NULL ? 0 : json_get_bytes(json, ret_value);
}

static int take_values(struct wanted_node *node, const struct json_object *json, size_t count)
{
	bool is_list = node->kind == WANTED_LIST;

	if (count > WANTED_MAX)
		return -E2BIG;
	node->value = calloc(count + 1, sizeof(*node->value));
	if (!node->value)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int r = take_value(is_list ? json_at(json, i) : json, &node->value[i]);

		if (r < 0)
			return r;
		node->count++;
	}
	return 0;
}

static int take_node(const char *sub, struct json_object *json, void *data)
{
	struct wanted *wanted = data;
	struct wanted_node *node = &wanted->node[wanted->count++];

	node->sub = strdup(sub);
	if (!node->sub)
		return -ENOMEM;
	if (sub[0] == '\0')
		return -EINVAL;
	switch (json_kind(json)) {
	case JSON_BOOL:
		node->kind = json_boolean(json) ? WANTED_SOME : WANTED_ABSENT;
		return 0;
	case JSON_ARRAY:
		node->kind = json_length(json) > 0 ? WANTED_LIST : WANTED_ABSENT;
		return take_values(node, json, json_length(json));
	default:
		node->kind = WANTED_ONE;
		return take_values(node, json, 1);
	}
}

int wanted_take(const struct json_object *object, struct wanted *ret_wanted)
{
	size_t count = json_length(object);

	if (count > WANTED_MAX)
		return -E2BIG;
	ret_wanted->node = calloc(count + 1, sizeof(*ret_wanted->node));
	if (!ret_wanted->node)
		return -ENOMEM;
	return json_each(object, take_node, ret_wanted);
}

void wanted_clear(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		for (size_t k = 0; k < wanted->node[i].count; k++)
			free(wanted->node[i].value[k]);
		free(wanted->node[i].value);
		free(wanted->node[i].sub);
	}
	free(wanted->node);
}
