/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HOSTILE_LEGAL_H
#define EXM_HOSTILE_LEGAL_H

#include <stdbool.h>

#include "common/message.h"

/*
 * May an engine say this in its phase, by the policy of tests/system/test_hostile.py? What it may
 * is answered, be it with a refusal; all else ends the session.
 */
bool legal(const struct message *message);

/* How often the very same may be said in one session; 0: without end. */
unsigned int legal_times(enum message_type type);

/* Does the monitor say something to each of them, by reply or event? */
bool legal_is_answered(enum message_type type);

#endif
