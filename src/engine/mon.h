/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_MON_H
#define EXM_MON_H

#include "common/channel.h"

/*
 * The monitor, as the engine asks it: one stub a request. Each returns 0 or
 * -errno; -ECONNRESET means that the monitor is gone, and the engine with it.
 */
struct mon {
	int channel;
	/*
	 * What the monitor says by itself, whenever it does, also while an answer is
	 * awaited; fd is the message's or -1. 0 or -errno.
	 */
	int (*on_event)(const struct message *event, int fd, void *data);
	void *on_event_data;
};

/* What a monitor says first. The strings live in the packet. */
int mon_welcome(struct mon *mon, struct packet *packet, struct msg_welcome *ret_welcome,
		int *ret_policy_fd) must_check;
int mon_ready(struct mon *mon, uint32_t entry_count, uint32_t layers) must_check;
int mon_auth(struct mon *mon, const char *secret, struct msg_auth_reply *ret_reply) must_check;

/* With OUTCOME_DONE the content as a sealed memfd. */
int mon_open(struct mon *mon, uint32_t entry, const char *name, struct msg_open_reply *ret_reply,
	     int *ret_fd) must_check;
int mon_list(struct mon *mon, uint32_t entry, struct msg_list_reply *ret_reply,
	     int *ret_fd) must_check;
/* content -1: the file is to be removed. */
int mon_stage(struct mon *mon, uint32_t entry, const char *name, int content,
	      enum mon_outcome *ret_outcome) must_check;

/*
 * A file of this entry has been edited, so that it may be committed soon. Only a hint; that the
 * monitor is gone is noticed by whoever asks it next.
 */
void mon_prepare(struct mon *mon, uint32_t entry);

struct mon_commit {
	struct msg_commit_reply reply; /* its texts are in the packet */
	int enclosed; /* the other side of a conflict, or the list of changes; -1: none */
	struct packet packet;
};

/* May take as long as the checks and services do that the policy names. */
int mon_commit(struct mon *mon, const struct msg_commit *request,
	       struct mon_commit *ret_commit) must_check;
int mon_confirm(struct mon *mon, const struct msg_confirm *request,
		struct msg_confirm_reply *ret_reply) must_check;
/* Of commits of the past; lists and content as sealed memfds. */
int mon_history(struct mon *mon, const struct msg_history *request,
		struct msg_history_reply *ret_reply, int *ret_fd) must_check;
int mon_revision(struct mon *mon, uint64_t revision, struct msg_revision_reply *ret_reply,
		 int *ret_fd) must_check;
int mon_part(struct mon *mon, const struct msg_part *request, struct msg_part_reply *ret_reply,
	     int *ret_fd) must_check;
int mon_restore(struct mon *mon, const struct msg_restore *request,
		struct msg_restore_reply *ret_reply) must_check;
/* With OUTCOME_DONE the client's end of another session's stream. */
int mon_channel(struct mon *mon, struct msg_channel_reply *ret_reply, int *ret_fd) must_check;
int mon_forget(struct mon *mon) must_check;
/* These have no reply: what comes of them is an event with their ticket. */
int mon_service(struct mon *mon, const struct msg_service *request) must_check;
int mon_units(struct mon *mon, const struct msg_units *request) must_check;
int mon_log(struct mon *mon, const struct msg_log *request) must_check;
int mon_watch(struct mon *mon, const struct msg_watch *request) must_check;
int mon_unwatch(struct mon *mon, const struct msg_unwatch *request) must_check;
int mon_package(struct mon *mon, const struct msg_package *request) must_check;
int mon_system(struct mon *mon, const struct msg_system *request) must_check;
/* A rule that is longer than the message may have it is cut; a subject must not be. */
int mon_refused(struct mon *mon, const char *method, const char *subject,
		const char *rule) must_check;
int mon_bye(struct mon *mon, enum bye_reason reason) must_check;

/* For the indexer: the lens of an entry ("" for none). */
int mon_lens(struct mon *mon, uint32_t entry, const char *lens) must_check;

/* Takes what the monitor said by itself, without waiting. */
int mon_process(struct mon *mon) must_check;

#endif
