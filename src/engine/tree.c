/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. Decides which files an expression may touch and brings
 * them in; the expression is the client's and hostile, the files are whatever
 * the system has. Lenses and policy are root's.
 */
#include "engine/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/glob.h"
#include "common/node_path.h"
#include "engine/engine.h"
#include "engine/path_expr.h"
#include "engine/prefix.h"
#include "engine/region.h"
#include "engine/staging.h"

int tree_new(struct mon *mon, const struct policy *policy, const char *staging,
	     const char *lens_path, struct tree **ret_tree)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -ENOMEM;
	tree->mon = mon;
	tree->policy = policy;
	tree->next_mtime = time(NULL);
	tree->save_mode = "overwrite";
	tree->staging = strdup(staging);
	tree->lens_path = strdup(lens_path);
	tree->listed = calloc(policy->file_count + 1, sizeof(*tree->listed));
	tree->aug = aug_init(staging, lens_path,
			     AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_ENABLE_SPAN |
				     AUG_NO_ERR_CLOSE);
	if (!tree->staging || !tree->lens_path || !tree->listed || !tree->aug ||
	    aug_error(tree->aug) != AUG_NOERROR || load_table_show(tree->aug, policy) < 0) {
		tree_free(tree);
		return -ENOMEM;
	}
	*ret_tree = tree;
	return 0;
}

static void forget_files(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->file[i].path);
		free(tree->file[i].lens);
		splice_free(tree->file[i].splice);
		close_fd(tree->file[i].base);
		close_fd(tree->file[i].newer);
	}
	tree->count = 0;
	free(tree->last_node);
	tree->last_node = NULL;
}

void tree_changed(struct tree *tree)
{
	lookup_forget(&tree->lookup);
	reads_forget(&tree->reads);
}

struct tree *tree_free(struct tree *tree)
{
	if (!tree)
		return NULL;
	forget_files(tree);
	tree_changed(tree);
	splice_room_clear(&tree->room);
	if (tree->aug)
		aug_close(tree->aug);
	load_table_free(tree->load);
	tree_set_saved(tree, NULL);
	free(tree->listed);
	free(tree->staging);
	free(tree->lens_path);
	free(tree);
	return NULL;
}

static struct tree_file *find(struct tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->count; i++)
		if (strcmp(tree->file[i].path, path) == 0)
			return &tree->file[i];
	return NULL;
}

/* Component by component, since a label may hold a slash and look like two of them. */
static bool holds(const struct tree_file *file, const struct node_path *node)
{
	const char *p = file->path;
	size_t i;

	if (node->depth == 0 || strcmp(node->label[0], "files") != 0)
		return false;
	for (i = 1; *p == '/'; i++) {
		size_t length = (size_t)(strchrnul(p + 1, '/') - p - 1);

		if (i == node->depth || strlen(node->label[i]) != length ||
		    strncmp(node->label[i], p + 1, length) != 0)
			return false;
		p += length + 1;
	}
	return true;
}

/* A directory, where a section with a wildcard names it too, has the files of another in it. */
static bool is_file(const struct tree_file *file)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what was fetched is there */
	return file->state != TREE_UNREADABLE || file->outcome != OUTCOME_NOT_PLAIN;
}

struct tree_file *tree_file_of(struct tree *tree, const struct node_path *node)
{
	struct tree_file *found = NULL;

	for (size_t i = 0; i < tree->count; i++)
		if (holds(&tree->file[i], node) && (!found || !is_file(found)))
			found = &tree->file[i];
	return found;
}

