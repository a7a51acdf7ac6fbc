/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. The table is the client's, and Augeas would read whatever its filters name:
 * so what Augeas itself gets to see is the names of lenses, and no filter.
 */
#include "engine/load_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_table.h"

struct rows {
	char **path;
	int count;
};

static void rows_clear(struct rows *rows)
{
	for (int i = 0; i < rows->count; i++)
		free(rows->path[i]);
	free(rows->path);
}

#define scoped_rows scoped(rows_clear) struct rows

static int find_rows(augeas *aug, const char *expr, struct rows *ret_rows)
{
	struct rows rows = { 0 };

	rows.count = aug_match(aug, expr, &rows.path);
	if (rows.count < 0)
		return -ENOMEM;
	*ret_rows = rows;
	return 0;
}

bool load_check_is_lens(const char *name)
{
	scoped_ptr char *spelled = load_table_spelled_out(name);

	return spelled && !policy_lens_fault(spelled);
}

/* One that has no slash is about names, if it excludes. */
static int make_absolute(augeas *aug, const char *filters, bool of_names)
{
	scoped_rows rows = { 0 };
	int r = find_rows(aug, filters, &rows);

	for (int i = 0; i < rows.count && r == 0; i++) {
		scoped_ptr char *absolute = NULL;
		const char *glob = NULL;

		if (aug_get(aug, rows.path[i], &glob) != 1 || !glob || glob[0] == '/' ||
		    (of_names && !strchr(glob, '/')))
			continue;
		if (asprintf(&absolute, "/%s", glob) < 0)
			r = -ENOMEM;
		else if (aug_set(aug, rows.path[i], absolute) < 0)
			r = -EINVAL;
	}
	return r;
}

static int tell_error(augeas *aug, const char *row, const char *text)
{
	scoped_ptr char *node = NULL;

	if (asprintf(&node, "%s/error", row) < 0)
		return -ENOMEM;
	return aug_set(aug, node, text) < 0 ? -EINVAL : 0;
}

static bool is_of_policy(const struct policy *policy, const char *lens)
{
	for (size_t i = 0; i < policy->file_count; i++)
		if (policy->files[i].lens && strcmp(policy->files[i].lens, lens) == 0)
			return true;
	return false;
}

/* The lens of the row if that is to be tried; NULL: not, or there is something wrong with it. */
static int lens_to_try(augeas *aug, const struct policy *policy, const char *row, char **ret_lens)
{
	scoped_ptr char *node = NULL, *spelled = NULL;
	const char *lens = NULL;

	if (asprintf(&node, "%s/lens", row) < 0)
		return -ENOMEM;
	if (aug_get(aug, node, &lens) != 1)
		return tell_error(aug, row, "missing a child with label 'lens'");
	if (!lens)
		return tell_error(aug, row, "the 'lens' node does not contain a lens name");
	spelled = load_table_spelled_out(lens);
	if (!spelled)
		return -ENOMEM;
	if (policy_lens_fault(spelled))
		return tell_error(aug, row, "no lens has such a name");
	if (is_of_policy(policy, spelled))
		return 0;
	*ret_lens = strdup(lens);
	return *ret_lens ? 0 : -ENOMEM;
}

/* Has Augeas load the lens of a table in which there is nothing else. */
static int try_lens(augeas *aug, const char *lens, char **ret_error)
{
	const char *text = NULL;
	int r = load_table_begin(aug);

	if (r == 0 && lens && aug_set(aug, LOAD_TABLE "[1]/try/lens", lens) < 0)
		r = -EINVAL;
	/* a variable that means nothing without files fails it, and is defined anew later */
	if (r == 0)
		(void)aug_load(aug);
	if (r == 0 && aug_get(aug, LOAD_TABLE "[1]/try/error", &text) == 1 && text) {
		*ret_error = strdup(text);
		r = *ret_error ? 0 : -ENOMEM;
	}
	load_table_end(aug);
	return r;
}

static int check_row(augeas *aug, const struct policy *policy, const char *row)
{
	scoped_ptr char *lens = NULL, *error = NULL;
	int r = lens_to_try(aug, policy, row, &lens);

	if (r == 0 && lens)
		r = try_lens(aug, lens, &error);
	return r == 0 && error ? tell_error(aug, row, error) : r;
}

int load_check(augeas *aug, const struct policy *policy)
{
	scoped_ptr char *unused = NULL;
	scoped_rows rows = { 0 };
	int r = make_absolute(aug, LOAD_TABLE "/*/incl", false);

	if (r == 0)
		r = make_absolute(aug, LOAD_TABLE "/*/excl", true);
	if (r == 0 && aug_rm(aug, LOAD_TABLE "/*/error") < 0)
		r = -EINVAL;
	if (r == 0)
		r = find_rows(aug, LOAD_TABLE "/*", &rows);
	for (int i = 0; i < rows.count && r == 0; i++)
		r = check_row(aug, policy, rows.path[i]);
	return r < 0 ? r : try_lens(aug, NULL, &unused);
}
