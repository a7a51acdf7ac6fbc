/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of edited trees, put together from parts with real lenses: that they are those which Augeas
 * writes as a whole, or that it is said why there is none. */
#include "unit.h"

#include <augeas.h>
#include <errno.h>
#include <string.h>

#include "config.h"
#include "engine/splice.h"

/* libaugeas loses some memory where a tree cannot be written. */
const char *__lsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void)
{
	return "leak:libaugeas\n";
}

#define TEXT "/text"
#define TREE "/tree"

#define HOSTS "Hosts.lns"
#define SSHD "Sshd.lns"

/* A lens of which not every text is more than its parts. */
#define ODD "Odd.lns"
static const char odd_module[] =
	"module Odd =\n"
	"let eol = del /\\n/ \"\\n\"\n"
	"let head = [ key \"version\" . del / +/ \" \" . store /[0-9]+/ . eol ]\n"
	"let number = [ key /[0-9]+/ . del /=/ \"=\" . store /[a-z]+/ . eol ]\n"
	"let once = [ key \"once\" . eol ]\n"
	"let end = [ key \"end\" . eol ]\n"
	"let raw = [ label \"raw\" . store /[^\\n]+/ . eol ]\n"
	"let lns = head? . number* . (once . number*)? . (end . raw*)?\n";

struct sample {
	augeas *aug;
	const char *lens;
	char *text; /* of which the tree is made */
	struct splice_room *room;
	struct splice *splice;
};

static char *lenses;

static struct sample read_text(const char *lens, const char *text)
{
	struct sample sample = { .lens = lens, .text = strdup(text) };

	sample.aug = aug_init("/", lenses,
			      AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_ENABLE_SPAN);
	assert_non_null(sample.aug);
	assert_int_equal(aug_set(sample.aug, TEXT, text), 0);
	assert_int_equal(aug_text_store(sample.aug, lens, TEXT, TREE), 0);
	sample.room = calloc(1, sizeof(*sample.room));
	assert_non_null(sample.room);
	assert_int_equal(splice_new(sample.aug, TREE, lens, lenses, sample.room, &sample.splice),
			 0);
	return sample;
}

static void sample_clear(struct sample *sample)
{
	splice_free(sample->splice);
	splice_room_clear(sample->room);
	free(sample->room);
	aug_close(sample->aug);
	free(sample->text);
}

#define scoped_sample scoped(sample_clear) struct sample

/* Enough entries that an edit is a small part of them; of each the second line goes its own way. */
static char *hosts_of(int count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (int i = 1; i <= count; i++)
		fprintf(out,
			i % 2 ? "10.0.0.%d\th%d  alias%d # said\n" : "10.0.0.%d   h%d\talias%d\n",
			i, i, i);
	assert_int_equal(fclose(out), 0);
	return text;
}

static struct sample read_hosts(int count)
{
	scoped_ptr char *text = hosts_of(count);

	return read_text(HOSTS, text);
}

static void set(const struct sample *sample, const char *path, const char *value)
{
	scoped_ptr char *whole = NULL;

	assert_true(asprintf(&whole, TREE "/%s", path) >= 0);
	assert_int_equal(aug_set(sample->aug, whole, value), 0);
}

static void insert(const struct sample *sample, const char *path, const char *label, bool before)
{
	scoped_ptr char *whole = NULL;

	assert_true(asprintf(&whole, TREE "/%s", path) >= 0);
	assert_int_equal(aug_insert(sample->aug, whole, label, before), 0);
}

static void take_away(const struct sample *sample, const char *path)
{
	scoped_ptr char *whole = NULL;

	assert_true(asprintf(&whole, TREE "/%s", path) >= 0);
	assert_true(aug_rm(sample->aug, whole) > 0);
}

/* As Augeas writes it; NULL if it cannot. */
static const char *whole_of(const struct sample *sample)
{
	scoped_ptr char *text = NULL;
	const char *whole = NULL;

	assert_true(asprintf(&text, "%s%s", sample->text,
			     sample->text[strlen(sample->text) - 1] == '\n' ? "" : "\n") >= 0);
	assert_int_equal(aug_set(sample->aug, TEXT, text), 0);
	if (aug_text_retrieve(sample->aug, sample->lens, TEXT, TREE, "/out") < 0)
		return NULL;
	assert_int_equal(aug_get(sample->aug, "/out", &whole), 1);
	return whole;
}

