/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_IDENTITY_LOCALE_H
#define EXM_IDENTITY_LOCALE_H

#include <stdbool.h>

#include "monitor/identity/identity_file.h"

/* The system's locale: /etc/default/locale (Debian) or /etc/locale.conf. */

/* The variables of it, in locale(7)'s order. LC_ALL is for one process, not for a file. */
#define LOCALE_VARIABLES(X) \
	X(LANG) \
	X(LANGUAGE) \
	X(LC_CTYPE) \
	X(LC_NUMERIC) \
	X(LC_TIME) \
	X(LC_COLLATE) \
	X(LC_MONETARY) \
	X(LC_MESSAGES) \
	X(LC_PAPER) \
	X(LC_NAME) \
	X(LC_ADDRESS) \
	X(LC_TELEPHONE) \
	X(LC_MEASUREMENT) \
	X(LC_IDENTIFICATION)

enum locale_variable {
#define X(name) LOCALE_##name,
	LOCALE_VARIABLES(X)
#undef X
		LOCALE_VARIABLE_MAX
};

enum { LOCALE_VALUE_SIZE = 256 };

struct identity_locale {
	char value[LOCALE_VARIABLE_MAX][LOCALE_VALUE_SIZE]; /* "": not set */
};

const char *identity_locale_variable(enum locale_variable variable);

/* What the file has of them; a value that could be none is passed over. 0 or -errno. */
int identity_locale_read(int root_fd, struct identity_locale *ret_locale) must_check;

/* Assignments, one blank apart, each of a locale that is there below the root. */
enum job_outcome identity_locale_check(int root_fd, const char *assignments,
				       struct identity_why *why) must_check;

/* Into `locale`, whose other variables stay; the assignments have been checked. */
void identity_locale_assign(struct identity_locale *locale, const char *assignments);

/* As assignments, one blank apart. */
void identity_locale_print(const struct identity_locale *locale, char *text, size_t size);

/*
 * Does it amount to what the assignments say? A category that has LANG's value
 * may be left out, as localed does.
 */
bool identity_locale_shows(const struct identity_locale *locale, const char *assignments);

/* Into the file; other lines of it stay as they are. The assignments have been checked. */
enum job_outcome identity_locale_write(int root_fd, const char *assignments,
				       struct identity_why *why) must_check;

#endif
