/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLI_OPTIONS_H
#define EXM_CLI_OPTIONS_H

#include <stdbool.h>

#include "cli/cli.h"

struct options {
	bool json;
	bool once;
	bool spawn;
	bool help;
	bool version;
	const char *socket;
	const char *secret_file;
	const char *policy; /* these three only with spawn */
	const char *root;
	const char *user;
	int verb; /* its index in argv */
};

/* STATUS_DONE: go on; STATUS_PRINTED: help or version was asked for; STATUS_USAGE: told why. */
enum status options_read(int argc, char **argv, struct options *ret_options) must_check;

/* The same of words alone, and silently. How many there are; -EINVAL if one is none or half one. */
int options_take(int count, char **words, struct options *ret_options) must_check;
/* Calls show for each option, without its dashes. */
void options_each(void (*show)(const char *word, void *data), void *data);

/* Becomes exmachinad(8), which starts this program again. Returns only on failure. */
enum status spawn_server(const struct options *options, char **verb) must_check;

#endif