static int outcome_of(struct sample *sample)
{
	scoped_ptr char *text = NULL;

	return splice_text(sample->splice, sample->text, &text);
}

/* It is spliced, and becomes the text. NULL: as Augeas does. */
static void assert_spliced(struct sample *sample, const char *expected)
{
	scoped_ptr char *text = NULL;

	assert_int_equal(splice_text(sample->splice, sample->text, &text), SPLICE_DONE);
	assert_non_null(text);
	assert_string_equal(text, expected ? expected : whole_of(sample));
	free(sample->text);
	sample->text = take_ptr(text);
}

/* Augeas writes it, and is to be believed. */
static void write_whole(struct sample *sample)
{
	const char *whole = whole_of(sample);

	assert_non_null(whole);
	free(sample->text);
	sample->text = strdup(whole);
	assert_int_equal(splice_whole(sample->splice), 0);
}

static void a_changed_value(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	set(&s, "20/canonical", "changed");
	assert_spliced(&s, NULL);
	assert_non_null(strstr(s.text, "10.0.0.20   changed\talias20\n"));
}

static void the_first_and_the_last_entry(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	set(&s, "1/canonical", "first");
	set(&s, "40/canonical", "last");
	assert_spliced(&s, NULL);
	assert_non_null(strstr(s.text, "10.0.0.1\tfirst  alias1 # said\n"));
	assert_non_null(strstr(s.text, "10.0.0.40   last\talias40\n"));
}

static void an_appended_entry(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	set(&s, "01/ipaddr", "10.1.0.1");
	set(&s, "01/canonical", "new");
	assert_spliced(&s, NULL);
	set(&s, "02/ipaddr", "10.1.0.2");
	set(&s, "02/canonical", "newer");
	assert_spliced(&s, NULL);
	assert_non_null(strstr(s.text, "alias40\n10.1.0.1\tnew\n10.1.0.2\tnewer\n"));
}

static void inserted_entries(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	insert(&s, "1", "01", true);
	set(&s, "01/ipaddr", "10.1.0.1");
	set(&s, "01/canonical", "before");
	insert(&s, "20", "02", false);
	set(&s, "02/ipaddr", "10.1.0.2");
	set(&s, "02/canonical", "between");
	assert_spliced(&s, NULL);
	assert_non_null(strstr(s.text, "alias20\n10.1.0.2\tbetween\n10.0.0.21\t"));
}

static void removed_entries(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	take_away(&s, "1");
	take_away(&s, "20");
	take_away(&s, "21");
	take_away(&s, "40");
	assert_spliced(&s, NULL);
	assert_null(strstr(s.text, "alias20\n"));
}

/*
 * The numbers in the tree are not those that Augeas would count in the text by then, and it would
 * take the layout of one entry for another.
 */
static void all_of_it_one_after_the_other(void **state)
{
	scoped_sample s = read_hosts(60);

	(void)state;
	for (int i = 3; i < 10; i++) {
		scoped_ptr char *gone = NULL, *more = NULL;
		char path[32], *at = strchr(strchr(s.text, '\n') + 1, '\n') + 1;

		snprintf(path, sizeof(path), "%d", i);
		take_away(&s, path);
		assert_true(asprintf(&gone, "%.*s%s", (int)(at - s.text), s.text,
				     strchr(at, '\n') + 1) >= 0);
		assert_spliced(&s, gone);
		snprintf(path, sizeof(path), "0%d", i);
		insert(&s, "30", path, false);
		snprintf(path, sizeof(path), "0%d/ipaddr", i);
		set(&s, path, "10.2.0.1");
		snprintf(path, sizeof(path), "0%d/canonical", i);
		set(&s, path, "new");
		at = strstr(s.text, "alias30\n") + 8;
		assert_true(asprintf(&more, "%.*s10.2.0.1\tnew\n%s", (int)(at - s.text), s.text,
				     at) >= 0);
		assert_spliced(&s, more);
	}
}

static void what_was_written_as_a_whole_is_spliced_later(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	take_away(&s, "*[position() > 5][position() < 34]");
	assert_int_equal(outcome_of(&s), SPLICE_TOO_MUCH);
	write_whole(&s);
	for (int i = 0; i < 30; i++) {
		set(&s, "*[last()]/canonical", "last");
		insert(&s, "*[last()]", "0", false);
		set(&s, "0/ipaddr", "10.1.0.1");
		set(&s, "0/canonical", "new");
		assert_int_equal(aug_rename(s.aug, TREE "/0", "0101"), 1);
	}
	write_whole(&s);
	set(&s, "*[20]/canonical", "changed");
	assert_spliced(&s, NULL);
}

