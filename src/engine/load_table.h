/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOAD_TABLE_H
#define EXM_LOAD_TABLE_H

#include <augeas.h>
#include <stdbool.h>

#include "common/policy.h"

/*
 * The transforms: which lens reads which file. /augeas/load is the client's, to look at and to
 * edit, and says with which lens a file of the policy is read, or that it is not. It is
 * never what Augeas itself goes by: for that, a table with nothing in it but what is needed
 * stands in front of it as long as it takes.
 */
struct load_table;

#define LOAD_TABLE "/augeas/load"

/* "Hosts.lns" for "@Hosts", what module Hosts loads by default, which goes by that name; any other
 * as it is. NULL when memory is short. */
char *load_table_spelled_out(const char *lens);

/* A copy of what the client has at /augeas/load. 0, -ENOMEM, or -E2BIG. */
int load_table_read(augeas *aug, struct load_table **ret_table) must_check;
struct load_table *load_table_free(struct load_table *table);

enum load_answer {
	LOAD_BY,    /* with this lens */
	LOAD_BY_NO, /* no transform names the file */
	LOAD_BY_TWO /* two do, with different lenses; the first of them */
};

/* The lens, as in "Hosts.lns", belongs to the table. */
enum load_answer load_table_find(const struct load_table *table, const char *path,
				 const char **ret_lens);

/* Fills /augeas/load with what the policy says. 0 or -EINVAL. */
int load_table_show(augeas *aug, const struct policy *policy) must_check;

/* Puts an empty table in front of the client's, adds the file to it, takes it away. 0 or -EINVAL.
 */
int load_table_begin(augeas *aug) must_check;
int load_table_add(augeas *aug, const char *lens, const char *path) must_check;
/* One more for the lens that was added last. */
int load_table_add_file(augeas *aug, const char *path) must_check;
void load_table_end(augeas *aug);

#endif
