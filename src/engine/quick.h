/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_QUICK_H
#define EXM_QUICK_H

#include <stdbool.h>

struct arguments;
struct engine;
struct method;

/*
 * Is the request answered in no time: without the monitor, and with a look along a few lists of
 * siblings at most? The answers before it may wait for its own, to be written together.
 */
bool quick_is(const struct engine *engine, const struct method *method,
	      const struct arguments *arguments);

#endif
