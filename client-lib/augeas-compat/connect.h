/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMPAT_CONNECT_H
#define EXM_COMPAT_CONNECT_H

#include "common/cleanup.h"
#include "exmachina.h"

/*
 * The session that the environment names, which stays there for others; else the usual socket. It
 * is handed out also when it could not be connected, since it knows why; 0 or as exm_connect().
 */
int connect_session(struct exm **ret_exm) must_check;

#endif
