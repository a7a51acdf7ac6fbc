/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENGINE_H
#define EXM_ENGINE_H

#include "common/policy.h"
#include "engine/call.h"
#include "engine/method_watch.h"
#include "engine/mon.h"
#include "engine/output.h"
#include "engine/pending.h"
#include "engine/stream.h"
#include "engine/tree.h"
#include "sandbox/sandbox.h"

/* One engine: one client, one monitor, one tree. */
struct engine {
	struct stream stream;
	struct mon mon;
	struct policy *policy;
	struct tree *tree;
	struct json_reader *reader;
	struct output out;
	bool holds; /* the answer may wait for the next one, to be written with it */
	bool authenticated;
	uint8_t tries_left;
	bool closing; /* nothing more is read; session.bye or too many wrong secrets */
	struct sandbox sandbox;
	uint32_t monitor_layers; /* what holds around the monitor, as it says */
	uint32_t timeout_ms;
	char *user;
	char *root;
	uint32_t next_ticket;
	struct pending pending[JOBS_MAX];
	struct call *committing; /* waits for the monitor, and wants to know where that is */
	uint32_t commit_ticket;
	bool unconfirmed; /* the monitor may say that what the client committed was taken back */
	struct watch watch[WATCHES_MAX];
};

/* What the monitor says first: its packet holds the strings of the welcome. 0 or -errno. */
int engine_receive_policy(struct mon *mon, struct packet *packet, struct msg_welcome *ret_welcome,
			  struct policy **ret_policy) must_check;

/*
 * Serves the client of the inherited descriptors until it is gone; of the sandbox, layers and
 * optional are given. An exit status.
 */
int engine_run(int channel, int client, int memfd, const struct sandbox *sandbox);

/* Tells the monitor the lenses of those entries whose policy names none. An exit status. */
int engine_index(int channel, struct sandbox *sandbox);

#endif
