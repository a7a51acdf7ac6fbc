/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, on what the administrator wrote, and in the engine, on
 * what the monitor sent; trusts neither to be well formed. Says of each kind of
 * text in a policy what is wrong with it.
 */
#include "common/policy.h"

#include <string.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

enum { NAME_LENGTH_MAX = 255, PACKAGE_LENGTH_MAX = 128 };

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static bool is_dots(const char *text, size_t length)
{
	return length <= 2 && memcmp(text, "..", length) == 0;
}

/* Are there components, none of them empty, "." or ".."? */
static bool is_simplest(const char *path)
{
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (is_dots(path, length))
			return false;
		path += length;
	}
	return *path == '\0';
}

bool policy_path_is_plain(const char *path)
{
	return path[0] == '/' && strlen(path) < POLICY_TEXT_MAX && is_simplest(path) &&
	       !has_control(path);
}

const char *policy_path_fault(const char *path)
{
	if (path[0] != '/')
		return "is not absolute; it must begin with '/'";
	if (strlen(path) >= POLICY_TEXT_MAX)
		return "is too long; a path has 4095 bytes at most";
	if (!is_simplest(path))
		return "is not in its simplest form; no empty component, '.', '..' or "
		       "'/' at the end";
	if (!policy_path_is_plain(path))
		return "holds a control character; such a file cannot be served";
	if (strchr(path, '\\'))
		return "holds a backslash; nothing is escaped in a path";
	if (strstr(path, "**"))
		return "holds '**'; a wildcard stays within one component, one '*' is enough";
	return NULL;
}

const char *policy_lens_fault(const char *lens)
{
	size_t module = strspn(lens, ALNUM "_");
	size_t name = lens[module] == '.' ? strspn(lens + module + 1, ALNUM "_") : 0;

	if (lens[0] < 'A' || lens[0] > 'Z' || name == 0 || lens[module + 1 + name] != '\0' ||
	    module + name > NAME_LENGTH_MAX)
		return "is no lens; it is written Module.name, as in Sshd.lns";
	return NULL;
}

static const char *label_fault(const char *label, size_t length)
{
	if (length == 0)
		return "has an empty label; labels are separated by one '/', with none at the "
		       "beginning or the end";
	if (is_dots(label, length))
		return "has '.' or '..' for a label; a pattern goes down only";
	if (length > 2 && memmem(label, length, "**", 2))
		return "has '**' beside other characters; it stands alone between two '/'";
	return NULL;
}

const char *policy_pattern_fault(const char *pattern)
{
	const char *label = pattern;

	if (strlen(pattern) > POLICY_TEXT_MAX)
		return "is too long; a pattern has 4096 bytes at most";
	for (const char *at = pattern;; at++) {
		if (*at == '/' || *at == '\0') {
			const char *fault = label_fault(label, (size_t)(at - label));

			if (fault || *at == '\0')
				return fault;
			label = at + 1;
		} else if (*at == '[') {
			return "has a position; a pattern means all nodes of a label "
			       "(a '[' of the label itself takes a backslash before it)";
		} else if (*at == '\\' && *++at == '\0') {
			return "ends with a backslash; it must be followed by the character that "
			       "it protects";
		}
	}
}

static const char *unit_fault(const char *unit, const char *allowed)
{
	static const char *const suffixes[] = {
		".service", ".socket", ".target", ".timer", ".path",      ".mount",
		".swap",    ".device", ".slice",  ".scope", ".automount",
	};
	const char *suffix = strrchr(unit, '.');

	if (unit[0] == '-')
		return "begins with '-'; no unit that may be named here does";
	if (strlen(unit) > NAME_LENGTH_MAX)
		return "is too long; a unit's name has 255 bytes at most";
	if (unit[strspn(unit, allowed)] != '\0')
		return "has a character that no unit has; allowed are letters, digits, "
		       ":-_.@ and the backslash";
	for (size_t i = 0; suffix && suffix > unit && i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(suffix, suffixes[i]) == 0)
			return NULL;
	return "lacks the suffix of its type; write it as in ssh.service";
}

const char *policy_unit_fault(const char *unit)
{
	if (strpbrk(unit, "*?") && strchr(unit, '\\'))
		return "has a backslash and a wildcard; name units with a backslash one by one";
	return unit_fault(unit, ALNUM ":-_.@\\*?");
}

bool policy_unit_name_valid(const char *unit)
{
	return !unit_fault(unit, ALNUM ":-_.@\\");
}

/* deb-control(5): lower case, begins with a letter or digit, at least two bytes. */
static const char *package_fault(const char *name, const char *allowed)
{
	size_t length = strlen(name);

	if (length > PACKAGE_LENGTH_MAX)
		return "is too long; a package's name has 128 bytes at most";
	if (name[strspn(name, allowed)] != '\0')
		return "has a character that no package has; allowed are a-z, 0-9, '+', '-' and "
		       "'.'";
	if (strchr("+-.", name[0]))
		return "is no package's name; it begins with a letter or digit";
	if (name[length - 1] == '-')
		return "ends with '-', by which apt means a removal; no package is called so";
	if (length < 2 && name[0] != '*')
		return "is no package's name; it has two bytes at least";
	return NULL;
}

const char *policy_package_fault(const char *name)
{
	return package_fault(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.*?");
}

bool policy_package_name_valid(const char *name)
{
	return !package_fault(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.");
}

const char *policy_user_fault(const char *name)
{
	if (name[0] == '\0' || name[0] == '-' || strlen(name) > POLICY_USER_MAX ||
	    strpbrk(name, " \t:/,\\") || has_control(name))
		return "is no user's name; write one as in /etc/passwd";
	return NULL;
}
