/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/engine/selection.c and outline.c: the same paths in the same order, the same values
 * and the same prints as libaugeas has them, for trees of every lens and for expressions at random.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "engine/selection.h"
#include "engine/tree.h"

#define FILE_NODE "/files/etc/x"

/* Enough nodes for an outline of the whole tree. */
enum { PADDING = 70 };

static int make(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -1;
	tree->aug = aug_init("/", LENS_PATH,
			     AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_ENABLE_SPAN |
				     AUG_NO_ERR_CLOSE);
	if (!tree->aug)
		return -1;
	tree->count = 1;
	tree->file[0] = (struct tree_file){ .path = strdup("/etc/x"), .state = TREE_LOADED };
	*state = tree;
	return 0;
}

static int unmake(void **state)
{
	struct tree *tree = *state;

	reads_forget(&tree->reads);
	aug_close(tree->aug);
	free(tree->file[0].path);
	free(tree);
	return 0;
}

static void pad(struct tree *tree)
{
	for (int i = 0; i < PADDING; i++)
		assert_int_equal(aug_set(tree->aug, "/files/padding/x[last() + 1]", "y"), 0);
}

/* So that few nodes go by an outline too, of whatever is there now. */
static void prime(struct tree *tree)
{
	int r;

	reads_forget(&tree->reads);
	r = outline_new(tree->aug, "", &tree->reads.outline);
	if (r < 0)
		assert_int_equal(r, -ENOTSUP);
}

/* ---- the comparison --------------------------------------------------------------- */

static void compare_node(struct tree *tree, struct selection *selection, size_t i, const char *path)
{
	scoped_ptr char *below = NULL;
	const char *value = NULL;

	if (strcmp(selection_path(selection, i), path) != 0)
		fail_msg("%s where Augeas says %s", selection_path(selection, i), path);
	/* of nodes that Augeas cannot tell apart there is no single one to ask for */
	if (aug_get(tree->aug, path, &value) != 1)
		return;
	assert_true((value == NULL) == (selection->node[i].value == NULL));
	assert_true(!value || strcmp(value, selection->node[i].value) == 0);
	assert_true(asprintf(&below, "%s/*", path) > 0);
	assert_int_equal(selection_children(selection, i), aug_match(tree->aug, below, NULL));
}

static void compare_match(struct tree *tree, const char *expr, bool primed)
{
	scoped_selection selection = { 0 };
	char **path = NULL;
	int count = aug_match(tree->aug, expr, &path), r;

	if (primed)
		prime(tree);
	r = selection_new(tree, expr, &selection);
	if (r < 0 && aug_error(tree->aug) == AUG_NOERROR)
		fail_msg("%s: fails without a word", expr);
	if ((count < 0) != (r < 0) || (r == 0 && selection.count != (size_t)count))
		fail_msg("%s: %zu nodes (%d), Augeas has %d", expr, selection.count, r, count);
	for (int i = 0; i < count; i++) {
		compare_node(tree, &selection, (size_t)i, path[i]);
		free(path[i]);
	}
	free(path);
}

static void compare_print(struct tree *tree, const char *expr, bool primed)
{
	scoped(output_clear) struct output out = { 0 };
	scoped_ptr char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int r = aug_print(tree->aug, file, expr);

	fclose(file);
	if (primed)
		prime(tree);
	assert_int_equal(selection_print(tree, expr, SIZE_MAX, &out) < 0, r < 0);
	if (r < 0)
		return;
	for (size_t i = 0; i < size && i < out.length; i++)
		if (out.text[i] != text[i])
			fail_msg("%s: printed is ... %.*s, and Augeas prints %.60s", expr,
				 (int)(out.length - i > 60 ? 60 : out.length - i), out.text + i,
				 text + i);
	assert_int_equal(out.length, size);
}

/* How many nodes gets of one path found by themselves. */
static size_t located;