static void edits_that_took_each_other_back(void **state)
{
	scoped_sample s = read_hosts(40);
	scoped_ptr char *text = NULL;
	uint64_t total = splice_total(s.splice);

	(void)state;
	set(&s, "20/canonical", "changed");
	set(&s, "20/canonical", "h20");
	assert_int_equal(splice_text(s.splice, s.text, &text), SPLICE_DONE);
	assert_null(text);
	assert_true(splice_total(s.splice) == total);
	set(&s, "20/canonical", "changed");
	assert_spliced(&s, NULL);
	assert_false(splice_total(s.splice) == total);
}

static void a_last_line_without_its_end(void **state)
{
	scoped_ptr char *text = hosts_of(40);

	(void)state;
	text[strlen(text) - 1] = '\0';
	for (int where = 0; where < 2; where++) {
		scoped_ptr char *whole = NULL;
		scoped_sample s = { 0 };

		/* as aug_load(3) takes it */
		assert_true(asprintf(&whole, "%s\n", text) >= 0);
		s = read_text(HOSTS, whole);
		free(s.text);
		s.text = strdup(text);
		set(&s, where ? "40/canonical" : "2/canonical", "changed");
		assert_spliced(&s, NULL);
		assert_true(s.text[strlen(s.text) - 1] == '\n');
	}
}

/* Augeas gives each comment the layout of the one in its place: here, of one that was beside it. */
static void the_layout_of_others_stays(void **state)
{
	static const char text[] = "#   one\n#two\n# three\n#four\n1.1.1.1 a\n2.2.2.2 b\n"
				   "3.3.3.3 c\n4.4.4.4 d\n5.5.5.5 e\n6.6.6.6 f\n#       last\n";
	scoped_sample s = read_text(HOSTS, text);

	(void)state;
	take_away(&s, "#comment[2]");
	assert_spliced(&s, "#   one\n#three\n#four\n1.1.1.1 a\n2.2.2.2 b\n"
			   "3.3.3.3 c\n4.4.4.4 d\n5.5.5.5 e\n6.6.6.6 f\n#       last\n");
}

/* Their nodes have no label, and are not to be seen. */
static void empty_lines_stay(void **state)
{
	scoped_sample s = read_text(HOSTS, "\n\n1.1.1.1 a\n\n2.2.2.2 b\n\n\n3.3.3.3 c\n\n"
					   "4.4.4.4 d\n\n5.5.5.5 e\n\n6.6.6.6 f\n\n7.7.7.7 g\n"
					   "\n8.8.8.8 h\n\n9.9.9.9 i\n\n1.1.1.2 k\n\n\n");

	(void)state;
	set(&s, "2/canonical", "changed");
	assert_spliced(&s, NULL);
	set(&s, "01/ipaddr", "1.1.1.3");
	set(&s, "01/canonical", "l");
	assert_spliced(&s, NULL);
	take_away(&s, "3");
	assert_spliced(&s, NULL);
}

/* What it is in a section of its own, below a node of the first level, is one entry. */
static void sections(void **state)
{
	static const char text[] = "[a]\nx=1\ny = 2\n[b]\nx=3\n# said\n[c]\nx  =4\n[d]\nx=5\n"
				   "[e]\nx=6\n[f]\nx=7\n[g]\nx=8\n[h]\nx=9\n[i]\nx=10\n[j]\nx=11\n";
	scoped_sample s = read_text("Puppet.lns", text);

	(void)state;
	set(&s, "c/x", "changed");
	assert_spliced(&s, NULL);
	set(&s, "c/z", "new");
	assert_spliced(&s, NULL);
	/* an entry of one section moves to the next */
	assert_int_equal(aug_mv(s.aug, TREE "/a/y", TREE "/b/y"), 0);
	assert_spliced(&s, NULL);
	take_away(&s, "e");
	assert_spliced(&s, NULL);
}

static void what_the_lens_cannot_write(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	set(&s, "20/canonical", "two words");
	assert_int_equal(outcome_of(&s), SPLICE_NO_WINDOW);
	assert_null(whole_of(&s));
}