/* Fetches one file that the policy governs. 0 with it, or -1 with the call answered. */
static int fetch(struct call *call, uint32_t entry, const char *path, struct tree_file **ret_file)
{
	struct tree *tree = call->engine->tree;
	struct tree_file *file = find(tree, path);
	int r;

	if (file) {
		*ret_file = file;
		return 0;
	}
	if (tree->count == TREE_FILES_MAX)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "files"),
				  "more than %d files in one session", TREE_FILES_MAX);
	tree_changed(tree);
	file = &tree->file[tree->count];
	*file = (struct tree_file){
		.entry = entry,
		.base = -1,
		.newer = -1,
		.nul_offset = -1,
	};
	file->path = strdup(path);
	r = file->path ? staging_fetch(tree, file) : -ENOMEM;
	if (r < 0) {
		free(file->path);
		free(file->lens);
		splice_free(file->splice);
		close_fd(file->base);
		return call_internal(call, "fetch a file", r);
	}
	tree->count++;
	*ret_file = file;
	return 0;
}

int tree_fetch(struct call *call, const char *path, struct tree_file **ret_file)
{
	ssize_t entry = policy_find_file(call->engine->policy, path);

	*ret_file = NULL;
	return entry < 0 ? 0 : fetch(call, (uint32_t)entry, path, ret_file);
}

/* The names that an entry's list holds, if they lie on the way of the prefix. */
static int fetch_listed(struct call *call, uint32_t entry, const char *prefix)
{
	struct tree *tree = call->engine->tree;
	const char *pattern = tree->policy->files[entry].path;
	scoped_mapping names = { 0 };
	scoped_fd fd = -1;
	struct msg_list_reply reply;
	int r = mon_list(tree->mon, entry, &reply, &fd);

	if (r == 0 && reply.outcome != OUTCOME_DONE)
		return call_error(call, EXM_ERROR_IO, data_of("file", pattern),
				  "cannot list the files of %s: %s", pattern,
				  reply.outcome == OUTCOME_LIMIT ? "there are too many"
								 : strerror(reply.error));
	if (r == 0)
		r = fd < 0 ? -EBADMSG : memfd_map(fd, CONTENT_MAX, &names);
	if (r < 0)
		return call_internal(call, "list files", r);
	for (size_t at = 0; r == 0 && at < names.size; at += strlen(names.data + at) + 1) {
		scoped_ptr char *path = staging_join(pattern, names.data + at);
		struct tree_file *file;

		if (!path)
			return call_no_memory(call);
		if (path_is_below(path, prefix) || path_is_below(prefix, path))
			r = fetch(call, entry, path, &file);
	}
	if (r == 0 && prefix[0] == '\0')
		tree->listed[entry] = true;
	return r;
}

static int fetch_below(struct call *call, uint32_t entry, const char *prefix)
{
	struct tree *tree = call->engine->tree;
	const char *pattern = tree->policy->files[entry].path;
	struct tree_file *file;

	if (!glob_has_wildcard(pattern))
		return fetch(call, entry, pattern, &file);
	return tree->listed[entry] ? 0 : fetch_listed(call, entry, prefix);
}

static int fetch_all_below(struct call *call, const char *prefix, bool *ret_any)
{
	struct tree *tree = call->engine->tree;
	int r = 0, loaded;

	staging_bulk_begin(tree);
	for (uint32_t i = 0; r == 0 && i < tree->policy->file_count; i++) {
		if (!prefix_is_above(prefix, tree->policy->files[i].path))
			continue;
		*ret_any = true;
		r = fetch_below(call, i, prefix);
	}
	loaded = staging_bulk_end(tree);
	if (r == 0 && loaded < 0)
		return call_internal(call, "load files", loaded);
	return r;
}

/* The file that the path is, or leads into: the shortest that is none but a file. NULL: none. */
static int fetch_named(struct call *call, char *path, struct tree_file **ret_file)
{
	const struct policy *policy = call->engine->policy;
	ssize_t entry;

	*ret_file = NULL;
	for (size_t at = 0; (at = prefix_next_governed(policy, path, at, &entry)) > 0;) {
		scoped_ptr char *named = strndup(path, at);
		int r;

		if (!named)
			return call_no_memory(call);
		r = fetch(call, (uint32_t)entry, named, ret_file);
		if (r < 0 || is_file(*ret_file))
			return r;
	}
	return 0;
}