static void compare_get(struct tree *tree, const char *path)
{
	const char *value = NULL, *mine = NULL;
	int r = aug_get(tree->aug, path, &value);

	if (!reads_get(tree, path, &mine))
		return;
	located++;
	if (r != 1)
		fail_msg("%s: one node is found, and Augeas has %d", path, r);
	assert_true((value == NULL) == (mine == NULL));
	assert_true(!value || strcmp(value, mine) == 0);
}

/* The path of a node, and others that it resembles. */
static void compare_gets_near(struct tree *tree, const char *path)
{
	static const char *const more[] = { "",    "[1]",      "[2]",    "[01]", "[0]", "/",
					    "/*",  "/1",       "x",      " ",    "[",   "/x[1]",
					    "/..", "[last()]", "[1][1]", "[*]",  "|/a", "[1]/." };
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		scoped_ptr char *near = NULL;

		assert_true(asprintf(&near, "%s%s", path, more[i]) > 0);
		compare_get(tree, near);
	}
	for (size_t cut = length; cut > 0 && cut + 5 > length; cut--) {
		scoped_ptr char *near = strndup(path, cut);

		compare_get(tree, near);
	}
}

static void compare(struct tree *tree, const char *expr)
{
	static unsigned int turn;

	compare_match(tree, expr, true);
	compare_print(tree, expr, true);
	if (turn++ % 8 > 0)
		return;
	compare_match(tree, expr, false);
	compare_print(tree, expr, false);
}

/* ---- expressions at random -------------------------------------------------------- */

static uint32_t next_random(void)
{
	static uint64_t seed = 0x2545f4914f6cdd1d;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

static const char *one_of(const char *const *words, size_t count)
{
	return words[next_random() % count];
}

static void random_label(struct tree *tree, FILE *out)
{
	static const char *const fixed[] = { "*", "*", "1", "2", "#comment", "etc", "x" };
	scoped_ptr char *escaped = NULL;
	const char *label = NULL;
	int count = aug_ns_count(tree->aug, "labels");

	if (count > 0 && next_random() % 2)
		aug_ns_attr(tree->aug, "labels", (int)(next_random() % (uint32_t)count), NULL,
			    &label, NULL);
	if (label && aug_escape_name(tree->aug, label, &escaped) == 0)
		fputs(escaped ? escaped : label, out);
	else
		fputs(one_of(fixed, ARRAY_SIZE(fixed)), out);
}

static void random_predicate(struct tree *tree, FILE *out)
{
	static const char *const fixed[] = {
		"[1]",
		"[2]",
		"[last()]",
		"[last() - 1]",
		"[position() > 2]",
		"[. = 'y']",
		"[. != '']",
		"[. =~ regexp('[0-9a-m].*')]",
		"[*]",
		"[count(*) = 0]",
		"[not(*)]",
		"[label() = 'x' or *]",
		"[../*[3]]",
		"[following-sibling::*[1]]",
		"[2 else 1]",
	};

	if (next_random() % 4 > 0) {
		fputs(one_of(fixed, ARRAY_SIZE(fixed)), out);
		return;
	}
	fputc('[', out);
	random_label(tree, out);
	fputc(']', out);
}

static void random_path(struct tree *tree, FILE *out)
{
	static const char *const start[] = { FILE_NODE, FILE_NODE, FILE_NODE "/*", "/files",
					     "/*",      "*",       "/augeas",      "/files/etc",
					     "etc/x",   "/files/*" };
	static const char *const axis[] = {
		"/",
		"/",
		"/",
		"/",
		"/descendant::",
		"/descendant-or-self::",
		"/self::",
		"/preceding-sibling::",
		"/following-sibling::",
		"/parent::",
		"/ancestor::",
	};
	/* Augeas crashes when it looks for siblings of the root */
	size_t axes = ARRAY_SIZE(axis);
	bool deep = false;

	fputs(one_of(start, ARRAY_SIZE(start)), out);
	for (uint32_t steps = next_random() % 4; steps > 0; steps--) {
		size_t step = next_random() % axes;

		if (!deep && next_random() % 3 == 0) {
			fputc('/', out);
			deep = true;
			step = 0;
		}
		if (step >= ARRAY_SIZE(axis) - 2)
			axes -= 4;
		fputs(axis[step], out);
		random_label(tree, out);
		if (next_random() % 3 == 0)
			random_predicate(tree, out);
	}
}

static char *random_expression(struct tree *tree)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	random_path(tree, out);
	if (next_random() % 5 == 0) {
		fputs(next_random() % 2 ? " | " : " else ", out);
		random_path(tree, out);
	}
	fclose(out);
	return text;
}

