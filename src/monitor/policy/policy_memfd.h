/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_MEMFD_H
#define EXM_POLICY_MEMFD_H

#include "common/policy.h"

/* The policy as the engine gets it. A sealed memfd or -errno. */
int policy_to_memfd(const struct policy *policy) must_check;

#endif
