/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Restarts several services at once, and tells what comes of each as it comes:
 *
 *     exmachinad -- ./restart-async ssh.service chrony.service
 *
 * The loop is poll(2); any other that can wait for a descriptor does as well.
 */
#include <exmachina.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct work {
	int open;
	int failed;
};

static void show_progress(void *data, const struct exm_progress *progress)
{
	(void)data;
	printf("%s: %s after %.1f s\n", progress->unit ? progress->unit : "", progress->stage,
	       (double)progress->elapsed_ms / 1000);
}

static void restarted(struct exm *session, int result, const struct exm_service *service,
		      void *data)
{
	struct work *work = data;

	work->open--;
	if (result < 0) {
		work->failed++;
		fprintf(stderr, "%s\n", exm_strerror(session, result));
		return;
	}
	printf("%s: %s (%s), main PID %lld\n", service->unit, service->active, service->sub,
	       (long long)service->main_pid);
}

static int wait_for_all(struct exm *session, const struct work *work)
{
	int r = 0;

	while (work->open > 0 && r >= 0) {
		struct pollfd poller = {
			.fd = exm_get_fd(session),
			.events = (short)exm_get_events(session),
		};

		(void)poll(&poller, 1, exm_get_timeout(session));
		r = exm_process(session);
	}
	return r;
}

static int restart(struct exm *session, char **units)
{
	struct exm_options options = EXM_OPTIONS_INIT;
	struct work work = { 0, 0 };
	int r;

	options.timeout_s = 60;
	options.settle_s = 2;
	options.progress = show_progress;
	r = exm_connect(session, 0);
	for (; r >= 0 && *units; units++) {
		r = exm_service_call_async(session, "restart", *units, &options, restarted, &work,
					   NULL);
		work.open += r == 0;
	}
	if (r >= 0)
		r = wait_for_all(session, &work);
	if (r < 0)
		fprintf(stderr, "%s\n", exm_strerror(session, r));
	return r < 0 || work.failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct exm *session;
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: %s UNIT...\n", argv[0]);
		return 2;
	}
	if (exm_new(&session) < 0)
		return EXIT_FAILURE;
	status = restart(session, argv + 1);
	exm_free(session);
	return status;
}
