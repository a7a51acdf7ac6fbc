/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_LENSES_H
#define EXM_POLICY_LENSES_H

#include "common/policy.h"

/*
 * The directories of lenses, as Augeas takes them, with colons: those of Lenses= before its own.
 * NULL when memory is short.
 */
char *policy_lens_path(const struct policy *policy);

/* Does the path of a [File] section name files in one of those of Lenses=? 1, 0, -ENOMEM. */
int policy_lenses_concern(const struct policy *policy, const char *path) must_check;

/*
 * Are those of Lenses= also in this root directory, which somebody else has made? 0; -ENOENT, and
 * it is logged which is not, and what shows it there.
 */
int policy_lenses_prepared(const struct policy *policy, const char *root) must_check;

#endif
