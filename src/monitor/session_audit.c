/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: a session's own records in the audit trail. */
#include <stdio.h>

#include "common/clock.h"
#include "monitor/session.h"

void session_begun(struct session *session, const char *form, const char *policy_dir)
{
	const struct audit_event event = {
		.client = &session->who,
		.method = "session.begin",
		.subject = form,
		.result = AUDIT_DONE,
		.more = { { "EXMACHINA_POLICY", policy_dir },
			  { "EXMACHINA_ROOT", session->host->root },
			  { session->parent[0] ? "EXMACHINA_PARENT" : NULL, session->parent } },
	};

	session->form = form;
	session->begin = clock_usec();
	audit_record(session->host->audit, &event);
}

void session_record_end(const struct session *session, const char *result)
{
	const struct audit_event event = {
		.client = &session->who,
		.method = "session.end",
		.subject = session->form,
		.result = result,
		.detail = session->authenticated ? "" : "the secret was never shown",
		.usec = clock_usec() - session->begin,
	};

	if (!session->form)
		return;
	audit_record(session->host->audit, &event);
	audit_sync(session->host->audit);
}

void session_record_loss(const struct session *session, const siginfo_t *info, const char *reason,
			 bool replaced)
{
	char engine[32], detail[128];
	const struct audit_event event = {
		.client = &session->who,
		.method = "engine.lost",
		.subject = engine,
		.result = replaced ? "replaced" : AUDIT_FAILED,
		.detail = detail,
	};

	snprintf(engine, sizeof(engine), "engine %d", (int)info->si_pid);
	snprintf(detail, sizeof(detail), "%s (%s %d)", reason,
		 info->si_code == CLD_EXITED ? "status" : "signal", info->si_status);
	audit_record(session->host->audit, &event);
}
