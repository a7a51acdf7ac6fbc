/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what the engine asks about commits of the past. It may be the enemy: of a
 * file that its policy does not name now it gets nothing, whatever number it has; and the bytes of
 * a file with secrets in it come back without passing through the engine.
 */
#include <errno.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "monitor/history/history.h"
#include "monitor/history/history_changes.h"
#include "monitor/history/history_view.h"
#include "monitor/session.h"
#include "monitor/stage.h"

static int open_directory(const struct session *session)
{
	return session->host->state_fd < 0 ? -ENXIO : history_open(session->host->state_fd);
}

/* How it went, from a descriptor or an -errno. */
static enum mon_outcome outcome_of(int r)
{
	switch (r) {
	case -ENXIO:
		return OUTCOME_NO_STATE;
	case -ENOENT:
		return OUTCOME_ABSENT;
	default:
		return r < 0 ? OUTCOME_IO : OUTCOME_DONE;
	}
}

static int error_of(int r)
{
	return outcome_of(r) == OUTCOME_IO ? -r : 0;
}

/* ---- looking ---------------------------------------------------------------------- */

int op_history(struct session *session, const struct msg_history *request, int *fd)
{
	const struct history_query query = {
		.before = request->before,
		.limit = request->limit,
		.glob = request->glob,
	};
	scoped_report report = report_begin(REPORT_REVISION);
	struct message reply = { .type = MON_HISTORY_REPLY };
	scoped_fd dir = -1, list = -1;
	int r;

	(void)fd;
	if (request->limit == 0 || request->limit > REVISIONS_MAX)
		return -EPROTO;
	r = dir = open_directory(session);
	/* nothing was ever kept */
	if (r == -ENOENT)
		r = 0;
	if (dir >= 0)
		r = history_view_list(dir, session->policy, &query, &report,
				      &reply.history_reply.next);
	if (r >= 0)
		r = list = report_seal(&report, NULL);
	reply.history_reply.outcome = (uint8_t)outcome_of(r);
	reply.history_reply.error = error_of(r);
	return session_reply(session, &reply, list);
}

/* A descriptor of the revision, or -errno; only what is damaged is logged. */
static int open_revision(const struct session *session, uint64_t number,
			 struct journal_entry *ret_entry)
{
	scoped_fd dir = open_directory(session);
	int r;

	if (dir < 0)
		return dir;
	if (number == 0 || number > HISTORY_LAST_MAX)
		return -ENOENT;
	r = history_view_open(dir, number, ret_entry);
	if (r < 0 && r != -ENOENT)
		log_error("revision %llu cannot be used: %s", (unsigned long long)number,
			  r == -EBADMSG ? "it is damaged" : strerror(-r));
	return r;
}

int op_revision(struct session *session, const struct msg_revision *request, int *fd)
{
	scoped_report report = report_begin(REPORT_REVISION);
	struct message reply = { .type = MON_REVISION_REPLY };
	scoped_journal_entry entry = { 0 };
	scoped_fd revision = -1, list = -1;
	uint32_t count = 0;
	int r;

	(void)fd;
	revision = open_revision(session, request->revision, &entry);
	r = revision;
	if (r >= 0)
		r = history_view_add(session->policy, &entry, "", &report, &count);
	/* what it may not see is not there */
	if (r >= 0 && count == 0)
		r = -ENOENT;
	if (r >= 0)
		r = list = report_seal(&report, NULL);
	reply.revision_reply.outcome = (uint8_t)outcome_of(r);
	reply.revision_reply.error = error_of(r);
	return session_reply(session, &reply, list);
}

/* ---- one file of a revision -------------------------------------------------------- */

struct part {
	struct journal_entry entry;
	int revision;
	const struct journal_file *file;
	const struct policy_file *section;
};

static void part_clear(struct part *part)
{
	journal_entry_clear(&part->entry);
	part->revision = close_fd(part->revision);
}

#define scoped_part scoped(part_clear) struct part

/* -EPROTO for a file that the engine was not told of; 0, or another -errno, which is an answer. */
static int find_part(const struct session *session, uint64_t number, uint32_t file,
		     struct part *part)
{
	part->revision = open_revision(session, number, &part->entry);
	if (part->revision < 0)
		return part->revision;
	part->section = history_view_section(session->policy, &part->entry, file);
	if (!part->section)
		return -EPROTO;
	part->file = &part->entry.file[file];
	return 0;
}

