/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exmachina-engine. Reads everything hostile: the client's lines, expressions,
 * and files. Has no right of its own; what it wants done it asks of the monitor.
 */
#include "engine/engine.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/log.h"
#include "common/wire.h"
#include "config.h"
#include "engine/confine.h"
#include "engine/rpc.h"
#include "engine/timer.h"

enum { POLICY_MAX = 64 << 20 };

/* What is free is kept up to here, so that large arrays are not paged in anew for each read. */
enum { FREE_MAX = 32 << 20 };

int engine_receive_policy(struct mon *mon, struct packet *packet, struct msg_welcome *ret_welcome,
			  struct policy **ret_policy)
{
	scoped_fd fd = -1;
	scoped_mapping mapping = { 0 };
	struct wire w;
	int r = mon_welcome(mon, packet, ret_welcome, &fd);

	if (r == 0)
		r = memfd_map(fd, POLICY_MAX, &mapping);
	if (r < 0)
		return r;
	w = wire_over(mapping.data, mapping.size);
	return policy_get(&w, ret_policy);
}

static int start(struct engine *engine, int client, int memfd, const char **ret_step)
{
	struct packet packet;
	struct msg_welcome welcome;
	/* which nobody may ask any more once it is confined */
	const uint32_t piece = stream_piece(client);
	int r = confine(&engine->sandbox, ret_step);

	if (r < 0)
		return r;
	*ret_step = "start";
	/* which may take a while: the monitor prepares itself as well */
	r = engine_receive_policy(&engine->mon, &packet, &welcome, &engine->policy);
	if (r < 0)
		return r;
	engine->authenticated = welcome.authenticated;
	engine->tries_left = welcome.tries_left;
	engine->timeout_ms = welcome.timeout_ms;
	engine->monitor_layers = welcome.monitor_layers;
	/* what the lost one has committed may still wait */
	engine->unconfirmed = welcome.lost != LOST_NONE;
	engine->user = strdup(welcome.user);
	engine->root = strdup(welcome.root);
	engine->reader = json_reader_new(RPC_DEPTH_MAX);
	if (!engine->user || !engine->root || !engine->reader)
		return -ENOMEM;
	r = timer_init(engine->timeout_ms);
	if (r == 0)
		r = stream_open(&engine->stream, client, piece, memfd);
	if (r == 0)
		r = tree_new(&engine->mon, engine->policy, engine->sandbox.staging,
			     engine->sandbox.lens_path, &engine->tree);
	if (r == 0)
		r = tree_show_root(engine->tree, engine->root);
	if (r == 0)
		r = mon_ready(&engine->mon, (uint32_t)engine->policy->file_count,
			      engine->sandbox.layers);
	if (r == 0 && welcome.lost != LOST_NONE)
		r = rpc_take_over(engine, welcome.lost < LOST_MAX ? welcome.lost : LOST_CRASHED);
	/* the client may be gone by now, which serve() will notice */
	if (r == -EPIPE || r == -ECONNRESET) {
		engine->stream.ended = true;
		r = 0;
	}
	return r;
}

/* All lines that are complete. 0 or -errno if the client is gone. */
static int serve_complete(struct engine *engine)
{
	for (;;) {
		size_t max = engine->authenticated ? STREAM_LINE_MAX : STREAM_LOCKED_LINE_MAX;
		const char *line;
		size_t length;
		int r = 0;

		if (engine->closing || timer_retiring())
			return 0;
		switch (stream_next(&engine->stream, max, &line, &length)) {
		case STREAM_NOTHING:
			return 0;
		case STREAM_LINE:
			r = rpc_line(engine, line, length);
			break;
		case STREAM_TOO_LONG:
			r = rpc_line_too_long(engine, max);
			break;
		}
		if (r < 0)
			return r;
	}
}

/* The same, with all answers written. Whether the client still reads shows when it is read from. */
static int serve_lines(struct engine *engine)
{
	int r = serve_complete(engine);

	(void)stream_flush(&engine->stream);
	return r;
}

/* Waits for the client and the monitor. 0, or negative when it is over. */
static int wait_for_both(struct engine *engine)
{
	struct pollfd fds[] = {
		{ .fd = engine->stream.fd, .events = engine->stream.ended ? 0 : POLLIN },
		{ .fd = engine->mon.channel, .events = POLLIN },
	};
	int r;

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[1].revents) {
		r = mon_process(&engine->mon);
		stream_beat(&engine->stream);
		if (r < 0)
			return r;
	}
	if (fds[0].revents & POLLIN)
		return stream_fill(&engine->stream);
	/* it neither speaks nor listens any more */
	if (fds[0].revents & (POLLHUP | POLLERR))
		return -ECONNRESET;
	return 0;
}

/*
 * A monitor of whom nothing was asked says nothing, and if it dies this
 * process dies too; so it is enough to wait for the client, in one system call.
 */
static int wait_for_input(struct engine *engine)
{
	return pending_any(engine) || watch_any(engine) || engine->unconfirmed
		       ? wait_for_both(engine)
		       : stream_fill(&engine->stream);
}

static void serve(struct engine *engine)
{
	int r = 0;

	while (r == 0) {
		r = serve_lines(engine);
		if (timer_retiring())
			return;
		if (engine->closing)
			break;
		/* a client that has said its last word still gets the answers that are due */
		if (engine->stream.ended && !pending_any(engine))
			break;
		if (r == 0)
			r = wait_for_input(engine);
	}
	if (mon_bye(&engine->mon, engine->closing ? BYE_CLIENT_ASKED : BYE_CLIENT_GONE) < 0)
		log_warning("the monitor is gone");
}

static void engine_clear(struct engine *engine)
{
	tree_free(engine->tree);
	policy_free(engine->policy);
	free(engine->user);
	free(engine->root);
	free(engine->sandbox.staging);
	json_reader_free(engine->reader);
	output_clear(&engine->out);
}

int engine_run(int channel, int client, int memfd, const struct sandbox *sandbox)
{
	scoped(engine_clear) struct engine engine = {
		.mon = { .channel = channel, .on_event = pending_event },
		.sandbox = *sandbox,
	};
	const char *step = "start";
	int r;

	engine.mon.on_event_data = &engine;
	mallopt(M_MMAP_THRESHOLD, FREE_MAX);
	mallopt(M_TRIM_THRESHOLD, FREE_MAX);
	r = start(&engine, client, memfd, &step);
	if (r < 0) {
		log_error("cannot %s: %s", step, strerror(-r));
		return SANDBOX_EXIT_STATUS;
	}
	serve(&engine);
	return EXIT_SUCCESS;
}
