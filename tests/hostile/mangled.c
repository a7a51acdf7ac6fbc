/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program's part: what is wrong about each message of the list whatever it says: when it
 * comes, how long it is, and what comes with it.
 */
#include <stdio.h>
#include <string.h>

#include "family.h"
#include "peer.h"

enum mangling {
	BEFORE_READY,
	BEFORE_AUTH,
	AFTER_AUTH,
	SHORT,
	LONG,
	WITH_FD,
	WITH_TWO_FDS,
	MANGLING_MAX
};

static const char *const mangling_names[] = {
	[BEFORE_READY] = "before READY",
	[BEFORE_AUTH] = "before the secret was shown",
	[AFTER_AUTH] = "after the secret was shown",
	[SHORT] = "one byte short",
	[LONG] = "one byte long",
	[WITH_FD] = "with a descriptor",
	[WITH_TWO_FDS] = "with two descriptors",
};

/* The phase of a case; those that are not about phases come when the message may. */
static enum message_phase phase_of(enum message_type type, enum mangling mangling)
{
	switch (mangling) {
	case BEFORE_READY:
		return PHASE_START;
	case BEFORE_AUTH:
		return PHASE_LOCKED;
	case AFTER_AUTH:
		return PHASE_OPEN;
	default:
		return peer_phase_of(type);
	}
}

/* Is the case wrong at all? */
static bool applies(enum message_type type, enum mangling mangling)
{
	const struct message_info *info = message_info(type);

	if (mangling <= AFTER_AUTH)
		return !(info->phases & PHASE_BIT(phase_of(type, mangling)));
	if (mangling == WITH_FD)
		return info->phases != 0 && !(info->flags & (MSG_FD | MSG_MAY_FD));
	return true;
}

static void play_mangled(enum message_type type, enum mangling mangling)
{
	const int fds[] = { FD_CLIENT, FD_CLIENT };
	struct message message = peer_good_message(type);
	uint8_t data[MESSAGE_MAX + 1];
	size_t length = 0, fd_count = mangling == WITH_FD ? 1 : mangling == WITH_TWO_FDS ? 2 : 0;

	peer_reach(phase_of(type, mangling));
	if (message_encode(&message, data, sizeof(data), &length) < 0)
		_exit(8);
	data[length] = 0;
	if (mangling == SHORT)
		length--;
	else if (mangling == LONG)
		length++;
	peer_send_raw(data, length, fds, fd_count);
}

static void mangled_name(enum message_type type, enum mangling mangling, char name[static 128])
{
	snprintf(name, 128, "%s %s", message_info(type)->name, mangling_names[mangling]);
}

static void list_mangled(enum verdict verdict)
{
	char name[128];

	for (enum message_type type = 1; verdict == ENDS && type < MESSAGE_TYPE_MAX; type++)
		for (enum mangling m = 0; m < MANGLING_MAX; m++)
			if (applies(type, m)) {
				mangled_name(type, m, name);
				puts(name);
			}
}

static bool play_if_mangled(const char *wanted)
{
	char name[128];

	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++)
		for (enum mangling m = 0; m < MANGLING_MAX; m++) {
			mangled_name(type, m, name);
			if (applies(type, m) && strcmp(name, wanted) == 0) {
				play_mangled(type, m);
				return true;
			}
		}
	return false;
}

const struct family mangled_family = { list_mangled, play_if_mangled };
