/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: what went wrong in Augeas, as a client may see it. Its
 * own messages quote other values of the file, kilobytes of them; what leaves
 * here is file, position, lens and a reason from a fixed set.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/path_expr.h"
#include "engine/staging.h"
#include "engine/tree_error.h"

static const char *error_get(augeas *aug, const char *node, const char *member)
{
	scoped_ptr char *path = NULL;
	const char *value = NULL;

	if (asprintf(&path, "%s/error%s%s", node, member[0] ? "/" : "", member) < 0)
		return NULL;
	return aug_get(aug, path, &value) == 1 ? value : NULL;
}

static void put_text(struct json_object *data, const char *key, const char *text)
{
	if (text)
		json_put(data, key, json_new_bytes(text));
}

static void put_number(struct json_object *data, const char *key, const char *text)
{
	if (text)
		json_put(data, key, json_new_int(strtoll(text, NULL, 10)));
}

static const char *reason_of(const char *kind)
{
	static const struct {
		const char *kind, *reason;
	} known[] = {
		{ "parse_failed", "the text is not what the lens describes" },
		{ "put_failed", "the tree is not what the lens can write" },
		{ "read_failed", "the file cannot be read" },
		{ "mxfm_load", "two lenses claim the file" },
		{ "no_lens", "there is no such lens" },
	};

	for (size_t i = 0; kind && i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].kind, kind) == 0)
			return known[i].reason;
	return "Augeas could not handle the file";
}

struct json_object *tree_error_data(struct tree *tree, const struct tree_file *file)
{
	scoped_ptr char *node = staging_node(file->path), *meta = NULL;
	struct json_object *data = data_of("file", file->path);
	const char *kind, *path;

	if (!node || asprintf(&meta, "/augeas%s", node) < 0)
		return data;
	kind = error_get(tree->aug, meta, "");
	if (file->nul_offset >= 0) {
		json_put(data, "reason", json_new_string("it holds a NUL byte"));
		json_put(data, "offset", json_new_int(file->nul_offset));
		return data;
	}
	if (!kind && file->state == TREE_PARSE_FAILED)
		kind = "no_lens";
	put_text(data, "kind", kind);
	put_number(data, "line", error_get(tree->aug, meta, "line"));
	put_number(data, "column", error_get(tree->aug, meta, "char"));
	put_text(data, "lens", file->lens);
	/* Augeas puts the file's own node twice in front of this one */
	path = error_get(tree->aug, meta, "path");
	if (path && strncmp(path, node, strlen(node)) == 0 &&
	    strncmp(path + strlen(node), "/files/", 7) == 0)
		path += strlen(node);
	put_text(data, "path", path);
	json_put(data, "reason", json_new_string(reason_of(kind)));
	return data;
}

struct json_object *tree_text_error_data(struct tree *tree, const char *path)
{
	struct json_object *data = data_of_path(path);
	scoped_ptr char *meta = NULL;
	const char *kind;

	if (asprintf(&meta, "/augeas/text%s", path) < 0)
		return data;
	kind = error_get(tree->aug, meta, "");
	put_text(data, "kind", kind);
	put_number(data, "line", error_get(tree->aug, meta, "line"));
	put_number(data, "column", error_get(tree->aug, meta, "char"));
	json_put(data, "reason", json_new_string(reason_of(kind)));
	return data;
}

static int unreadable(struct call *call, const struct tree_file *file)
{
	struct json_object *data = data_of("file", file->path);
	const char *why;

	switch (file->outcome) {
	case OUTCOME_NOT_PLAIN:
		why = file->error == ELOOP || file->error == ENOTDIR
			      ? "there is a symbolic link on its path"
			      : "it is not a regular file";
		break;
	case OUTCOME_TOO_LARGE:
		return call_error(call, EXM_ERROR_LIMIT, data, "%s is larger than %d bytes",
				  file->path, CONTENT_MAX);
	case OUTCOME_LIMIT:
		return call_error(call, EXM_ERROR_LIMIT, data, "too many files are open");
	default:
		why = strerror(file->error);
		break;
	}
	json_put(data, "errno", json_new_string(strerrorname_np(file->error)));
	json_put(data, "step", json_new_string("open"));
	return call_error(call, EXM_ERROR_IO, data, "%s cannot be read: %s", file->path, why);
}

int tree_file_fail(struct call *call, const struct tree_file *file)
{
	struct tree *tree = call->engine->tree;
	struct json_object *data;

	if (file->state == TREE_UNREADABLE)
		return unreadable(call, file);
	if (file->state == TREE_DETACHED)
		return call_error(call, EXM_ERROR_PARSE_FAILED, data_of("file", file->path),
				  "%s is read with no lens: nothing in /augeas/load names it",
				  file->path);
	data = tree_error_data(tree, file);
	return call_error(call, EXM_ERROR_PARSE_FAILED, data, "%s:%lld.%lld: %s (lens %s)",
			  file->path, (long long)json_int(json_get(data, "line")),
			  (long long)json_int(json_get(data, "column")),
			  json_string(json_get(data, "reason"), NULL), file->lens);
}

