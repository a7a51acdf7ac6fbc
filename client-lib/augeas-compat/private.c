/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a program that uses Augeas: what Augeas exports for its own tools, and has no header
 * for. Such a tool finds the symbols; lenses are compiled by the server only.
 */
#include <stdlib.h>

#include "compat.h"

/* As Augeas lays it out. */
struct memstream {
	FILE *stream;
	char *buf;
	size_t size;
};

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the names are Augeas's */
#pragma GCC visibility push(default)
int __aug_load_module_file(augeas *aug, const char *filename);
int __aug_init_memstream(struct memstream *ms);
int __aug_close_memstream(struct memstream *ms);
#pragma GCC visibility pop

int __aug_load_module_file(augeas *aug, const char *filename)
{
	TURN(handle, aug);

	return error_set(handle, AUG_ESYNTAX,
			 "%s: lenses are compiled by the server, from its own "
			 "directories only",
			 filename);
}

int __aug_init_memstream(struct memstream *ms)
{
	*ms = (struct memstream){ 0 };
	ms->stream = open_memstream(&ms->buf, &ms->size);
	return ms->stream ? 0 : -1;
}

int __aug_close_memstream(struct memstream *ms)
{
	FILE *stream = take_ptr(ms->stream);

	return stream && fclose(stream) != 0 ? -1 : 0;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
