/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RUN_PROGRAM_H
#define EXM_RUN_PROGRAM_H

#include <stddef.h>

/*
 * What exmachina-run can be asked to run: one row each, and nothing else. The
 * verb of RUN_CALL is one of the kind's.
 *
 *   INITD    /etc/init.d/NAME for a service verb (entry: [Service])
 *   PACKAGE  apt-get or dpkg-query for a package verb
 *   CHECK    the program of a Check= (entry: [File], verb: which of its Check=), with a commit's
 * files
 */
#define RUN_PROGRAMS(X) \
	X(INITD, initd, "init script") \
	X(PACKAGE, package, "package manager") \
	X(CHECK, check, "check")

enum run_program {
#define X(NAME, name, word) RUN_##NAME,
	RUN_PROGRAMS(X)
#undef X
		RUN_PROGRAM_MAX
};

static inline const char *run_program_word(unsigned int program)
{
	static const char *const words[] = {
#define X(NAME, name, word) [RUN_##NAME] = word,
		RUN_PROGRAMS(X)
#undef X
	};

	return program < RUN_PROGRAM_MAX ? words[program] : NULL;
}

#endif
