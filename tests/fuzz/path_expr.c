/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A path expression and, in the next line, the context in which it stands. Of a plain path the
 * guess is the path itself; no guess is longer than what it was made from; and what has an
 * expression without its last step is a beginning of it.
 */
#include <stdbool.h>

#include "fuzz.h"

#include "engine/path_expr.h"

static bool is_plain(const char *expr)
{
	static const char label[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	do {
		size_t length = expr[0] == '/' ? strspn(expr + 1, label) : 0;

		if (length == 0)
			return false;
		expr += 1 + length;
	} while (*expr);
	return true;
}

static void guess(const char *expr, const char *context)
{
	scoped_ptr char *prefix = path_expr_prefix(expr, context), *whole = NULL;

	expect(prefix && (prefix[0] == '\0' || prefix[0] == '/'));
	expect(asprintf(&whole, "%s/%s", context, expr) >= 0);
	expect(strlen(prefix) <= strlen(whole));
	expect(path_is_below(prefix, "") && path_is_below(prefix, prefix));
	expect(!prefix[0] || !path_is_below("", prefix));
	if (!is_plain(expr))
		return;
	if (path_is_below(expr, "/files"))
		expect(strcmp(prefix, expr + strlen("/files")) == 0);
	else
		expect(prefix[0] == '\0');
}

static void cut(const char *expr)
{
	size_t length = path_expr_parent(expr);

	expect(length == 0 || (length < strlen(expr) && expr[length] == '/'));
	if (is_plain(expr))
		expect(length == (size_t)(strrchr(expr, '/') - expr));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *text = fuzz_text(data, size);
	scoped_ptr char *expr = fuzz_text(data, strcspn(text, "\n"));
	char *context = strchr(text, '\n');

	guess(expr, context ? context + 1 : "/files");
	cut(expr);
	return 0;
}
