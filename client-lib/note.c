/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client, and calls its functions: at most one for a notification at a time, so that
 * no number of them can fill the stack, nor, since the oldest go, the memory.
 */
#include "note.h"

#include "call.h"
#include "progress.h"
#include "session.h"

/* Progress goes to the call that it is about, if that wants it. */
static void tell(struct exm *session, struct json_object *message)
{
	const char *method = json_string(json_get(message, "method"), NULL);
	struct json_object *params = json_get(message, "params");
	const char *id = json_string(json_get(params, "id"), NULL);
	struct call *call = id ? call_find(session, id) : NULL;

	if (call && call->progress && progress_is(method))
		progress_tell(call, params);
	else if (session->notify)
		session->notify(session->notify_data, method,
				params ? json_text(params, NULL) : NULL);
}

static void drop_first(struct exm *session)
{
	struct note *note = STAILQ_FIRST(&session->notes);

	STAILQ_REMOVE_HEAD(&session->notes, link);
	session->note_count--;
	json_free(note->message);
	free(note);
}

void notes_drop(struct exm *session)
{
	while (session->note_count > 0)
		drop_first(session);
}

/* Without memory for it, it is as one that is too old. */
static void keep(struct exm *session, struct json_object *message)
{
	struct note *note = malloc(sizeof(*note));

	if (!note)
		return;
	if (session->note_count == NOTES_MAX)
		drop_first(session);
	note->message = json_share(message);
	STAILQ_INSERT_TAIL(&session->notes, note, link);
	session->note_count++;
}

void note_tell(struct exm *session, struct json_object *message)
{
	if (session->telling) {
		keep(session, message);
		return;
	}
	session->telling = true;
	tell(session, message);
	while (!session->freed && session->note_count > 0) {
		scoped_json *next = json_share(STAILQ_FIRST(&session->notes)->message);

		drop_first(session);
		tell(session, next);
	}
	session->telling = false;
}
