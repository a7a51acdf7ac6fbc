/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: what changes the tree. The server judges each edit. */
#include <string.h>

#include "compat.h"

int aug_set(augeas *handle, const char *path, const char *value)
{
	TURN(aug, handle);

	turn_changes(aug);
	return done_of(aug, exm_set(aug->exm, path, value), path);
}

int aug_setm(augeas *handle, const char *base, const char *sub, const char *value)
{
	TURN(aug, handle);

	turn_changes(aug);
	return result_of(aug, exm_setm(aug->exm, base, sub, value), base);
}

int aug_insert(augeas *handle, const char *path, const char *label, int before)
{
	TURN(aug, handle);

	turn_changes(aug);
	return done_of(aug, exm_insert(aug->exm, path, label, before), path);
}

int aug_rm(augeas *handle, const char *path)
{
	TURN(aug, handle);

	turn_changes(aug);
	return result_of(aug, exm_remove(aug->exm, path), path);
}

int aug_mv(augeas *handle, const char *src, const char *dst)
{
	TURN(aug, handle);

	turn_changes(aug);
	return done_of(aug, exm_move(aug->exm, src, dst), src);
}

int aug_cp(augeas *handle, const char *src, const char *dst)
{
	TURN(aug, handle);

	turn_changes(aug);
	return done_of(aug, exm_copy(aug->exm, src, dst), src);
}

int aug_rename(augeas *handle, const char *src, const char *lbl)
{
	TURN(aug, handle);

	turn_changes(aug);
	return result_of(aug, exm_rename(aug->exm, src, lbl), src);
}

int aug_text_store(augeas *handle, const char *lens, const char *node, const char *path)
{
	TURN(aug, handle);

	turn_changes(aug);
	return lens_of(aug, exm_text_store(aug->exm, lens, node, path), path);
}

int aug_text_retrieve(augeas *handle, const char *lens, const char *node_in, const char *path,
		      const char *node_out)
{
	TURN(aug, handle);

	turn_changes(aug);
	return lens_of(aug, exm_text_retrieve(aug->exm, lens, node_in, path, node_out), path);
}

int aug_escape_name(augeas *handle, const char *in, char **out)
{
	TURN(aug, handle);
	char *name = NULL;
	int r;

	if (!in || !out)
		return error_set(aug, AUG_EBADARG, "aug_escape_name: %s must not be NULL",
				 in ? "OUT" : "IN");
	*out = NULL;
	r = exm_escape_name(aug->exm, in, &name);
	if (r < 0)
		return error_of(aug, r, in);
	/* NULL: it needs none */
	if (strcmp(name, in) == 0)
		free(name);
	else
		*out = name;
	return 0;
}
