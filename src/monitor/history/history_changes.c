/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The list was made by a verifier from hostile text, and checked as such
 * before; here it is bounded, and loses what the policy calls secret.
 */
#include "monitor/history/history_changes.h"

#include <errno.h>

#include "common/report.h"
#include "monitor/journal/journal_entry.h"

/* Bytes that the longest row takes, and more. */
enum { ROW_MAX = 4 * REPORT_TEXT_MAX };

/* A moved node or one without a value has nothing to hide, but what it had is not told either. */
static int add(struct report *kept, const struct policy_file *policy, struct node_row row)
{
	if (policy_is_secret_path(policy, row.path)) {
		row.secret = row.has_old || row.has_new || row.secret;
		row.old_value = "";
		row.new_value = "";
	}
	return report_add_node_row(kept, &row);
}

static bool has_room(const struct report *kept)
{
	return kept->length + ROW_MAX <= JOURNAL_CHANGES_MAX - ROW_MAX;
}

int history_changes_keep(int list, const struct policy_file *const *files, size_t count,
			 uint64_t *counts)
{
	scoped_report kept = report_begin(REPORT_NODE);
	scoped_reader reader = { .rows = 0 };
	struct change_row row;
	int r = report_open(list, REPORT_CHANGE, &reader);

	for (size_t i = 0; i < count; i++)
		counts[i] = 0;
	while (r >= 0 && (r = report_next_change_row(&reader, &row)) > 0) {
		const struct node_row node = {
			.file = row.file,
			.action = row.action,
			.moved = row.moved,
			.cut = row.cut,
			.has_old = row.has_old,
			.has_new = row.has_new,
			.path = row.path,
			.old_value = row.old_value,
			.new_value = row.new_value,
		};

		if (row.file >= count)
			return -EBADMSG;
		counts[row.file]++;
		r = has_room(&kept) ? add(&kept, files[row.file], node) : 0;
	}
	return r < 0 ? r : report_seal(&kept, NULL);
}

int history_changes_of(int list, uint32_t file, const struct policy_file *policy)
{
	scoped_report some = report_begin(REPORT_NODE);
	scoped_reader reader = { .rows = 0 };
	struct node_row row;
	int r = list < 0 ? 0 : report_open(list, REPORT_NODE, &reader);

	while (list >= 0 && r >= 0 && (r = report_next_node_row(&reader, &row)) > 0)
		r = row.file == file ? add(&some, policy, row) : 0;
	return r < 0 ? r : report_seal(&some, NULL);
}
