/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERB_H
#define EXM_VERB_H

/*
 * What can be said to exmachina(1), on the command line and in a script: one
 * table a family, each row with everything that is to know about a verb.
 */

#include <stdint.h>

#include "cli/cli.h"

enum verb_flag {
	VERB_EDITS = 1,     /* makes edits that wait for a commit */
	VERB_SETTLES = 2,   /* leaves no edit waiting */
	VERB_FINDS = 4,     /* an empty result means that there is no such node */
	VERB_NO_SCRIPT = 8, /* not within a script */
	VERB_PAIRS = 16,    /* arguments in pairs; a script may leave out the only value */
};

struct verb {
	const char *name;
	const char *arguments; /* for people */
	const char *summary;
	int least, most;           /* arguments; VERB_MANY: no limit */
	uint32_t paths;            /* bit set: which arguments a script reads as path expressions */
	uint32_t flags;            /* enum verb_flag */
	const char *const *choice; /* what its choice argument may be, ended by NULL; or NULL */
	int choice_at;
	const char *method;
	/* NULL: calls the method with the arguments by position */
	enum status (*run)(struct cli *cli, const struct verb *verb, int argc, char **argv,
			   struct json_object **ret_result);
	/* NULL: prints nothing. Not called with --json. */
	void (*print)(const struct cli *cli, char **argv, const struct json_object *result);
};

enum { VERB_MANY = 1024 };

#define ARGUMENT(number) (UINT32_C(1) << (number))
#define EVERY_OTHER UINT32_C(0x55555555)

/* The families. */
const struct verb *verb_tree_table(size_t *ret_count);
const struct verb *verb_edit_table(size_t *ret_count);
const struct verb *verb_config_table(size_t *ret_count);
const struct verb *verb_session_table(size_t *ret_count);
const struct verb *verb_script_table(size_t *ret_count);

/* verb.c */

/* NULL: there is none. */
const struct verb *verb_find(const char *name);
/* Calls show for each, in the order of the families. */
void verb_each(void (*show)(const struct verb *verb));
/* Is the argument (counted from 0) a path expression? */
bool verb_wants_path(const struct verb *verb, int argument);
/* Number and choices of the arguments. Tells what is wrong. */
enum status verb_check(const struct cli *cli, const struct verb *verb, int argc,
		       char **argv) must_check;
/* Runs with checked arguments, commits if this is the only chance, and prints. */
enum status verb_execute(struct cli *cli, const struct verb *verb, int argc, char **argv);

#endif
