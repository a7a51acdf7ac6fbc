/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Installs packages and tells what that changed:
 *
 *     exmachinad -- ./package chrony
 *
 * Where it fails, what was changed before that is told too.
 */
#include <exmachina.h>
#include <stdio.h>
#include <stdlib.h>

static void show_progress(void *data, const struct exm_progress *progress)
{
	(void)data;
	fprintf(stderr, "%s%s%s\n", progress->stage, progress->detail ? ": " : "",
		progress->detail ? progress->detail : "");
}

static int failed(const struct exm *session, int result)
{
	static const char *const fields[] = { "changed", "log" };

	fprintf(stderr, "%s\n", exm_strerror(session, result));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char *json;

		if (exm_error_field(session, fields[i], &json) < 0)
			continue;
		fprintf(stderr, "%s: %s\n", fields[i], json);
		free(json);
	}
	return EXIT_FAILURE;
}

static int install(struct exm *session, const char *const *names)
{
	struct exm_options options = EXM_OPTIONS_INIT;
	struct exm_package **changes;
	int r;

	options.progress = show_progress;
	r = exm_connect(session, 0);
	if (r >= 0)
		r = exm_package_install(session, names, &options, &changes);
	if (r < 0)
		return failed(session, r);
	for (int i = 0; changes[i]; i++)
		printf("%s: %s, version %s\n", changes[i]->name, changes[i]->action,
		       changes[i]->version ? changes[i]->version : "none");
	free(changes);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct exm *session;
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: %s NAME...\n", argv[0]);
		return 2;
	}
	if (exm_new(&session) < 0)
		return EXIT_FAILURE;
	status = install(session, (const char *const *)argv + 1);
	exm_free(session);
	return status;
}
