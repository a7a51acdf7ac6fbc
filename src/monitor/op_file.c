/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what the engine asks about files. Every field is
 * hostile. An entry is a number that must exist, and a name is only looked at
 * after the policy says that this very entry governs the path it makes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/glob.h"
#include "common/memfd.h"
#include "common/target.h"
#include "monitor/entry_list.h"
#include "monitor/session.h"
#include "monitor/stage.h"

/*
 * The path that an entry's number and the engine's name make. -EPROTO if the
 * engine could have known that there is none.
 */
static int entry_path(const struct session *session, uint32_t entry, const char *name,
		      char **ret_path)
{
	const struct policy *policy = session->policy;
	scoped_ptr char *path = NULL;
	int r;

	if (entry >= policy->file_count)
		return -EPROTO;
	r = entry_join(policy->files[entry].path, name, &path);
	if (r < 0)
		return r;
	/* a stricter section for the same path must not be stepped around */
	if (policy_find_file(policy, path) != (ssize_t)entry)
		return -EPROTO;
	*ret_path = take_ptr(path);
	return 0;
}

int op_open(struct session *session, const struct msg_open *request, int *fd)
{
	struct message reply = { .type = MON_OPEN_REPLY };
	scoped_target target = TARGET_NONE;
	scoped_ptr char *path = NULL;
	scoped_fd content = -1, kept = -1;
	enum mon_outcome outcome;
	int error = 0, r;

	(void)fd;
	r = entry_path(session, request->entry, request->name, &path);
	if (r < 0)
		return r;
	r = target_open(session->host->root_fd, path, &target);
	if (r == 0) {
		outcome = target_snapshot(&target, &content, &error);
	} else {
		error = -r;
		outcome = r == -ENOENT                   ? OUTCOME_ABSENT
			  : r == -ELOOP || r == -ENOTDIR ? OUTCOME_NOT_PLAIN
							 : OUTCOME_IO;
	}
	if (outcome == OUTCOME_DONE) {
		kept = fcntl(content, F_DUPFD_CLOEXEC, 0);
		if (kept < 0)
			outcome = OUTCOME_LIMIT;
	}
	if (outcome == OUTCOME_DONE || outcome == OUTCOME_ABSENT) {
		r = handout_set(&session->handouts, path, take_fd(&kept));
		if (r < 0)
			outcome = OUTCOME_LIMIT;
	}
	reply.open_reply = (struct msg_open_reply){ .outcome = (uint8_t)outcome, .error = error };
	return session_reply(session, &reply, outcome == OUTCOME_DONE ? content : -1);
}

int op_list(struct session *session, const struct msg_list *request, int *fd)
{
	const struct policy *policy = session->policy;
	struct message reply = { .type = MON_LIST_REPLY };
	scoped_fd names = -1;
	uint32_t count = 0;
	int r;

	(void)fd;
	if (request->entry >= policy->file_count ||
	    !glob_has_wildcard(policy->files[request->entry].path))
		return -EPROTO;
	r = entry_list(session->host->root_fd, policy, request->entry, &names, &count);
	reply.list_reply.count = count;
	if (r < 0) {
		reply.list_reply.outcome = r == -E2BIG ? OUTCOME_LIMIT : OUTCOME_IO;
		reply.list_reply.error = -r;
	}
	return session_reply(session, &reply, r < 0 ? -1 : names);
}

int op_stage(struct session *session, const struct msg_stage *request, int *fd)
{
	struct message reply = { .type = MON_STAGE_REPLY };
	scoped_ptr char *path = NULL;
	struct stage_order order = {
		.method = "config.commit",
		.entry = request->entry,
		.content = fd,
	};
	enum mon_outcome outcome;
	int r;

	r = entry_path(session, request->entry, request->name, &path);
	if (r < 0)
		return r;
	if (*fd >= 0 && memfd_check(*fd, CONTENT_MAX, NULL) < 0)
		return -EPROTO;
	order.path = path;
	r = stage_file(session, &order, &outcome);
	if (r == -ENOMEM)
		outcome = OUTCOME_LIMIT;
	else if (r < 0)
		return r;
	reply.stage_reply.outcome = (uint8_t)outcome;
	return session_reply(session, &reply, -1);
}

int op_forget(struct session *session, const struct msg_forget *request, int *fd)
{
	(void)request;
	(void)fd;
	session_staged_clear(session);
	handouts_clear(&session->handouts);
	return 0;
}
