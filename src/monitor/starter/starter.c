/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. The starter is trusted: it is the same program, and reads nothing hostile.
 */
#include "monitor/starter/starter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/channel.h"

enum { ANSWER_MS = 10000 };

struct starter {
	pid_t pid;
	int channel;
	sd_event_source *watch;
	void (*gone)(void *data);
	void *data;
};

int starter_new(const struct starter_spec *spec, struct starter **ret_starter)
{
	scoped_ptr struct starter *starter = malloc(sizeof(*starter));
	scoped_fd ours = -1, theirs = -1;
	int r = starter ? channel_pair(&ours, &theirs) : -ENOMEM;

	if (r < 0)
		return r;
	*starter = (struct starter){ .pid = fork(), .channel = -1 };
	if (starter->pid < 0)
		return -errno;
	if (starter->pid == 0)
		_exit(starter_run(spec, theirs));
	starter->channel = take_fd(&ours);
	*ret_starter = take_ptr(starter);
	return 0;
}

struct starter *starter_free(struct starter *starter)
{
	if (!starter)
		return NULL;
	sd_event_source_disable_unref(starter->watch);
	/* it ends when nobody is at the other end */
	close_fd(starter->channel);
	waitpid(starter->pid, NULL, 0);
	free(starter);
	return NULL;
}

static int on_hang_up(sd_event_source *source, int fd, uint32_t events, void *data)
{
	const struct starter *starter = data;

	(void)fd;
	(void)events;
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	starter->gone(starter->data);
	return 0;
}

int starter_watch(struct starter *starter, sd_event *event, void (*gone)(void *data), void *data)
{
	int r;

	starter->gone = gone;
	starter->data = data;
	/* what it answers is read at once; so only the end is waited for, which poll(2) always
	 * tells */
	r = sd_event_add_io(event, &starter->watch, starter->channel, 0, on_hang_up, starter);
	return r < 0 ? r : 0;
}

/* What it says of the start; its own errors are in ret_answer. */
static int receive_answer(struct starter *starter, struct msg_started *ret_answer)
{
	struct pollfd poll_fd = { .fd = starter->channel, .events = POLLIN };
	struct packet packet;
	struct message message;
	scoped_fd fd = -1;
	int r;

	do {
		r = poll(&poll_fd, 1, ANSWER_MS);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	r = channel_recv(starter->channel, false, &packet, &message, &fd);
	if (r <= 0)
		return r < 0 ? r : -ENOTCONN;
	if (message.type != MON_STARTED)
		return -EBADMSG;
	*ret_answer = message.started;
	return 0;
}

int starter_start(struct starter *starter, enum start_what what, const int *fds, size_t count,
		  uint32_t optional, pid_t *ret_pid)
{
	const struct message give = { .type = MON_START_FD };
	const struct message start = {
		.type = MON_START,
		.start = { .what = (uint8_t)what, .optional = optional },
	};
	struct msg_started answer = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = channel_send(starter->channel, &give, fds[i], true);
	if (r == 0)
		r = channel_send(starter->channel, &start, -1, true);
	if (r == 0)
		r = receive_answer(starter, &answer);
	if (r < 0) {
		/* its answer may still come, and would be taken for that to another start */
		shutdown(starter->channel, SHUT_RDWR);
		return r == -EPIPE || r == -ECONNRESET ? -ENOTCONN : r;
	}
	*ret_pid = (pid_t)answer.pid;
	return -answer.error;
}
