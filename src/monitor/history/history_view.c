/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, for an engine that may be the enemy: it is told of the files that its
 * policy names, and of no others. Revisions are root's own files, but may be damaged.
 */
#include "monitor/history/history_view.h"

#include <errno.h>
#include <string.h>

#include "common/glob.h"
#include "monitor/history/history.h"

const struct policy_file *history_view_section(const struct policy *policy,
					       const struct journal_entry *entry, uint32_t file)
{
	ssize_t index = file < entry->count ? policy_find_file(policy, entry->file[file].path) : -1;

	return index < 0 ? NULL : &policy->files[index];
}

int history_view_open(int dir, uint64_t number, struct journal_entry *ret_entry)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = history_revision(dir, number);
	int r = fd < 0 ? fd : journal_entry_read_head(fd, &entry);

	if (r < 0)
		return r;
	/* one that was renamed is not the one that was asked for */
	if (entry.revision != number)
		return -EBADMSG;
	*ret_entry = entry;
	entry = (struct journal_entry){ 0 };
	return take_fd(&fd);
}

static bool is_partial(const struct policy *policy, const struct journal_entry *entry)
{
	for (uint32_t i = 0; i < entry->count; i++)
		if (!history_view_section(policy, entry, i))
			return true;
	return false;
}

static int add_file(const struct policy_file *section, const struct journal_entry *entry,
		    uint32_t index, bool partial, struct report *report)
{
	const struct journal_file *file = &entry->file[index];
	const struct revision_row row = {
		.revision = entry->revision,
		.reverts = entry->reverts,
		.usec = entry->usec,
		.pid = (uint32_t)entry->who.pid,
		.uid = entry->who.uid,
		.partial = partial,
		.user = entry->who.user,
		.unit = entry->who.unit,
		.method = entry->method,
		.file = index,
		.had = file->old.exists,
		.has = file->new.exists,
		.withheld = section->secrets.count > 0,
		.changes = file->changes,
		.path = file->path,
		.section = file->section,
	};

	return report_add_revision_row(report, &row);
}

int history_view_add(const struct policy *policy, const struct journal_entry *entry,
		     const char *glob, struct report *report, uint32_t *ret_count)
{
	bool partial = is_partial(policy, entry);
	uint32_t count = 0;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < entry->count; i++) {
		const struct policy_file *section = history_view_section(policy, entry, i);

		if (!section || (glob[0] && !glob_match(glob, entry->file[i].path)))
			continue;
		r = add_file(section, entry, i, partial, report);
		count++;
	}
	*ret_count = count;
	return r;
}

/* How many of its files were added; 0 also for what is no whole revision; or -errno. */
static int add_revision(int dir, uint64_t number, const struct policy *policy, const char *glob,
			struct report *report)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = history_view_open(dir, number, &entry);
	uint32_t count;
	int r;

	if (fd < 0)
		return fd == -ENOMEM || fd == -EMFILE || fd == -ENFILE ? fd : 0;
	r = history_view_add(policy, &entry, glob, report, &count);
	return r < 0 ? r : (int)count;
}

int history_view_list(int dir, const struct policy *policy, const struct history_query *query,
		      struct report *report, uint64_t *ret_next)
{
	scoped_ptr uint64_t *numbers = NULL;
	uint32_t found = 0, looked_at = 0;
	size_t count = 0;
	int r = history_numbers(dir, &numbers, &count);

	*ret_next = 0;
	while (r >= 0 && count-- > 0) {
		if (query->before && numbers[count] >= query->before)
			continue;
		r = add_revision(dir, numbers[count], policy, query->glob, report);
		found += r > 0;
		if (found < query->limit && ++looked_at < HISTORY_LOOKED_AT_MAX)
			continue;
		*ret_next = count > 0 ? numbers[count] : 0;
		break;
	}
	return r < 0 ? r : 0;
}
