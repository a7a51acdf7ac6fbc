/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_WANTED_H
#define EXM_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* How nodes below another shall be, as a client says it: {"ipaddr": "10.0.0.1", "alias": ["a"]}. */

enum wanted_kind {
	WANTED_ONE,    /* "text" or null: one node, with that value or without one */
	WANTED_LIST,   /* ["a", "b"]: so many nodes, with these values in this order */
	WANTED_SOME,   /* true: one at least, whatever its value is */
	WANTED_ABSENT, /* false: none */
};

struct wanted_node {
	char *sub; /* expression, below the node that is looked at */
	enum wanted_kind kind;
	char **value; /* of WANTED_ONE and WANTED_LIST; one that is NULL is none */
	size_t count;
};

struct wanted {
	struct wanted_node *node;
	size_t count;
};

enum { WANTED_MAX = 1024 }; /* members of one object, and values of one member */

struct json_object;

/* 0; -EINVAL for what is none of these, -EILSEQ for a NUL in a text, -E2BIG, -ENOMEM. */
int wanted_take(const struct json_object *object, struct wanted *ret_wanted) must_check;
void wanted_clear(struct wanted *wanted);

#endif