bool tree_is_near(const struct tree *tree, const char *expr)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-#.*[]/";
	size_t length = tree->last_node ? strlen(tree->last_node) : 0;
	const char *rest = expr + length;

	if (length == 0 || strncmp(expr, tree->last_node, length) != 0)
		return false;
	if (*rest != '\0' && *rest != '/')
		return false;
	/* a path in brackets may begin anywhere, and dots may lead upwards */
	return rest[strspn(rest, plain)] == '\0' && !strstr(rest, "[/") && !strstr(rest, "/.") &&
	       !strstr(rest, "[.");
}

static void remember(struct tree *tree, const struct tree_file *file)
{
	free(tree->last_node);
	tree->last_node = staging_node(file->path);
}

static int need_prefix(struct call *call, char *prefix)
{
	struct tree *tree = call->engine->tree;
	struct tree_file *named;
	bool is_directory = false;
	int r;

	if (tree->everything && prefix[0] == '\0')
		return 0;
	r = fetch_named(call, prefix, &named);
	/* there is nothing below a file */
	if (r == 0 && (!named || !is_file(named)))
		r = fetch_all_below(call, prefix, &is_directory);
	if (r < 0)
		return r;
	if (prefix[0] == '\0')
		tree->everything = true;
	if (!named || (is_directory && !is_file(named)))
		return 0;
	if (named->state == TREE_PARSE_FAILED || named->state == TREE_UNREADABLE)
		return tree_file_fail(call, named);
	remember(tree, named);
	return 0;
}

int tree_place(struct call *call, char *path, ssize_t *ret_entry, size_t *ret_length)
{
	const struct policy *policy = call->engine->policy;
	struct tree_file *file;
	ssize_t longer;

	*ret_length = prefix_next_governed(policy, path, 0, ret_entry);
	if (*ret_length == 0 || prefix_next_governed(policy, path, *ret_length, &longer) == 0)
		return 0;
	if (fetch_named(call, path, &file) < 0)
		return -1;
	*ret_entry = file->entry;
	*ret_length = strlen(file->path);
	return 0;
}

static const char *context_of(const struct tree *tree)
{
	const char *context = NULL;

	aug_get(tree->aug, TREE_CONTEXT, &context);
	return context ? context : "/files";
}

static char *prefix_of(const struct tree *tree, const char *expr)
{
	return path_expr_prefix(expr, expr[0] == '/' ? "/files" : context_of(tree));
}

/*
 * Does it look only at nodes that no file brings in? What a variable names was brought in when it
 * was defined.
 */
static bool needs_no_file(const struct tree *tree, const char *expr)
{
	scoped_ptr char *whole = NULL;

	if (expr[0] == '/')
		return region_needs_no_file(expr);
	if (expr[0] == '$') {
		const char *rest = expr + 1 + strcspn(expr + 1, "/[]()=<>!|,+-*$'\" \t\n");

		return (!*rest || strchr("/[", *rest)) && !path_expr_may_leave(rest);
	}
	return asprintf(&whole, "%s/%s", context_of(tree), expr) >= 0 &&
	       region_needs_no_file(whole);
}

bool tree_is_outside(const struct tree *tree, const char *expr)
{
	scoped_ptr char *prefix = prefix_of(tree, expr);

	for (size_t i = 0; prefix && i < tree->policy->file_count; i++)
		if (prefix_concerns(prefix, tree->policy->files[i].path))
			return false;
	return prefix && prefix[0] != '\0';
}

char *tree_scope(const struct tree *tree, const char *expr)
{
	scoped_ptr char *prefix = NULL;

	if (tree_is_near(tree, expr))
		return strdup(tree->last_node);
	prefix = prefix_of(tree, expr);
	for (size_t i = 0; prefix && i < tree->count; i++)
		if (tree->file[i].state == TREE_LOADED && path_is_below(prefix, tree->file[i].path))
			return staging_node(tree->file[i].path);
	return prefix ? strdup("") : NULL;
}

