/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLIENT_OPTIONS_H
#define EXM_CLIENT_OPTIONS_H

/* What options make of a call: parameters, and where its progress is told. */

#include "common/cleanup.h"
#include "exmachina.h"

struct json_object;

/*
 * Options of any kind, which begin with their size, over those that count where none are given:
 * `known` bytes that this version has. given: NULL for none. -EINVAL if it does not know one.
 */
int options_copy(const void *given, size_t known, void *options) must_check;

/*
 * What the caller gave, in the form of this version; takes NULL. -EINVAL for
 * what it does not know or allow.
 */
int options_read(const struct exm_options *given, struct exm_options *ret_options) must_check;
/* 0 or -ENOMEM */
int options_put(struct json_object *params, const struct exm_options *options) must_check;

#endif
