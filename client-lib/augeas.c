/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls for what exmachina-augeas.h has. */
#include <errno.h>

#include "exchange.h"
#include "result.h"
#include "session.h"

static int record(int r, struct json_object *result, const struct record *form, void **ret_record)
{
	if (r == 0)
		r = result_record(result, form, ret_record);
	json_free(result);
	return r;
}

int exm_defvar(struct exm *session, const char *name, const char *expression)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.defvar", &result, NEEDED("name", name),
		     NULLABLE("expression", expression));

	return result_end_count(r, result);
}

int exm_defnode(struct exm *session, const char *name, const char *expression, const char *value,
		bool *ret_created)
{
	scoped_json *result = NULL;
	int r = CALL(session, "augeas.defnode", &result, NEEDED("name", name),
		     NEEDED("expression", expression), NULLABLE("value", value));

	if (r == 0)
		r = result_count(json_get(result, "count"));
	if (r >= 0 && json_kind(json_get(result, "created")) != JSON_BOOL)
		return -EBADMSG;
	if (r >= 0 && ret_created)
		*ret_created = json_boolean(json_get(result, "created"));
	return r;
}

int exm_ns_count(struct exm *session, const char *name)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.ns_count", &result, NEEDED("name", name));

	return result_end_count(r, result);
}

int exm_ns_path(struct exm *session, const char *name, int index, char **ret_path)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_path)
		return -EINVAL;
	r = CALL(session, "augeas.ns_path", &result, NEEDED("name", name), NUMBER("index", index));
	return result_end_text(r, result, ret_path);
}

int exm_ns_value(struct exm *session, const char *name, int index, char **ret_value)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_value)
		return -EINVAL;
	r = CALL(session, "augeas.ns_value", &result, NEEDED("name", name), NUMBER("index", index));
	if (r == 0)
		r = result_optional_text(result, ret_value);
	json_free(result);
	return r;
}

static const struct field node_fields[] = {
	{ "label", FIELD_TEXT, true, offsetof(struct exm_ns_node, label), NULL },
	{ "value", FIELD_TEXT, false, offsetof(struct exm_ns_node, value), NULL },
	{ "file", FIELD_TEXT, false, offsetof(struct exm_ns_node, file), NULL },
};
static const struct record node_record = RECORD(struct exm_ns_node, node_fields);

int exm_ns_attr(struct exm *session, const char *name, int index, struct exm_ns_node **ret_node)
{
	struct json_object *result = NULL;
	void *node = NULL;
	int r;

	if (!ret_node)
		return -EINVAL;
	r = CALL(session, "augeas.ns_attr", &result, NEEDED("name", name), NUMBER("index", index));
	r = record(r, result, &node_record, &node);
	if (r == 0)
		*ret_node = node;
	return r;
}

static const struct field label_fields[] = {
	{ "label", FIELD_TEXT, true, offsetof(struct exm_ns_label, label), NULL },
	{ "index", FIELD_INT, true, offsetof(struct exm_ns_label, index), NULL },
};
static const struct record label_record = RECORD(struct exm_ns_label, label_fields);

int exm_ns_label(struct exm *session, const char *name, int index, struct exm_ns_label **ret_label)
{
	struct json_object *result = NULL;
	void *label = NULL;
	int r;

	if (!ret_label)
		return -EINVAL;
	r = CALL(session, "augeas.ns_label", &result, NEEDED("name", name), NUMBER("index", index));
	r = record(r, result, &label_record, &label);
	if (r == 0)
		*ret_label = label;
	return r;
}

int exm_copy(struct exm *session, const char *source, const char *destination)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.copy", &result, NEEDED("source", source),
		     NEEDED("destination", destination));

	return result_end_done(r, result);
}

int exm_escape_name(struct exm *session, const char *name, char **ret_name)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_name)
		return -EINVAL;
	r = CALL(session, "augeas.escape_name", &result, NEEDED("name", name));
	return result_end_text(r, result, ret_name);
}

static const struct field dump_fields[] = {
	{ "depth", FIELD_INT, true, offsetof(struct exm_dump_node, depth), NULL },
	{ "label", FIELD_TEXT, true, offsetof(struct exm_dump_node, label), NULL },
	{ "value", FIELD_TEXT, false, offsetof(struct exm_dump_node, value), NULL },
};
static const struct record dump_record = RECORD(struct exm_dump_node, dump_fields);

int exm_dump(struct exm *session, const char *expression, struct exm_dump_node ***ret_nodes)
{
	struct json_object *result = NULL;
	void **nodes = NULL;
	int r;

	if (!session || !ret_nodes)
		return -EINVAL;
	if (expression)
		r = CALL(session, "augeas.dump", &result, NEEDED("path", expression));
	else
		r = exchange(session, "augeas.dump", NULL, &result);
	if (r == 0)
		r = result_records(result, &dump_record, &nodes);
	if (r >= 0)
		*ret_nodes = (struct exm_dump_node **)nodes;
	json_free(result);
	return r;
}

int exm_text_store(struct exm *session, const char *lens, const char *source, const char *path)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.text_store", &result, NEEDED("lens", lens),
		     NEEDED("source", source), NEEDED("path", path));

	return result_end_done(r, result);
}

int exm_text_retrieve(struct exm *session, const char *lens, const char *source, const char *path,
		      const char *destination)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.text_retrieve", &result, NEEDED("lens", lens),
		     NEEDED("source", source), NEEDED("path", path),
		     NEEDED("destination", destination));

	return result_end_done(r, result);
}

int exm_preview(struct exm *session, const char *path, char **ret_text)
{
	struct json_object *result = NULL;
	int r;

	if (!ret_text)
		return -EINVAL;
	r = CALL(session, "augeas.preview", &result, NEEDED("path", path));
	return result_end_text(r, result, ret_text);
}

int exm_load_anew(struct exm *session, bool fresh, bool empty)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.load", &result, FLAG("fresh", fresh), FLAG("empty", empty));

	return result_end_done(r, result);
}

int exm_load_file(struct exm *session, const char *file)
{
	struct json_object *result = NULL;
	int r = CALL(session, "augeas.load_file", &result, NEEDED("file", file));

	return result_end_done(r, result);
}

static const struct field script_fields[] = {
	{ "output", FIELD_TEXT, true, offsetof(struct exm_script, output), NULL },
	{ "commands", FIELD_INT, true, offsetof(struct exm_script, commands), NULL },
	{ "quit", FIELD_BOOL, true, offsetof(struct exm_script, quit), NULL },
};
static const struct record script_record = RECORD(struct exm_script, script_fields);

int exm_srun(struct exm *session, const char *script, struct exm_script **ret_script)
{
	struct json_object *result = NULL;
	void *ran = NULL;
	int r;

	if (!ret_script)
		return -EINVAL;
	r = CALL(session, "augeas.srun", &result, NEEDED("script", script));
	r = record(r, result, &script_record, &ran);
	if (r == 0)
		*ret_script = ran;
	return r;
}
