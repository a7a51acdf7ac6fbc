/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_FAKE_MONITOR_H
#define EXM_FAKE_MONITOR_H

#include "engine/engine.h"

/* The secret that it grants is "right". */

/* The ends of all calls that it was asked for; which end depends on the ticket. */
void fake_monitor_tell(struct engine *engine);

#endif
