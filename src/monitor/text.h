/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TEXT_H
#define EXM_TEXT_H

#include <stddef.h>

/*
 * Copies as much as fits, cut between two characters, always with a NUL at the end.
 * Bytes that are not UTF-8, and NULs, become '?'. Returns the length of the copy.
 */
size_t text_copy(char *to, size_t size, const char *from, size_t length);

#endif
