/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random edits of the texts that Augeas's own tests of its lenses have, as long as these tests are
 * installed: what is spliced is what Augeas writes as a whole, to the byte or, where the tree
 * leaves a choice, with the same tree. SPLICE_SEED has other edits made, and SPLICE_LIST the lenses
 * listed of which bytes were others; exmachina-protocol(7) says why they may be.
 */
#include "unit.h"

#include <augeas.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "config.h"
#include "engine/splice.h"
#include "verify/parse.h"

/* libaugeas loses some memory where a tree cannot be written. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libaugeas\n";
}

#define TEXT "/text"
#define TREE "/tree"
#define OUT "/out"

enum { SAMPLES = 1, ROUNDS = 2, COMMITS = 2, EDITS = 2, LONG = 800 };

struct tally {
	unsigned long same, layout, whole, refused;
};

struct sample {
	augeas *aug;
	struct parser *parser;
	const char *lens;
	char *text;
	struct splice_room room;
	struct splice *splice;
	unsigned int *seed;
	struct tally *tally;
};

static size_t pick(const struct sample *s, size_t count)
{
	return (size_t)rand_r(s->seed) % count;
}

/* ---- edits ---- */

static const char *value_of(const struct sample *s, const char *path)
{
	const char *value = NULL;

	return aug_get(s->aug, path, &value) == 1 ? value : NULL;
}

static const char *label_of(const struct sample *s, const char *path)
{
	const char *label = NULL;

	return aug_label(s->aug, path, &label) == 1 && label ? label : "";
}

/* A value that another node of its label has, which the lens likes. */
static void change(const struct sample *s, char **nodes, size_t count)
{
	const char *node = nodes[pick(s, count)];

	for (size_t tries = 0; tries < 2 * count; tries++) {
		const char *other = nodes[pick(s, count)], *value = value_of(s, other);

		if (value && strcmp(label_of(s, node), label_of(s, other)) == 0 &&
		    value_of(s, node) && strcmp(value_of(s, node), value) != 0) {
			scoped_ptr char *copy = strdup(value);

			assert_int_equal(aug_set(s->aug, node, copy), 0);
			return;
		}
	}
}

/* One more of a kind, beside it or elsewhere. */
static void add(const struct sample *s, char **entries, size_t count)
{
	const char *entry = entries[pick(s, count)], *label = label_of(s, entry);
	const char *beside = entries[pick(s, 2) ? pick(s, count) : count - 1];
	bool number = label[0] && label[strspn(label, "0123456789")] == '\0';
	scoped_ptr char *new = NULL;

	/* the path of a node that is not the only one of its label changes */
	assert_int_equal(aug_cp(s->aug, entry, "/copy"), 0);
	new = strdup(number ? "0999" : label);
	if (strchr(new, '/') || aug_insert(s->aug, beside, "exmachina-new", 0) < 0)
		return;
	assert_int_equal(aug_cp(s->aug, "/copy", TREE "/exmachina-new"), 0);
	assert_true(aug_rename(s->aug, TREE "/exmachina-new", new) >= 0);
}

static void edit(const struct sample *s)
{
	char **nodes = NULL, **entries = NULL;
	int count = aug_match(s->aug, TREE "//*", &nodes);
	int entry_count = aug_match(s->aug, TREE "/*", &entries);

	if (entry_count > 0 && count > 0) {
		switch (pick(s, 6)) {
		case 0:
			aug_rm(s->aug, entries[pick(s, (size_t)entry_count)]);
			break;
		case 1:
		case 2:
			add(s, entries, (size_t)entry_count);
			break;
		case 3:
			aug_rm(s->aug, nodes[pick(s, (size_t)count)]);
			break;
		default:
			change(s, nodes, (size_t)count);
		}
	}
	for (int i = 0; i < count; i++)
		free(nodes[i]);
	for (int i = 0; i < entry_count; i++)
		free(entries[i]);
	free(nodes);
	free(entries);
}

/* ---- what comes of them ---- */

static struct node *tree_of(const struct sample *s, const char *text)
{
	struct node *tree = NULL;

	assert_int_equal(parse_text(s->parser, text, &tree), 0);
	return tree;
}

static void assert_same_tree(const struct sample *s, const char *spliced, const char *whole)
{
	scoped(node_freep) struct node *a = tree_of(s, spliced), *b = tree_of(s, whole);

	if (!node_equal(a, b))
		fail_msg("%s: of\n%s\nwas made\n%s\nand not\n%s", s->lens, s->text, spliced, whole);
}

static const char *whole_of(const struct sample *s)
{
	assert_int_equal(aug_set(s->aug, TEXT, s->text), 0);
	if (aug_text_retrieve(s->aug, s->lens, TEXT, TREE, OUT) < 0)
		return NULL;
	return value_of(s, OUT);
}

/* False if there is nothing to go on with. */
static bool commit(struct sample *s)
{
	scoped_ptr char *text = NULL;
	int r = splice_text(s->splice, s->text, &text);
	const char *whole = whole_of(s);

	assert_true(r >= 0);
	/* what was edited has been taken back */
	if (r == SPLICE_DONE && !text && whole)
		return true;
	if (r == SPLICE_DONE && whole) {
		bool same = strcmp(text, whole) == 0;

		s->tally->same += same;
		s->tally->layout += !same;
		if (!same)
			assert_same_tree(s, text, whole);
	} else if (whole && r != SPLICE_DONE) {
		s->tally->whole++;
		text = strdup(whole);
		assert_int_equal(splice_whole(s->splice), 0);
	} else if (!whole) {
		s->tally->refused++;
		/* what is read as what was wanted is none the worse for that */
		return false;
	}
	free(s->text);
	s->text = take_ptr(text);
	return true;
}

