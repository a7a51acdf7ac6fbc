/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor: the server's part in the audit trail. Reads nothing from the client. */
#include "monitor/server.h"
#include "monitor/state.h"

int server_open_trail(struct server *server, const struct policy *policy)
{
	bool to_file = policy->audit == AUDIT_TO_FILE;

	server->state_fd = state_open(server->root_fd, server->options->state);
	if (server->state_fd < 0 && to_file)
		return server->state_fd;
	return audit_new(server->state_fd, to_file, &server->audit);
}

void server_session_begun(struct server *server)
{
	static const char *const forms[] = {
		[FORM_PROGRAM] = "program",
		[FORM_FD] = "fd",
		[FORM_LISTEN] = "listen",
		[FORM_ACTIVATED] = "activated",
	};
	const struct options *options = server->options;

	session_begun(server->session, forms[options->form], options->policy_dir);
}

void server_record_policy(struct server *server, const struct policy *policy, const char *reason)
{
	const struct audit_event event = {
		.client = server->session ? &server->session->who : NULL,
		.method = "policy.reload",
		.subject = server->options->policy_dir,
		.result = policy ? AUDIT_DONE : AUDIT_FAILED,
		.detail = reason,
	};

	if (policy && policy->audit == AUDIT_TO_FILE)
		audit_set_file(server->audit, true);
	audit_record(server->audit, &event);
	if (policy && policy->audit != AUDIT_TO_FILE)
		audit_set_file(server->audit, false);
}
