/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PLAN_H
#define EXM_PLAN_H

#include "engine/dirty.h"

/*
 * What a commit would do, in one word: SHA-256 over the path of each of its files, its bytes now
 * and its bytes then, in hexadecimal. The same word is the same change, whoever plans it.
 */
enum { PLAN_SIZE = 64 + 1 };

/* 0 or -errno. */
int plan_of(const struct dirty_list *list, char plan[static PLAN_SIZE]) must_check;

#endif
