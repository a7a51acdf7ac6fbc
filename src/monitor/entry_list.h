/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENTRY_LIST_H
#define EXM_ENTRY_LIST_H

#include <stdint.h>

#include "common/cleanup.h"
#include "common/policy.h"

enum { ENTRY_NAMES_MAX = 4096 };

/*
 * The path of one file of an entry: the entry's own path if it has no wildcard
 * and name is "", else its fixed directory and the name below that. -EPROTO if the two
 * do not go together, -ENOMEM.
 */
int entry_join(const char *pattern, const char *name, char **ret_path) must_check;

/*
 * The names, below its fixed directory, of the files that an entry with
 * wildcards governs at this moment: sorted, each with its NUL, in a sealed
 * memfd. Directories that cannot be entered without following a symbolic link
 * are passed over. -E2BIG beyond ENTRY_NAMES_MAX.
 */
int entry_list(int root_fd, const struct policy *policy, uint32_t entry, int *ret_memfd,
	       uint32_t *ret_count) must_check;

#endif
