/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The unified difference: exact texts for known cases, and random texts that must come back. */
#include "unit.h"

#include <string.h>

#include "common/cleanup.h"
#include "engine/diff.h"

static struct text text_of(const char *s)
{
	return (struct text){ s, s ? strlen(s) : 0 };
}

static void expect(const char *from, const char *to, const char *wanted)
{
	scoped_ptr char *diff = diff_unified("/f", text_of(from), text_of(to));

	assert_non_null(diff);
	assert_string_equal(diff, wanted);
}

static void equal_texts_have_none(void **state)
{
	(void)state;
	expect("a\nb\n", "a\nb\n", "");
	expect("", "", "");
	expect(NULL, NULL, "");
}

static void one_line_changed(void **state)
{
	(void)state;
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n",
	       "--- /f\n+++ /f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n");
}

static void created_and_removed_files(void **state)
{
	(void)state;
	expect(NULL, "a\n", "--- /dev/null\n+++ /f\n@@ -0,0 +1 @@\n+a\n");
	expect("a\n", NULL, "--- /f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
}

static void missing_last_newline_is_told(void **state)
{
	(void)state;
	expect("a", "a\n", "--- /f\n+++ /f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

static void distant_changes_are_two_hunks(void **state)
{
	(void)state;
	expect("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "X\n2\n3\n4\n5\n6\n7\n8\nY\n",
	       "--- /f\n+++ /f\n@@ -1,4 +1,4 @@\n-1\n+X\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n "
	       "8\n-9\n+Y\n");
}

/* Applies a difference of our own form to the text; NULL if it does not fit. */
static char *apply(const char *from, const char *diff)
{
	char *out = calloc(1, strlen(from) + strlen(diff) + 1);
	size_t line = 1;

	if (*diff == '\0')
		return strcpy(out, from);
	diff = strchr(strchr(diff, '\n') + 1, '\n') + 1;
	while (*diff) {
		size_t start = strtoul(diff + 4, NULL, 10), length;
		const char *end = strchr(diff, '\n') + 1;

		/* "-N,0" stands after line N */
		if (strncmp(strpbrk(diff + 4, ", "), ",0 ", 3) == 0)
			start++;
		for (; line < start; line++) {
			length = (size_t)(strchr(from, '\n') + 1 - from);
			strncat(out, from, length);
			from += length;
		}
		for (diff = end; *diff && *diff != '@'; diff = end) {
			end = strchr(diff, '\n') + 1;
			length = (size_t)(end - diff) - 1;
			if (*diff != '+') {
				if (strncmp(from, diff + 1, length) != 0) {
					free(out);
					return NULL;
				}
				from += length;
				line++;
			}
			if (*diff != '-')
				strncat(out, diff + 1, length);
		}
	}
	return strcat(out, from);
}

static void random_text(char *text, unsigned int *seed)
{
	int lines = rand_r(seed) % 40;

	*text = '\0';
	for (int i = 0; i < lines; i++) {
		const char line[] = { (char)('a' + rand_r(seed) % 4), '\n', '\0' };

		strcat(text, line);
	}
}

static void random_texts_come_back(void **state)
{
	unsigned int seed = 20121;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char from[128], to[128];
		scoped_ptr char *diff = NULL, *back = NULL;

		random_text(from, &seed);
		random_text(to, &seed);
		diff = diff_unified("/f", text_of(from), text_of(to));
		assert_non_null(diff);
		back = apply(from, diff);
		assert_non_null(back);
		assert_string_equal(back, to);
	}
}

static void very_different_texts_stay_bounded(void **state)
{
	enum { LINES = 20000 };
	scoped_ptr char *from = malloc(LINES * 8), *to = malloc(LINES * 8), *diff = NULL;
	size_t a = 0, b = 0;

	(void)state;
	assert_non_null(from);
	assert_non_null(to);
	for (int i = 0; i < LINES; i++) {
		a += (size_t)sprintf(from + a, "a%d\n", i);
		b += (size_t)sprintf(to + b, "b%d\n", i);
	}
	diff = diff_unified("/f", text_of(from), text_of(to));
	assert_non_null(diff);
	assert_true(strlen(diff) > a + b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_texts_have_none),
		cmocka_unit_test(one_line_changed),
		cmocka_unit_test(created_and_removed_files),
		cmocka_unit_test(missing_last_newline_is_told),
		cmocka_unit_test(distant_changes_are_two_hunks),
		cmocka_unit_test(random_texts_come_back),
		cmocka_unit_test(very_different_texts_stay_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