/* What aug_error(3) says, or would. */
static struct json_object *augeas_data(const char *expr, int code)
{
	static const char *const names[] = {
		[AUG_NOERROR] = "NOERROR",     [AUG_ENOMEM] = "ENOMEM",
		[AUG_EINTERNAL] = "EINTERNAL", [AUG_EPATHX] = "EPATHX",
		[AUG_ENOMATCH] = "ENOMATCH",   [AUG_EMMATCH] = "EMMATCH",
		[AUG_ESYNTAX] = "ESYNTAX",     [AUG_ENOLENS] = "ENOLENS",
		[AUG_EMXFM] = "EMXFM",         [AUG_ENOSPAN] = "ENOSPAN",
		[AUG_EMVDESC] = "EMVDESC",     [AUG_ECMDRUN] = "ECMDRUN",
		[AUG_EBADARG] = "EBADARG",     [AUG_ELABEL] = "ELABEL",
		[AUG_ECPDESC] = "ECPDESC",
	};
	struct json_object *data = data_of_path(expr);
	const char *name = code >= 0 && code < (int)ARRAY_SIZE(names) ? names[code] : NULL;

	json_put(data, "augeas", json_new_string(name ? name : "EINTERNAL"));
	return data;
}

int tree_augeas_error(struct call *call, int code, int augeas, const char *expr,
		      const char *problem)
{
	return call_error(call, code, augeas_data(expr, augeas), "%.200s: %s", expr, problem);
}

int tree_no_match(struct call *call, const char *expr)
{
	struct json_object *data;

	if (!tree_is_outside(call->engine->tree, expr))
		return call_error(call, EXM_ERROR_NO_MATCH, augeas_data(expr, AUG_ENOMATCH),
				  "%.200s: no such node", expr);
	data = data_of_path(expr);
	return call_denied(call, data, "[File]", "[File]",
			   "%.200s: no [File] section of the policy names it", expr);
}

int tree_too_many(struct call *call, const char *expr, int matches)
{
	struct json_object *data = augeas_data(expr, AUG_EMMATCH);

	json_put(data, "matches", json_new_int(matches));
	return call_error(call, EXM_ERROR_TOO_MANY_MATCHES, data,
			  "%.200s: names more than one node", expr);
}

/* Augeas marks the place with "|=|" in the expression that it repeats. */
static int bad_path(struct call *call, const char *expr)
{
	augeas *aug = call->engine->tree->aug;
	const char *details = aug_error_details(aug), *minor = aug_error_minor_message(aug);
	const char *mark = details ? strstr(details, "|=|") : NULL;
	struct json_object *data = augeas_data(expr, AUG_EPATHX);
	/* some errors have their text in front of the mark */
	size_t length = strlen(expr), ahead = mark ? (size_t)(mark - details) : 0;
	long position = (long)(ahead < length ? ahead : length);

	json_put(data, "position", json_new_int(position));
	json_put(data, "reason", json_new_text(minor ? minor : "malformed"));
	return call_error(call, EXM_ERROR_BAD_PATH, data, "%.200s: malformed at byte %ld: %s", expr,
			  position, minor ? minor : "not a path expression");
}

int tree_fail(struct call *call, const char *expr)
{
	static const struct {
		int augeas, code;
		const char *problem;
	} known[] = {
		{ AUG_EMMATCH, EXM_ERROR_TOO_MANY_MATCHES, "names more than one node" },
		{ AUG_EMVDESC, EXM_ERROR_BAD_PATH, "a node cannot move below itself" },
		{ AUG_ECPDESC, EXM_ERROR_BAD_PATH, "a node cannot be copied below itself" },
		{ AUG_ELABEL, EXM_ERROR_BAD_VALUE, "the label is not possible" },
		{ AUG_EBADARG, EXM_ERROR_BAD_VALUE, "that is not possible" },
		{ AUG_ENOLENS, EXM_ERROR_BAD_VALUE, "there is no such lens" },
		{ AUG_ESYNTAX, EXM_ERROR_BAD_VALUE, "the lens cannot be compiled" },
		{ AUG_ENOSPAN, EXM_ERROR_NO_MATCH,
		  "the node has no span; it was not read from a file" },
	};
	augeas *aug = call->engine->tree->aug;
	int augeas = aug_error(aug);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].augeas == augeas)
			return tree_augeas_error(call, known[i].code, augeas, expr,
						 known[i].problem);
	switch (augeas) {
	case AUG_EPATHX:
		/* which Augeas has noted in the tree */
		tree_changed(call->engine->tree);
		return bad_path(call, expr);
	case AUG_ENOMATCH:
		return tree_no_match(call, expr);
	case AUG_ENOMEM:
		return call_no_memory(call);
	case AUG_NOERROR:
		/* it does not say so everywhere when memory is short */
		if (!path_expr_looks_around(expr))
			return call_no_memory(call);
		/* nor when a path leads upwards, or has wildcards, to nothing */
		return tree_augeas_error(call, EXM_ERROR_BAD_PATH, augeas, expr,
					 "names no node, and none can be made of it");
	default:
		return tree_augeas_error(call, EXM_ERROR_INTERNAL, augeas, expr,
					 aug_error_message(aug));
	}
}
