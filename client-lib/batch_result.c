/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. What came of each request of a batch, from the server's answers. */
#include <errno.h>
#include <string.h>

#include "batch.h"
#include "result.h"
#include "session.h"
#include "tree.h"

static const struct json_object *answer_of(const struct exm_batch *batch, int index)
{
	return batch && index >= 0 && (size_t)index < batch->count ? batch->item[index].answer
								   : NULL;
}

int exm_batch_result(const struct exm_batch *batch, int index)
{
	const struct json_object *answer = answer_of(batch, index);
	struct exm_error error;

	if (!batch || index < 0 || (size_t)index >= batch->count)
		return -EINVAL;
	if (!answer)
		return batch->result;
	if (json_get(answer, "error"))
		return error_read(answer, &error);
	return json_has(answer, "result") ? 0 : -EBADMSG;
}

const struct exm_error *exm_batch_error(struct exm_batch *batch, int index)
{
	const struct json_object *answer = answer_of(batch, index);

	return answer && error_read(answer, &batch->error) == -EREMOTEIO ? &batch->error : NULL;
}

int exm_batch_error_field(const struct exm_batch *batch, int index, const char *name,
			  char **ret_text)
{
	if (!batch || !name || !ret_text)
		return -EINVAL;
	return error_field(answer_of(batch, index), name, ret_text);
}

/* The result, which may be JSON's null, or why there is none. */
static int look(const struct exm_batch *batch, int index, struct json_object **ret_value)
{
	int r = exm_batch_result(batch, index);

	if (r == 0)
		*ret_value = json_get(answer_of(batch, index), "result");
	return r;
}

int exm_batch_json(const struct exm_batch *batch, int index, char **ret_json)
{
	struct json_object *value = NULL;
	int r = ret_json ? look(batch, index, &value) : -EINVAL;

	return r < 0 ? r : result_json(value, ret_json);
}

int exm_batch_text(const struct exm_batch *batch, int index, char **ret_text)
{
	struct json_object *value = NULL;
	int r = ret_text ? look(batch, index, &value) : -EINVAL;

	return r < 0 ? r : result_optional_text(value, ret_text);
}

int exm_batch_number(const struct exm_batch *batch, int index)
{
	struct json_object *value = NULL;
	const struct json_object *changed;
	int r = look(batch, index, &value);

	if (r < 0)
		return r;
	if (json_kind(value) != JSON_OBJECT)
		return result_count(value);
	changed = json_get(value, "changed");
	if (json_kind(changed) == JSON_BOOL)
		return json_boolean(changed);
	return result_count(json_get(value, "count"));
}

int exm_batch_texts(const struct exm_batch *batch, int index, char ***ret_texts)
{
	struct json_object *value = NULL;
	int r = ret_texts ? look(batch, index, &value) : -EINVAL;

	return r < 0 ? r : result_texts(value, ret_texts);
}

int exm_batch_nodes(const struct exm_batch *batch, int index, struct exm_node ***ret_nodes)
{
	struct json_object *value = NULL;
	void **nodes = NULL;
	int r = ret_nodes ? look(batch, index, &value) : -EINVAL;

	if (r == 0)
		r = result_records(value, &tree_node_record, &nodes);
	if (r >= 0)
		*ret_nodes = (struct exm_node **)nodes;
	return r;
}
