/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The mark was written by the engine, which may be the enemy, and is
 * only a hint; what waits in the sockets is the kernel's word. Nothing is read from them.
 */
#include "monitor/engine_hang.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/engine_mark.h"

enum { LOOK_USEC = 1000000, ACCURACY_USEC = 100000, LOOKS_BEYOND = 3 };

struct engine_hang {
	struct engine_view view;
	engine_hung *hung;
	void *data;
	sd_event_source *source;
	uint32_t beat;      /* at the last look */
	unsigned int looks; /* in a row that found the same work at the same beat */
	unsigned int limit;
};

static bool waits(int fd, unsigned long request)
{
	int bytes;

	return ioctl(fd, request, &bytes) == 0 && bytes > 0;
}

static bool client_has_gone(int fd)
{
	struct pollfd client = { .fd = fd, .events = POLLRDHUP };

	return poll(&client, 1, 0) > 0;
}

/* Should the engine do something now? */
static bool has_work(const struct engine_view *view, const struct engine_mark *mark)
{
	if (*view->waits)
		return false;
	/* how long the client takes to read is not the engine's time */
	if (waits(view->client, SIOCOUTQ))
		return false;
	return mark->stage != STREAM_IDLE || waits(view->client, SIOCINQ) ||
	       waits(view->channel, SIOCOUTQ) ||
	       (*view->jobs == 0 && client_has_gone(view->client));
}

/*
 * Looks are counted, and not the time: while all the machine stood still, or this process
 * worked on a commit, the engine had no time either.
 */
static int on_look(sd_event_source *source, uint64_t usec, void *data)
{
	struct engine_hang *hang = data;
	struct engine_mark mark = { 0 };
	int r;

	(void)usec;
	/* an engine that has just begun has made none yet */
	if (pread(hang->view.stream, &mark, sizeof(mark), 0) != (ssize_t)sizeof(mark))
		mark = (struct engine_mark){ 0 };
	if (mark.beat != hang->beat || !has_work(&hang->view, &mark))
		hang->looks = 0;
	else
		hang->looks++;
	hang->beat = mark.beat;
	if (hang->looks >= hang->limit) {
		hang->hung(hang->data);
		return 0;
	}
	r = sd_event_source_set_time_relative(source, LOOK_USEC);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int engine_hang_new(sd_event *event, const struct engine_view *view, uint32_t timeout_ms,
		    engine_hung *hung, void *data, struct engine_hang **ret_hang)
{
	struct engine_hang *hang = calloc(1, sizeof(*hang));
	int r;

	if (!hang)
		return -ENOMEM;
	*hang = (struct engine_hang){
		.view = *view,
		.hung = hung,
		.data = data,
		.limit = timeout_ms / (LOOK_USEC / 1000) + LOOKS_BEYOND,
	};
	r = sd_event_add_time_relative(event, &hang->source, CLOCK_MONOTONIC, LOOK_USEC,
				       ACCURACY_USEC, on_look, hang);
	if (r < 0) {
		free(hang);
		return r;
	}
	*ret_hang = hang;
	return 0;
}

struct engine_hang *engine_hang_free(struct engine_hang *hang)
{
	if (!hang)
		return NULL;
	sd_event_source_disable_unref(hang->source);
	free(hang);
	return NULL;
}
