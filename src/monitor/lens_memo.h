/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LENS_MEMO_H
#define EXM_LENS_MEMO_H

#include <time.h>

#include "common/cleanup.h"

/*
 * Which lens serves which file, as was found out when it was asked last: that takes the time in
 * which Augeas compiles all lenses. A file of root's alone in the state directory. It counts as
 * long as the directories of lenses hold what they held then.
 */
struct lens_memo;

/* NULL if there can be none; then nothing is known, and nothing is noted. */
struct lens_memo *lens_memo_open(int state_fd, const char *lens_path, time_t now);
/* Writes down what was noted, unless a lens was changed in these seconds. What is not written is
 * asked again. */
struct lens_memo *lens_memo_close(struct lens_memo *memo);

/* The lens of that path, in a new string, or NULL. */
char *lens_memo_find(const struct lens_memo *memo, const char *path);
void lens_memo_note(struct lens_memo *memo, const char *path, const char *lens);

static inline void lens_memo_closep(struct lens_memo **memo)
{
	*memo = lens_memo_close(*memo);
}

#endif
