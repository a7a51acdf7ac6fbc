/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. The nodes of the table are the client's: globs and the names of lenses, any
 * of which Augeas may be asked for. Whether a file is in reach is not decided here.
 */
#include "engine/load_table.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/glob.h"

enum { ROWS_MAX = 1024, FILTERS_MAX = 16384 };

struct filter {
	size_t row;
	bool excludes;
	char *glob;
};

struct load_table {
	char *lens[ROWS_MAX]; /* of each row; NULL: none that Augeas would take */
	size_t rows;
	struct filter filter[FILTERS_MAX];
	size_t filters;
};

struct load_table *load_table_free(struct load_table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->rows; i++)
		free(table->lens[i]);
	for (size_t i = 0; i < table->filters; i++)
		free(table->filter[i].glob);
	free(table);
	return NULL;
}

char *load_table_spelled_out(const char *lens)
{
	char *name = NULL;

	if (lens[0] != '@')
		return strdup(lens);
	return asprintf(&name, "%s.lns", lens + 1) < 0 ? NULL : name;
}

static void nodes_free(char **nodes, int count)
{
	for (int i = 0; i < count; i++)
		free(nodes[i]);
	free(nodes);
}

/* As glob(3) would find them: two slashes are one. */
static char *normalized(const char *glob)
{
	char *copy = strdup(glob), *out = copy;

	for (const char *p = glob; copy && *p; p++)
		if (p[0] != '/' || p[1] != '/')
			*out++ = *p;
	if (copy)
		*out = '\0';
	return copy;
}

static int read_filters(augeas *aug, struct load_table *table, const char *row, const char *label)
{
	scoped_ptr char *expr = NULL;
	char **nodes = NULL;
	int count, r = 0;

	if (asprintf(&expr, "%s/%s", row, label) < 0)
		return -ENOMEM;
	count = aug_match(aug, expr, &nodes);
	for (int i = 0; i < count && r == 0; i++) {
		struct filter *filter = &table->filter[table->filters];
		const char *glob = NULL;

		if (aug_get(aug, nodes[i], &glob) != 1 || !glob)
			continue;
		if (table->filters == FILTERS_MAX) {
			r = -E2BIG;
			break;
		}
		*filter = (struct filter){ table->rows, label[0] == 'e', normalized(glob) };
		if (filter->glob)
			table->filters++;
		else
			r = -ENOMEM;
	}
	nodes_free(nodes, count);
	return count < 0 ? -ENOMEM : r;
}

/* NULL where Augeas would pass the row over, or look for the lens elsewhere. 0 or -ENOMEM. */
static int lens_of_row(augeas *aug, const char *row, char **ret_lens)
{
	scoped_ptr char *expr = NULL, *error = NULL, *spelled = NULL;
	const char *lens = NULL;

	if (asprintf(&expr, "%s/lens", row) < 0 || asprintf(&error, "%s/error", row) < 0)
		return -ENOMEM;
	if (aug_match(aug, error, NULL) > 0 || aug_get(aug, expr, &lens) != 1 || !lens)
		return 0;
	spelled = load_table_spelled_out(lens);
	if (!spelled)
		return -ENOMEM;
	if (!policy_lens_fault(spelled))
		*ret_lens = take_ptr(spelled);
	return 0;
}

static int read_row(augeas *aug, struct load_table *table, const char *row)
{
	int r;

	if (table->rows == ROWS_MAX)
		return -E2BIG;
	r = lens_of_row(aug, row, &table->lens[table->rows]);
	if (r == 0)
		r = read_filters(aug, table, row, "incl");
	if (r == 0)
		r = read_filters(aug, table, row, "excl");
	table->rows++;
	return r;
}

int load_table_read(augeas *aug, struct load_table **ret_table)
{
	struct load_table *table = calloc(1, sizeof(*table));
	char **rows = NULL;
	int count, r;

	if (!table)
		return -ENOMEM;
	count = aug_match(aug, LOAD_TABLE "/*", &rows);
	r = count < 0 ? -ENOMEM : 0;
	for (int i = 0; i < count && r == 0; i++)
		r = read_row(aug, table, rows[i]);
	nodes_free(rows, count);
	if (r < 0) {
		load_table_free(table);
		return r;
	}
	*ret_table = table;
	return 0;
}

static bool filter_names(const struct filter *filter, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!filter->excludes)
		return fnmatch(filter->glob, path, FNM_PATHNAME | FNM_PERIOD) == 0;
	/* one without a slash is about the last component */
	if (!strchr(filter->glob, '/') && slash)
		path = slash + 1;
	return fnmatch(filter->glob, path, FNM_PERIOD) == 0;
}

