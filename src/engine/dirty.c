/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: from edits in the tree to content. What was edited is written to the staging
 * directory, by Augeas or from parts (texts.h), and compared with what the monitor handed out.
 */
#include "engine/dirty.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "engine/diff.h"
#include "engine/engine.h"
#include "engine/staging.h"
#include "engine/texts.h"
#include "engine/tree_error.h"
#include "verify/parse.h"

void dirty_list_free(struct dirty_list **list)
{
	for (size_t i = 0; *list && i < (*list)->total; i++) {
		dirty_set_plain(&(*list)->item[i]);
		close_fd((*list)->item[i].ours);
	}
	free(*list);
}

void dirty_set_merged(struct dirty *dirty, int merged)
{
	dirty_set_plain(dirty);
	dirty->from = dirty->file->newer;
	dirty->content = merged;
	dirty->rebased = true;
}

void dirty_set_plain(struct dirty *dirty)
{
	if (dirty->rebased)
		close_fd(dirty->content);
	dirty->from = dirty->file->base;
	dirty->content = dirty->ours;
	dirty->rebased = false;
}

/* Augeas forgets that a file is edited when another one cannot be written, or it was made anew. */
static void touch(struct tree *tree, struct tree_file *file)
{
	scoped_ptr char *node = staging_node(file->path), *probe = NULL;

	if (!node || aug_match(tree->aug, node, NULL) != 1 ||
	    asprintf(&probe, "%s/exmachina_touch", node) < 0)
		return;
	if (aug_set(tree->aug, probe, NULL) == 0)
		aug_rm(tree->aug, probe);
}

/*
 * In place of what the client has set: every edited file goes to the staging directory, with its
 * lens, and is told of at the commit alone.
 */
static int save(struct tree *tree, bool *ret_saved)
{
	int r = load_table_begin(tree->aug);

	for (size_t i = 0; i < tree->count && r == 0; i++)
		if (tree->file[i].edited && !tree->file[i].spliced)
			r = load_table_add(tree->aug, tree->file[i].lens, tree->file[i].path);
	if (r == 0)
		r = tree_save_mode(tree, "overwrite");
	if (r == 0)
		*ret_saved = aug_save(tree->aug) == 0;
	load_table_end(tree->aug);
	if (r == 0)
		r = tree_save_mode(tree, tree->save_mode);
	return r < 0 ? r : tree_tell_saved(tree);
}

/* Makes those texts that need not be written as a whole. 1 if there are others, 0 or -errno. */
static int splice(struct tree *tree)
{
	int others = 0;

	for (size_t i = 0; i < tree->count; i++) {
		struct tree_file *file = &tree->file[i];
		int r = file->edited ? texts_splice(tree, file) : 0;

		if (r < 0)
			return r;
		file->spliced = r > 0;
		if (file->spliced && file->unwritten) {
			staging_clear_error(tree, file);
			file->unwritten = false;
		}
		others |= file->edited && !file->spliced;
	}
	return others;
}

/* Which of them Augeas has written; of the first that it has not, NULL if all are. */
static struct tree_file *look_at_others(struct tree *tree, bool saved)
{
	struct tree_file *failed = NULL;

	for (size_t i = 0; i < tree->count; i++) {
		struct tree_file *file = &tree->file[i];

		if (!file->edited || file->spliced)
			continue;
		file->unwritten = !saved && staging_has_error(tree, file);
		if (saved)
			texts_written(tree, file);
		else if (!file->unwritten)
			texts_doubt(file);
		else if (!failed)
			failed = file;
	}
	return failed;
}

/* Lets Augeas write what else was edited to the staging directory. */
static int render_others(struct call *call)
{
	struct tree *tree = call->engine->tree;
	struct tree_file *failed;
	bool saved = false;
	int r;

	for (size_t i = 0; i < tree->count; i++)
		if (tree->file[i].edited && !tree->file[i].spliced)
			touch(tree, &tree->file[i]);
	r = save(tree, &saved);
	failed = look_at_others(tree, saved);
	if (r < 0)
		return call_internal(call, "write the edits", r);
	if (saved)
		return 0;
	if (!failed)
		return tree_fail(call, "/files");
	return call_error(
		call, EXM_ERROR_BAD_VALUE, tree_error_data(tree, failed),
		"%s cannot be written: the tree is not what %s can write; the edits are kept",
		failed->path, failed->lens);
}

