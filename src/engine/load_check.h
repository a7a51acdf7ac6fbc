/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOAD_CHECK_H
#define EXM_LOAD_CHECK_H

#include <augeas.h>

#include "common/policy.h"

/*
 * Could a lens have this name, as in "Hosts.lns", or "@Hosts"? Any other would be looked for in
 * places that are no directories of lenses.
 */
bool load_check_is_lens(const char *name);

/*
 * What aug_load(3) does to the table of transforms before it reads files: filters become absolute,
 * and what is wrong with a transform is told at its node "error". It reads no file here, but takes
 * /augeas/span from now on. To be called while no file is in the tree. 0, -ENOMEM or -EINVAL.
 */
int load_check(augeas *aug, const struct policy *policy) must_check;

#endif
