/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JSON_SCAN_H
#define EXM_JSON_SCAN_H

#include "common/json.h"

/*
 * Refuses what json-c would let pass although RFC 8259 forbids it, or would
 * silently turn into something else: see json_scan.c for the list. What it lets
 * pass need not be JSON yet. Counts the names of all objects. 0 or -EBADMSG.
 */
int json_scan(const char *text, size_t length, unsigned int depth, size_t *ret_names,
	      struct json_error *ret_error) must_check;

#endif
