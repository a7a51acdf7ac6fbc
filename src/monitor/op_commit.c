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
#include "monitor/session.h"
#include "common/target.h"
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

/* ---- verification ---- */

static const struct policy_file *policy_of(const struct session *session, size_t index)
{
	return &session->policy->files[session->staged[index].entry];
}

/* The first from there on that is to be verified; the number of all if there is none. */
static size_t next_verified(const struct session *session, size_t from)
{
	while (from < session->staged_count && policy_of(session, from)->unverified)
		from++;
	return from;
}

/* The one that waits, if it is for this lens, or a new one; NULL after the last. */
static int verifier_for(struct session *session, size_t index, struct verifier **ret_verifier)
{
	const char *lens;

	*ret_verifier = NULL;
	if (index == session->staged_count)
		return 0;
	lens = policy_of(session, index)->lens;
	if (session->verifier && !verifier_waits(session->verifier))
		session->verifier = verifier_free(session->verifier);
	if (session->verifier && strcmp(verifier_lens(session->verifier), lens) == 0) {
		*ret_verifier = take_ptr(session->verifier);
		return 0;
	}
	return verifier_new(session->host->starter, session->host->event,
			    session->policy->optional_layers, lens, ret_verifier);
}

static void verify_one(struct session *session, size_t index, struct verifier *verifier,
		       struct report *changes, struct verify_result *result)
{
	const struct staged *staged = &session->staged[index];
	const struct verify_file file = {
		.policy = policy_of(session, index),
		.timeout_ms = session->policy->timeout_ms,
		.index = (uint32_t)index,
		.before = handout_find(&session->handouts, staged->path)->content,
		.after = staged->content,
	};

	verify_file(&file, verifier, changes, result);
}

/*
 * Those whose policy does not say otherwise, in their order; the first that may
 * not be is what the engine is told. While one is looked at, the process for the next
 * one gets ready. Returns how many were looked at.
 */
static size_t verify_staged(struct session *session, struct report *changes,
			    struct msg_commit_reply *reply, struct verify_result *result)
{
	size_t index = next_verified(session, 0), verified = 0;
	struct verifier *next;
	int r = verifier_for(session, index, &next);

	while (index < session->staged_count && result->outcome == OUTCOME_DONE) {
		scoped(verifier_freep) struct verifier *verifier = next;
		size_t following = next_verified(session, index + 1);

		reply->index = (uint32_t)index;
		verified++;
		next = NULL;
		if (r < 0) {
			verify_impossible(r, result);
			break;
		}
		r = verifier_for(session, following, &next);
		verify_one(session, index, verifier, changes, result);
		index = following;
	}
	verifier_free(next);
	reply->outcome = (uint8_t)result->outcome;
	reply->error = result->error;
	reply->step = result->why;
	reply->node = result->node;
	if (result->outcome != OUTCOME_DONE)
		log_warning("nothing was committed: %s: %s%s%s", session->staged[reply->index].path,
			    result->why, result->node[0] ? " for " : "", result->node);
	return verified;
}

/*
 * The engine says that a file of this entry is being edited. It may say so as often as it
 * likes: one verifier waits, until a commit has used it.
 */
int op_prepare(struct session *session, const struct msg_prepare *request, int *fd)
{
	const struct policy *policy = session->policy;
	const struct policy_file *file;
	int r;

	(void)fd;
	if (request->entry >= policy->file_count)
		return -EPROTO;
	file = &policy->files[request->entry];
	if (session->verifier || file->unverified)
		return 0;
	r = verifier_new(session->host->starter, session->host->event, policy->optional_layers,
			 file->lens, &session->verifier);
	/* the commit tries again, and is where it counts */
	if (r < 0)
		log_info("no verifier could be started ahead: %s", strerror(-r));
	return 0;
}

/* ---- the commit ---- */

