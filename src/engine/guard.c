/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: the policy of nodes, asked before an edit so that the
 * client gets a clear answer at once. The values are the client's; the nodes
 * are what Augeas found, so no trick of the expression counts.
 */
#include "engine/guard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/staging.h"

/* Labels up to the file's own node: that of /files and one for each component. */
static size_t file_depth(const struct tree_file *file)
{
	size_t depth = 1;

	for (const char *p = file->path; *p; p++)
		depth += *p == '/';
	return depth;
}

static int denied(struct call *call, const struct tree_file *file, const char *node,
		  const char *key, const char *value, const char *what)
{
	scoped_ptr char *rule = NULL;
	struct json_object *data = data_of("file", file->path);

	if (asprintf(&rule, "%s=%s", key, value) < 0)
		rule = NULL;
	json_put(data, "node", json_new_bytes(node));
	json_put(data, "key", json_new_string(key));
	json_put(data, "rule", json_new_bytes(rule));
	return call_error(call, EXM_ERROR_DENIED, data,
			  "%s of %s in %s is not allowed; [File %s] would need %s", what,
			  node[0] ? node : "the file", file->path,
			  call->engine->policy->files[file->entry].path, rule ? rule : key);
}

static int outside(struct call *call, const struct node_path *whole)
{
	scoped_ptr char *text = node_path_spell(whole, 0);
	scoped_ptr char *path = NULL;
	struct json_object *data;

	if (!text || asprintf(&path, "/%s", text) < 0)
		return call_no_memory(call);
	data = data_of_path(path);
	json_put(data, "key", json_new_string("[File]"));
	return call_error(call, EXM_ERROR_DENIED, data,
			  "%.200s is not a node of a file that the policy names", path);
}

/* What all checks begin with. */
struct subject {
	const struct tree_file *file;
	const struct policy_file *entry;
	struct node_path parsed;
	struct node_path node; /* the part below the file; its labels belong to another */
	char *text;            /* the same, as the policy spells it */
};

static void subject_clear(struct subject *s)
{
	node_path_clear(&s->parsed);
	free(s->text);
}

static int subject_of_labels(struct call *call, const struct node_path *whole, struct subject *s)
{
	size_t depth;

	s->file = tree_file_of(call->engine->tree, whole);
	if (!s->file)
		return outside(call, whole);
	/* nothing is built on a tree that is not the file's */
	if (s->file->state == TREE_PARSE_FAILED || s->file->state == TREE_UNREADABLE)
		return tree_file_fail(call, s->file);
	s->entry = &call->engine->policy->files[s->file->entry];
	depth = file_depth(s->file);
	s->node.depth = whole->depth - depth;
	for (size_t i = 0; i < s->node.depth; i++) {
		s->node.label[i] = whole->label[depth + i];
		s->node.position[i] = whole->position[depth + i];
	}
	s->text = node_path_spell(&s->node, 0);
	return s->text ? 0 : call_no_memory(call);
}

static int subject_of(struct call *call, const char *canonical, struct subject *s)
{
	int r = node_path_parse(canonical, &s->parsed);

	if (r < 0)
		return call_internal(call, "take apart a path", r);
	return subject_of_labels(call, &s->parsed, s);
}

static int denied_by_deny(struct call *call, const struct subject *s, const char *what)
{
	const char *pattern = policy_denied_by(s->entry, &s->node);
	scoped_ptr char *rule = NULL;
	struct json_object *data = data_of("file", s->file->path);

	if (!pattern || asprintf(&rule, "Deny=%s", pattern) < 0)
		rule = NULL;
	json_put(data, "node", json_new_bytes(s->text));
	json_put(data, "key", json_new_string("Deny"));
	json_put(data, "rule", json_new_bytes(rule));
	return call_error(call, EXM_ERROR_DENIED, data,
			  "%s of %s in %s is not allowed: [File %s] has %s", what, s->text,
			  s->file->path, s->entry->path, rule ? rule : "a Deny=");
}

static int check_right(struct call *call, const struct subject *s, enum policy_right right,
		       const char *what)
{
	switch (policy_check_node(s->entry, right, &s->node)) {
	case POLICY_ALLOWED:
		return 0;
	case POLICY_DENIED:
		return denied_by_deny(call, s, what);
	case POLICY_NO_RULE:
	default:
		return denied(call, s->file, s->text, policy_right_key(right), s->text, what);
	}
}

