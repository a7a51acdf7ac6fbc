/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SESSION_DISPATCH_H
#define EXM_SESSION_DISPATCH_H

#include "monitor/session.h"

/* Listens to the engine's channel. 0 or -errno. */
int session_dispatch_attach(struct session *session, sd_event_source **ret_source) must_check;

#endif