static bool row_names(const struct load_table *table, size_t row, const char *path)
{
	bool included = false;

	for (size_t i = 0; i < table->filters; i++) {
		const struct filter *filter = &table->filter[i];

		if (filter->row != row || !filter_names(filter, path))
			continue;
		if (filter->excludes)
			return false;
		included = true;
	}
	return included;
}

enum load_answer load_table_find(const struct load_table *table, const char *path,
				 const char **ret_lens)
{
	const char *lens = NULL;

	for (size_t i = 0; i < table->rows; i++) {
		if (!table->lens[i] || !row_names(table, i, path))
			continue;
		if (lens && strcmp(lens, table->lens[i]) != 0) {
			*ret_lens = lens;
			return LOAD_BY_TWO;
		}
		lens = table->lens[i];
	}
	*ret_lens = lens;
	return lens ? LOAD_BY : LOAD_BY_NO;
}

/* With a backslash before each of these bytes, so that glob(3) takes them as they are. */
static char *escaped(const char *path, const char *special)
{
	char *copy = malloc(2 * strlen(path) + 1), *out = copy;

	for (; copy && *path; path++) {
		if (strchr(special, *path))
			*out++ = '\\';
		*out++ = *path;
	}
	if (copy)
		*out = '\0';
	return copy;
}

/* "Hosts" for "Hosts.lns", as aug_transform(3) has it; two lenses of one module share no row. */
static int show(augeas *aug, const char *lens, const char *label, const char *path)
{
	size_t length = strlen(lens);
	scoped_ptr char *name = NULL, *filter = NULL, *glob = escaped(path, "[");

	if (length > 4 && strcmp(lens + length - 4, ".lns") == 0)
		length -= 4;
	if (!glob || asprintf(&name, LOAD_TABLE "/%.*s/lens", (int)length, lens) < 0 ||
	    asprintf(&filter, LOAD_TABLE "/%.*s/%s[last()+1]", (int)length, lens, label) < 0)
		return -ENOMEM;
	return aug_set(aug, name, lens) < 0 || aug_set(aug, filter, glob) < 0 ? -EINVAL : 0;
}

/* What another section has by its own name is not this one's. */
static int show_exceptions(augeas *aug, const struct policy *policy, const struct policy_file *file)
{
	int r = 0;

	for (size_t i = 0; i < policy->file_count && r == 0; i++) {
		const struct policy_file *other = &policy->files[i];

		if (other != file && other->lens && !glob_has_wildcard(other->path) &&
		    strcmp(other->lens, file->lens) != 0 &&
		    glob_match_path(file->path, other->path))
			r = show(aug, file->lens, "excl", other->path);
	}
	return r;
}

int load_table_show(augeas *aug, const struct policy *policy)
{
	int r = 0;

	for (size_t i = 0; i < policy->file_count && r == 0; i++) {
		const struct policy_file *file = &policy->files[i];

		if (!file->lens)
			continue;
		r = show(aug, file->lens, "incl", file->path);
		if (r == 0 && glob_has_wildcard(file->path))
			r = show_exceptions(aug, policy, file);
	}
	return r;
}

int load_table_begin(augeas *aug)
{
	if (aug_match(aug, LOAD_TABLE, NULL) == 0)
		return aug_set(aug, LOAD_TABLE, NULL) < 0 ? -EINVAL : 0;
	return aug_insert(aug, LOAD_TABLE "[1]", "load", 1) < 0 ? -EINVAL : 0;
}

int load_table_add(augeas *aug, const char *lens, const char *path)
{
	scoped_ptr char *incl = escaped(path, "\\*?[");

	if (!incl)
		return -ENOMEM;
	if (aug_set(aug, LOAD_TABLE "[1]/file[last()+1]/lens", lens) < 0 ||
	    aug_set(aug, LOAD_TABLE "[1]/file[last()]/incl", incl) < 0)
		return -EINVAL;
	return 0;
}

int load_table_add_file(augeas *aug, const char *path)
{
	scoped_ptr char *incl = escaped(path, "\\*?[");

	if (!incl)
		return -ENOMEM;
	return aug_set(aug, LOAD_TABLE "[1]/file[last()]/incl[last()+1]", incl) < 0 ? -EINVAL : 0;
}

void load_table_end(augeas *aug)
{
	aug_rm(aug, LOAD_TABLE "[1]");
}