static void edit_text(struct sample *s, const char *text)
{
	bool goes_on = true;

	if (aug_set(s->aug, TEXT, text) < 0 || aug_text_store(s->aug, s->lens, TEXT, TREE) < 0 ||
	    aug_match(s->aug, TREE "/*", NULL) < 3)
		return;
	s->text = strdup(text);
	assert_int_equal(splice_new(s->aug, TREE, s->lens, LENS_PATH, &s->room, &s->splice), 0);
	for (int i = 0; goes_on && i < COMMITS; i++) {
		for (size_t k = 0; k <= pick(s, EDITS); k++)
			edit(s);
		goes_on = commit(s);
	}
	s->splice = splice_free(s->splice);
	free(take_ptr(s->text));
	aug_rm(s->aug, TREE);
}

/* ---- samples ---- */

/* So often after itself that an edit is a small part of it, if the lens takes that. */
static char *repeated(const struct sample *s, const char *text)
{
	size_t times = LONG / strlen(text) + 1;
	char *whole = NULL;
	size_t size;
	FILE *out = open_memstream(&whole, &size);

	assert_non_null(out);
	for (size_t i = 0; i < times; i++)
		fputs(text, out);
	assert_int_equal(fclose(out), 0);
	if (aug_set(s->aug, TEXT, whole) == 0 && aug_text_store(s->aug, s->lens, TEXT, TREE) == 0)
		return whole;
	free(whole);
	return strdup(text);
}

static bool try_text(struct sample *s, const char *text)
{
	scoped_ptr char *whole = NULL;

	if (strlen(text) < 40 || text[strlen(text) - 1] != '\n' ||
	    aug_set(s->aug, TEXT, text) < 0 || aug_text_store(s->aug, s->lens, TEXT, TREE) < 0)
		return false;
	whole = repeated(s, text);
	for (int i = 0; i < ROUNDS; i++)
		edit_text(s, whole);
	return true;
}

/* The next literal behind the place; NULL: there is none. */
static char *next_literal(const char **at)
{
	const char *p = strchr(*at, '"');
	char *text, *out;

	if (!p)
		return NULL;
	out = text = malloc(strlen(p) + 1);
	assert_non_null(text);
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		*out++ = p[-1] != '\\' ? *p : *p == 'n' ? '\n' : *p == 't' ? '\t' : *p;
	}
	*out = '\0';
	*at = *p ? p + 1 : p;
	return text;
}

/* The module that the tests are of: the word before ".lns". */
static char *lens_of(const char *tests)
{
	const char *end = strstr(tests, ".lns"), *begin = end;
	char *lens = NULL;

	while (begin && begin > tests && begin[-1] != ' ' && begin[-1] != '\n' && begin[-1] != '(')
		begin--;
	if (begin && *begin >= 'A' && *begin <= 'Z')
		assert_true(asprintf(&lens, "%.*s.lns", (int)(end - begin), begin) >= 0);
	return lens;
}

static void add_up(struct tally *all, const struct tally *one)
{
	all->same += one->same;
	all->layout += one->layout;
	all->whole += one->whole;
	all->refused += one->refused;
}

static void try_tests(const char *tests, unsigned int *seed, struct tally *all)
{
	scoped_ptr char *lens = lens_of(tests);
	struct tally tally = { 0 };
	struct sample s = { .lens = lens, .seed = seed, .tally = &tally };
	int samples = 0;

	if (!lens)
		return;
	s.aug = aug_init("/", LENS_PATH,
			 AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_ENABLE_SPAN);
	assert_non_null(s.aug);
	assert_int_equal(parser_over(s.aug, lens, &s.parser), 0);
	while (samples < SAMPLES) {
		scoped_ptr char *text = next_literal(&tests);

		if (!text)
			break;
		samples += try_text(&s, text);
	}
	parser_free(s.parser);
	splice_room_clear(&s.room);
	aug_close(s.aug);
	if (getenv("SPLICE_LIST"))
		printf("%-24s %3lu the same, %3lu in another layout, %3lu as a whole, %3lu "
		       "refused\n",
		       lens, tally.same, tally.layout, tally.whole, tally.refused);
	add_up(all, &tally);
}

/* Where the tests of the lenses are, below one of the directories of lenses. */
static DIR *open_tests(char **ret_path)
{
	scoped_ptr char *path = strdup(LENS_PATH);
	char *rest = NULL;

	for (char *one = strtok_r(path, ":", &rest); one; one = strtok_r(NULL, ":", &rest)) {
		scoped_ptr char *tests = unit_path(one, "tests");
		DIR *directory = opendir(tests);

		if (directory) {
			*ret_path = take_ptr(tests);
			return directory;
		}
	}
	return NULL;
}

static void edits_over_all_lenses(void **state)
{
	const char *seed_text = getenv("SPLICE_SEED");
	unsigned int seed = seed_text ? (unsigned int)atoi(seed_text) : 1;
	scoped_ptr char *path = NULL;
	DIR *directory = open_tests(&path);
	struct tally all = { 0 };

	(void)state;
	if (!directory) {
		unit_skip_test("the tests of Augeas's lenses are not installed");
		return;
	}
	for (struct dirent *entry; (entry = readdir(directory));) {
		scoped_ptr char *name = unit_path(path, entry->d_name), *tests = NULL;

		if (strncmp(entry->d_name, "test_", 5) == 0)
			tests = unit_file_read(name);
		if (tests)
			try_tests(tests, &seed, &all);
	}
	closedir(directory);
	printf("%lu texts the same, %lu in another layout, %lu as a whole, %lu refused\n", all.same,
	       all.layout, all.whole, all.refused);
	assert_true(all.same > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_over_all_lenses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
