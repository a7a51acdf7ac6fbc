/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_NOTE_H
#define EXM_NOTE_H

/*
 * Notifications, on their way to the functions of the user. These may use the session, so that
 * others come in meanwhile: those wait, and are told one after the other.
 */

#include <sys/queue.h>

#include "common/cleanup.h"

enum { NOTES_MAX = 1000 };

struct exm;
struct json_object;

struct note {
	STAILQ_ENTRY(note) link;
	struct json_object *message;
};

STAILQ_HEAD(note_list, note);

/* Tells it, now or when those before it are told. The session may be marked as freed afterwards. */
void note_tell(struct exm *session, struct json_object *message);
/* Forgets those that wait. */
void notes_drop(struct exm *session);

#endif
