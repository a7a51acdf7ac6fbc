/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: what is read and written. */
#include "compat.h"
#include "handle.h"

int aug_transform(augeas *handle, const char *lens, const char *file, int excl)
{
	TURN(aug, handle);

	turn_changes(aug);
	return done_of(aug, exm_transform(aug->exm, lens, file, excl), lens);
}

int aug_load(augeas *handle)
{
	TURN(aug, handle);
	int r;

	turn_changes(aug);
	r = exm_load(aug->exm);
	if (r == 0)
		keep_forget_files(&aug->keep);
	return done_of(aug, r, "");
}

/* That a file cannot be parsed is told below /augeas, and is no failure. */
int aug_load_file(augeas *handle, const char *file)
{
	TURN(aug, handle);
	const struct exm_error *error;
	int r;

	turn_changes(aug);
	r = exm_load_file(aug->exm, file);
	error = exm_last_error(aug->exm);
	if (error && (error->code == EXM_ERROR_PARSE_FAILED || error->code == EXM_ERROR_IO))
		return 0;
	return done_of(aug, r, file);
}

int aug_save(augeas *handle)
{
	TURN(aug, handle);

	turn_changes(aug);
	if (!handle_has_edits(aug))
		return -1;
	return lens_of(aug, exm_save(aug->exm, NULL), "");
}
