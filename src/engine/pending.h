/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PENDING_H
#define EXM_PENDING_H

#include "common/message.h"
#include "engine/call.h"

/*
 * Calls that wait for the monitor. Each has a ticket, which goes out with the
 * request and comes back in every event about it; other calls are answered
 * meanwhile.
 */
struct pending;

/* What calls of one kind have in common. */
struct pending_family {
	enum message_type end; /* the event that ends them */
	/* Answers the call; fd, the event's descriptor or -1, stays the caller's. */
	void (*finish)(const struct pending *pending, const struct message *event, int fd);
	const char *progress; /* the notification that tells where they are, or NULL */
	const char *subject;  /* what it calls the subject, or NULL */
};

struct pending {
	const struct pending_family *family; /* NULL: free */
	struct call *call;
	uint32_t ticket;
	unsigned int verb; /* of the family */
	char *subject;     /* a unit, packages one blank apart, or NULL */
	bool progress;     /* the client wants to know where it is */
	uint64_t begin_ms;
};

/*
 * Keeps the call. The ticket is for the request to the monitor, and what came
 * of sending it for pending_sent(). The subject is copied and may be NULL.
 * NULL: the call is answered, too many wait.
 */
struct pending *pending_keep(struct call *call, const struct pending_family *family,
			     unsigned int verb, const char *subject, bool progress);

/* Returns 0; if the monitor could not be asked, the call is answered. */
int pending_sent(struct pending *pending, int r);

/* Does any call wait, one that begins to watch included? */
bool pending_any(const struct engine *engine);

/* From the monitor: an event. 0, or -EBADMSG for what no monitor says. data: the engine. */
int pending_event(const struct message *event, int fd, void *data) must_check;

/*
 * Answers with the error of an outcome that means the same for every method:
 * all but DONE, DENIED, NO_UNIT and FAILED. data is taken over, and gets what belongs to the error.
 */
void pending_refuse(const struct pending *pending, enum job_outcome outcome, int error,
		    const char *detail, struct json_object *data);

/* The next ticket; never 0. */
uint32_t pending_ticket(struct engine *engine);

/* The parts of a text between the separators, as strings; parts without a byte are left out. */
struct json_object *pending_split(const char *text, char separator);

#endif
