/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/engine/selection.c and outline.c: the same paths in the same order, the same values
 * and the same prints as libaugeas has them, for trees of every lens.
 */
#include "selection_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* ---- what Augeas's own tests are made of -------------------------------------------- */

/* The content of the literal that begins behind its quote. Returns what is behind it. */
static const char *take_literal(const char *p, char **ret_text)
{
	static const char names[] = "ntr", bytes[] = "\n\t\r";
	char *text = malloc(strlen(p) + 1);
	size_t length = 0;

	assert_non_null(text);
	for (; *p && *p != '"'; p++) {
		const char *name = p[0] == '\\' && p[1] ? strchr(names, p[1]) : NULL;

		if (*p == '\\' && p[1])
			p++;
		text[length++] = name ? bytes[name - names] : *p;
	}
	text[length] = '\0';
	*ret_text = text;
	return *p ? p + 1 : p;
}

static const char *skip_comment(const char *p)
{
	int depth = 0;

	do {
		if (strncmp(p, "(*", 2) == 0 || strncmp(p, "*)", 2) == 0) {
			depth += *p == '(' ? 1 : -1;
			p++;
		}
		p++;
	} while (*p && depth > 0);
	return p;
}

enum { LENSES_MAX = 6, EXPRESSIONS = 4 };

struct lenses {
	char *name[LENSES_MAX];
	size_t count;
};

static void lenses_clear(struct lenses *lenses)
{
	for (size_t i = 0; i < lenses->count; i++)
		free(lenses->name[i]);
}

/* What the tests of one module use: "test Hosts.lns get ..." */
static void find_lenses(const char *text, struct lenses *lenses)
{
	for (const char *p = text; lenses->count < LENSES_MAX && (p = strstr(p, "test "));) {
		char name[128];

		p += strlen("test ");
		p += strspn(p, "( \n");
		if (sscanf(p, "%127[A-Za-z0-9_.]", name) != 1 || !strchr(name, '.'))
			continue;
		for (size_t i = 0; i < lenses->count; i++)
			if (strcmp(lenses->name[i], name) == 0)
				name[0] = '\0';
		if (name[0])
			lenses->name[lenses->count++] = strdup(name);
	}
}

static bool try_text(struct tree *tree, const char *lens, const char *text)
{
	reads_forget(&tree->reads);
	aug_rm(tree->aug, FILE_NODE);
	if (aug_set(tree->aug, "/text", text) < 0 ||
	    aug_text_store(tree->aug, lens, "/text", FILE_NODE) < 0)
		return false;
	compare_tree(tree, EXPRESSIONS);
	return true;
}

/* How many trees its texts made. */
static size_t try_module(struct tree *tree, const char *path)
{
	scoped(lenses_clear) struct lenses lenses = { 0 };
	scoped_ptr char *text = unit_file_read(path);
	size_t trees = 0;

	assert_non_null(text);
	find_lenses(text, &lenses);
	for (const char *p = text; *p;) {
		scoped_ptr char *literal = NULL;

		if (strncmp(p, "(*", 2) == 0) {
			p = skip_comment(p);
			continue;
		}
		if (*p++ != '"')
			continue;
		p = take_literal(p, &literal);
		for (size_t i = 0; strchr(literal, '\n') && i < lenses.count; i++)
			trees += try_text(tree, lenses.name[i], literal);
	}
	return trees;
}

#define TESTS "/usr/share/augeas/lenses/dist/tests"

static void test_lenses(void **state)
{
	struct tree *tree = *state;
	size_t trees = 0, modules = 0;
	DIR *directory = opendir(TESTS);

	if (!directory) {
		unit_skip_test("there are no tests of lenses in " TESTS);
		return;
	}
	pad(tree);
	for (struct dirent *entry; (entry = readdir(directory));) {
		scoped_ptr char *path = unit_path(TESTS, entry->d_name);

		if (strncmp(entry->d_name, "test_", 5) != 0)
			continue;
		modules++;
		trees += try_module(tree, path);
	}
	closedir(directory);
	print_message("%zu trees of %zu modules, %zu gets\n", trees, modules, get_counts().found);
	assert_true(modules > 200 && trees > 2 * modules && get_counts().found > 2 * trees);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, make, unmake)
		TEST(lenses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