static void commit_staged(struct session *session, struct msg_commit_reply *reply, int *ret_theirs)
{
	const struct commit_place place = {
		.root_fd = session->host->root_fd,
		.state_fd = session->host->state_fd,
	};
	struct commit_result result = commit_files(&place, session->policy, session->staged,
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

/* A commit that is to be recorded: what it does to each of the staged files, and how long it took.
 */
struct recording {
	struct audit_changes *changes;
	size_t count;
	int list; /* the same for the engine, sealed; -1: none */
	uint64_t begin;
};

static void recording_clear(struct recording *recording)
{
	for (size_t i = 0; i < recording->count; i++)
		audit_changes_clear(&recording->changes[i]);
	free(recording->changes);
	close_fd(recording->list);
}

/* Everything that takes memory is done before the commit, so that it is not done unrecorded. */
static int prepare(const struct session *session, const struct report *changes,
		   struct recording *recording)
{
	const struct policy_file *files[STAGED_MAX];
	size_t count = session->staged_count;

	recording->changes = calloc(count, sizeof(*recording->changes));
	if (!recording->changes)
		return -ENOMEM;
	recording->count = count;
	for (size_t i = 0; i < count; i++)
		files[i] = &session->policy->files[session->staged[i].entry];
	recording->list = report_seal(changes, NULL);
	if (recording->list < 0)
		return recording->list;
	return audit_changes_read(recording->list, files, count, recording->changes);
}

/* Room for the records of all its files is there, or it is not done. */
static int make_room(const struct session *session, const struct recording *recording)
{
	size_t size = 0;

	for (size_t i = 0; i < recording->count; i++)
		size += recording->changes[i].length + AUDIT_RECORD_SIZE;
	return audit_ready(session->host->audit, size);
}

static void give_up(struct msg_commit_reply *reply, int error, const char *step)
{
	if (reply->outcome != OUTCOME_DONE)
		return;
	*reply = (struct msg_commit_reply){
		.outcome = OUTCOME_IO,
		.error = -error,
		.step = step,
	};
}

/* A record for each file of a commit that was done, or for the one that it failed for. */
static void record(const struct session *session, const struct msg_commit_reply *reply,
		   const struct recording *recording)
{
	bool done = reply->outcome == OUTCOME_DONE;
	uint64_t usec = clock_usec() - recording->begin;
	char rule[MESSAGE_TEXT_MAX];

	for (size_t i = 0; i < session->staged_count; i++) {
		const struct staged *staged = &session->staged[i];
		const struct policy_file *file = &session->policy->files[staged->entry];
		const struct audit_event event = {
			.client = &session->who,
			.method = "config.commit",
			.subject = staged->path,
			.rule = rule,
			.result = done                               ? AUDIT_DONE
				  : reply->outcome == OUTCOME_DENIED ? AUDIT_DENIED
								     : AUDIT_FAILED,
			.detail = done ? "" : reply->step,
			.usec = usec,
			.changes = file->unverified || i >= recording->count
					   ? NULL
					   : &recording->changes[i],
		};

		snprintf(rule, sizeof(rule), "[File %s]", file->path);
		if (done || i == reply->index)
			audit_record(session->host->audit, &event);
	}
}

/* All of it, to the reply; the descriptor for it, which is the caller's then. */
static int commit(struct session *session, struct msg_commit_reply *reply,
		  struct verify_result *verdict)
{
	scoped_report changes = report_begin(REPORT_CHANGE);
	scoped(recording_clear) struct recording recording = { .list = -1, .begin = clock_usec() };
	size_t verified = verify_staged(session, &changes, reply, verdict);
	scoped_fd enclosed = -1;
	int r = prepare(session, &changes, &recording);

	if (r < 0)
		give_up(reply, r, "list what would change");
	r = reply->outcome == OUTCOME_DONE ? make_room(session, &recording) : 0;
	if (r < 0)
		give_up(reply, r, "write the audit trail");
	if (reply->outcome == OUTCOME_DONE)
		commit_staged(session, reply, &enclosed);
	record(session, reply, &recording);
	if (reply->outcome == OUTCOME_DONE && verified > 0)
		enclosed = take_fd(&recording.list);
	return take_fd(&enclosed);
}

int op_commit(struct session *session, const struct msg_commit *request, int *fd)
{
	struct verify_result verdict = { .outcome = OUTCOME_DONE };
	struct message reply = { .type = MON_COMMIT_REPLY };
	scoped_fd enclosed = -1;

	(void)fd;
	if (request->drop > 1)
		return -EPROTO;
	if (!request->drop && session->staged_count > 0)
		enclosed = commit(session, &reply.commit_reply, &verdict);
	session_staged_clear(session);
	return session_reply(session, &reply, enclosed);
}
