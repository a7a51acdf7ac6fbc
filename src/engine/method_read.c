/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: methods that look at the tree. Expressions are the client's and hostile. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/node_path.h"
#include "engine/edit.h"
#include "engine/engine.h"
#include "engine/method.h"
#include "engine/output.h"
#include "engine/rpc.h"
#include "engine/selection.h"
#include "engine/staging.h"
#include "engine/tree_error.h"

/* What aug_get(3) and aug_label(3) fail with. */
static int not_one(struct call *call, const char *path)
{
	augeas *aug = call->engine->tree->aug;

	if (aug_error(aug) != AUG_EMMATCH)
		return tree_fail(call, path);
	return tree_too_many(call, path, aug_match(aug, path, NULL));
}

int augeas_get(struct call *call, const struct arguments *a)
{
	struct lookup *lookup = &call->engine->tree->lookup;
	augeas *aug = call->engine->tree->aug;
	const char *label, *value = NULL;
	enum reads_found found;
	int r = 1;

	if (lookup_find(lookup, a->path, &value))
		return call_result(call, json_new_bytes(value));
	if (tree_need(call, a->path) < 0)
		return -1;
	found = reads_get(call->engine->tree, a->path, &label, &value);
	if (found == READS_UNKNOWN)
		r = aug_get(aug, a->path, &value);
	if (r < 0)
		return not_one(call, a->path);
	if (r == 0 || found == READS_NONE)
		return tree_no_match(call, a->path);
	if (found == READS_UNKNOWN)
		lookup_remember(lookup, a->path, value);
	return call_result(call, json_new_bytes(value));
}

int augeas_label(struct call *call, const struct arguments *a)
{
	augeas *aug = call->engine->tree->aug;
	const char *label = NULL, *value;
	enum reads_found found;
	int r = 1;

	if (tree_need(call, a->path) < 0)
		return -1;
	found = reads_get(call->engine->tree, a->path, &label, &value);
	if (found == READS_UNKNOWN)
		r = aug_label(aug, a->path, &label);
	if (r < 0)
		return not_one(call, a->path);
	if (r == 0 || found == READS_NONE)
		return tree_no_match(call, a->path);
	return call_result(call, json_new_bytes(label));
}

static int selection_fail(struct call *call, const char *expr, int r)
{
	return r == -ENOMEM ? call_no_memory(call) : tree_fail(call, expr);
}

static void add_match(struct selection *selection, size_t i, bool with_value, struct output *out)
{
	const char *path = selection_path(selection, i);
	char children[48];

	out->failed |= !path;
	if (with_value)
		output_literal(out, "{\"path\":");
	output_bytes(out, path);
	if (!with_value)
		return;
	output_literal(out, ",\"value\":");
	output_bytes(out, selection->node[i].value);
	output_add(out, children,
		   (size_t)snprintf(children, sizeof(children), ",\"children\":%d}",
				    selection_children(selection, i)));
}

int augeas_match(struct call *call, const struct arguments *a)
{
	scoped_selection selection = { 0 };
	struct output *out;
	int r;

	if (tree_need(call, a->path) < 0)
		return -1;
	r = selection_new(call->engine->tree, a->path, a->values, RPC_MATCHES_MAX, &selection);
	if (r < 0)
		return selection_fail(call, a->path, r);
	if (selection.count > RPC_MATCHES_MAX)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "matches"),
				  "%.200s: %zu nodes match, at most %d are told", a->path,
				  selection.count, RPC_MATCHES_MAX);
	out = call_begin(call);
	output_literal(out, "[");
	for (size_t i = 0; i < selection.count && !call_is_full(call); i++) {
		if (i > 0)
			output_literal(out, ",");
		add_match(&selection, i, a->values, out);
	}
	output_literal(out, "]");
	return call_end(call);
}

int augeas_print(struct call *call, const struct arguments *a)
{
	const char *path = a->path ? a->path : "/files";
	scoped(output_clear) struct output text = { 0 };
	int r;

	if (tree_need(call, path) < 0)
		return -1;
	r = selection_print(call->engine->tree, path, RPC_ANSWER_MAX, &text);
	if (r < 0)
		return selection_fail(call, path, r);
	if (text.length > RPC_ANSWER_MAX)
		return call_error(
			call, EXM_ERROR_LIMIT, data_of("limit", "answer"),
			"%.200s: prints more than %d bytes, which is the most that is told", path,
			RPC_ANSWER_MAX);
	output_add(&text, "", 1);
	if (text.failed)
		return call_no_memory(call);
	output_bytes(call_begin(call), text.text);
	return call_end(call);
}

