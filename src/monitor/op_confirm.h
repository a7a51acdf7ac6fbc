/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_OP_CONFIRM_H
#define EXM_OP_CONFIRM_H

#include "monitor/session.h"

/* What the session has asked for is taken back; the answer. */
void op_confirm_rolled_back(struct session *session, bool restored);

/* What its client was to confirm was taken back without being asked for. */
void op_confirm_tell(struct session *session, const char *why, bool restored);

#endif
