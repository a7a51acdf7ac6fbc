/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server that forks, in small: each worker has a session of its own with edits of its own, and
 * commits them.
 *
 *     exmachinad -- ./prefork /files/etc/hosts/1/alias one two three
 *
 * The channels are opened before the workers are forked, by the process whose session it is.
 */
#include <exmachina.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the worker. A commit that another one was in the way of is tried again on what is there now.
 */
static int work(struct exm *session, const char *path, const char *value)
{
	int tries = 0, r;

	do {
		if (tries > 0)
			usleep(50000);
		r = exm_load(session);
		if (r >= 0)
			r = exm_set(session, path, value);
		if (r >= 0)
			r = exm_commit(session, NULL);
	} while (r < 0 && ++tries < 20);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", value, exm_strerror(session, r));
	else
		printf("%s: done\n", value);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The worker does not return. */
static int start_worker(struct exm *session, const char *path, const char *value)
{
	struct exm *channel = NULL;
	int r = exm_open_channel(session, &channel);
	pid_t pid;

	if (r < 0) {
		fprintf(stderr, "%s\n", exm_strerror(session, r));
		return r;
	}
	pid = fork();
	if (pid == 0) {
		/* its parent's, of which it has a copy that is good for nothing */
		exm_free(session);
		r = work(channel, path, value);
		exm_free(channel);
		exit(r);
	}
	exm_free(channel);
	return pid < 0 ? -1 : 0;
}

static int wait_for_workers(void)
{
	int status, worst = EXIT_SUCCESS;

	while (wait(&status) > 0)
		if (status != 0)
			worst = EXIT_FAILURE;
	return worst;
}

int main(int argc, char **argv)
{
	struct exm *session = NULL;
	int status = EXIT_SUCCESS;

	if (argc < 3) {
		fprintf(stderr, "usage: %s PATH VALUE...\n", argv[0]);
		return 2;
	}
	if (exm_new(&session) < 0)
		return EXIT_FAILURE;
	if (exm_connect(session, 0) < 0)
		status = EXIT_FAILURE;
	for (int i = 2; i < argc && status == EXIT_SUCCESS; i++)
		if (start_worker(session, argv[1], argv[i]) < 0)
			status = EXIT_FAILURE;
	if (wait_for_workers() != EXIT_SUCCESS)
		status = EXIT_FAILURE;
	exm_free(session);
	return status;
}
