/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_ENDING_H
#define EXM_SERVICE_ENDING_H

#include "common/message.h"
#include "monitor/systemd/service.h"
#include "monitor/systemd/unit_state.h"

/*
 * What a call whose verdict stands still has to find out: which sockets would
 * start the unit again, and what the journal has of it. A plain structure: the
 * upper part is the owner's to fill.
 */
struct service_ending {
	struct service *service;
	const char *unit;
	const char *names;      /* of its sockets */
	uint64_t since;         /* CLOCK_MONOTONIC: the log from then on */
	bool with_log;          /* something has failed */
	bool hurried;           /* over its time: nothing is waited for */
	unsigned int last_word; /* UNIT_LOG_*: process 1 says that as its last; 0: nothing */
	void (*done)(void *data);
	void *data;

	char sockets[UNIT_NAMES_SIZE]; /* those that are active */
	char log[MESSAGE_LOG_MAX + 1];
	unsigned int tries;
	unsigned int log_said; /* UNIT_LOG_* */
	sd_event_source *turn, *timer;
	sd_bus_slot *slot;
};

/* done is called later, from the event loop. 0 or -errno. */
int service_ending_begin(struct service_ending *ending) must_check;

/* The connection is lost or time is over: what is not known by now is left out. */
void service_ending_hurry(struct service_ending *ending);

void service_ending_stop(struct service_ending *ending);

#endif
