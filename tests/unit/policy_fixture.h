/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_FIXTURE_H
#define EXM_POLICY_FIXTURE_H

/* For the tests of the reader: a policy directory of their own, and what is said of it. */
#include "unit.h"

#include "monitor/policy/policy_read.h"

/* What a [File] section may have, as it is said of a key that it may not. */
#define FILE_KEYS \
	"Lens= Set= Insert= Remove= Deny= Value= Create= MakeDirs= Delete= Verify= OtherLens= " \
	"Secret= Check= Apply=\n"

/* *state is the directory's path. */
int policy_setup(void **state);
int policy_teardown(void **state);

void policy_write(const char *directory, const char *name, const char *text);

/*
 * Reads the directory, which must give `expected`, and returns what was logged,
 * without the program's and the directory's name.
 */
char *policy_read_logged(const char *directory, int expected, struct policy **ret_policy);

/* It is refused with exactly these lines, or taken without a word. */
void assert_policy_refused(const char *directory, const char *expected);
struct policy *assert_policy_taken(const char *directory);

/* The same after writing the text to its file "a.conf". */
void assert_text_refused(const char *directory, const char *text, const char *expected);
struct policy *assert_text_taken(const char *directory, const char *text);

#endif
