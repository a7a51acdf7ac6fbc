/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: what the policy lets the client do, in the words of the denial that it would
 * get. A path is the client's and hostile; it is taken apart and compared, and never evaluated, so
 * that a node need not be there, and a file need not be read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/node_path.h"
#include "common/policy_rule.h"
#include "engine/engine.h"
#include "engine/method.h"
#include "engine/path_expr.h"
#include "engine/policy_json.h"
#include "engine/region.h"
#include "engine/unit_right.h"

/* Of a file, and of a node in it. */
enum { PATH_LENGTH_MAX = 2 * POLICY_TEXT_MAX };

/* What is told, and whether memory was short for some of it. */
struct answer {
	struct json_object *object;
	bool failed;
};

static int give(struct call *call, struct answer *answer)
{
	if (!answer->failed)
		return call_result(call, answer->object);
	json_free(answer->object);
	return call_no_memory(call);
}

/* What a function of policy_rule.h said; the rule is cleared. */
static struct json_object *verdict(struct answer *answer, int r, struct policy_rule *rule)
{
	struct json_object *item = json_new_object();

	json_put(item, "allowed", json_new_bool(r == 0));
	if (r != 0)
		data_put_rule(item, rule->key, rule->line);
	if (r < 0)
		answer->failed = true;
	policy_rule_clear(rule);
	return item;
}

static void put_verdict(struct answer *answer, const char *action, int r, struct policy_rule *rule)
{
	json_put(answer->object, action, verdict(answer, r, rule));
}

static void put_section(struct answer *answer, const char *kind, const char *name)
{
	scoped_ptr char *section = NULL;

	if (name && asprintf(&section, "[%s %s]", kind, name) < 0)
		answer->failed = true;
	else
		json_put(answer->object, "section", json_new_bytes(section));
}

/* ---- a unit -------------------------------------------------------------------- */

static int tell_unit(struct call *call, const char *wanted)
{
	const struct policy *policy = call->engine->policy;
	struct policy_rule rule = { 0 };
	scoped_ptr char *unit = NULL;
	struct json_object *verbs;
	struct answer answer;
	ssize_t entry;
	int r;

	if (unit_right_name(call, wanted, &unit) < 0)
		return -1;
	verbs = json_new_object();
	entry = policy_find_service(policy, unit);
	answer = (struct answer){ .object = data_of("unit", unit) };
	put_section(&answer, "Service", entry < 0 ? NULL : policy->services[entry].unit);
	for (enum service_verb verb = 0; verb < SERVICE_VERB_MAX; verb++) {
		r = policy_rule_service(policy, verb, unit, &rule);
		json_put(verbs, service_verb_word(verb), verdict(&answer, r, &rule));
	}
	json_put(answer.object, "verbs", verbs);
	r = policy_rule_log(policy, unit, &rule);
	put_verdict(&answer, "log", r, &rule);
	return give(call, &answer);
}

/* ---- a node -------------------------------------------------------------------- */

/* With Set= alone a node may be added if it is then the only one of its label. */
static struct json_object *addition(struct answer *answer, const struct policy_file *file,
				    const struct node_path *node)
{
	struct policy_rule rule = { 0 };
	scoped_rule alone = { 0 };
	struct json_object *item;
	int r = policy_rule_addition(file, node, true, &alone);

	if (r != 0)
		return verdict(answer, r, &alone);
	r = policy_rule_addition(file, node, false, &rule);
	if (r <= 0)
		return verdict(answer, r, &rule);
	item = json_new_object();
	json_put(item, "allowed", json_new_bool(true));
	json_put(item, "alone", json_new_bool(true));
	data_put_rule(item, rule.key, rule.line);
	policy_rule_clear(&rule);
	return item;
}

/* The nodes on the way down to this one, which have to be there or to be added as well. */
static struct json_object *parents(struct answer *answer, const struct policy_file *file,
				   const struct node_path *node)
{
	struct json_object *list = json_new_array();
	struct node_path above = *node;

	for (above.depth = 1; above.depth < node->depth; above.depth++) {
		struct json_object *item = addition(answer, file, &above);
		scoped_ptr char *text = node_path_spell(&above, 0);

		if (!text)
			answer->failed = true;
		json_put(item, "node", json_new_bytes(text));
		json_append(list, item);
	}
	return list;
}

