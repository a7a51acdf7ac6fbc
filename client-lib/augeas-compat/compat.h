/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMPAT_H
#define EXM_COMPAT_H

/*
 * Augeas's interface over a session of a server: what its files share. Each family of functions is
 * a file; none of them decides anything, all are calls of libexmachina.
 */

#include <stdbool.h>
#include <stddef.h>

/* what is declared here is what the library exports */
#pragma GCC visibility push(default)
#include <augeas.h>
#pragma GCC visibility pop

#include "common/cleanup.h"
#include "exmachina.h"
#include "keep.h"
#include "variable.h"

struct augeas {
	struct exm
		*exm; /* the session of the process; NULL: there is none, and the error says why */
	struct keep keep;
	struct variables variables;

	aug_errcode_t code;
	const char *message; /* static */
	char *minor;
	char *details;
};

/* ---- handle.c ---- */

/*
 * Each function of the interface is a turn: it forgets the last error, and has the session of the
 * process for itself. TURN(handle, aug); declares handle, and ends the turn with its block.
 */
struct augeas *turn_begin(const augeas *aug);
void turn_end(struct augeas **handle);

#define TURN(handle, aug) scoped(turn_end) struct augeas *handle = turn_begin(aug)

/* The call is one that may change the tree: what is remembered of it may be wrong. */
void turn_changes(struct augeas *aug);

/* ---- error.c ---- */

void error_clear(struct augeas *aug);
/* What a function of Augeas fails with. Returns -1. */
int error_set(struct augeas *aug, aug_errcode_t code, const char *details, ...) printf_like(3, 4);
/* What Augeas does not have, by a code of its and a text of our own, which is static. Returns -1.
 */
int error_other(struct augeas *aug, aug_errcode_t code, const char *message, const char *details);
/* The same for what a call of libexmachina has returned; expr is what it was about. Returns -1. */
int error_of(struct augeas *aug, int result, const char *expr);
/* A result of 0 or more as it is, and anything else by error_of(). */
int result_of(struct augeas *aug, int result, const char *expr);
/* The same where Augeas tells of success with 0. */
int done_of(struct augeas *aug, int result, const char *expr);
/* The same where a lens is at work: if that fails there is no error, but one below /augeas. */
int lens_of(struct augeas *aug, int result, const char *expr);
/* A member of the server's error's data in new memory; NULL: there is none. */
char *error_field(const struct augeas *aug, const char *name);
/* Does the error say that there is nothing: no such node, or none that the policy lets be seen? */
bool error_is_nothing(const struct augeas *aug, int result);

#endif
