/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. Nothing is read from the engine here but its log. */
#include "monitor/engine_spawn.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "common/memfd.h"

static int start(const struct spawn_order *order, const int *fds, size_t count, pid_t *ret_pid)
{
	return order->starter
		       ? starter_start(order->starter, START_ENGINE, fds, count, order->optional,
				       ret_pid)
		       : starter_run_engine(order->spec, fds, count, order->optional, ret_pid);
}

int engine_spawn(const struct spawn_order *order, struct spawned *ret_engine)
{
	scoped(spawned_clear) struct spawned engine = SPAWNED_NONE;
	scoped_fd theirs = -1, log = -1;
	int r = 0;

	if (order->stream < 0)
		r = engine.stream = memfd_new("exmachina-stream");
	if (r >= 0)
		r = channel_pair(&engine.channel, &theirs);
	if (r == 0)
		r = engine_log_new(order->event, &engine.log, &log);
	if (r == 0) {
		const int fds[] = {
			theirs,
			order->client,
			order->stream < 0 ? engine.stream : order->stream,
			log,
		};

		r = start(order, fds, ARRAY_SIZE(fds), &engine.pid);
	}
	if (r < 0)
		return r;
	engine_log_name(engine.log, "engine", engine.pid);
	*ret_engine = (struct spawned){
		.pid = engine.pid,
		.channel = take_fd(&engine.channel),
		.stream = take_fd(&engine.stream),
		.log = take_ptr(engine.log),
	};
	engine.pid = 0;
	return 0;
}

void spawned_clear(struct spawned *engine)
{
	if (engine->pid > 0) {
		kill(engine->pid, SIGKILL);
		waitpid(engine->pid, NULL, 0);
	}
	engine_log_free(engine->log);
	close_fd(engine->channel);
	close_fd(engine->stream);
	*engine = (struct spawned)SPAWNED_NONE;
}
