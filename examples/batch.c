/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes many edits in one way to the server and back, and commits them if all could be made.
 * Standard input has a path and a value in each line:
 *
 *     echo /files/etc/ssh/sshd_config/Port 2222 | exmachinad -- ./batch
 */
#include <exmachina.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number of edits, or what failed. */
static int read_edits(struct exm_batch *batch)
{
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (r >= 0 && getline(&line, &size, stdin) > 0) {
		char *value;

		line[strcspn(line, "\n")] = '\0';
		value = strchr(line, ' ');
		if (value)
			*value++ = '\0';
		r = exm_batch_set(batch, line, value);
	}
	free(line);
	return r < 0 ? r : exm_batch_count(batch);
}

static void show_failures(struct exm_batch *batch)
{
	for (int i = 0; i < exm_batch_count(batch); i++) {
		const struct exm_error *error = exm_batch_error(batch, i);

		if (error)
			fprintf(stderr, "line %d: %s\n", i + 1, error->message);
	}
}

static int edit(struct exm *session, struct exm_batch *batch)
{
	int r = exm_connect(session, 0), failed = 0;

	if (r >= 0)
		r = read_edits(batch);
	if (r >= 0)
		r = failed = exm_batch_run(session, batch);
	if (failed > 0)
		show_failures(batch);
	else if (r >= 0)
		r = exm_commit(session, NULL);
	if (r < 0)
		fprintf(stderr, "%s\n", exm_strerror(session, r));
	return r < 0 || failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void)
{
	struct exm *session = NULL;
	struct exm_batch *batch = NULL;
	int status = EXIT_FAILURE;

	if (exm_new(&session) >= 0 && exm_batch_new(&batch) >= 0)
		status = edit(session, batch);
	exm_batch_free(batch);
	exm_free(session);
	return status;
}
