/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_METHOD_CONFIRM_H
#define EXM_METHOD_CONFIRM_H

#include "common/message.h"
#include "engine/method.h"

enum { CONFIRM_SECONDS_MAX = 24 * 3600 };

/* A number of seconds that may be waited. 0, or -1 with the call answered BAD_VALUE. */
int confirm_take_seconds(struct call *call, enum parameter parameter, int64_t seconds,
			 uint32_t *ret_seconds) must_check;

/* What a client is told of what waits; token "": it is another's. */
struct json_object *confirm_describe(uint32_t seconds, const char *token);

/* What waited was taken back without the client's doing. */
void confirm_event(struct engine *engine, const struct msg_rolled_back *event);

#endif
