/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine and in clients, on hostile UTF-8 before json-c sees it.
 * json-c, even when strict, takes names in single quotes, control characters in
 * strings, NaN and Infinity, and numbers like -01, -.5 and 1.; it cuts a name
 * at \u0000, replaces half of a surrogate pair, and changes integers that
 * do not fit. One more thing is counted here and judged by json_parse(): names,
 * since of two equal ones it keeps the last.
 */
#include "common/json_scan.h"

#include <errno.h>
#include <string.h>

struct scan {
	const char *at;
	const char *end;
	unsigned int open; /* objects and arrays */
	unsigned int depth;
	size_t names;
};

static char peek(const struct scan *s)
{
	return s->at < s->end ? *s->at : '\0';
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

static size_t skip_digits(struct scan *s)
{
	const char *start = s->at;

	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
	return (size_t)(s->at - start);
}

/* Does the integer of these digits fit into an int64_t? */
static bool fits(const char *digits, size_t count, bool negative)
{
	uint64_t value = 0;

	for (size_t i = 0; i < count; i++) {
		if (value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(digits[i] - '0');
	}
	return value <= (uint64_t)INT64_MAX + negative;
}

/* The grammar of RFC 8259, section 6. Returns NULL or what is wrong. */
static const char *scan_number(struct scan *s)
{
	bool negative = *s->at == '-', whole = true;
	const char *digits = s->at += negative;
	size_t count = skip_digits(s);

	if (count == 0 || (count > 1 && *digits == '0'))
		return "not a number";
	if (peek(s) == '.') {
		whole = false;
		s->at++;
		if (skip_digits(s) == 0)
			return "not a number";
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		whole = false;
		s->at++;
		s->at += peek(s) == '+' || peek(s) == '-';
		if (skip_digits(s) == 0)
			return "not a number";
	}
	if (s->at < s->end && !is_one_of(*s->at, " \t\n\r,]}"))
		return "not a number";
	return whole && !fits(digits, count, negative) ? "an integer out of range" : NULL;
}

/* The four digits behind "\u", or -1. */
static int read_hex(struct scan *s)
{
	int code = 0;

	for (int i = 0; i < 4; i++) {
		char c = peek(s);

		code <<= 4;
		if (c >= '0' && c <= '9')
			code |= c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			code |= (c | 0x20) - 'a' + 10;
		else
			return -1;
		s->at++;
	}
	return code;
}

static const char *scan_escape(struct scan *s, bool *ret_nul)
{
	char c = *++s->at;
	int code;

	s->at++;
	if (c != 'u')
		return is_one_of(c, "\"\\/bfnrt") ? NULL : "unknown escape";
	code = read_hex(s);
	if (code < 0)
		return "unknown escape";
	if (code == 0)
		*ret_nul = true;
	if (code < 0xd800 || code > 0xdfff)
		return NULL;
	if (code <= 0xdbff && s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == 'u') {
		s->at += 2;
		code = read_hex(s);
		if (code >= 0xdc00 && code <= 0xdfff)
			return NULL;
	}
	return "half of a surrogate pair";
}

static const char *scan_string(struct scan *s)
{
	bool nul = false;

	s->at++;
	while (s->at < s->end && *s->at != '"') {
		const char *reason = NULL;

		if ((unsigned char)*s->at < 0x20)
			reason = "control character inside a string";
		else if (*s->at != '\\')
			s->at++;
		else if (s->end - s->at < 2)
			s->at++;
		else
			reason = scan_escape(s, &nul);
		if (reason)
			return reason;
	}
	if (s->at < s->end)
		s->at++;
	while (s->at < s->end && is_one_of(*s->at, " \t\n\r"))
		s->at++;
	return nul && peek(s) == ':' ? "NUL inside a name" : NULL;
}

static const char *scan_one(struct scan *s)
{
	char c = *s->at;

	if (c == '"')
		return scan_string(s);
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(s);
	if (c == '\'' || c == '\0' || (c >= 'A' && c <= 'Z'))
		return "unexpected character";
	if ((c == '[' || c == '{') && ++s->open > s->depth)
		return "nested too deeply";
	if ((c == ']' || c == '}') && s->open > 0)
		s->open--;
	s->names += c == ':';
	s->at++;
	return NULL;
}

int json_scan(const char *text, size_t length, unsigned int depth, size_t *ret_names,
	      struct json_error *ret_error)
{
	struct scan s = { .at = text, .end = text + length, .depth = depth };

	while (s.at < s.end) {
		const char *reason = scan_one(&s);

		if (!reason)
			continue;
		ret_error->offset = (size_t)(s.at - text);
		ret_error->reason = reason;
		return -EBADMSG;
	}
	*ret_names = s.names;
	return 0;
}
