/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UNIT_LIST_H
#define EXM_UNIT_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/message.h"

/*
 * What systemd has loaded, and the unit files that it has not, in one sorted
 * list: one call at a time, over a connection of its own.
 */
struct unit_list;

/* `report` is a descriptor that the receiver does not own, -1 unless the outcome is JOB_DONE. */
typedef void unit_list_done(enum job_outcome outcome, int error, const char *detail, int report,
			    void *data);

struct unit_list_order {
	sd_event *event;
	int root_fd;
	char **patterns; /* what systemd is to look for; NULL at the end; used during the call */
	uint32_t timeout_ms;
	bool (*wanted)(const char *unit, void *data); /* of these which */
	unit_list_done *done; /* once, from the event loop, unless it was freed before */
	void *data;           /* of both */
};

/* 0, or -errno if no systemd can be asked. */
int unit_list_new(const struct unit_list_order *order, struct unit_list **ret_list) must_check;
struct unit_list *unit_list_free(struct unit_list *list);

#endif