static void an_entry_where_the_order_forbids_it(void **state)
{
	scoped_sample s =
		read_text(SSHD, "Port 22\nUsePAM yes\nX11Forwarding no\nMatch User a\n"
				"  X11Forwarding yes\nMatch User b\n  X11Forwarding yes\n");

	(void)state;
	set(&s, "ListenAddress", "1.2.3.4");
	assert_int_equal(outcome_of(&s), SPLICE_NO_WINDOW);
	assert_null(whole_of(&s));
}

static void one_entry_that_is_all(void **state)
{
	scoped_sample s = read_text("Json.lns", "{ \"a\": 1,\n  \"b\": 2,\n  \"c\": 3 }\n");

	(void)state;
	set(&s, "dict/entry[2]/number", "5");
	assert_int_equal(outcome_of(&s), SPLICE_TOO_MUCH);
	write_whole(&s);
	assert_non_null(strstr(s.text, "\"b\": 5"));
}

/* ---- a lens that is not a list of what looks the same everywhere ---- */

#define LINES "1=a\n2=b\n3=c\n4=d\n5=e\n6=f\n7=g\n8=h\n"

static void numbers_that_are_keys(void **state)
{
	scoped_sample s = read_text(ODD, LINES LINES);

	(void)state;
	assert_int_equal(aug_rename(s.aug, TREE "/5[1]", "77"), 1);
	assert_spliced(&s, NULL);
	assert_non_null(strstr(s.text, "4=d\n77=e\n6=f\n"));
	assert_int_equal(aug_rename(s.aug, TREE "/1[1]", "2"), 1);
	assert_spliced(&s, NULL);
	assert_true(strncmp(s.text, "2=a\n2=b\n3=c\n", 12) == 0);
	insert(&s, "*[1]", "9", true);
	set(&s, "9", "new");
	assert_spliced(&s, NULL);
	take_away(&s, "*[2]");
	assert_spliced(&s, NULL);
	assert_true(strncmp(s.text, "9=new\n2=b\n3=c\n", 14) == 0);
}

/* The line before the last one would be a number by itself. */
static void what_is_another_thing_by_itself(void **state)
{
	scoped_sample s = read_text(ODD, LINES LINES "end\n1=a\n2=b\n3=c\n4=d\n");

	(void)state;
	set(&s, "raw[3]", "changed");
	assert_int_equal(outcome_of(&s), SPLICE_NO_WINDOW);
	write_whole(&s);
	assert_non_null(strstr(s.text, "2=b\nchanged\n4=d\n"));
}

/* Each of the two places is well by itself. */
static void what_may_be_there_once(void **state)
{
	scoped_sample s = read_text(ODD, LINES LINES "once\n" LINES LINES);

	(void)state;
	insert(&s, "5[1]", "once", false);
	assert_int_equal(outcome_of(&s), SPLICE_OTHER);
	assert_null(whole_of(&s));
}

static void a_line_that_is_the_first(void **state)
{
	scoped_sample s = read_text(ODD, "version   1\n" LINES LINES);

	(void)state;
	set(&s, "version", "2");
	assert_spliced(&s, NULL);
	assert_true(strncmp(s.text, "version   2\n", 12) == 0);
}

/* The text is another one than the tree was made of. */
static void a_text_that_is_another(void **state)
{
	scoped_sample s = read_hosts(40);
	char *at = strstr(s.text, "h20");

	(void)state;
	*at = 'x';
	set(&s, "20/canonical", "changed");
	assert_int_equal(outcome_of(&s), SPLICE_NOWHERE);
	*at = 'h';
	*strstr(s.text, "h2\t") = 'x';
	assert_int_equal(outcome_of(&s), SPLICE_NOWHERE);
}

/* As it would be if the sums of two values were the same. */
static void a_text_that_is_another_without_an_edit(void **state)
{
	scoped_sample s = read_hosts(40);
	char *name = strstr(s.text, "h20");

	(void)state;
	assert_non_null(name);
	*name = 'x';
	assert_int_equal(outcome_of(&s), SPLICE_OTHER);
}

static void what_was_only_shown(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	set(&s, "2/canonical", "longer-than-it-was");
	/* and so Augeas takes what it has shown for where the entries are */
	assert_non_null(whole_of(&s));
	set(&s, "20/canonical", "changed");
	assert_spliced(&s, NULL);
}

