/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_UTF8_H
#define EXM_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Is it UTF-8 as RFC 3629 has it (no surrogates, no overlong forms)? ret_end may be NULL. */
bool utf8_valid(const char *text, size_t length, size_t *ret_end);

#endif
