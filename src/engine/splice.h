/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SPLICE_H
#define EXM_SPLICE_H

#include <augeas.h>
#include <stdint.h>

#include "common/cleanup.h"

/*
 * The text of an edited file in time that grows with its length, where Augeas takes the square of
 * it: only the entries that were edited, and one on each side, are written anew, by Augeas itself,
 * and put between the bytes that stay. The whole is then read once, and taken only if its tree is
 * the one that is wanted. What that cannot be done with is for Augeas to write as a whole.
 */
struct splice;

/* Where texts are read beside the tree: one Augeas for all files, made when it is first needed. */
struct splice_room {
	augeas *aug;
	unsigned int copies; /* numbers those of the files' trees */
};

void splice_room_clear(struct splice_room *room);

enum splice_outcome {
	SPLICE_DONE,
	SPLICE_NOWHERE,   /* it is not known where the entries are in the text */
	SPLICE_TOO_MUCH,  /* is edited: it is no faster than as a whole */
	SPLICE_NO_WINDOW, /* the lens does not take the edited entries by themselves */
	SPLICE_OTHER,     /* the text would not be read as what is wanted, or not at all */
};

/*
 * The node has the tree of a text that Augeas read with that lens and its spans, and nothing is
 * edited yet. Of the strings copies are made; aug and room stay the caller's, and are there as long
 * as the splice is. 0, -ENOTSUP or -ENOMEM.
 */
int splice_new(augeas *aug, const char *node, const char *lens, const char *lens_path,
	       struct splice_room *room, struct splice **ret_splice) must_check;
struct splice *splice_free(struct splice *splice);

static inline void splice_freep(struct splice **splice)
{
	splice_free(*splice);
}

/*
 * Makes of the text that was read, or made last, the one that the tree says now. SPLICE_DONE
 * with a new string, or with none if the text says it already; another outcome, after which
 * splice_whole() has to be told what was made of the tree; or -ENOMEM, after which it is of no use
 * any more.
 */
int splice_text(struct splice *splice, const char *text, char **ret_text) must_check;

/* Bytes in the text, counted from 0; each end is the byte behind. */
struct splice_span {
	unsigned int label_start, label_end, value_start, value_end, start, end;
};

/* Is it the splice that knows where nodes are, since the text was made by it, or the tree? */
bool splice_has_spans(const struct splice *splice);

/*
 * Of the node with that label, which is Augeas's own string, in the text that was made last. 0;
 * -ENOENT for one whose entry was edited since; -ENOTSUP or -ENOMEM.
 */
int splice_span(struct splice *splice, const char *label, struct splice_span *ret_span) must_check;

/* The tree is what Augeas has written as a whole. 0, -ENOTSUP or -ENOMEM. */
int splice_whole(struct splice *splice) must_check;

/* Of the tree that the last text was read as, or made of: another one if any entry is, but for the
 * numbers of entries that are counted. */
uint64_t splice_total(const struct splice *splice);

#endif