static struct json_object *range(unsigned int start, unsigned int end)
{
	struct json_object *pair = json_new_array();

	json_append(pair, json_new_int(start));
	json_append(pair, json_new_int(end));
	return pair;
}

/* NULL for a node of no file, or of one whose spans the tree has. */
static struct tree_file *file_with_spans(struct tree *tree, const char *path)
{
	scoped_node_path node = { 0 };
	struct tree_file *file = NULL;
	const char *enabled = NULL;

	aug_get(tree->aug, TREE_SPAN, &enabled);
	if (enabled && strcmp(enabled, "enable") == 0 && node_path_parse(path, &node) == 0)
		file = tree_file_of(tree, &node);
	return file && file->splice && splice_has_spans(file->splice) ? file : NULL;
}

static int spliced_span(struct call *call, const char *path, const struct tree_file *file,
			struct splice_span *span)
{
	const char *label = NULL;
	int r = aug_label(call->engine->tree->aug, path, &label);

	if (r != 1)
		return tree_fail(call, path);
	r = splice_span(file->splice, label, span);
	if (r == -ENOENT)
		return tree_augeas_error(call, EXM_ERROR_NO_MATCH, AUG_ENOSPAN, path,
					 "the node has no span; its entry was edited since");
	return r < 0 ? call_no_memory(call) : 0;
}

static int tree_span(struct call *call, const char *path, const struct nodes *nodes,
		     char **ret_file, struct splice_span *span)
{
	struct tree *tree = call->engine->tree;
	size_t staging = strlen(tree->staging);

	if (aug_span(tree->aug, path, ret_file, &span->label_start, &span->label_end,
		     &span->value_start, &span->value_end, &span->start, &span->end) < 0)
		return aug_error(tree->aug) == AUG_EMMATCH ? tree_too_many(call, path, nodes->count)
							   : tree_fail(call, path);
	/* where the file was staged is nobody's business */
	if (strncmp(*ret_file, tree->staging, staging) == 0)
		memmove(*ret_file, *ret_file + staging, strlen(*ret_file + staging) + 1);
	return 0;
}

int augeas_span(struct call *call, const struct arguments *a)
{
	const struct tree_file *spliced = NULL;
	struct json_object *result;
	struct splice_span span;
	scoped_nodes nodes = { 0 };
	scoped_ptr char *file = NULL;
	int r;

	if (nodes_match(call, a->path, &nodes) < 0)
		return -1;
	if (nodes.count == 1)
		spliced = file_with_spans(call->engine->tree, nodes.path[0]);
	if (spliced)
		r = spliced_span(call, a->path, spliced, &span);
	else
		r = tree_span(call, a->path, &nodes, &file, &span);
	if (r < 0)
		return r;
	result = data_of("file", spliced ? spliced->path : file);
	json_put(result, "label", range(span.label_start, span.label_end));
	json_put(result, "value", range(span.value_start, span.value_end));
	json_put(result, "span", range(span.start, span.end));
	return call_result(call, result);
}

/* Of a file it is known, and aug_source(3) would make up a span for it. */
int augeas_source(struct call *call, const struct arguments *a)
{
	struct tree *tree = call->engine->tree;
	scoped_nodes nodes = { 0 };
	scoped_node_path node = { 0 };
	const struct tree_file *file;
	scoped_ptr char *text = NULL;

	if (nodes_match_one(call, a->path, &nodes) < 0)
		return -1;
	if (node_path_parse(nodes.path[0], &node) < 0)
		return call_no_memory(call);
	file = tree_file_of(tree, &node);
	if (file)
		text = staging_plain_node(file->path);
	else if (aug_source(tree->aug, nodes.path[0], &text) < 0)
		return tree_fail(call, a->path);
	if (file && !text)
		return call_no_memory(call);
	return call_result(call, json_new_bytes(text));
}

int augeas_errors(struct call *call, const struct arguments *a)
{
	struct tree *tree = call->engine->tree;
	struct json_object *list;

	(void)a;
	if (tree_need_all(call) < 0)
		return -1;
	list = json_new_array();
	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_file *file = &tree->file[i];

		if (file->state == TREE_PARSE_FAILED || file->unwritten) {
			json_append(list, tree_error_data(tree, file));
		} else if (file->state == TREE_UNREADABLE) {
			struct json_object *data = data_of("file", file->path);

			json_put(data, "kind", json_new_string("read_failed"));
			json_put(data, "reason", json_new_string(strerror(file->error)));
			json_append(list, data);
		}
	}
	return call_result(call, list);
}