static void several_in_one_room(void **state)
{
	scoped_sample a = read_hosts(40), b = read_hosts(60);

	(void)state;
	splice_free(b.splice);
	assert_int_equal(splice_new(b.aug, TREE, HOSTS, lenses, a.room, &b.splice), 0);
	for (int i = 0; i < 3; i++) {
		scoped_ptr char *value = NULL;

		assert_true(asprintf(&value, "changed%d", i) >= 0);
		set(&a, "20/canonical", value);
		set(&b, "30/canonical", value);
		assert_spliced(&a, NULL);
		assert_spliced(&b, NULL);
	}
	b.splice = splice_free(b.splice);
	set(&a, "21/canonical", "changed");
	assert_spliced(&a, NULL);
}

static void a_text_that_is_shorter(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	s.text[strlen(s.text) / 4] = '\0';
	set(&s, "20/canonical", "changed");
	assert_int_equal(outcome_of(&s), SPLICE_NOWHERE);
}

/* After Augeas has written it, what it says it has written is looked at. */
static void a_text_that_is_another_after_a_whole(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	set(&s, "20/canonical", "changed");
	assert_int_equal(splice_whole(s.splice), 0);
	set(&s, "21/canonical", "changed");
	assert_int_equal(outcome_of(&s), SPLICE_NOWHERE);
}

static void edits_in_too_many_places(void **state)
{
	scoped_sample s = read_hosts(400);

	(void)state;
	for (int i = 1; i < 80; i++) {
		char path[32];

		snprintf(path, sizeof(path), "%d/canonical", 5 * i);
		set(&s, path, "changed");
	}
	assert_int_equal(outcome_of(&s), SPLICE_TOO_MUCH);
}

static void a_tree_that_is_gone(void **state)
{
	scoped_sample s = read_hosts(40);

	(void)state;
	assert_true(aug_rm(s.aug, TREE) > 0);
	assert_int_equal(outcome_of(&s), SPLICE_NOWHERE);
	assert_int_equal(splice_whole(s.splice), -ENOTSUP);
}

static void a_lens_that_is_not_there(void **state)
{
	scoped_ptr char *text = hosts_of(40);
	scoped_sample s = read_text(HOSTS, text);

	(void)state;
	splice_free(s.splice);
	assert_int_equal(splice_new(s.aug, TREE, "Nothing.lns", lenses, s.room, &s.splice), 0);
	set(&s, "20/canonical", "changed");
	assert_int_equal(outcome_of(&s), SPLICE_NOWHERE);
}

static int make_lens(void **state)
{
	char *directory = unit_directory_make();
	scoped_ptr char *path = unit_path(directory, "odd.aug");

	unit_file_write(path, odd_module);
	*state = directory;
	return asprintf(&lenses, "%s:%s", directory, LENS_PATH) < 0 ? -1 : 0;
}

static int remove_lens(void **state)
{
	free(lenses);
	unit_directory_remove(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_value),
		cmocka_unit_test(the_first_and_the_last_entry),
		cmocka_unit_test(an_appended_entry),
		cmocka_unit_test(inserted_entries),
		cmocka_unit_test(removed_entries),
		cmocka_unit_test(all_of_it_one_after_the_other),
		cmocka_unit_test(what_was_written_as_a_whole_is_spliced_later),
		cmocka_unit_test(edits_that_took_each_other_back),
		cmocka_unit_test(a_last_line_without_its_end),
		cmocka_unit_test(the_layout_of_others_stays),
		cmocka_unit_test(empty_lines_stay),
		cmocka_unit_test(sections),
		cmocka_unit_test(what_the_lens_cannot_write),
		cmocka_unit_test(an_entry_where_the_order_forbids_it),
		cmocka_unit_test(one_entry_that_is_all),
		cmocka_unit_test(numbers_that_are_keys),
		cmocka_unit_test(what_is_another_thing_by_itself),
		cmocka_unit_test(what_may_be_there_once),
		cmocka_unit_test(a_line_that_is_the_first),
		cmocka_unit_test(a_text_that_is_another),
		cmocka_unit_test(a_text_that_is_another_without_an_edit),
		cmocka_unit_test(what_was_only_shown),
		cmocka_unit_test(several_in_one_room),
		cmocka_unit_test(a_text_that_is_shorter),
		cmocka_unit_test(a_text_that_is_another_after_a_whole),
		cmocka_unit_test(edits_in_too_many_places),
		cmocka_unit_test(a_tree_that_is_gone),
		cmocka_unit_test(a_lens_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, make_lens, remove_lens);
}