static int check_value(struct call *call, const struct subject *s, const char *value)
{
	const struct policy_value *rule = policy_check_value(s->entry, &s->node, value);
	scoped_ptr char *text = NULL;
	struct json_object *data;

	if (!rule)
		return 0;
	if (asprintf(&text, "Value=%s %s", rule->pattern, rule->ere) < 0)
		return call_no_memory(call);
	data = data_of("file", s->file->path);
	json_put(data, "node", json_new_bytes(s->text));
	json_put(data, "key", json_new_string("Value"));
	json_put(data, "rule", json_new_bytes(text));
	return call_error(call, EXM_ERROR_BAD_VALUE, data,
			  "the value of %s in %s does not match the whole of %s", s->text,
			  s->file->path, rule->ere);
}

/* The file's own node: its value cannot be set, and it is made and removed by keys of its own. */
static int check_file_node(struct call *call, const struct subject *s, bool removal)
{
	if (removal)
		return s->entry->may_delete ? 0
					    : denied(call, s->file, "", "Delete", "yes", "removal");
	return s->entry->may_create
		       ? 0
		       : denied(call, s->file, "", "Create", "MODE OWNER:GROUP", "creation");
}

int guard_change(struct call *call, const char *canonical, const char *value)
{
	scoped(subject_clear) struct subject s = { 0 };

	if (subject_of(call, canonical, &s) < 0)
		return -1;
	if (s.node.depth == 0)
		return value ? denied(call, s.file, "", "Set", "", "a value") : 0;
	if (check_right(call, &s, RIGHT_SET, "a change") < 0)
		return -1;
	return check_value(call, &s, value);
}

static int check_addition(struct call *call, const struct subject *s, bool alone, const char *value)
{
	if (s->node.depth == 0)
		return check_file_node(call, s, false);
	/* the only one of its label: what a plain set makes when the node is missing */
	if (!alone || policy_check_node(s->entry, RIGHT_SET, &s->node) != POLICY_ALLOWED)
		if (check_right(call, s, RIGHT_INSERT, "an addition") < 0)
			return -1;
	return value ? check_value(call, s, value) : 0;
}

int guard_created(struct call *call, const char *canonical, const char *value)
{
	scoped(subject_clear) struct subject s = { 0 };

	if (subject_of(call, canonical, &s) < 0)
		return -1;
	return check_addition(call, &s, s.parsed.position[s.parsed.depth - 1] == 0, value);
}

int guard_insert(struct call *call, const struct node_path *node, bool alone, const char *value)
{
	scoped(subject_clear) struct subject s = { 0 };

	if (subject_of_labels(call, node, &s) < 0)
		return -1;
	return check_addition(call, &s, alone, value);
}

/* Deny= of a node below takes the whole subtree along. */
static int check_below(struct call *call, const struct subject *s, const char *canonical)
{
	augeas *aug = call->engine->tree->aug;
	scoped_ptr char *expr = NULL;
	char **below = NULL;
	int count, r = 0;

	if (s->entry->rights[RIGHT_DENY].count == 0)
		return 0;
	if (asprintf(&expr, "%s//*", canonical) < 0)
		return call_no_memory(call);
	count = aug_match(aug, expr, &below);
	if (count < 0)
		return tree_fail(call, expr);
	for (int i = 0; i < count; i++) {
		scoped(subject_clear) struct subject b = { 0 };

		if (r == 0)
			r = subject_of(call, below[i], &b);
		if (r == 0 && policy_check_node(b.entry, RIGHT_REMOVE, &b.node) == POLICY_DENIED)
			r = denied_by_deny(call, &b, "removal");
		free(below[i]);
	}
	free(below);
	return r;
}

int guard_remove(struct call *call, const char *canonical)
{
	scoped(subject_clear) struct subject s = { 0 };

	if (subject_of(call, canonical, &s) < 0)
		return -1;
	if (s.node.depth == 0) {
		if (check_file_node(call, &s, true) < 0)
			return -1;
	} else if (check_right(call, &s, RIGHT_REMOVE, "removal") < 0) {
		return -1;
	}
	return check_below(call, &s, canonical);
}

size_t guard_file_depth(struct call *call, const char *canonical)
{
	scoped_node_path path = { 0 };
	const struct tree_file *file = NULL;

	if (node_path_parse(canonical, &path) == 0)
		file = tree_file_of(call->engine->tree, &path);
	return file ? file_depth(file) : 0;
}

void guard_edited(struct call *call, const char *canonical)
{
	scoped_node_path path = { 0 };
	struct tree_file *file = NULL;

	if (node_path_parse(canonical, &path) == 0)
		file = tree_file_of(call->engine->tree, &path);
	if (!file)
		return;
	if (!file->edited)
		mon_prepare(&call->engine->mon, file->entry);
	file->edited = true;
	stream_set_edits(&call->engine->stream, true);
}
