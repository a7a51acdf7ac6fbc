/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUNNER_START_H
#define EXM_RUNNER_START_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/cleanup.h"

/* exmachina-run, with a channel to it. 0 or -errno; that it cannot be executed is one. */
int runner_start_helper(int root_fd, bool to_syslog, int *ret_channel, pid_t *ret_pid) must_check;

#endif
