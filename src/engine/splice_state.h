/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SPLICE_STATE_H
#define EXM_SPLICE_STATE_H

#include "engine/splice.h"
#include "engine/splice_window.h"

/* What splice.h is made of, for its own files. */
struct splice {
	augeas *aug;
	char *node;
	char *lens;
	char *lens_path;
	struct splice_sums base; /* of the text's tree */
	enum {
		IN_TREE, /* where entries are in the text, the nodes know that were read from it */
		IN_COPY, /* those of a copy do */
		NOWHERE,
	} spans;
	struct splice_room *room;
	struct parser *parser; /* in there; NULL: it was not needed yet */
	char *copy;            /* as is this */
};

/* The tree as it is now, and what is different in it. 0, -ENOTSUP or -ENOMEM. */
int splice_look(const struct splice *splice, struct outline **ret_now, struct splice_sums *ret_sums,
		struct splice_plan *ret_plan) must_check;

#endif
