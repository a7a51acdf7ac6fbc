/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LENS_INDEX_H
#define EXM_LENS_INDEX_H

#include "common/policy.h"
#include "monitor/starter/starter.h"

/*
 * Fills in the lenses that the policy leaves out: those that Augeas's autoload
 * would choose. Asked of an engine that serves nobody, before any client exists, since
 * the answer decides what a change means. Does nothing if none is missing. Logs
 * what is wrong; -EINVAL if a section stays without a lens.
 */
int lens_index_complete(struct policy *policy, struct starter *starter,
			const char *lens_path) must_check;

#endif