static struct json_object *values(const struct policy_file *file, const struct node_path *node)
{
	struct json_object *list = json_new_array();
	const struct policy_value *value = policy_value_for(file, 0, node);

	for (; value; value = policy_value_for(file, (size_t)(value - file->values) + 1, node))
		json_append(list, policy_json_value(value));
	return list;
}

/* A removal takes along what is below, and the Deny= patterns of that are in its way. */
static struct json_object *removal(struct answer *answer, const struct policy_file *file,
				   const struct node_path *node)
{
	const struct policy_list *deny = &file->rights[RIGHT_DENY];
	struct json_object *list = json_new_array(), *item;
	struct policy_rule rule = { 0 };
	int r = policy_rule_removal(file, node, &rule);

	item = verdict(answer, r, &rule);
	for (size_t i = 0; r == 0 && i < deny->count; i++)
		if (node_pattern_goes_below(deny->item[i], node, 0))
			json_append(list, json_new_bytes(deny->item[i]));
	if (json_length(list) > 0)
		json_put(item, "unless_below", list);
	else
		json_free(list);
	return item;
}

static void tell_node(struct answer *answer, const struct policy_file *file,
		      const struct node_path *node)
{
	struct json_object *object = answer->object;
	struct policy_rule rule = { 0 };
	const struct node_path own = { 0 };
	bool is_secret = node->depth == 0 ? file->secrets.count > 0 : policy_is_secret(file, node);
	int r = policy_rule_addition(file, &own, true, &rule);

	json_put(object, "secret", json_new_bool(is_secret));
	put_verdict(answer, "read", 0, &(struct policy_rule){ 0 });
	put_verdict(answer, "create", r, &rule);
	if (node->depth == 0) {
		json_put(object, "delete", removal(answer, file, node));
		r = policy_rule_commit(file, &rule);
		put_verdict(answer, "commit", r, &rule);
		return;
	}
	r = policy_rule_change(file, node, &rule);
	put_verdict(answer, "set", r, &rule);
	json_put(object, "insert", addition(answer, file, node));
	json_put(object, "remove", removal(answer, file, node));
	json_put(object, "parents", parents(answer, file, node));
	json_put(object, "values", values(file, node));
	json_put(object, "deny", json_new_bytes(policy_denied_by(file, node)));
}

static void tell_governed(struct answer *answer, const struct policy_file *file,
			  const char *file_path, const struct node_path *node)
{
	scoped_ptr char *text = node_path_spell(node, 0);

	if (!text)
		answer->failed = true;
	json_put(answer->object, "file", json_new_bytes(file_path));
	put_section(answer, "File", file->path);
	json_put(answer->object, "node", json_new_bytes(text));
	json_put(answer->object, "lens", json_new_bytes(file->lens));
	json_put(answer->object, "verified", json_new_bool(!file->unverified));
	json_put(answer->object, "other_lens", json_new_bool(file->other_lens));
	tell_node(answer, file, node);
}

static bool is_mode(const char *path)
{
	return strcmp(path, TREE_CONTEXT) == 0 || strcmp(path, TREE_SAVE) == 0 ||
	       strcmp(path, TREE_SPAN) == 0;
}

/* No section names it: it lacks one, but for what is there beside the files. */
static void tell_outside(struct answer *answer, const struct tree *tree, const char *path,
			 const struct node_path *node)
{
	static const char *const actions[] = { "read", "set", "insert", "remove" };
	enum region region = region_of(node);
	const char *lacks = region == REGION_FILES ? "[File]" : NULL;
	bool may_read = !tree_is_outside(tree, path);

	json_put(answer->object, "file", NULL);
	json_put(answer->object, "section", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		bool allowed = region == REGION_CLIENT || (i == 0 && may_read) ||
			       (i == 1 && is_mode(path));
		struct json_object *item = json_new_object();

		json_put(item, "allowed", json_new_bool(allowed));
		if (!allowed)
			data_put_rule(item, lacks, lacks);
		json_put(answer->object, actions[i], item);
	}
}

