/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UNIT_JOURNAL_H
#define EXM_UNIT_JOURNAL_H

#include <stddef.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "common/cleanup.h"

/*
 * Opens the journal below root_fd for what a unit printed and what process 1 said
 * of it; of the files that are there the JOURNAL_FILES_MAX newest ones, and none
 * that was last written before `oldest`. Journals of a name space of their own
 * (LogNamespace=) are not among them. 0, -ENOENT if there is no journal, or
 * another -errno.
 */
enum { JOURNAL_FILES_MAX = 128 };

int unit_journal_open(int root_fd, const char *unit, time_t oldest,
		      sd_journal **ret_journal) must_check;

static inline void unit_journal_close(sd_journal **journal)
{
	if (*journal)
		sd_journal_close(*journal);
}

#define scoped_journal scoped(unit_journal_close) sd_journal

/*
 * The value of a field of the present entry as UTF-8, cut to size; "" if the entry has
 * none. Returns its length.
 */
size_t unit_journal_field(sd_journal *journal, const char *name, char *text, size_t size);

#endif
