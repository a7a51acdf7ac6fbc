/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SPLICE_WINDOW_H
#define EXM_SPLICE_WINDOW_H

#include "engine/splice_sum.h"
#include "verify/parse.h"

/*
 * A part of a file that is made anew: some of its entries, as they were and as they are wanted. The
 * first and the last one are the same in both, but at the file's own beginning and end.
 */
struct splice_window {
	size_t base_from, base_to; /* among the entries of the base, of which ... */
	size_t from, to;           /* ... these are left, or new */
	size_t text_from, text_to; /* what they are in the text */
	char *text;                /* what they are to be in its place */
};

/* All windows of a file, and what is outside of them as well. */
struct splice_plan {
	struct splice_window *window;
	size_t count;
	bool *removed; /* of the base's entries: those that are not wanted as they are */
	bool *added;   /* of the wanted ones: those that the base has not */
};

/* 0 or -ENOMEM. */
int splice_plan_new(const struct splice_sums *base, const struct splice_sums *wanted,
		    struct splice_plan *ret_plan) must_check;
void splice_plan_clear(struct splice_plan *plan);

#define scoped_plan scoped(splice_plan_clear) struct splice_plan

/*
 * Makes window->text, with the parser's lens alone and nothing else of the file. 0; -EBADMSG if the
 * lens does not take the old text for these entries, or cannot write the new ones; -ENOMEM.
 */
int splice_window_make(const struct splice_plan *plan, struct splice_window *window,
		       struct parser *parser, const char *text, const struct splice_sums *base,
		       const struct outline *wanted) must_check;

#endif
