/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_ACTION_H
#define EXM_SERVICE_ACTION_H

#include "monitor/systemd/service.h"
#include "monitor/systemd/service_bus.h"
#include "monitor/systemd/unit_state.h"

enum {
	JOB_PATH_SIZE = 128, /* of systemd's object path */
	JOB_WORD_SIZE = 64,
};

struct service_action_events {
	/* the verb's own job is at `path`, and has not ended */
	void (*waits)(const char *path, void *data);

	/* one of these is told at last, and nothing of the action is touched after it */

	void (*ended)(void *data); /* the verb's own way: job_result, changes, useless tell how */
	void (*refused)(const sd_bus_error *error, void *data);
	/* systemd can't be asked, or says what makes no sense */
	void (*broken)(int error, const char *what, void *data);
	/* the other half of a pair is in the way */
	void (*blocked)(const char *unit, const char *job_result, void *data);
};

/*
 * What a verb does to a unit, between the two looks at it: systemd reads its files
 * if it has to, the other half of a pair is stopped, the job is made and waited
 * for, or links of unit files are changed and read anew. A plain structure: the
 * upper part is the owner's to fill.
 */
struct service_action {
	struct service *service;
	const struct service_action_events *events;
	void *data;
	enum service_verb verb;
	const char *unit;
	bool pair;

	bool asked;   /* systemd may have got the request */
	bool waiting; /* for the end of the job at `path` */
	char path[JOB_PATH_SIZE];
	char job_result[JOB_WORD_SIZE]; /* empty until the verb's own job has ended */
	char changes[MESSAGE_CHANGES_MAX + 1];
	bool useless; /* nothing to enable: the unit's file has no [Install] section */

	char other[UNIT_NAME_SIZE]; /* half of the pair that was stopped, or is asked about */
	sd_bus_slot *slot;
};

/* Begins, or begins again after a loss; with `reload` systemd reads its files first. */
void service_action_begin(struct service_action *action, bool reload);

/* The job was found again: its end is waited for. */
void service_action_wait(struct service_action *action, const char *path);

/* Told of every job that ends. */
void service_action_removed(struct service_action *action, const char *path, const char *result);

/* Nothing is told after this. */
void service_action_stop(struct service_action *action);

#endif
