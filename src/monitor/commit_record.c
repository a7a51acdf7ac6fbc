/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: a commit in the audit trail. */
#include "monitor/commit_record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "monitor/history/history_changes.h"

void commit_record_clear(struct commit_record *record)
{
	for (size_t i = 0; i < record->count; i++)
		audit_changes_clear(&record->changes[i]);
	free(record->changes);
	free(record->counts);
	close_fd(record->list);
	close_fd(record->kept);
}

int commit_record_prepare(struct commit_record *record, const struct policy *policy,
			  const struct staged *staged, size_t count, const struct report *changes)
{
	const struct policy_file *files[STAGED_MAX];

	record->changes = calloc(count, sizeof(*record->changes));
	record->counts = calloc(count, sizeof(*record->counts));
	if (!record->changes || !record->counts)
		return -ENOMEM;
	record->count = count;
	for (size_t i = 0; i < count; i++)
		files[i] = &policy->files[staged[i].entry];
	record->list = report_seal(changes, NULL);
	if (record->list < 0)
		return record->list;
	record->kept = history_changes_keep(record->list, files, count, record->counts);
	if (record->kept < 0)
		return record->kept;
	return audit_changes_read(record->list, files, count, record->changes);
}

int commit_record_make_room(const struct commit_record *record, struct audit *audit)
{
	size_t size = 0;

	for (size_t i = 0; i < record->count; i++)
		size += record->changes[i].length + AUDIT_RECORD_SIZE;
	return audit_ready(audit, size);
}

void commit_record_write(const struct commit_record *record, struct audit *audit,
			 const struct client *who, const struct policy *policy,
			 const struct staged *staged, size_t count,
			 const struct commit_verdict *verdict)
{
	bool done = strcmp(verdict->result, AUDIT_DONE) == 0;
	uint64_t usec = clock_usec() - record->begin;
	char rule[MESSAGE_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		const struct policy_file *file = &policy->files[staged[i].entry];
		const struct audit_event event = {
			.client = who,
			.method = record->method,
			.subject = staged[i].path,
			.rule = rule,
			.result = verdict->result,
			.detail = verdict->detail,
			.usec = usec,
			.changes =
				file->unverified || i >= record->count ? NULL : &record->changes[i],
		};

		snprintf(rule, sizeof(rule), "[File %s]", file->path);
		if (done || i == verdict->index)
			audit_record(audit, &event);
	}
}
