/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and in the engine. Looks at the regex of a Value= rule
 * before regcomp(3) does, because glibc's takes a ')' without its '(' for an
 * ordinary byte, which would break out of the anchors put around it; because
 * it matches back-references in exponential time; and because it writes
 * repetitions out, at a cost that grows with the cube of their number.
 */
#include "common/policy.h"

#include <string.h>

enum {
	ERE_DEPTH_MAX = 64,
	ERE_COPIES_MAX = 1024,   /* elements that repetitions add when written out */
	ERE_OPERATOR_WEIGHT = 8, /* a copied operator costs regcomp that much more than a byte */
};

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

/* How many copies "{m,n}" makes, at least 1, from behind the '{' to behind the '}'. */
static uint32_t read_interval(const char **p)
{
	const uint32_t too_many = ERE_COPIES_MAX + 2;
	uint32_t most = 1, number = 0;

	for (; **p && strchr("0123456789,", **p); ++*p) {
		number = **p == ',' ? 0 : number * 10 + (uint32_t)(**p - '0');
		if (number > too_many)
			number = too_many;
		/* "{n,}" is n copies and one that repeats */
		if (**p == ',')
			most++;
		if (number > most)
			most = number;
	}
	*p += **p == '}';
	return most;
}

/* What the regex has so far, group within group. */
struct ere_size {
	uint64_t group[ERE_DEPTH_MAX];
	size_t depth;
	uint64_t last; /* the part that a repetition would repeat */
	uint64_t copies;
};

static void ere_add(struct ere_size *size, uint64_t elements)
{
	size->group[size->depth] += elements;
	size->last = elements;
}

static void ere_operator(struct ere_size *size)
{
	size->last += ERE_OPERATOR_WEIGHT;
	size->group[size->depth] += ERE_OPERATOR_WEIGHT;
}

static int ere_repeat(struct ere_size *size, uint64_t times)
{
	uint64_t more = size->last * (times - 1);

	size->copies += more;
	size->last += more;
	size->group[size->depth] += more;
	ere_operator(size);
	return size->copies > ERE_COPIES_MAX ? REG_ESPACE : 0;
}

static void ere_close(struct ere_size *size)
{
	uint64_t inside = size->group[size->depth--];

	ere_add(size, inside + 1);
}

/* A parenthesis. */
static int ere_group(struct ere_size *size, bool opens)
{
	if (opens && ++size->depth == ERE_DEPTH_MAX)
		return REG_ESPACE;
	if (opens)
		size->group[size->depth] = 0;
	else if (size->depth == 0)
		return REG_EPAREN;
	else
		ere_close(size);
	return 0;
}

/* One element at *p. */
static int ere_step(struct ere_size *size, const char **p)
{
	switch (*(*p)++) {
	case '(':
		return ere_group(size, true);
	case ')':
		return ere_group(size, false);
	case '+': /* one copy and one that repeats */
		return ere_repeat(size, 2);
	case '{':
		return ere_repeat(size, read_interval(p));
	case '*':
	case '?':
	case '|':
		ere_operator(size);
		return 0;
	case '[':
		*p = skip_bracket(*p - 1);
		if (!*p)
			return REG_EBRACK;
		break;
	case '\\':
		if (**p >= '1' && **p <= '9')
			return REG_ESUBREG;
		if (*(*p)++ == '\0')
			return REG_EESCAPE;
		break;
	default:
		break;
	}
	ere_add(size, 1);
	return 0;
}

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