/* By an outline of the file. */
static void compare_gets(struct tree *tree, int paths)
{
	int count = aug_ns_count(tree->aug, "labels");

	reads_forget(&tree->reads);
	if (aug_match(tree->aug, FILE_NODE, NULL) != 1 ||
	    outline_new(tree->aug, FILE_NODE, &tree->reads.outline) < 0)
		return;
	for (int i = 0; i < paths && count > 0; i++) {
		scoped_ptr char *path = NULL;

		assert_int_equal(aug_ns_path(tree->aug, "labels",
					     (int)(next_random() % (uint32_t)count), &path),
				 0);
		compare_gets_near(tree, path);
	}
	compare_gets_near(tree, FILE_NODE);
	/* all of the file, without asking Augeas */
	compare_match(tree, FILE_NODE "//*", false);
	reads_forget(&tree->reads);
}

/* Some lenses make nodes without a label, by mistake: no expression names them, but what is below.
 */
static bool has_hidden(struct tree *tree)
{
	int count = aug_ns_count(tree->aug, "labels");
	bool found = false;

	for (int i = 0; i < count && !found; i++) {
		scoped_ptr char *path = NULL;

		assert_int_equal(aug_ns_path(tree->aug, "labels", i, &path), 0);
		found = strstr(path, "/\\(none\\)/") != NULL;
	}
	return found;
}

static void compare_tree(struct tree *tree, int expressions)
{
	static const char *const fixed[] = { FILE_NODE,   FILE_NODE "/*",   FILE_NODE "//*",
					     "/files",    FILE_NODE "/*/*", FILE_NODE "//*[last()]",
					     "/augeas//*" };

	reads_forget(&tree->reads);
	tree->reads.fallbacks = 0;
	assert_true(aug_defvar(tree->aug, "labels", FILE_NODE "/descendant::*") >= 0);
	compare_match(tree, "//*", false);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		compare(tree, fixed[i]);
	for (int i = 0; i < expressions; i++) {
		scoped_ptr char *expr = random_expression(tree);

		compare(tree, expr);
	}
	if (tree->reads.fallbacks > 0)
		assert_true(has_hidden(tree));
	compare_gets(tree, expressions);
	assert_true(aug_defvar(tree->aug, "labels", NULL) >= 0);
}

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
	print_message("%zu trees of %zu modules, %zu gets\n", trees, modules, located);
	assert_true(modules > 200 && trees > 2 * modules && located > 2 * trees);
}

/* ---- one by one ---------------------------------------------------------------------- */

static char *hosts(int entries)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	for (int i = 0; i < entries; i++)
		fprintf(file, "10.%d.%d.%d\th%d.example.com h%d a%d\n", i >> 16, i >> 8 & 255,
			i & 255, i, i, i);
	fclose(file);
	return text;
}

static void store_hosts(struct tree *tree, int entries)
{
	scoped_ptr char *text = hosts(entries);

	assert_int_equal(aug_set(tree->aug, "/text", text), 0);
	assert_int_equal(aug_text_store(tree->aug, "Hosts.lns", "/text", FILE_NODE), 0);
}

