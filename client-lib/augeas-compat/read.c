/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a program that uses Augeas: what looks at the tree. A file that the policy does not
 * name, or that cannot be read or parsed, has no nodes, as one that Augeas did not load.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"

/* The one node's value or label for the caller to look at. 1, 0 if there is none, -1. */
static int hand_out(struct augeas *aug, int r, char *text, const char *path, const char **ret_text)
{
	if (error_is_nothing(aug, r))
		return 0;
	if (r < 0)
		return error_of(aug, r, path);
	if (text) {
		const char *kept = keep_text(&aug->keep, text, path);

		if (!kept)
			return error_set(aug, AUG_ENOMEM, NULL);
		if (ret_text)
			*ret_text = kept;
	}
	return 1;
}

int aug_get(const augeas *aug, const char *path, const char **value)
{
	TURN(handle, aug);
	char *text = NULL;
	int r = exm_get(handle->exm, path, &text);

	if (value)
		*value = NULL;
	return hand_out(handle, r, text, path, value);
}

int aug_label(const augeas *aug, const char *path, const char **label)
{
	TURN(handle, aug);
	char *text = NULL;
	int r = exm_label(handle->exm, path, &text);

	if (label)
		*label = NULL;
	return hand_out(handle, r, text, path, label);
}

static void free_texts(char **texts, int count)
{
	for (int i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

/* Each text by itself, as the caller frees them. */
static int copy_texts(char **texts, int count, char ***ret_copy)
{
	char **copy = calloc((size_t)count + 1, sizeof(*copy));

	for (int i = 0; copy && i < count; i++) {
		copy[i] = strdup(texts[i]);
		if (!copy[i]) {
			free_texts(copy, i);
			return -ENOMEM;
		}
	}
	if (!copy)
		return -ENOMEM;
	*ret_copy = copy;
	return count;
}

int aug_match(const augeas *aug, const char *path, char ***matches)
{
	TURN(handle, aug);
	scoped_ptr char **found = NULL;
	int r = exm_match(handle->exm, path, &found);

	if (matches)
		*matches = NULL;
	if (error_is_nothing(handle, r))
		r = 0;
	if (r >= 0 && matches)
		r = copy_texts(found, r, matches);
	return result_of(handle, r, path);
}

int aug_print(const augeas *aug, FILE *out, const char *path)
{
	TURN(handle, aug);
	scoped_ptr char *text = NULL;
	const char *expr = path && *path ? path : "/*";
	int r = exm_print(handle->exm, expr, &text);

	if (error_is_nothing(handle, r))
		return 0;
	if (r == 0 && out)
		fputs(text, out);
	return done_of(handle, r, expr);
}

int aug_source(const augeas *aug, const char *path, char **file_path)
{
	TURN(handle, aug);
	int r;

	if (!file_path)
		return error_set(handle, AUG_EBADARG, "aug_source: FILE_PATH must not be NULL");
	*file_path = NULL;
	r = exm_source(handle->exm, path, file_path);
	if (error_is_nothing(handle, r))
		return error_set(handle, AUG_ENOMATCH, "There is no node matching %s", path);
	return done_of(handle, r, path);
}

int aug_preview(augeas *aug, const char *path, char **out)
{
	TURN(handle, aug);

	if (!out)
		return error_set(handle, AUG_EBADARG, "aug_preview: OUT must not be NULL");
	*out = NULL;
	return lens_of(handle, exm_preview(handle->exm, path, out), path);
}

static void put_edge(unsigned int *ret_edge, size_t edge)
{
	if (ret_edge)
		*ret_edge = (unsigned int)edge;
}

int aug_span(augeas *aug, const char *path, char **filename, unsigned int *label_start,
	     unsigned int *label_end, unsigned int *value_start, unsigned int *value_end,
	     unsigned int *span_start, unsigned int *span_end)
{
	TURN(handle, aug);
	scoped_ptr struct exm_span *span = NULL;
	scoped_ptr char *root = NULL;
	int r = exm_span(handle->exm, path, &span);

	if (r < 0)
		return error_of(handle, r, path);
	/* the server tells the file below the root, Augeas the whole name */
	if (filename)
		r = exm_get(handle->exm, "/augeas/root", &root);
	if (r == 0 && filename &&
	    asprintf(filename, "%s%s", root ? root : "/", span->file + (*span->file == '/')) < 0)
		r = -ENOMEM;
	if (r < 0)
		return error_of(handle, r, path);
	put_edge(label_start, span->label[0]);
	put_edge(label_end, span->label[1]);
	put_edge(value_start, span->value[0]);
	put_edge(value_end, span->value[1]);
	put_edge(span_start, span->node[0]);
	put_edge(span_end, span->node[1]);
	return 0;
}
