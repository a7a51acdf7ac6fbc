/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STARTER_FIXTURE_H
#define EXM_STARTER_FIXTURE_H

/*
 * For the tests of what is started in a sandbox: directories of programs, which are shell scripts,
 * and of lenses.
 */
#include "root_fixture.h"

#include <systemd/sd-event.h>

#include "monitor/starter/starter.h"

struct starter_ground {
	char *libexec;
	char *lenses;
	struct starter_spec spec;
	struct starter *starter; /* NULL: none yet */
	sd_event *event;
};

/* For main(), as root_enter(): the run directory of a system of our own besides. */
int starter_ground_enter(void);

void starter_ground_make(struct starter_ground *ground);
void starter_ground_clear(struct starter_ground *ground);

/* One of the programs that the starter starts. */
void starter_ground_write(const struct starter_ground *ground, const char *name, const char *body);

#endif
