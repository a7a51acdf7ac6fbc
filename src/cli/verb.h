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
	VERB_EDITS = 1,      /* makes edits that wait for a commit */
	VERB_SETTLES = 2,    /* leaves no edit waiting */
	VERB_FINDS = 4,      /* an empty result means that there is no such node */
	VERB_NO_SCRIPT = 8,  /* not within a script */
	VERB_PAIRS = 16,     /* arguments in pairs; a script may leave out the only value */
	VERB_LOCAL = 32,     /* needs no server */
	VERB_HIDDEN = 64,    /* for programs of ours, and not for people */
	VERB_NO_SHELL = 128, /* not within a shell of ours */
	VERB_PRIVATE = 256   /* its arguments are not to be kept */
};

/* What the arguments name that are no path expressions, for who completes them. */
enum verb_names {
	NAMES_NOTHING,
	NAMES_UNITS,
	NAMES_REVISIONS,
	NAMES_PACKAGES,
	NAMES_METHODS,
	NAMES_FILES,
	NAMES_VERBS,
};

struct verb {
	const char *name;
	const char *alias;     /* means the same; or NULL */
	const char *word;      /* the second word, which chooses the row; NULL: any other */
	const char *arguments; /* for people */
	const char *summary;
	int least, most;           /* arguments; VERB_MANY: no limit */
	uint32_t paths;            /* bit set: which arguments a script reads as path expressions */
	uint32_t flags;            /* enum verb_flag */
	enum verb_names names;     /* of the other arguments, but the choice */
	const char *const *choice; /* what its choice argument may be, ended by NULL; or NULL */
	int choice_at;
	uint32_t options; /* bit set of 1 << enum verb_option */
	const char *method;
	/* NULL: calls the method with the arguments by position */
	enum status (*run)(struct cli *cli, const struct verb *verb, int argc, char **argv,
			   struct json_object **ret_result);
	/* NULL: prints nothing. Not called with --json. */
	void (*print)(const struct cli *cli, char **argv, const struct json_object *result);
};

enum { VERB_MANY = 1024 };

#define ARGUMENT(number) (UINT32_C(1) << (number))
#define OPTION(name) (UINT32_C(1) << OPTION_##name)
#define EVERY_OTHER UINT32_C(0x55555555)

/* The families. */
const struct verb *verb_tree_table(size_t *ret_count);
const struct verb *verb_edit_table(size_t *ret_count);
const struct verb *verb_ensure_table(size_t *ret_count);
const struct verb *verb_commit_table(size_t *ret_count);
const struct verb *verb_config_table(size_t *ret_count);
const struct verb *verb_history_table(size_t *ret_count);
const struct verb *verb_service_table(size_t *ret_count);
const struct verb *verb_package_table(size_t *ret_count);
const struct verb *verb_system_table(size_t *ret_count);
const struct verb *verb_session_table(size_t *ret_count);
const struct verb *verb_script_table(size_t *ret_count);
const struct verb *verb_shell_table(size_t *ret_count);
const struct verb *verb_log_table(size_t *ret_count);
const struct verb *verb_help_table(size_t *ret_count);

/* verb.c */

/* By its first word, and by the second one where that matters. NULL: there is none. */
const struct verb *verb_find(const char *name, const char *word);
/*
 * Finds the verb that the words begin with, takes its options, and checks the
 * arguments that are left. Tells what is wrong.
 */
enum status verb_take(struct cli *cli, int *argc, char ***argv,
		      const struct verb **ret_verb) must_check;
/* Has any row that name? */
bool verb_is_one(const char *name);
/* Calls show for each, in the order of the families. */
void verb_each(void (*show)(const struct verb *verb, void *data), void *data);
/* Is the argument (counted from 0) a path expression? */
bool verb_wants_path(const struct verb *verb, int argument);
/* Runs with checked arguments, commits if this is the only chance, and prints. */
enum status verb_execute(struct cli *cli, const struct verb *verb, int argc, char **argv);

/* verb_option.c */

/* Moves the verb's options out of its arguments into cli->given. Tells what is wrong. */
enum status verb_options_take(struct cli *cli, const struct verb *verb, int *argc,
			      char ***argv) must_check;
/* Calls show for each option of the verb: the word without its dashes, and its argument or "". */
void verb_options_each(const struct verb *verb,
		       void (*show)(const char *word, const char *argument, const char *summary,
				    void *data),
		       void *data);
/* Is this word, with its dashes, an option of the verb that takes the next word? */
bool verb_option_takes_word(const struct verb *verb, const char *word);

#endif