static void test_large(void **state)
{
	struct tree *tree = *state;

	store_hosts(tree, 200);
	compare_match(tree, FILE_NODE "//*", false);
	assert_int_equal(tree->reads.outlined, 1);
	/* what only looks like it is something else */
	compare_match(tree, "/files/etc/*//*", false);
	compare_match(tree, FILE_NODE "/17//*", false);
	compare_match(tree, FILE_NODE "[1]//*", false);
	compare_match(tree, FILE_NODE "///*", false);
	compare_match(tree, FILE_NODE " //*", false);
	compare_match(tree, FILE_NODE "1//*", false);
	compare_match(tree, FILE_NODE "//*", false);
	/* that of the file is enough for what is in it, and not for what is beside it */
	compare(tree, FILE_NODE "/17/*");
	compare(tree, FILE_NODE);
	compare(tree, "/augeas/*");
	compare_match(tree, FILE_NODE "//alias[2] | " FILE_NODE "/*", false);
	compare_match(tree, "//*", false);
	compare_tree(tree, 300);
}

/* Labels and values with each byte that is spelled in another way somewhere. */
static void test_bytes(void **state)
{
	struct tree *tree = *state;

	pad(tree);
	for (int c = 1; c < 256; c++) {
		const char value[] = { 'v', (char)c, 'w', '\0' };

		assert_int_equal(aug_set(tree->aug, "/files/padding/x[last() + 1]", value), 0);
		/* no label that was set has a slash */
		if (c == '/')
			continue;
		assert_int_equal(aug_insert(tree->aug, "/files/padding/x[1]", value, 1), 0);
		assert_int_equal(aug_set(tree->aug, "/files/padding/*[1]/x", value), 0);
	}
	compare_tree(tree, 300);
	compare(tree, "/files/padding//*");
}

/* A client's own variables are the client's. */
static void test_variables(void **state)
{
	struct tree *tree = *state;

	store_hosts(tree, 100);
	assert_true(aug_defvar(tree->aug, "mine", FILE_NODE "/*[alias]") >= 0);
	assert_true(aug_defvar(tree->aug, "number", "3 + 4") >= 0);
	compare(tree, "$mine/alias");
	compare(tree, "/augeas/variables/*");
	compare(tree, "/augeas/variables");
	compare_match(tree, "//*", false);
	compare(tree, "/augeas/variables/*");
	assert_int_equal(aug_match(tree->aug, "/augeas/variables/*", NULL), 2);
}

static void test_refused(void **state)
{
	static const char *const expr[] = {
		"",        "3",  "'x'",        "$none",       "/files[",    "count(/files/*)",
		"/files/", "//", "/files | 3", "not(/files)", "regexp('x')"
	};
	struct tree *tree = *state;

	store_hosts(tree, 100);
	for (size_t i = 0; i < ARRAY_SIZE(expr); i++)
		compare_match(tree, expr[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(expr); i++)
		compare_print(tree, expr[i], false);
}

/* What has no label cannot be told apart: Augeas does it by itself then, and that is counted. */
static void test_fallback(void **state)
{
	struct tree *tree = *state;

	pad(tree);
	/* while the outline is made there is another of that name */
	assert_int_equal(aug_set(tree->aug, "/files/padding/exmachina_outline", "x"), 0);
	compare_match(tree, "//*", false);
	assert_int_equal(tree->reads.fallbacks, 1);
	assert_null(tree->reads.outline);
	compare_print(tree, "/files", false);
	assert_int_equal(tree->reads.fallbacks, 2);
	assert_int_equal(tree->reads.outlined, 0);
}

/* Labels that mean something elsewhere in an expression. */
static void test_words(void **state)
{
	static const char *const words[] = { "or",   "and", "else", "div", "last", "text", "1",
					     "self", "-",   "#",    "a-b", "_",    "child" };
	struct tree *tree = *state;

	pad(tree);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		scoped_ptr char *path = NULL;

		assert_true(asprintf(&path, FILE_NODE "/x/%s", words[i]) > 0);
		assert_int_equal(aug_set(tree->aug, path, words[i]), 0);
	}
	assert_int_equal(outline_new(tree->aug, FILE_NODE, &tree->reads.outline), 0);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		scoped_ptr char *path = NULL;
		const char *value = NULL;

		assert_true(asprintf(&path, FILE_NODE "/x/%s", words[i]) > 0);
		assert_true(reads_get(tree, path, &value));
		assert_string_equal(value, words[i]);
		compare_gets_near(tree, path);
	}
}

