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

#include "common/policy_rule.h"
#include "engine/engine.h"
#include "engine/region.h"
#include "engine/staging.h"

/* Labels up to the file's own node: that of /files and one for each component. */
static size_t file_depth(const struct tree_file *file)
{
	size_t depth = 1;

	for (const char *p = file->path; *p; p++)
		depth += *p == '/';
	return depth;
}

struct json_object *guard_data(const struct policy_file *entry, const char *file, const char *node)
{
	scoped_ptr char *section = NULL;
	struct json_object *data = data_of("file", file);

	if (asprintf(&section, "[File %s]", entry->path) < 0)
		section = NULL;
	json_put(data, "section", json_new_bytes(section));
	json_put(data, "node", json_new_bytes(node));
	return data;
}

static int outside(struct call *call, const struct node_path *whole)
{
	scoped_ptr char *text = node_path_spell(whole, 0);
	scoped_ptr char *path = NULL;

	if (!text || asprintf(&path, "/%s", text) < 0)
		return call_no_memory(call);
	if (region_of(whole) == REGION_SERVER)
		return call_denied(call, data_of_path(path), NULL, NULL,
				   "%.200s is the server's own, and nothing could allow to change "
				   "it",
				   path);
	return call_denied(call, data_of_path(path), "[File]", "[File]",
			   "%.200s is not a node of a file that the policy names in a [File] "
			   "section",
			   path);
}

