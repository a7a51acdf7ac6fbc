/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls for augeas.ensure: how nodes shall be. */
#include <errno.h>
#include <string.h>

#include "exchange.h"
#include "result.h"
#include "session.h"

static struct json_object *value_of(const struct exm_child *child)
{
	return child->kind == EXM_CHILD_VALUE ? json_new_bytes(child->value)
					      : json_new_bool(child->kind == EXM_CHILD_SOME);
}

static size_t count_same(const struct exm_child *child)
{
	size_t count = 1;

	while (child[count].sub && strcmp(child[count].sub, child->sub) == 0)
		count++;
	return count;
}

/* Null is one value among others here; for want of memory it must not be. */
static int append_value(struct json_object *list, const struct exm_child *child)
{
	struct json_object *value = value_of(child);

	if (!value && child->value)
		return -ENOMEM;
	return json_append(list, value);
}

static int put_list(struct json_object *object, const struct exm_child *child, size_t count)
{
	scoped_json *list = json_new_array();
	int r = list ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = child[i].kind == EXM_CHILD_VALUE ? append_value(list, &child[i]) : -EINVAL;
	return r < 0 ? r : json_put(object, child->sub, take_ptr(list));
}

static int put_children(struct json_object *params, const char *name, const struct exm_child *child)
{
	scoped_json *object = json_new_object();
	int r = object ? 0 : -ENOMEM;

	if (!child)
		return 0;
	while (r == 0 && child->sub) {
		size_t count = count_same(child);
		struct json_object *value = count == 1 ? value_of(child) : NULL;

		if (json_has(object, child->sub))
			r = -EINVAL;
		else if (count > 1)
			r = put_list(object, child, count);
		else if (!value && child->value && child->kind == EXM_CHILD_VALUE)
			r = -ENOMEM;
		else
			r = json_put(object, child->sub, take_ptr(value));
		json_free(value);
		child += count;
	}
	return r < 0 ? r : json_put(params, name, take_ptr(object));
}

static int put_text(struct json_object *params, const char *name, const char *text)
{
	struct json_object *value = json_new_bytes(text);

	return text && !value ? -ENOMEM : json_put(params, name, value);
}

/* The member of the result that tells what came of it: a yes or no, or a number. Takes params over.
 */
static int ensure(struct exm *session, struct json_object *params, const char *member, bool counts)
{
	scoped_json *result = NULL;
	const struct json_object *told;
	int r = exchange(session, "augeas.ensure", params, &result);

	if (r < 0)
		return r;
	told = json_get(result, member);
	if (counts)
		return result_count(told);
	return json_kind(told) == JSON_BOOL ? json_boolean(told) : -EBADMSG;
}

int exm_ensure(struct exm *session, const char *path, const char *value)
{
	scoped_json *params = json_new_object();
	int r;

	if (!session || !path)
		return -EINVAL;
	r = put_text(params, "path", path);
	if (r == 0)
		r = put_text(params, "value", value);
	return r < 0 ? r : ensure(session, take_ptr(params), "changed", false);
}

int exm_ensure_entry(struct exm *session, const char *path, const struct exm_child *where,
		     const struct exm_child *match, const char *ahead_of)
{
	scoped_json *params = json_new_object();
	int r;

	if (!session || !path)
		return -EINVAL;
	r = put_text(params, "path", path);
	if (r == 0)
		r = put_children(params, "where", where);
	if (r == 0)
		r = put_children(params, "match", match);
	if (r == 0 && ahead_of)
		r = put_text(params, "ahead_of", ahead_of);
	return r < 0 ? r : ensure(session, take_ptr(params), "changed", false);
}

int exm_ensure_absent(struct exm *session, const char *expression, const struct exm_child *where)
{
	scoped_json *params = json_new_object();
	int r;

	if (!session || !expression)
		return -EINVAL;
	r = put_text(params, "path", expression);
	if (r == 0)
		r = put_children(params, "where", where);
	if (r == 0)
		r = json_put(params, "absent", json_new_bool(true));
	return r < 0 ? r : ensure(session, take_ptr(params), "removed", true);
}
