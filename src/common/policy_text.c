/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, on what the administrator wrote, and in the engine, on
 * what the monitor sent; trusts neither to be well formed. Says of each kind of
 * text in a policy what is wrong with it.
 */
#include "common/policy.h"

#include <stddef.h>
#include <string.h>

#include "common/glob.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

enum {
	UNIT_NAME_MAX = 255,
	ERE_DEPTH_MAX = 64,
	ERE_SIZE_MAX = 4096, /* elements of a regex with all its repetitions written out */
};

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
	    module + name > UNIT_NAME_MAX)
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
			       "(a '[' that belongs to the label is written '\\[')";
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
	if (strlen(unit) > UNIT_NAME_MAX)
		return "is too long; a unit's name has 255 bytes at most";
	if (unit[strspn(unit, allowed)] != '\0')
		return "has a character that no unit has; allowed are letters, digits and "
		       ":-_.@\\";
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

const char *policy_user_fault(const char *name)
{
	if (name[0] == '\0' || name[0] == '-' || strlen(name) > POLICY_USER_MAX ||
	    strpbrk(name, " \t:/,\\") || has_control(name))
		return "is no user's name; write one as in /etc/passwd";
	return NULL;
}

/* The byte after a bracket expression, or NULL if it does not end. */
static const char *skip_bracket(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	p += *p == ']';
	while (*p && *p != ']') {
		char kind = *p == '[' ? p[1] : '\0';

		if (kind == ':' || kind == '.' || kind == '=') {
			for (p += 2; *p && (p[0] != kind || p[1] != ']'); p++)
				;
			if (*p)
				p++;
		}
		if (*p)
			p++;
	}
	return *p ? p + 1 : NULL;
}

/* How many copies "{m,n}" at p makes, at least 1, and where it ends. */
static uint64_t read_interval(const char **p)
{
	uint64_t most = 1, number = 0;

	for (++*p; **p && strchr("0123456789,", **p); ++*p) {
		number = **p == ',' ? 0 : number * 10 + (uint64_t)(**p - '0');
		if (number > ERE_SIZE_MAX)
			number = ERE_SIZE_MAX + 1;
		/* "{n,}" is n copies and one that repeats */
		if (**p == ',')
			most++;
		if (number > most)
			most = number;
	}
	return most;
}

/* What the regex has so far, group within group. */
struct ere_size {
	uint64_t group[ERE_DEPTH_MAX];
	size_t depth;
	uint64_t last; /* the part that a repetition would repeat */
};

static bool ere_grow(struct ere_size *size, uint64_t elements)
{
	size->group[size->depth] += elements;
	return size->group[size->depth] <= ERE_SIZE_MAX;
}

static bool ere_repeat(struct ere_size *size, uint64_t times)
{
	uint64_t more = size->last * (times - 1);

	size->last += more;
	return ere_grow(size, more);
}

/* One element at *p. */
static int ere_step(struct ere_size *size, const char **p)
{
	char c = *(*p)++;

	switch (c) {
	case '(':
		if (++size->depth == ERE_DEPTH_MAX)
			return REG_ESPACE;
		size->group[size->depth] = 0;
		return 0;
	case ')':
		if (size->depth == 0)
			return REG_EPAREN;
		size->last = size->group[size->depth--] + 1;
		return ere_grow(size, size->last) ? 0 : REG_ESPACE;
	case '*':
	case '?':
		return 0;
	case '+': /* one copy and one that repeats */
		return ere_repeat(size, 2) ? 0 : REG_ESPACE;
	case '{':
		--*p;
		return ere_repeat(size, read_interval(p)) ? 0 : REG_ESPACE;
	case '[':
		*p = skip_bracket(*p - 1);
		if (!*p)
			return REG_EBRACK;
		break;
	case '\\':
		if (**p >= '1' && **p <= '9')
			return REG_ESUBREG;
		if (**p)
			++*p;
		break;
	default:
		break;
	}
	size->last = 1;
	return ere_grow(size, 1) ? 0 : REG_ESPACE;
}

/*
 * regcomp(3) of glibc takes a ')' without its '(' for itself, which would break
 * out of the anchors around it; matches back-references in exponential time;
 * and writes repetitions of repetitions out.
 */
static int ere_check(const char *ere)
{
	struct ere_size size = { .last = 1 };
	int r = 0;

	while (r == 0 && *ere)
		r = ere_step(&size, &ere);
	if (r == 0 && size.depth > 0)
		r = REG_EPAREN;
	return r;
}

int policy_value_compile(struct policy_value *value)
{
	char anchored[POLICY_TEXT_MAX + sizeof("^()$")];
	size_t length = strlen(value->ere);
	int r;

	if (length > POLICY_TEXT_MAX)
		return REG_ESPACE;
	r = ere_check(value->ere);
	if (r != 0)
		return r;
	memcpy(anchored, "^(", 2);
	memcpy(anchored + 2, value->ere, length);
	memcpy(anchored + 2 + length, ")$", sizeof(")$"));
	/* with REG_NEWLINE '.' does not match a newline; policy_check_value() sees to the ends */
	return regcomp(&value->compiled, anchored, REG_EXTENDED | REG_NEWLINE);
}
