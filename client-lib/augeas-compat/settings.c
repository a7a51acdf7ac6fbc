/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: what it asks for and only the server can give. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"

enum { INFO_DEPTH = 16 };

/* Without the slashes at its end. */
static size_t length_of(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] == '/')
		length--;
	return length;
}

static bool is_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
	a_length = length_of(a, a_length);
	return a_length == length_of(b, b_length) && strncmp(a, b, a_length) == 0;
}

static bool root_is_same(struct augeas *aug, const char *root)
{
	scoped_ptr char *ours = NULL;
	int r = exm_get(aug->exm, "/augeas/root", &ours);

	if (r < 0 || !ours) {
		error_of(aug, r, root);
		return false;
	}
	if (is_same(root, strlen(root), ours, strlen(ours)))
		return true;
	error_set(aug, AUG_EBADARG, "the root directory is the server's, %s, and cannot be %s",
		  ours, root);
	return false;
}

/* The directories that they are in, colons between them; NULL: not known. */
static char *lenses_of_server(const struct augeas *aug)
{
	scoped_ptr char *info = NULL;
	scoped_json *value = NULL;
	struct json_error where;
	char *lenses = NULL;

	if (exm_info(aug->exm, &info) < 0 ||
	    json_parse(info, strlen(info), INFO_DEPTH, &value, &where) < 0 ||
	    json_get_bytes(json_get(value, "lenses"), &lenses) < 0)
		return NULL;
	return lenses;
}

static bool is_among(const char *dir, size_t length, const char *list)
{
	for (const char *p = list; *p; p += *p == ':') {
		size_t one = strcspn(p, ":");

		if (is_same(dir, length, p, one))
			return true;
		p += one;
	}
	return false;
}

static bool lenses_are_same(struct augeas *aug, const char *list)
{
	scoped_ptr char *ours = lenses_of_server(aug);

	for (const char *p = list; ours && *p; p += *p == ':') {
		size_t length = strcspn(p, ":");

		if (length > 0 && !is_among(p, length, ours)) {
			error_set(aug, AUG_EBADARG,
				  "the lenses are the server's, in %s, and none of %.*s", ours,
				  (int)length, p);
			return false;
		}
		p += length;
	}
	if (!ours)
		error_set(aug, AUG_ENOMEM, NULL);
	return ours != NULL;
}

bool settings_are_those_of_server(struct augeas *aug, const char *root, const char *loadpath)
{
	const char *more = getenv("AUGEAS_LENS_LIB");

	if (!root)
		root = getenv("AUGEAS_ROOT");
	if (root && *root && !root_is_same(aug, root))
		return false;
	if (loadpath && *loadpath && !lenses_are_same(aug, loadpath))
		return false;
	return !more || !*more || lenses_are_same(aug, more);
}
