/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_LIMITS_H
#define EXM_CHECK_LIMITS_H

#include <stdint.h>

#include "common/cleanup.h"

/*
 * For the child that becomes a check, between fork and exec: the capabilities that reading
 * everything and writing to what is thrown away takes, and no others; no_new_privs; no writing
 * elsewhere; no word to any other process, by whatever socket; and limits. 0 or -errno.
 */
int check_limits_enter(uint32_t seconds) must_check;

#endif
