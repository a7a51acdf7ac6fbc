/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UNIT_H
#define EXM_UNIT_H

/*
 * What the unit tests share. A test's name is a sentence that it proves.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h> /* wants most of those above before it */

#include "common/cleanup.h"

/*
 * For main(): says why nothing was tested and returns the status that Automake
 * takes for a skip. Where everything must be present (CI=true) it is a failure.
 */
int unit_skip(const char *why);

/* The same for one test of several. */
void unit_skip_test(const char *why);

/* What is written to descriptor 2 between the two calls, as a new string. */
void unit_capture_begin(void);
char *unit_capture_end(void);

/* A new empty directory, removed with all in it by the second call. Owned by whoever runs. */
char *unit_directory_make(void);
void unit_directory_remove(char *directory);

/* "DIRECTORY/NAME" in a new string. */
char *unit_path(const char *directory, const char *name);

/* Makes the file, or writes it anew, with mode 0644. */
void unit_file_write(const char *path, const char *text);

/* Its content as a new string, or NULL if there is no such file. */
char *unit_file_read(const char *path);

/* How many entries the directory has. */
size_t unit_directory_count(const char *directory);

/* `count` times the byte, as a new string. */
char *unit_repeat(char byte, size_t count);

/* How many descriptors this process has open. */
size_t unit_open_descriptors(void);

#endif
