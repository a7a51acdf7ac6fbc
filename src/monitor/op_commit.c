/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the staged files become the system's, if what they would
 * change is allowed. The engine staged them and may be the enemy; what counts is
 * what the verifier finds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "monitor/audit.h"
#include "monitor/session.h"
#include "monitor/target.h"
#include "monitor/verify.h"

/* The other side of a conflict, if it can be had. */
static int conflicting_content(const struct session *session, const char *path)
{
	scoped_target target = TARGET_NONE;
	int content = -1, error;

	if (target_open(session->host->root_fd, path, &target) < 0)
		return -1;
	if (target_snapshot(&target, &content, &error) != OUTCOME_DONE)
		return -1;
	return content;
}

/*
 * Those whose policy does not say otherwise, in their order; the first that may
 * not be is what the engine is told. Returns how many were looked at.
 */
static size_t verify_staged(struct session *session, struct report *changes,
			    struct msg_commit_reply *reply, struct verify_result *result)
{
	const struct policy *policy = session->policy;
	size_t verified = 0;

	for (uint32_t i = 0; i < session->staged_count && result->outcome == OUTCOME_DONE; i++) {
		const struct staged *staged = &session->staged[i];
		const struct handout *base = handout_find(&session->handouts, staged->path);
		const struct verify_file file = {
			.policy = &policy->files[staged->entry],
			.identity = session->host->engine_identity,
			.timeout_ms = policy->timeout_ms,
			.index = i,
			.before = base->content,
			.after = staged->content,
		};

		if (file.policy->unverified)
			continue;
		verify_file(&file, changes, result);
		reply->index = i;
		verified++;
	}
	reply->outcome = (uint8_t)result->outcome;
	reply->error = result->error;
	reply->step = result->why;
	reply->node = result->node;
	if (result->outcome != OUTCOME_DONE)
		log_warning("nothing was committed: %s: %s%s%s", session->staged[reply->index].path,
			    result->why, result->node[0] ? " for " : "", result->node);
	return verified;
}

static void commit_staged(struct session *session, struct msg_commit_reply *reply, int *ret_theirs)
{
	struct commit_result result =
		commit_files(session->host->root_fd, session->policy, session->staged,
			     session->staged_count, &session->handouts);
	const char *path = session->staged[result.index].path;

	reply->outcome = (uint8_t)result.outcome;
	reply->index = result.index;
	reply->error = result.failure.error;
	reply->step = result.failure.step;
	if (result.outcome == OUTCOME_DONE)
		return;
	if (result.outcome == OUTCOME_CONFLICT)
		*ret_theirs = conflicting_content(session, path);
	log_warning("nothing was committed: %s: %s", path,
		    result.outcome == OUTCOME_CONFLICT ? "it was changed by somebody else"
						       : strerror(result.failure.error));
}

/* A record for each file of a commit that was done, or for the one that it failed for. */
static void record(const struct session *session, const struct msg_commit_reply *reply,
		   uint64_t usec)
{
	bool done = reply->outcome == OUTCOME_DONE;
	char rule[MESSAGE_TEXT_MAX];

	for (size_t i = 0; i < session->staged_count; i++) {
		const struct staged *staged = &session->staged[i];
		const struct audit audit = {
			.user = session->host->user,
			.method = "config.commit",
			.subject = staged->path,
			.rule = rule,
			.result = done                               ? "done"
				  : reply->outcome == OUTCOME_DENIED ? "denied"
								     : "failed",
			.detail = done || !reply->step ? "" : reply->step,
			.usec = usec,
		};

		snprintf(rule, sizeof(rule), "[File %s]",
			 session->policy->files[staged->entry].path);
		if (done || i == reply->index)
			audit_record(&audit);
	}
}

int op_commit(struct session *session, const struct msg_commit *request, int *fd)
{
	scoped_report changes = report_begin(REPORT_CHANGE);
	struct verify_result verdict = { .outcome = OUTCOME_DONE };
	struct message reply = { .type = MON_COMMIT_REPLY };
	scoped_fd enclosed = -1;
	size_t verified = 0;

	(void)fd;
	if (request->drop > 1)
		return -EPROTO;
	if (!request->drop && session->staged_count > 0) {
		uint64_t begin = clock_usec();

		verified = verify_staged(session, &changes, &reply.commit_reply, &verdict);
		if (verdict.outcome == OUTCOME_DONE)
			commit_staged(session, &reply.commit_reply, &enclosed);
		/* the commit is done by then; it stays so if there is no memory for its list */
		if (reply.commit_reply.outcome == OUTCOME_DONE && verified > 0)
			enclosed = report_seal(&changes, NULL);
		record(session, &reply.commit_reply, clock_usec() - begin);
	}
	session_staged_clear(session);
	return session_reply(session, &reply, enclosed);
}
