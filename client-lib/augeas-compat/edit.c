/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: what changes the tree. The server judges each edit. */
#include <string.h>

#include "compat.h"

int aug_set(augeas *aug, const char *path, const char *value)
{
	TURN(handle, aug);

	turn_changes(handle);
	return done_of(handle, exm_set(handle->exm, path, value), path);
}

int aug_setm(augeas *aug, const char *base, const char *sub, const char *value)
{
	TURN(handle, aug);

	turn_changes(handle);
	return result_of(handle, exm_setm(handle->exm, base, sub, value), base);
}

int aug_insert(augeas *aug, const char *path, const char *label, int before)
{
	TURN(handle, aug);

	turn_changes(handle);
	return done_of(handle, exm_insert(handle->exm, path, label, before), path);
}

int aug_rm(augeas *aug, const char *path)
{
	TURN(handle, aug);

	turn_changes(handle);
	return result_of(handle, exm_remove(handle->exm, path), path);
}

int aug_mv(augeas *aug, const char *src, const char *dst)
{
	TURN(handle, aug);

	turn_changes(handle);
	return done_of(handle, exm_move(handle->exm, src, dst), src);
}

int aug_cp(augeas *aug, const char *src, const char *dst)
{
	TURN(handle, aug);

	turn_changes(handle);
	return done_of(handle, exm_copy(handle->exm, src, dst), src);
}

int aug_rename(augeas *aug, const char *src, const char *lbl)
{
	TURN(handle, aug);

	turn_changes(handle);
	return result_of(handle, exm_rename(handle->exm, src, lbl), src);
}

int aug_text_store(augeas *aug, const char *lens, const char *node, const char *path)
{
	TURN(handle, aug);

	turn_changes(handle);
	return lens_of(handle, exm_text_store(handle->exm, lens, node, path), path);
}

int aug_text_retrieve(augeas *aug, const char *lens, const char *node_in, const char *path,
		      const char *node_out)
{
	TURN(handle, aug);

	turn_changes(handle);
	return lens_of(handle, exm_text_retrieve(handle->exm, lens, node_in, path, node_out), path);
}

int aug_escape_name(augeas *aug, const char *in, char **out)
{
	TURN(handle, aug);
	char *name = NULL;
	int r;

	if (!in || !out)
		return error_set(handle, AUG_EBADARG, "aug_escape_name: %s must not be NULL",
				 in ? "OUT" : "IN");
	*out = NULL;
	r = exm_escape_name(handle->exm, in, &name);
	if (r < 0)
		return error_of(handle, r, in);
	/* NULL: it needs none */
	if (strcmp(name, in) == 0)
		free(name);
	else
		*out = name;
	return 0;
}