/* How many gets Augeas does before there is an outline; 0: none within so many. */
static int gets_before(struct tree *tree, const char *path, int max)
{
	const char *value = NULL;

	for (int i = 0; i < max; i++)
		if (reads_get(tree, path, &value))
			return i + 1;
	return 0;
}

static void test_gets(void **state)
{
	struct tree *tree = *state;

	store_hosts(tree, 1000);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/canonical", 100), 64);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1), 1);
	compare_get(tree, FILE_NODE "/999/alias[2]");
	/* several, and none, are for Augeas to speak of */
	assert_int_equal(gets_before(tree, FILE_NODE "/7/alias", 1000), 0);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/alias[3]", 1000), 0);
	/* the more there is to outline, the more gets it must be for */
	reads_forget(&tree->reads);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1000), 64 + 5001 / 32);
	assert_int_equal(gets_before(tree, "/files/padding/x", 1000), 0);
	/* a match leaves one behind */
	reads_forget(&tree->reads);
	compare_match(tree, FILE_NODE "/*", false);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1), 1);
	/* but not that of all of the tree */
	reads_forget(&tree->reads);
	compare_match(tree, "//*", false);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1), 0);
}

/* Where no outline can be made it is not tried again and again. */
static void test_gets_hopeless(void **state)
{
	struct tree *tree = *state;

	store_hosts(tree, 100);
	/* there are two of the file's name */
	assert_int_equal(aug_insert(tree->aug, FILE_NODE, "x", 0), 0);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 100), 0);
	assert_true(tree->reads.hopeless);
	assert_int_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 1000), 0);
	assert_int_equal(aug_rm(tree->aug, FILE_NODE "[2]"), 1);
	reads_forget(&tree->reads);
	assert_int_not_equal(gets_before(tree, FILE_NODE "/7/ipaddr", 100), 0);
}

static void test_print_ends(void **state)
{
	scoped(output_clear) struct output out = { 0 };
	struct tree *tree = *state;

	store_hosts(tree, 1000);
	assert_int_equal(selection_print(tree, FILE_NODE, 5000, &out), 0);
	assert_true(out.length > 5000 && out.length < 5200);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double match_time(struct tree *tree, int entries)
{
	scoped_selection selection = { 0 };
	double begin;

	reads_forget(&tree->reads);
	aug_rm(tree->aug, FILE_NODE);
	store_hosts(tree, entries);
	begin = seconds();
	assert_int_equal(selection_new(tree, FILE_NODE "//*", &selection), 0);
	for (size_t i = 0; i < selection.count; i++)
		assert_non_null(selection_path(&selection, i));
	return seconds() - begin;
}

/* Ten times the nodes would take a hundred times as long; what is allowed leaves room for noise. */
static void test_linear(void **state)
{
	struct tree *tree = *state;
	double few = match_time(tree, 2000), many = match_time(tree, 20000);

	print_message("%.1f ms for 10000 nodes, %.1f ms for 100000\n", few * 1e3, many * 1e3);
	assert_true(many < 30 * few);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, make, unmake)
		TEST(large),    TEST(bytes),      TEST(variables),     TEST(refused),
		TEST(fallback), TEST(print_ends), TEST(linear),        TEST(lenses),
		TEST(words),    TEST(gets),       TEST(gets_hopeless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
