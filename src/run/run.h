/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_RUN_H
#define EXM_RUN_RUN_H

#include "common/cleanup.h"

/*
 * Serves one monitor until it goes; jobs under way are waited for then. Takes
 * the descriptors over. Returns what to exit with: 1 for a monitor that said
 * what none ever says.
 */
int run_serve(int channel, int root_fd) must_check;

#endif
