/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Restarts a service and tells what came of it:
 *
 *     exmachinad -- ./restart ssh.service
 *
 * The call returns when the unit has settled, so the new process ID is true;
 * of a unit that does not start the last log lines are told.
 */
#include <exmachina.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATIENCE_MS = 120000 };

static int restart(struct exm *session, const char *unit)
{
	struct exm_service *service;
	char *log;
	int r;

	r = exm_connect(session, 0);
	if (r == 0) {
		exm_set_timeout(session, PATIENCE_MS);
		r = exm_service_restart(session, unit, &service);
	}
	if (r == 0) {
		printf("%s: %s (%s), main PID %lld, before %lld\n", service->unit, service->active,
		       service->sub, (long long)service->main_pid,
		       (long long)service->main_pid_before);
		free(service);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "%s: %s\n", unit, exm_strerror(session, r));
	if (exm_error_field(session, "log", &log) == 0) {
		fprintf(stderr, "its last log lines: %s\n", log);
		free(log);
	}
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct exm *session;
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: %s UNIT\n", argv[0]);
		return 2;
	}
	if (exm_new(&session) < 0)
		return EXIT_FAILURE;
	status = restart(session, argv[1]);
	exm_free(session);
	return status;
}
