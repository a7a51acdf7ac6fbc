/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UNIT_STATE_H
#define EXM_UNIT_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "common/cleanup.h"

enum {
	UNIT_NAME_SIZE = 256, /* the longest name that systemd knows, and a NUL */
	UNIT_WORD_SIZE = 64,  /* systemd's words are much shorter */
	UNIT_INVOCATION_SIZE = 16,
	UNIT_NAMES_SIZE = 512, /* of a few names, one blank apart; more than fit are left out */
};

/* What one answer of systemd said of a unit. */
struct unit_state {
	char id[UNIT_NAME_SIZE]; /* its own name, where it was asked for by an alias */
	char load[UNIT_WORD_SIZE];
	char active[UNIT_WORD_SIZE];
	char sub[UNIT_WORD_SIZE];
	char file_state[UNIT_WORD_SIZE]; /* empty where there is no unit file */
	char result[UNIT_WORD_SIZE];     /* empty for a kind of unit that has none */
	char job[2 * UNIT_WORD_SIZE];    /* object path of its job; "/" if there is none */
	char sockets[UNIT_NAMES_SIZE];   /* those that start it, whether active or not */
	int need_reload;                 /* its file has changed since systemd read it */
	uint32_t restarts;               /* that systemd made by itself */
	uint8_t invocation[UNIT_INVOCATION_SIZE];
	uint32_t main_pid;
	int32_t exit_code; /* CLD_EXITED and its like */
	int32_t exit_status;
};

/* Reads the answer to service_bus_ask_unit. 0, or -EBADMSG or another -errno. */
int unit_state_read(sd_bus_message *message, struct unit_state *ret_state) must_check;

/*
 * Takes over what a PropertiesChanged of the unit tells. ret_is_whole: nothing
 * more comes of this change (systemd tells of the unit as such last). 0 or -errno.
 */
int unit_state_update(sd_bus_message *message, struct unit_state *state,
		      bool *ret_is_whole) must_check;

/*
 * Reads the answer to service_bus_ask_names: the names of those units that are
 * active, or about to be or to be no longer, one blank apart. 0 or -errno.
 */
int unit_names_active(sd_bus_message *message, char *names, size_t size) must_check;

/* As a shell shows it: 128 and the signal's number for a main process that a signal ended. */
int32_t unit_state_exit(const struct unit_state *state);

/* Neither active nor on its way there or from there. */
bool unit_state_is_down(const char *active);

/* Has the unit been started between the two? */
bool unit_state_started(const struct unit_state *before, const struct unit_state *after);

/* The unit is failed, or its main process has died and waits to be started again. */
bool unit_state_failed(const struct unit_state *state);

#endif
