/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls for augeas.* methods, but for those that commit.c has. */
#include <errno.h>

#include "exchange.h"
#include "result.h"
#include "session.h"
#include "tree.h"

int exm_get(struct exm *session, const char *path, char **ret_value)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_value)
		return -EINVAL;
	r = CALL(session, "augeas.get", &result, NEEDED("path", path));
	if (r == 0)
		r = result_optional_text(result, ret_value);
	json_free(result);
	return r;
}

int exm_set(struct exm *session, const char *path, const char *value)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.set", &result, NEEDED("path", path),
		     NULLABLE("value", value));

	return result_end_done(r, result);
}

int exm_setm(struct exm *session, const char *base, const char *sub, const char *value)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.setm", &result, NEEDED("base", base), NULLABLE("sub", sub),
		     NULLABLE("value", value));

	return result_end_count(r, result);
}

int exm_clear(struct exm *session, const char *path)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.clear", &result, NEEDED("path", path));

	return result_end_done(r, result);
}

int exm_match(struct exm *session, const char *expression, char ***ret_paths)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_paths)
		return -EINVAL;
	r = CALL(session, "augeas.match", &result, NEEDED("path", expression));
	if (r == 0)
		r = result_texts(result, ret_paths);
	json_free(result);
	return r;
}

static const struct field node_fields[] = {
	{ "path", FIELD_TEXT, true, offsetof(struct exm_node, path), NULL },
	{ "value", FIELD_TEXT, false, offsetof(struct exm_node, value), NULL },
	{ "children", FIELD_INT, true, offsetof(struct exm_node, children), NULL },
};
const struct record tree_node_record = RECORD(struct exm_node, node_fields);

int exm_match_nodes(struct exm *session, const char *expression, struct exm_node ***ret_nodes)
{
	struct json_object *result = NULL;
	const bool values = true;
	void **nodes = NULL;
	int r;

	if (!ret_nodes)
		return -EINVAL;
	r = CALL(session, "augeas.match", &result, NEEDED("path", expression),
		 FLAG("values", values));
	if (r == 0)
		r = result_records(result, &tree_node_record, &nodes);
	if (r >= 0)
		*ret_nodes = (struct exm_node **)nodes;
	json_free(result);
	return r;
}

int exm_insert(struct exm *session, const char *path, const char *label, bool before)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.insert", &result, NEEDED("path", path),
		     NEEDED("label", label), FLAG("before", before));

	return result_end_done(r, result);
}

int exm_remove(struct exm *session, const char *expression)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.remove", &result, NEEDED("path", expression));

	return result_end_count(r, result);
}

int exm_move(struct exm *session, const char *source, const char *destination)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.move", &result, NEEDED("source", source),
		     NEEDED("destination", destination));

	return result_end_done(r, result);
}

int exm_rename(struct exm *session, const char *expression, const char *label)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.rename", &result, NEEDED("path", expression),
		     NEEDED("label", label));

	return result_end_count(r, result);
}

int exm_label(struct exm *session, const char *path, char **ret_label)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_label)
		return -EINVAL;
	r = CALL(session, "augeas.label", &result, NEEDED("path", path));
	return result_end_text(r, result, ret_label);
}

int exm_print(struct exm *session, const char *expression, char **ret_text)
{
	struct json_object *result = NULL;
	int r;

	if (!session || !ret_text)
		return -EINVAL;
	if (expression)
		r = CALL(session, "augeas.print", &result, NEEDED("path", expression));
	else
		r = exchange(session, "augeas.print", NULL, &result);
	return result_end_text(r, result, ret_text);
}

static const struct field span_fields[] = {
	{ "file", FIELD_TEXT, true, offsetof(struct exm_span, file), NULL },
	{ "label", FIELD_RANGE, true, offsetof(struct exm_span, label), NULL },
	{ "value", FIELD_RANGE, true, offsetof(struct exm_span, value), NULL },
	{ "span", FIELD_RANGE, true, offsetof(struct exm_span, node), NULL },
};
static const struct record span_record = RECORD(struct exm_span, span_fields);

int exm_span(struct exm *session, const char *path, struct exm_span **ret_span)
{
	struct json_object *result = NULL;
	void *span = NULL;
	int r;

	if (!ret_span)
		return -EINVAL;
	r = CALL(session, "augeas.span", &result, NEEDED("path", path));
	if (r == 0)
		r = result_record(result, &span_record, &span);
	if (r == 0)
		*ret_span = span;
	json_free(result);
	return r;
}

int exm_source(struct exm *session, const char *path, char **ret_path)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_path)
		return -EINVAL;
	r = CALL(session, "augeas.source", &result, NEEDED("path", path));
	if (r == 0)
		r = result_optional_text(result, ret_path);
	json_free(result);
	return r;
}

int exm_transform(struct exm *session, const char *lens, const char *file, bool exclude)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.transform", &result, NEEDED("lens", lens),
		     NEEDED("file", file), FLAG("exclude", exclude));

	return result_end_done(r, result);
}

int exm_load(struct exm *session)
{
	struct json_object *result = NULL;
	int r;

	if (!session)
		return -EINVAL;
	r = exchange(session, "augeas.load", NULL, &result);
	return result_end_done(r, result);
}
