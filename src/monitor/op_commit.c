/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: what the engine asks about commits. Every field is hostile. */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "monitor/confirm/pending.h"
#include "monitor/history/history.h"
#include "monitor/transaction.h"

/* What was handed out of the one file that the entry names; one with wildcards names any number. */
static int give_before(struct session *session, const struct policy_file *file)
{
	const struct handout *handout = handout_find(&session->handouts, file->path);

	if (!handout || handout->content < 0)
		return 0;
	return verifier_give_before(session->verifier, handout, session->policy->timeout_ms);
}

/* Has it got a text that no commit will be from any more? */
static bool is_stale(const struct session *session)
{
	for (size_t i = 0; i < session->handouts.count; i++)
		if (verifier_fits(session->verifier, &session->handouts.item[i]))
			return false;
	return session->handouts.count > 0;
}

/* The commit tries again, and is where it counts. */
static void start_verifier(struct session *session, const struct policy_file *file)
{
	int r = verifier_new(session->host->starter, session->host->event,
			     session->policy->optional_layers, file->lens, &session->verifier);

	if (r < 0) {
		log_info("no verifier could be started ahead: %s", strerror(-r));
		return;
	}
	r = give_before(session, file);
	if (r < 0) {
		log_info("a verifier that was started ahead got no text: %s", strerror(-r));
		session->verifier = verifier_free(session->verifier);
	}
}

/*
 * The engine says that a file of this entry is being edited. It may say so as often as it likes:
 * one verifier waits at a time, for the file that was told first. Another one takes its place after
 * a commit has used it, or when the text that it has read is not the engine's any more; one that
 * has ended meanwhile keeps it until then.
 */
int op_prepare(struct session *session, const struct msg_prepare *request, int *fd)
{
	const struct policy *policy = session->policy;
	const struct policy_file *file;

	(void)fd;
	if (request->entry >= policy->file_count)
		return -EPROTO;
	file = &policy->files[request->entry];
	if (file->unverified)
		return 0;
	if (session->verifier && is_stale(session))
		session->verifier = verifier_free(session->verifier);
	if (!session->verifier)
		start_verifier(session, file);
	return 0;
}

int op_commit(struct session *session, const struct msg_commit *request, int *fd)
{
	const struct message nothing = { .type = MON_COMMIT_REPLY };

	(void)fd;
	if (request->drop > 1 || request->dry_run > 1 || request->progress > 1 ||
	    request->dead_man > 1 || request->confirm > PENDING_SECONDS_MAX ||
	    request->reverts > HISTORY_LAST_MAX)
		return -EPROTO;
	if (!request->drop && session->staged_count > 0)
		return transaction_begin(session, request);
	session_staged_clear(session);
	return session_reply(session, &nothing, -1);
}
