/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. The last look at what was merged: it knows nothing of how that was done, and
 * what it cannot compare to the last byte is not taken.
 */
#include "engine/rebase_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "verify/change.h"

/* From which of the four lists of changes a change is. */
enum source { WE_DID, THEY_DID, FOR_THEM, FOR_US, SOURCE_MAX };

/* All changes of all lists as texts. */
struct tally {
	struct tally_row {
		char *text;
		enum source source;
	} * row;
	size_t count;
};

static void tally_clear(struct tally *tally)
{
	for (size_t i = 0; i < tally->count; i++)
		free(tally->row[i].text);
	free(tally->row);
}

#define scoped_tally scoped(tally_clear) struct tally

/* Numbers of entries, and which one of its label it is, depend on what stands before it. */
static char *without_numbers(const char *canonical)
{
	scoped_node_path path = { 0 };
	scoped_ptr char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (node_path_parse(canonical, &path) < 0)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < path.depth; i++) {
		const char *label = path.label[i];
		bool number = label[strspn(label, "0123456789")] == '\0';

		fprintf(out, "%zu:%s", number ? 1 : strlen(label), number ? "#" : label);
	}
	return fclose(out) == 0 ? take_ptr(text) : NULL;
}

/* NULL for no memory. */
static char *text_of(const struct change_row *row)
{
	scoped_ptr char *path = without_numbers(row->path);
	char *text = NULL;

	if (!path ||
	    asprintf(&text, "%u %s %u%u %zu:%s %s", row->action, path, row->has_old, row->has_new,
		     strlen(row->old_value), row->old_value, row->new_value) < 0)
		return NULL;
	return text;
}

/* 0; -E2BIG for a value of which the list has not all, -ENOMEM. */
static int take_rows(struct report_reader *reader, enum source source, struct tally *tally)
{
	struct tally_row *rows =
		reallocarray(tally->row, tally->count + reader->rows + 1, sizeof(*rows));
	struct change_row row;
	int r;

	if (!rows)
		return -ENOMEM;
	tally->row = rows;
	while ((r = report_next_change_row(reader, &row)) > 0) {
		if (row.cut)
			return -E2BIG;
		rows[tally->count] = (struct tally_row){ text_of(&row), source };
		if (!rows[tally->count].text)
			return -ENOMEM;
		tally->count++;
	}
	return r;
}

static int add_changes(const struct node *before, const struct node *after, enum source source,
		       struct tally *tally)
{
	scoped_report report = report_begin(REPORT_CHANGE);
	scoped_reader reader = { .rows = 0 };
	scoped_fd fd = -1;
	int r = change_list(before, after, &report);

	if (r < 0)
		return r;
	fd = report_seal(&report, NULL);
	r = fd < 0 ? fd : report_open(fd, REPORT_CHANGE, &reader);
	return r < 0 ? r : take_rows(&reader, source, tally);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct tally_row *)a)->text, ((const struct tally_row *)b)->text);
}

/* Of one change: as often as both have made it, both miss it; whatever is left has been done again.
 */
static bool is_even(const size_t *times)
{
	return times[FOR_THEM] <= times[WE_DID] && times[FOR_US] <= times[THEY_DID] &&
	       times[WE_DID] - times[FOR_THEM] == times[THEY_DID] - times[FOR_US];
}

static bool is_balanced(const struct tally *tally)
{
	size_t i = 0;

	while (i < tally->count) {
		const char *text = tally->row[i].text;
		size_t times[SOURCE_MAX] = { 0 };

		for (; i < tally->count && strcmp(tally->row[i].text, text) == 0; i++)
			times[tally->row[i].source]++;
		if (!is_even(times))
			return false;
	}
	return true;
}

int rebase_check(const struct node *base, const struct node *ours, const struct node *theirs,
		 const struct node *merged)
{
	scoped_tally tally = { 0 };
	int r = add_changes(base, ours, WE_DID, &tally);

	if (r == 0)
		r = add_changes(base, theirs, THEY_DID, &tally);
	if (r == 0)
		r = add_changes(theirs, merged, FOR_THEM, &tally);
	if (r == 0)
		r = add_changes(ours, merged, FOR_US, &tally);
	if (r < 0)
		return r == -E2BIG ? 0 : r;
	if (tally.count > 0)
		qsort(tally.row, tally.count, sizeof(*tally.row), by_text);
	return is_balanced(&tally);
}
