/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: from texts to trees and back, in the client's own nodes. Text and lens are
 * the client's, the lens one of those that the administrator has; no file is touched.
 */
#include <stdio.h>
#include <string.h>

#include "common/memfd.h"
#include "common/node_path.h"
#include "engine/edit.h"
#include "engine/engine.h"
#include "engine/load_check.h"
#include "engine/method.h"
#include "engine/path_expr.h"
#include "engine/region.h"
#include "engine/rpc.h"
#include "engine/staging.h"
#include "engine/tree_error.h"

/* Where a text stands for as long as Augeas takes to read or write it. */
#define TEXT_NODE "/exmachina_text"
#define TEXT_IN TEXT_NODE "/in"
#define TEXT_OUT TEXT_NODE "/out"

static int done(struct call *call)
{
	return call_result(call, json_new_bool(true));
}

/* Augeas would make whatever the path says, label by label. */
static int check_target(struct call *call, const char *path)
{
	scoped_node_path labels = { 0 };

	if (node_path_parse(path, &labels) == 0 && !path_expr_looks_around(path) &&
	    region_of(&labels) == REGION_CLIENT && strcmp(labels.label[0], "augeas") != 0)
		return 0;
	return call_error(call, EXM_ERROR_BAD_PATH, data_of_path(path),
			  "%s: %.200s: a tree is stored at a path of labels that is neither below "
			  "/files nor /augeas; augeas.copy takes it from there",
			  call->method, path);
}

/* Of no other name is Augeas to look for a lens. */
static int check_lens(struct call *call, const char *lens)
{
	if (load_check_is_lens(lens))
		return 0;
	return tree_augeas_error(call, EXM_ERROR_BAD_VALUE, AUG_ENOLENS, lens,
				 "no lens has such a name; it is written as in Hosts.lns");
}

/* What the error is about. */
static const char *subject_of(augeas *aug, const char *lens, const char *source, const char *path)
{
	switch (aug_error(aug)) {
	case AUG_ENOLENS:
		return lens;
	case AUG_ENOMATCH:
		return source;
	default:
		return path;
	}
}

/* /augeas/text has what was wrong with it. */
static int not_done(struct call *call, const char *lens, const char *source, const char *path)
{
	augeas *aug = call->engine->tree->aug;
	struct json_object *data;

	if (aug_error(aug) != AUG_NOERROR)
		return tree_fail(call, subject_of(aug, lens, source, path));
	data = tree_text_error_data(call->engine->tree, path);
	json_put(data, "lens", json_new_text(lens));
	return call_error(call, EXM_ERROR_PARSE_FAILED, data, "%s: %.200s: %s (lens %s)",
			  call->method, path, json_string(json_get(data, "reason"), NULL), lens);
}

int augeas_text_store(struct call *call, const struct arguments *a)
{
	augeas *aug = call->engine->tree->aug;
	scoped_nodes source = { 0 };

	if (nodes_match_one(call, a->source, &source) < 0 || check_target(call, a->path) < 0 ||
	    check_lens(call, a->lens) < 0)
		return -1;
	if (aug_text_store(aug, a->lens, source.path[0], a->path) < 0)
		return not_done(call, a->lens, a->source, a->path);
	return done(call);
}

/* The text of the node `in` with what the tree says now. 0, or -1 with the call answered. */
static int retrieve(struct call *call, const char *lens, const char *in, const char *path,
		    char **ret_text)
{
	augeas *aug = call->engine->tree->aug;
	const char *text = NULL;
	int r = aug_text_retrieve(aug, lens, in, path, TEXT_OUT);

	if (r < 0)
		return not_done(call, lens, in, path);
	if (aug_get(aug, TEXT_OUT, &text) != 1 || !text)
		text = "";
	*ret_text = strdup(text);
	return *ret_text ? 0 : call_no_memory(call);
}

int augeas_text_retrieve(struct call *call, const struct arguments *a)
{
	augeas *aug = call->engine->tree->aug;
	scoped_nodes source = { 0 }, tree = { 0 };
	scoped_ptr char *text = NULL;
	int r;

	if (nodes_match_one(call, a->source, &source) < 0 ||
	    nodes_match(call, a->path, &tree) < 0 || check_lens(call, a->lens) < 0)
		return -1;
	if (tree.count > 1)
		return tree_too_many(call, a->path, tree.count);
	/* of a tree that is not there the text is empty */
	r = retrieve(call, a->lens, source.path[0], tree.count ? tree.path[0] : a->path, &text);
	aug_rm(aug, TEXT_NODE);
	if (r < 0 || edit_set_one(call, a->destination, text) < 0)
		return -1;
	return done(call);
}

/* The text that a commit would start from, as a node; with the newline that it would add. */
static int put_original(struct call *call, const struct tree_file *file)
{
	scoped_mapping content = { 0 };
	scoped_ptr char *text = NULL;
	scoped_fd fd = -1;
	int r = staging_content(call->engine->tree, file, &fd);
	bool whole;

	if (r == 0 && fd >= 0)
		r = memfd_map(fd, CONTENT_MAX, &content);
	if (r < 0)
		return call_internal(call, "read a file", r);
	whole = content.size == 0 || content.data[content.size - 1] == '\n';
	if (asprintf(&text, "%.*s%s", (int)content.size, content.size > 0 ? content.data : "",
		     whole ? "" : "\n") < 0)
		return call_no_memory(call);
	return aug_set(call->engine->tree->aug, TEXT_IN, text) < 0 ? call_no_memory(call) : 0;
}

int augeas_preview(struct call *call, const struct arguments *a)
{
	struct tree *tree = call->engine->tree;
	scoped_ptr char *node = NULL, *text = NULL;
	scoped_node_path labels = { 0 };
	const struct tree_file *file;
	scoped_nodes nodes = { 0 };
	int r;

	if (nodes_match(call, a->path, &nodes) < 0)
		return -1;
	if (nodes.count == 0)
		return tree_no_match(call, a->path);
	if (node_path_parse(nodes.path[0], &labels) < 0)
		return call_no_memory(call);
	file = tree_file_of(tree, &labels);
	if (!file || file->state != TREE_LOADED)
		return tree_augeas_error(call, EXM_ERROR_BAD_PATH, AUG_EBADARG, a->path,
					 "it does not belong to a file that was read");
	node = staging_node(file->path);
	r = node ? put_original(call, file) : call_no_memory(call);
	if (r == 0)
		r = retrieve(call, file->lens, TEXT_IN, node, &text);
	aug_rm(tree->aug, TEXT_NODE);
	return r < 0 ? -1 : call_result(call, json_new_bytes(text));
}

int augeas_escape_name(struct call *call, const struct arguments *a)
{
	scoped_ptr char *escaped = NULL;

	if (aug_escape_name(call->engine->tree->aug, a->name, &escaped) < 0)
		return call_no_memory(call);
	return call_result(call, json_new_bytes(escaped ? escaped : a->name));
}
