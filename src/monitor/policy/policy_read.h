/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_READ_H
#define EXM_POLICY_READ_H

#include <stdio.h>
#include <sys/stat.h>

#include "common/policy.h"

/*
 * Reads all the files DIR/NAME.conf in byte order of their names. Each mistake is logged as
 * FILE:LINE: what is wrong and what would be right; all files are read before
 * giving up, so that one run shows all mistakes. The directory and each file
 * must be owned by root and writable by nobody else, checked on the opened
 * descriptor. Returns 0; -EINVAL if the policy is refused; another -errno.
 */
int policy_read(const char *directory, struct policy **ret_policy) must_check;

/*
 * Why what was opened cannot be believed: it is not of that type (S_IFREG or S_IFDIR), not root's,
 * or others may write to it. NULL: it can.
 */
const char *policy_trust_fault(const struct stat *st, mode_t type);

/* The effective policy, in the form in which it can be read again. */
void policy_print(FILE *out, const struct policy *policy);

#endif
