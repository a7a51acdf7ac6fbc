/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes values, shows what that makes of the files, and commits:
 *
 *     exmachinad -- ./set /files/etc/ssh/sshd_config/Port 2222
 *
 * Either all files change or none. A denied edit tells the rule that would
 * have allowed it.
 */
#include <exmachina.h>
#include <stdio.h>
#include <stdlib.h>

static int failed(const struct exm *session, const char *what, int result)
{
	const struct exm_error *error = exm_last_error(session);
	char *rule;

	fprintf(stderr, "%s: %s\n", what, exm_strerror(session, result));
	if (error && error->code == EXM_ERROR_DENIED &&
	    exm_error_field(session, "rule", &rule) == 0) {
		fprintf(stderr, "needed: %s\n", rule);
		free(rule);
	}
	return EXIT_FAILURE;
}

static int change(struct exm *session, int count, char **argv)
{
	struct exm_change **changes;
	int r;

	r = exm_connect(session, 0);
	if (r < 0)
		return failed(session, "no session", r);
	for (int i = 0; i < count; i += 2) {
		r = exm_set(session, argv[i], argv[i + 1]);
		if (r < 0)
			return failed(session, argv[i], r);
	}
	r = exm_diff(session, &changes);
	if (r < 0)
		return failed(session, "diff", r);
	for (int i = 0; changes[i]; i++)
		fputs(changes[i]->diff ? changes[i]->diff : "", stdout);
	free(changes);
	r = exm_commit(session, NULL);
	if (r < 0)
		return failed(session, "commit", r);
	printf("%d file(s) changed\n", r);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct exm *session;
	int status;

	if (argc < 3 || argc % 2 == 0) {
		fprintf(stderr, "usage: %s PATH VALUE [PATH VALUE]...\n", argv[0]);
		return 2;
	}
	if (exm_new(&session) < 0)
		return EXIT_FAILURE;
	status = change(session, argc - 1, argv + 1);
	exm_free(session);
	return status;
}
