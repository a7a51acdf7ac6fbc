/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TIMER_H
#define EXM_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

/*
 * The time that one request may take. An engine over it ends by SIGALRM, and
 * the monitor starts another, who answers TIMEOUT. The kernel's timer runs on from
 * request to request and is only looked at when it expires, so that a request
 * costs no system call.
 */
/*
 * SIGTERM asks the engine to retire: it answers the request in hand and ends,
 * so that the next engine finds the stream between two requests.
 */
bool timer_retiring(void);

int timer_init(uint32_t timeout_ms) must_check;
void timer_begin(void);
void timer_end(void);

/*
 * What is written in between is not on the request's time. The first returns
 * the microseconds that the request has had, for the second; -1 if there is none.
 */
int64_t timer_pause(void) must_check;
void timer_resume(int64_t used);

#endif