/* The labels below /files as the path of a file; one with a slash in it cannot belong to that. */
static char *path_below_files(const struct node_path *whole, size_t size)
{
	char *path = calloc(1, size);
	size_t used = 0;

	for (size_t i = 1; path && i < whole->depth && !strchr(whole->label[i], '/'); i++)
		used += (size_t)sprintf(path + used, "/%s", whole->label[i]);
	return path;
}

static int tell_labels(struct call *call, const char *path, const struct node_path *whole)
{
	scoped_ptr char *below = path_below_files(whole, strlen(path) + 1);
	struct answer answer;
	size_t length = 0, depth = 1;
	ssize_t entry = -1;

	if (!below)
		return call_no_memory(call);
	if (strcmp(whole->label[0], "files") == 0 && tree_place(call, below, &entry, &length) < 0)
		return -1;
	answer = (struct answer){ .object = data_of_path(path) };
	below[length] = '\0';
	for (const char *p = below; *p; p++)
		depth += *p == '/';
	if (length > 0) {
		const struct node_path node = node_path_below(whole, depth);

		tell_governed(&answer, &call->engine->policy->files[entry], below, &node);
	} else {
		tell_outside(&answer, call->engine->tree, path, whole);
	}
	return give(call, &answer);
}

static int bad_path(struct call *call, const char *path, const char *at, const char *reason)
{
	struct json_object *data = data_of_path(path);

	if (at)
		json_put(data, "position", json_new_int(at - path));
	json_put(data, "reason", json_new_string(reason));
	return call_error(call, EXM_ERROR_BAD_PATH, data, "%.200s: %s", path, reason);
}

/* Takes a path apart that must be labels and positions. 0, or -1 with the call answered. */
static int take_apart(struct call *call, const char *path, struct node_path *ret_path)
{
	const char *around = path_expr_looks_around(path);
	int r;

	if (around)
		return bad_path(call, path, around,
				"one node is asked for, and this may be many; a backslash makes a "
				"character part of a label");
	r = node_path_parse(path, ret_path);
	if (r == -ENOMEM)
		return call_no_memory(call);
	if (r == -E2BIG)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "depth"),
				  "%s: a path of more than %d labels", call->method,
				  NODE_DEPTH_MAX);
	if (r < 0)
		return bad_path(call, path, NULL,
				"a path is '/' and a label, and so on; a position may follow it, "
				"and a backslash makes a character part of a label");
	return 0;
}

/* What does not begin in one of Augeas's two trees is the path of a file. */
static int tell_path(struct call *call, const char *path)
{
	scoped_node_path asked = { 0 }, whole = { 0 };
	scoped_ptr char *in_files = NULL;

	if (strlen(path) > PATH_LENGTH_MAX)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "path"),
				  "%s: a path of more than %d bytes", call->method,
				  PATH_LENGTH_MAX);
	if (take_apart(call, path, &asked) < 0)
		return -1;
	if (strcmp(asked.label[0], "files") == 0 || strcmp(asked.label[0], "augeas") == 0)
		return tell_labels(call, path, &asked);
	if (asprintf(&in_files, "/files%s", path) < 0)
		return call_no_memory(call);
	return take_apart(call, in_files, &whole) < 0 ? -1 : tell_labels(call, in_files, &whole);
}

int session_whatcan(struct call *call, const struct arguments *a)
{
	struct json_object *result;

	if (a->path && a->unit) {
		struct json_object *data = data_of("parameter", "unit");

		json_put(data, "expected", json_new_string("nothing"));
		return call_error(call, EXM_ERROR_INVALID_PARAMS, data,
				  "%s: a path and a unit are two questions", call->method);
	}
	if (a->path)
		return tell_path(call, a->path);
	if (a->unit)
		return tell_unit(call, a->unit);
	result = policy_json(call->engine->policy);
	return result ? call_result(call, result) : call_no_memory(call);
}