static int changes_of(const struct part *part, uint32_t file)
{
	scoped_fd list = -1;

	if (part->entry.changes.exists) {
		list = journal_entry_content(part->revision, &part->entry.changes);
		if (list < 0)
			return list;
	}
	return history_changes_of(list, file, part->section);
}

int op_part(struct session *session, const struct msg_part *request, int *fd)
{
	struct message reply = { .type = MON_PART_REPLY };
	scoped_part part = { .revision = -1 };
	const struct journal_side *side;
	scoped_fd content = -1;
	int r;

	(void)fd;
	if (request->part >= PART_MAX)
		return -EPROTO;
	r = find_part(session, request->revision, request->file, &part);
	if (r == -EPROTO)
		return r;
	if (r == 0 && request->part == PART_CHANGES) {
		r = content = changes_of(&part, request->file);
	} else if (r == 0 && part.section->secrets.count > 0) {
		reply.part_reply.outcome = OUTCOME_DENIED;
		return session_reply(session, &reply, -1);
	} else if (r == 0) {
		side = request->part == PART_OLD ? &part.file->old : &part.file->new;
		if (side->exists)
			r = content = journal_entry_content(part.revision, side);
	}
	reply.part_reply.outcome = (uint8_t)outcome_of(r);
	reply.part_reply.error = error_of(r);
	return session_reply(session, &reply, content);
}

/* ---- bringing back ------------------------------------------------------------------ */

/* 1, 0 or -errno. */
static int is_like(const struct part *part, const struct journal_side *side, int content)
{
	scoped_fd kept = -1;

	if (!side->exists || content < 0)
		return !side->exists && content < 0;
	kept = journal_entry_content(part->revision, side);
	return kept < 0 ? kept : fd_same_content(kept, content);
}

/*
 * What it was, for a file that is not there: exactly that comes back. A rollback does not know of
 * what it has removed; then it is as the policy says.
 */
static int former_of(const struct journal_file *file, struct former **ret_former)
{
	scoped(former_freep) struct former *former = NULL;

	if (!S_ISREG(file->mode))
		return 0;
	former = calloc(1, sizeof(*former));
	if (!former)
		return -ENOMEM;
	*former = (struct former){ .uid = file->uid, .gid = file->gid, .mode = file->mode };
	if (file->attributes_size > 0) {
		former->attributes = malloc(file->attributes_size);
		if (!former->attributes)
			return -ENOMEM;
		memcpy(former->attributes, file->attributes, file->attributes_size);
		former->attributes_size = file->attributes_size;
	}
	*ret_former = take_ptr(former);
	return 0;
}

static int stage_old(struct session *session, const struct part *part,
		     enum mon_outcome *ret_outcome)
{
	scoped(former_freep) struct former *former = NULL;
	scoped_fd content = -1;
	const struct stage_order order = {
		.method = "config.revert",
		.entry = (uint32_t)(part->section - session->policy->files),
		.path = part->file->path,
		.content = &content,
		.former = &former,
	};
	int r = 0;

	if (part->file->old.exists) {
		content = journal_entry_content(part->revision, &part->file->old);
		if (content < 0)
			return content;
	}
	if (part->file->old.exists && !part->file->new.exists)
		r = former_of(part->file, &former);
	return r < 0 ? r : stage_file(session, &order, ret_outcome);
}

/* 0 with what is to be told, or -errno; -EPROTO is none. */
static int restore(struct session *session, const struct msg_restore *request,
		   struct msg_restore_reply *reply)
{
	scoped_part part = { .revision = -1 };
	enum mon_outcome outcome = OUTCOME_CONFLICT;
	const struct handout *now;
	int r = find_part(session, request->revision, request->file, &part);

	if (r < 0)
		return r;
	now = handout_find(&session->handouts, part.file->path);
	if (!now)
		return -EPROTO;
	r = is_like(&part, &part.file->new, now->content);
	if (r > 0) {
		r = stage_old(session, &part, &outcome);
	} else if (r == 0) {
		r = is_like(&part, &part.file->old, now->content);
		reply->same = r > 0;
	}
	reply->outcome = (uint8_t)outcome;
	return r < 0 ? r : 0;
}

int op_restore(struct session *session, const struct msg_restore *request, int *fd)
{
	struct message reply = { .type = MON_RESTORE_REPLY };
	int r = restore(session, request, &reply.restore_reply);

	(void)fd;
	if (r == -EPROTO)
		return r;
	if (r < 0) {
		reply.restore_reply.outcome = (uint8_t)outcome_of(r);
		reply.restore_reply.error = error_of(r);
	}
	return session_reply(session, &reply, -1);
}