/* Is it the file's node and no more, in labels alone? */
static bool is_node_of(const struct node_path *node, char *path)
{
	const struct tree_file file = { .path = path };
	size_t depth = 1;

	for (const char *p = path; *p; p++)
		depth += *p == '/';
	for (size_t i = 0; i < node->depth; i++)
		if (node->position[i] != 0)
			return false;
	return node->depth == depth && holds(&file, node);
}

bool tree_may_be_context(const struct tree *tree, const char *path)
{
	scoped_ptr char *prefix = path_expr_prefix(path, "/files");
	scoped_node_path labels = { 0 };

	if (strcmp(path, "/files") == 0)
		return true;
	if (node_path_parse(path, &labels) < 0)
		return false;
	/* one in the table of transforms would not stay the only one of its path */
	if (region_of(&labels) == REGION_CLIENT)
		return strcmp(labels.label[0], "augeas") != 0 && !path_expr_looks_around(path);
	/* nothing but labels: what was understood of it is all there is */
	if (!prefix || prefix[0] == '\0' || !is_node_of(&labels, prefix))
		return false;
	for (size_t i = 0; i < tree->policy->file_count; i++)
		if (prefix_is_on_the_way(prefix, tree->policy->files[i].path))
			return true;
	return false;
}

int tree_need(struct call *call, const char *expr)
{
	scoped_ptr char *prefix = NULL;

	if (tree_is_near(call->engine->tree, expr) || needs_no_file(call->engine->tree, expr))
		return 0;
	prefix = prefix_of(call->engine->tree, expr);
	return prefix ? need_prefix(call, prefix) : call_no_memory(call);
}

int tree_need_all(struct call *call)
{
	char everything[] = "";

	return need_prefix(call, everything);
}

int tree_forget(struct tree *tree)
{
	int r = mon_forget(tree->mon);

	tree_changed(tree);
	for (size_t i = 0; r == 0 && i < tree->count; i++)
		r = staging_forget(tree, &tree->file[i]);
	forget_files(tree);
	tree->everything = false;
	memset(tree->listed, 0, (tree->policy->file_count + 1) * sizeof(*tree->listed));
	return r;
}

int tree_show_root(struct tree *tree, const char *root)
{
	size_t length = strlen(root);
	const char *slash = length > 0 && root[length - 1] == '/' ? "" : "/";
	scoped_ptr char *text = NULL;

	if (asprintf(&text, "%s%s", root, slash) < 0)
		return -ENOMEM;
	return aug_set(tree->aug, "/augeas/root", text) < 0 ? -EINVAL : 0;
}

int tree_save_mode(struct tree *tree, const char *mode)
{
	return aug_set(tree->aug, TREE_SAVE, mode) < 0 ? -EINVAL : 0;
}

void tree_set_saved(struct tree *tree, char **paths)
{
	for (size_t i = 0; tree->saved && tree->saved[i]; i++)
		free(tree->saved[i]);
	free(tree->saved);
	tree->saved = paths;
}

int tree_tell_saved(struct tree *tree)
{
	aug_rm(tree->aug, TREE_SAVED);
	for (size_t i = 0; tree->saved && tree->saved[i]; i++)
		if (aug_set(tree->aug, TREE_SAVED "[last()+1]", tree->saved[i]) < 0)
			return -EINVAL;
	return 0;
}

int tree_take_table(struct tree *tree)
{
	struct load_table *table = NULL;
	int r;

	if (!tree->load_edited)
		return 0;
	r = load_table_read(tree->aug, &table);
	if (r < 0)
		return r;
	load_table_free(tree->load);
	tree->load = table;
	return 0;
}

char *tree_staging_path(const struct tree *tree, const char *path)
{
	char *whole = NULL;

	return asprintf(&whole, "%s%s", tree->staging, path) < 0 ? NULL : whole;
}
