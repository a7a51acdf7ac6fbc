/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. Every byte comes from a process that reads hostile text; log.c escapes it.
 */
#include "monitor/engine_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/log.h"

enum { LINE_SIZE = 512, LINES_MAX = 100 };

/* What the program puts in front of a line of its own, as do some of its libraries. */
static const char *const own_names[] = { "exmachina-engine: ", "exmachina-verify: " };

struct engine_log {
	sd_event_source *source;
	int fd;
	const char *who;
	pid_t pid;
	unsigned int lines;
	size_t used;
	char line[LINE_SIZE];
};

static void pass_on(struct engine_log *log)
{
	const char *text = log->line;

	log->line[log->used] = '\0';
	log->used = 0;
	if (log->lines > LINES_MAX)
		return;
	if (log->lines++ == LINES_MAX) {
		log_warning("%s %d: says too much; the rest is dropped", log->who, (int)log->pid);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own_names); i++) {
		size_t length = strlen(own_names[i]);

		if (strncmp(log->line, own_names[i], length) == 0)
			text = log->line + length;
	}
	log_warning("%s %d: %s", log->who, (int)log->pid, text);
}

static void take(struct engine_log *log, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != '\n' && data[i] != '\0')
			log->line[log->used++] = data[i];
		if (log->used > 0 && (data[i] == '\n' || log->used == LINE_SIZE - 1))
			pass_on(log);
	}
}

/* 1 if there may be more, 0 if not for now or ever. */
static int read_some(struct engine_log *log)
{
	char data[1024];
	ssize_t n = read(log->fd, data, sizeof(data));

	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0)
		return 0;
	take(log, data, (size_t)n);
	if (n == 0)
		sd_event_source_set_enabled(log->source, SD_EVENT_OFF);
	return n > 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source;
	(void)fd;
	(void)events;
	read_some(data);
	return 0;
}

int engine_log_new(sd_event *event, struct engine_log **ret_log, int *ret_fd)
{
	struct engine_log *log = calloc(1, sizeof(*log));
	scoped_fd theirs = -1;
	int ends[2], r;

	if (!log)
		return -ENOMEM;
	log->fd = -1;
	log->who = "process";
	r = pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
	if (r == 0) {
		log->fd = ends[0];
		theirs = ends[1];
		/* our end alone: the process may well wait */
		r = fcntl(log->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
	}
	if (r == 0)
		r = sd_event_add_io(event, &log->source, log->fd, EPOLLIN, on_output, log);
	if (r < 0) {
		engine_log_free(log);
		return r;
	}
	*ret_log = log;
	*ret_fd = take_fd(&theirs);
	return 0;
}

void engine_log_name(struct engine_log *log, const char *who, pid_t pid)
{
	log->who = who;
	log->pid = pid;
}

struct engine_log *engine_log_free(struct engine_log *log)
{
	if (!log)
		return NULL;
	while (log->source && log->lines <= LINES_MAX && read_some(log) > 0)
		;
	if (log->used > 0)
		pass_on(log);
	sd_event_source_disable_unref(log->source);
	close_fd(log->fd);
	free(log);
	return NULL;
}
