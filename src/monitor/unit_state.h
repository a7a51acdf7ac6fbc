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
	uint8_t invocation[UNIT_INVOCATION_SIZE];
	uint32_t main_pid;
	int32_t exit_code; /* CLD_EXITED and its like */
	int32_t exit_status;
};

/* Reads the answer to service_bus_ask_unit. 0, or -EBADMSG or another -errno. */
int unit_state_read(sd_bus_message *message, struct unit_state *ret_state) must_check;

/* As a shell shows it: 128 and the signal's number for a main process that a signal ended. */
int32_t unit_state_exit(const struct unit_state *state);

/* The unit is failed, or its main process has died and waits to be started again. */
bool unit_state_failed(const struct unit_state *state);

#endif
