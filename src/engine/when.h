/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_WHEN_H
#define EXM_WHEN_H

#include <stdint.h>

struct json_object;

/* Microseconds of CLOCK_REALTIME as RFC 3339 has them, in UTC; null for a year it cannot write. */
struct json_object *when_json(uint64_t usec);

#endif
