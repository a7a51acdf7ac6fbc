/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tells each change of a service, in a loop of sd-event(3), until the server
 * ends or it is interrupted:
 *
 *     exmachinad -- ./watch-sd-event ssh.service
 *
 * The session is a source of input and one of time. What to wait for is asked
 * anew before each wait, as sd-event's prepare function is made for.
 */
#include <errno.h>
#include <exmachina.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-event.h>

struct loop {
	struct exm *session;
	sd_event *event;
	sd_event_source *input;
	sd_event_source *timer;
};

static int process(struct loop *loop)
{
	int r = exm_process(loop->session);

	return r < 0 ? sd_event_exit(loop->event, r) : 0;
}

static int input_came(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source;
	(void)fd;
	(void)events;
	return process(data);
}

static int time_came(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	return process(data);
}

static int before_wait(sd_event_source *source, void *data)
{
	struct loop *loop = data;
	int timeout = exm_get_timeout(loop->session);
	int events = exm_get_events(loop->session);
	int r;

	if (events < 0)
		return events;
	/* POLLIN and POLLOUT are EPOLLIN and EPOLLOUT */
	r = sd_event_source_set_io_events(source, (uint32_t)events);
	if (r >= 0 && timeout >= 0)
		r = sd_event_source_set_time_relative(loop->timer, (uint64_t)timeout * 1000);
	if (r >= 0)
		r = sd_event_source_set_enabled(loop->timer,
						timeout < 0 ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
	return r;
}

static void show(const struct exm_service *service)
{
	printf("%s: %s (%s), main PID %lld\n", service->unit, service->active, service->sub,
	       (long long)service->main_pid);
	fflush(stdout);
}

static void notified(void *data, const char *method, const char *params)
{
	struct exm_service *service;

	(void)data;
	(void)method;
	if (!params || exm_service_parse(params, &service) < 0)
		return;
	show(service);
	free(service);
}

static void watched(struct exm *session, int result, const struct exm_service *service, void *data)
{
	struct loop *loop = data;

	if (result == 0) {
		show(service);
		return;
	}
	fprintf(stderr, "%s\n", exm_strerror(session, result));
	(void)sd_event_exit(loop->event, result);
}

static int run(struct loop *loop, const char *unit)
{
	int fd, r;

	r = exm_connect(loop->session, 0);
	if (r < 0)
		return r;
	exm_set_notify(loop->session, notified, NULL);
	fd = exm_get_fd(loop->session);
	if (fd < 0)
		return fd;
	r = sd_event_default(&loop->event);
	if (r >= 0)
		r = sd_event_add_io(loop->event, &loop->input, fd, 0, input_came, loop);
	if (r >= 0)
		r = sd_event_add_time_relative(loop->event, &loop->timer, CLOCK_MONOTONIC, 0, 0,
					       time_came, loop);
	if (r >= 0)
		r = sd_event_source_set_prepare(loop->input, before_wait);
	if (r >= 0)
		r = exm_service_call_async(loop->session, "watch", unit, NULL, watched, loop, NULL);
	return r < 0 ? r : sd_event_loop(loop->event);
}

int main(int argc, char **argv)
{
	struct loop loop = { NULL, NULL, NULL, NULL };
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: %s UNIT\n", argv[0]);
		return 2;
	}
	r = exm_new(&loop.session);
	if (r >= 0)
		r = run(&loop, argv[1]);
	if (r < 0 && r != -EREMOTEIO)
		fprintf(stderr, "%s\n", exm_strerror(loop.session, r));
	sd_event_source_unref(loop.input);
	sd_event_source_unref(loop.timer);
	sd_event_unref(loop.event);
	exm_free(loop.session);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