/* What all checks begin with. */
struct subject {
	struct tree_file *file;
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

/* 0; 1 for a node that is the client's own, about which there is nothing to ask; or -1. */
static int subject_of_labels(struct call *call, const struct node_path *whole, struct subject *s)
{
	if (region_of(whole) == REGION_CLIENT)
		return 1;
	s->file = tree_file_of(call->engine->tree, whole);
	if (!s->file) {
		outside(call, whole);
		return -1;
	}
	/* nothing is built on a tree that is not the file's */
	if (s->file->state != TREE_LOADED && s->file->state != TREE_ABSENT) {
		tree_file_fail(call, s->file);
		return -1;
	}
	s->entry = &call->engine->policy->files[s->file->entry];
	s->node = node_path_below(whole, file_depth(s->file));
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

/* The node is none of the policy's, which is told by the lens that has it. */
static struct json_object *foreign_data(const struct subject *s)
{
	struct json_object *data = guard_data(s->entry, s->file->path, s->text);

	json_put(data, "lens", json_new_bytes(s->file->lens));
	return data;
}

/* The answer to what a function of policy_rule.h said. Returns 0 if that was yes. */
static int conclude(struct call *call, const struct subject *s, int r,
		    const struct policy_rule *rule, const char *what)
{
	const char *node = s->text[0] ? s->text : "the file", *file = s->file->path;
	struct json_object *data;

	if (r <= 0)
		return r < 0 ? call_no_memory(call) : 0;
	data = guard_data(s->entry, s->file->path, s->text);
	if (!rule->key)
		return call_denied(call, data, NULL, NULL,
				   "%s of %.200s in %s is not allowed, and nothing could allow it",
				   what, node, file);
	return call_denied(call, data, rule->key, rule->line,
			   "%s of %.200s in %s is not allowed%s [File %s] %s %s", what, node, file,
			   policy_rule_forbids(rule->key) ? ":" : ";", s->entry->path,
			   policy_rule_forbids(rule->key) ? "has" : "would need", rule->line);
}

/*
 * With another lens than the policy's the nodes are not those that it names: what they come to is
 * judged at the commit, but for what the policy's lens takes no notice of. So it must be allowed.
 * Returns whether that is so, with the answer to what can be said now.
 */
static bool is_foreign(struct call *call, const struct subject *s, int *ret_answer)
{
	scoped_rule rule = { 0 }, change = { 0 };
	int r;

	if (!s->file->foreign || s->node.depth == 0)
		return false;
	r = policy_rule_other_lens(s->entry, &rule);
	if (r > 0)
		r = call_denied(call, foreign_data(s), rule.key, rule.line,
				"%.200s is read with %s, and may be changed with %s only; "
				"[File %s] would need %s",
				s->file->path, s->file->lens, s->entry->lens, s->entry->path,
				rule.line);
	else if (r < 0)
		r = call_no_memory(call);
	/* one that is not there yet was asked about as a whole */
	else if (s->file->base >= 0)
		r = conclude(call, s, policy_rule_commit(s->entry, &change), &change, "a change");
	*ret_answer = r;
	return true;
}

static int check_value(struct call *call, const struct subject *s, const char *value)
{
	scoped_rule rule = { 0 };
	int r = policy_rule_value(s->entry, &s->node, value, &rule);
	struct json_object *data;

	if (r <= 0)
		return r < 0 ? call_no_memory(call) : 0;
	data = guard_data(s->entry, s->file->path, s->text);
	data_put_rule(data, rule.key, rule.line);
	return call_error(call, EXM_ERROR_BAD_VALUE, data,
			  "the value of %.200s in %s does not match as a whole: [File %s] has %s",
			  s->text, s->file->path, s->entry->path, rule.line);
}

int guard_change(struct call *call, const char *canonical, const char *value)
{
	scoped(subject_clear) struct subject s = { 0 };
	scoped_rule rule = { 0 };
	int r = subject_of(call, canonical, &s);

	if (r != 0)
		return r < 0 ? -1 : 0;
	/* there is no value to take away */
	if (s.node.depth == 0 && !value)
		return 0;
	if (is_foreign(call, &s, &r))
		return r;
	r = policy_rule_change(s.entry, &s.node, &rule);
	if (conclude(call, &s, r, &rule, "a change") < 0)
		return -1;
	return check_value(call, &s, value);
}

static int check_addition(struct call *call, const struct subject *s, bool alone, const char *value)
{
	scoped_rule rule = { 0 };
	int r;

	if (is_foreign(call, s, &r))
		return r;
	r = policy_rule_addition(s->entry, &s->node, alone, &rule);
	if (conclude(call, s, r, &rule, s->node.depth == 0 ? "creation" : "an addition") < 0)
		return -1;
	return value ? check_value(call, s, value) : 0;
}

int guard_created(struct call *call, const char *canonical, const char *value)
{
	scoped(subject_clear) struct subject s = { 0 };
	int r = subject_of(call, canonical, &s);

	if (r != 0)
		return r < 0 ? -1 : 0;
	return check_addition(call, &s, s.parsed.position[s.parsed.depth - 1] == 0, value);
}

int guard_insert(struct call *call, const struct node_path *node, bool alone, const char *value)
{
	scoped(subject_clear) struct subject s = { 0 };
	int r = subject_of_labels(call, node, &s);

	if (r != 0)
		return r < 0 ? -1 : 0;
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
		scoped_rule rule = { 0 };

		if (r == 0)
			r = subject_of(call, below[i], &b);
		if (r == 0)
			r = conclude(call, &b, policy_rule_deny(b.entry, &b.node, &rule), &rule,
				     "removal");
		free(below[i]);
	}
	free(below);
	return r;
}

int guard_remove(struct call *call, const char *canonical)
{
	scoped(subject_clear) struct subject s = { 0 };
	scoped_rule rule = { 0 };
	int r = subject_of(call, canonical, &s);

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (is_foreign(call, &s, &r))
		return r;
	if (conclude(call, &s, policy_rule_removal(s.entry, &s.node, &rule), &rule, "removal") < 0)
		return -1;
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

	if (node_path_parse(canonical, &path) < 0)
		return;
	if (region_is_load(&path))
		call->engine->tree->load_edited = true;
	file = tree_file_of(call->engine->tree, &path);
	if (!file)
		return;
	if (!file->edited)
		mon_prepare(&call->engine->mon, file->entry);
	file->edited = true;
	stream_set_edits(&call->engine->stream, true);
}
