/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: what is read and written. */
#include "compat.h"
#include "handle.h"

int aug_transform(augeas *aug, const char *lens, const char *file, int excl)
{
	TURN(handle, aug);

	turn_changes(handle);
	return done_of(handle, exm_transform(handle->exm, lens, file, excl), lens);
}

int aug_load(augeas *aug)
{
	TURN(handle, aug);
	int r;

	turn_changes(handle);
	r = exm_load(handle->exm);
	if (r == 0)
		keep_forget_files(&handle->keep);
	return done_of(handle, r, "");
}

/* That a file cannot be parsed is told below /augeas, and is no failure. */
int aug_load_file(augeas *aug, const char *file)
{
	TURN(handle, aug);
	const struct exm_error *error;
	int r;

	turn_changes(handle);
	r = exm_load_file(handle->exm, file);
	error = exm_last_error(handle->exm);
	if (error && (error->code == EXM_ERROR_PARSE_FAILED || error->code == EXM_ERROR_IO))
		return 0;
	return done_of(handle, r, file);
}

int aug_save(augeas *aug)
{
	TURN(handle, aug);

	turn_changes(handle);
	if (!handle_has_edits(handle))
		return -1;
	return lens_of(handle, exm_save(handle->exm, NULL), "");
}
