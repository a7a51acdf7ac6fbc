/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_HISTORY_CHANGES_H
#define EXM_HISTORY_CHANGES_H

#include "common/policy.h"

/*
 * What a revision keeps of the list of changes that a commit was judged by: a REPORT_NODE, in which
 * secret nodes have no values.
 */

/*
 * Makes it of a REPORT_CHANGE: `files` are the sections of the commit's files. `counts` gets the
 * changes of each file, also those for which there was no more room. A descriptor, sealed,
 * of at most JOURNAL_CHANGES_MAX bytes; -EBADMSG; or -errno.
 */
int history_changes_keep(int list, const struct policy_file *const *files, size_t count,
			 uint64_t *counts) must_check;

/*
 * Those of one file, in a list of their own, with what is secret by the policy of now taken out,
 * too. A descriptor, sealed; -EBADMSG; or -errno. list -1: there are none.
 */
int history_changes_of(int list, uint32_t file, const struct policy_file *policy) must_check;

#endif