static int render(struct call *call)
{
	int r = splice(call->engine->tree);

	if (r < 0)
		return call_internal(call, "write the edits", r);
	return r > 0 ? render_others(call) : 0;
}

static int map_content(int fd, struct mapping *ret_mapping)
{
	if (fd >= 0)
		return memfd_map(fd, CONTENT_MAX, ret_mapping);
	*ret_mapping = (struct mapping){ 0 };
	return 0;
}

static char *text_of(int fd)
{
	scoped_mapping text = { 0 };

	return map_content(fd, &text) < 0 ? NULL : strndup(text.data, text.size);
}

/*
 * Is the text another one, and the tree the same? So it is where edits have taken each other back,
 * and where Augeas gives the last line its end. 1, 0 or -ENOMEM.
 */
static int is_layout(const struct tree *tree, const struct dirty *p)
{
	scoped_ptr char *before = text_of(p->file->base), *after = text_of(p->ours);
	struct node *was = NULL, *is = NULL;
	struct parser *parser = NULL;
	int r = before && after ? parser_over(tree->aug, p->file->lens, &parser) : -ENOMEM;

	if (r == 0)
		r = parse_text(parser, before, &was);
	if (r == 0)
		r = parse_text(parser, after, &is);
	if (r == 0)
		r = node_equal(was, is);
	node_free(was);
	node_free(is);
	parser_free(parser);
	/* whatever else is wrong with it, the verifier says it better */
	return r < 0 && r != -ENOMEM ? 0 : r;
}

/* 1 if the new content differs from what was handed out, 0 or -errno. */
static int differs(const struct tree *tree, const struct dirty *p)
{
	int same;

	if ((p->file->base < 0) != (p->ours < 0))
		return 1;
	if (p->ours < 0)
		return 0;
	same = fd_same_content(p->file->base, p->ours);
	if (same == 0 && !texts_differ(p->file))
		same = is_layout(tree, p);
	return same < 0 ? same : !same;
}

int dirty_collect(struct call *call, struct dirty_list **ret_list)
{
	struct tree *tree = call->engine->tree;
	scoped_dirty_list *list = calloc(1, sizeof(*list));

	if (!list)
		return call_no_memory(call);
	if (render(call) < 0)
		return -1;
	for (size_t i = 0; i < tree->count; i++) {
		struct dirty *p = &list->item[list->count];
		int r;

		if (!tree->file[i].edited)
			continue;
		*p = (struct dirty){ .file = &tree->file[i], .ours = -1 };
		r = staging_content(tree, p->file, &p->ours);
		if (r == 0)
			r = differs(tree, p);
		dirty_set_plain(p);
		if (r > 0)
			list->total = ++list->count;
		else
			close_fd(p->ours);
		if (r < 0)
			return call_internal(call, "compare a file", r);
	}
	*ret_list = take_ptr(list);
	return 0;
}

const char *dirty_action(const struct dirty *dirty)
{
	if (dirty_removes(dirty))
		return "delete";
	return dirty->from < 0 ? "create" : "change";
}

char *dirty_diff(const struct dirty *dirty, int from, int to)
{
	scoped_mapping old = { 0 }, new = { 0 };

	if (dirty->origin == DIRTY_WITHHELD)
		return NULL;
	if (map_content(from, &old) < 0 || map_content(to, &new) < 0)
		return NULL;
	return diff_unified(dirty->file->path, (struct text){ old.data, old.size },
			    (struct text){ new.data, new.size });
}

struct json_object *dirty_describe(const struct dirty_list *list, bool with_diff)
{
	struct json_object *files = json_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct dirty *p = &list->item[i];
		struct json_object *item = data_of("file", p->file->path);

		json_put(item, "action", json_new_string(dirty_action(p)));
		if (p->origin == DIRTY_MERGED)
			json_put(item, "merged", json_new_bool(true));
		if (with_diff) {
			scoped_ptr char *diff = dirty_diff(p, p->from, p->content);

			json_put(item, "diff", json_new_bytes(diff));
		}
		json_append(files, item);
	}
	return files;
}
