/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_IDENTITY_H
#define EXM_IDENTITY_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/system_item.h"
#include "monitor/identity/identity_host.h"
#include "monitor/identity/identity_zone.h"

/*
 * Who the system is: time zone, host name and locale, below the root. They are
 * set through timedated, hostnamed and localed where the system bus has them, else
 * in their files. They are read from the files, which is where those have them from,
 * too: so an answer says what is there and not what somebody claims.
 */
struct identity_service;

struct system_identity {
	char timezone[ZONE_SIZE];
	char hostname[HOST_SIZE];
	char locale[MESSAGE_NAME_MAX + 1]; /* assignments, one blank apart */
};

/* 0 or -errno. */
int identity_read(int root_fd, struct system_identity *ret_identity) must_check;

/* The root must outlive it. 0 or -errno. */
int identity_service_new(sd_event *event, int root_fd,
			 struct identity_service **ret_service) must_check;

/* Calls still under way end without a word. */
struct identity_service *identity_service_free(struct identity_service *service);

/* Called exactly once a call, perhaps from within identity_set(); the result lives until it
 * returns. */
typedef void identity_done(const struct msg_identity *result, void *data);

struct identity_order {
	enum system_item item;
	const char *value; /* from the client; not looked at yet */
	uint32_t timeout_ms;
	identity_done *done;
	void *data;
};

/*
 * Checks the value, sets it, and reads it back; whether the policy allows it has been
 * decided before. The deadline ends the waiting for a service, which may go on.
 */
void identity_set(struct identity_service *service, const struct identity_order *order);

#endif
