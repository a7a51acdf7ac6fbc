/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/engine/load_table.c and load_check.c: what a client's table of transforms says of a
 * file, and that Augeas itself sees no filter of it.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "engine/load_check.h"
#include "engine/load_table.h"

struct world {
	char *root;
	augeas *aug;
	struct policy *policy;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->root = unit_directory_make();
	w->aug = aug_init(w->root, LENS_PATH,
			  AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_ENABLE_SPAN);
	w->policy = policy_new();
	assert_true(w->aug && w->policy);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	aug_close(w->aug);
	policy_free(w->policy);
	unit_directory_remove(w->root);
	free(w);
	return 0;
}

static void set(const struct world *w, const char *path, const char *value)
{
	assert_int_equal(aug_set(w->aug, path, value), 0);
}

static void add_file(const struct world *w, const char *path, const char *lens)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(w->policy, path, &file), 0);
	file->lens = lens ? strdup(lens) : NULL;
}

/* What the table says of the file: the lens, "none", or "two". */
static void assert_found(const struct world *w, const char *path, const char *expected)
{
	struct load_table *table = NULL;
	const char *lens = NULL;
	enum load_answer answer;

	assert_int_equal(load_table_read(w->aug, &table), 0);
	answer = load_table_find(table, path, &lens);
	if (answer != LOAD_BY)
		lens = answer == LOAD_BY_NO ? "none" : "two";
	assert_string_equal(lens, expected);
	load_table_free(table);
}

static void filters_are_those_of_augeas(void **state)
{
	const struct world *w = *state;

	set(w, "/augeas/load/A/lens", "@Hosts");
	set(w, "/augeas/load/A/incl[1]", "/etc/h*");
	set(w, "/augeas/load/A/incl[2]", "/srv//x");
	set(w, "/augeas/load/A/excl[1]", "*.bak");
	set(w, "/augeas/load/A/excl[2]", "/etc/hidden*");
	assert_found(w, "/etc/hosts", "Hosts.lns");
	assert_found(w, "/srv/x", "Hosts.lns");
	assert_found(w, "/etc/h/x", "none");
	assert_found(w, "/etc/hosts.bak", "none");
	assert_found(w, "/etc/hidden-hosts", "none");
	assert_found(w, "/etc/.hosts", "none");
	set(w, "/augeas/load/B/lens", "Hosts.lns");
	set(w, "/augeas/load/B/incl", "/etc/hosts");
	assert_found(w, "/etc/hosts", "Hosts.lns");
	set(w, "/augeas/load/B/lens", "Shellvars.lns");
	assert_found(w, "/etc/hosts", "two");
	assert_found(w, "/srv/x", "Hosts.lns");
}

static void a_row_that_augeas_would_not_take_names_nothing(void **state)
{
	static const char *const lenses[] = {
		NULL, "", "Hosts", "../Hosts.lns", "dist/Hosts.lns", "@../x", "hosts.lns"
	};
	const struct world *w = *state;

	set(w, "/augeas/load/A/incl", "/etc/hosts");
	assert_found(w, "/etc/hosts", "none");
	for (size_t i = 0; i < ARRAY_SIZE(lenses); i++) {
		set(w, "/augeas/load/A/lens", lenses[i]);
		assert_found(w, "/etc/hosts", "none");
	}
	set(w, "/augeas/load/A/lens", "Hosts.lns");
	set(w, "/augeas/load/A/lens[2]", "Shellvars.lns");
	assert_found(w, "/etc/hosts", "none");
	aug_rm(w->aug, "/augeas/load/A/lens[2]");
	assert_found(w, "/etc/hosts", "Hosts.lns");
	set(w, "/augeas/load/A/error", "as it was at the last load");
	assert_found(w, "/etc/hosts", "none");
	aug_rm(w->aug, "/augeas/load");
	assert_found(w, "/etc/hosts", "none");
}

static void a_table_that_is_too_large_is_refused(void **state)
{
	const struct world *w = *state;
	struct load_table *table = NULL;

	assert_int_equal(aug_set(w->aug, "/augeas/load", NULL), 0);
	for (int i = 0; i < 1025; i++)
		set(w, "/augeas/load/x[last()+1]", NULL);
	assert_int_equal(load_table_read(w->aug, &table), -E2BIG);
	assert_null(table);
}

static void the_policy_is_shown_so_that_it_says_the_same(void **state)
{
	const struct world *w = *state;

	add_file(w, "/etc/x/*.conf", "Shellvars.lns");
	add_file(w, "/etc/x/a.conf", "Hosts.lns");
	add_file(w, "/etc/x/b.conf", "Shellvars.lns");
	add_file(w, "/etc/[a]", "Hosts.lns");
	add_file(w, "/etc/none", NULL);
	assert_int_equal(load_table_show(w->aug, w->policy), 0);
	assert_found(w, "/etc/x/a.conf", "Hosts.lns");
	assert_found(w, "/etc/x/b.conf", "Shellvars.lns");
	assert_found(w, "/etc/x/c.conf", "Shellvars.lns");
	assert_found(w, "/etc/x/.c.conf", "none");
	assert_found(w, "/etc/[a]", "Hosts.lns");
	assert_found(w, "/etc/a", "none");
	assert_found(w, "/etc/none", "none");
}

static void assert_value(const struct world *w, const char *path, const char *expected)
{
	const char *value = NULL;

	assert_int_equal(aug_get(w->aug, path, &value), expected ? 1 : 0);
	if (expected)
		assert_string_equal(value, expected);
}

static void what_is_wrong_is_told_at_the_row_as_augeas_does(void **state)
{
	const struct world *w = *state;
	const char *value = NULL;

	add_file(w, "/etc/hosts", "Hosts.lns");
	set(w, "/augeas/load/A/incl", "etc/a");
	set(w, "/augeas/load/A/error", "an old one");
	set(w, "/augeas/load/B/lens", NULL);
	set(w, "/augeas/load/C/lens", "Nowhere.lns");
	set(w, "/augeas/load/C/excl[1]", "name");
	set(w, "/augeas/load/C/excl[2]", "a/name");
	set(w, "/augeas/load/D/lens", "../x.lns");
	set(w, "/augeas/load/E/lens", "Hosts.lns");
	set(w, "/augeas/load/F/lens", "Fstab.lns");
	assert_int_equal(load_check(w->aug, w->policy), 0);
	assert_value(w, "/augeas/load/A/error", "missing a child with label 'lens'");
	assert_value(w, "/augeas/load/A/incl", "/etc/a");
	assert_value(w, "/augeas/load/B/error", "the 'lens' node does not contain a lens name");
	assert_int_equal(aug_get(w->aug, "/augeas/load/C/error", &value), 1);
	assert_non_null(strstr(value, "Nowhere"));
	assert_value(w, "/augeas/load/C/excl[1]", "name");
	assert_value(w, "/augeas/load/C/excl[2]", "/a/name");
	assert_value(w, "/augeas/load/D/error", "no lens has such a name");
	assert_value(w, "/augeas/load/E/error", NULL);
	assert_value(w, "/augeas/load/F/error", NULL);
	assert_int_equal(aug_match(w->aug, "/augeas/load", NULL), 1);
	assert_int_equal(aug_match(w->aug, "/augeas/load/*", NULL), 6);
}

/* A file that is there, and one that is outside of the root. */
static void augeas_reads_no_file_whatever_the_filters_say(void **state)
{
	const struct world *w = *state;
	scoped_ptr char *file = unit_path(w->root, "hosts");

	unit_file_write(file, "127.0.0.1 a\n");
	set(w, "/augeas/load/A/lens", "Fstab.lns");
	set(w, "/augeas/load/A/incl[1]", "/hosts");
	set(w, "/augeas/load/A/incl[2]", "/*");
	set(w, "/augeas/load/A/incl[3]", "/../../../../../../etc/fstab");
	assert_int_equal(load_check(w->aug, w->policy), 0);
	assert_int_equal(aug_match(w->aug, "/files/*", NULL), 0);
	assert_int_equal(aug_match(w->aug, "/augeas/files/*", NULL), 0);
	/* it would, if it saw them */
	assert_int_equal(aug_load(w->aug), 0);
	assert_true(aug_match(w->aug, "/augeas/files//path", NULL) > 0);
}

static void spans_are_as_the_client_has_it_from_then_on(void **state)
{
	const struct world *w = *state;
	scoped_ptr char *file = unit_path(w->root, "hosts"), *name = NULL;
	unsigned int edge[6];

	unit_file_write(file, "127.0.0.1 a\n");
	set(w, "/augeas/span", "disable");
	assert_int_equal(load_check(w->aug, w->policy), 0);
	assert_int_equal(load_table_begin(w->aug), 0);
	assert_int_equal(load_table_add(w->aug, "Hosts.lns", "/hosts"), 0);
	assert_int_equal(aug_load_file(w->aug, "/hosts"), 0);
	load_table_end(w->aug);
	assert_int_equal(aug_match(w->aug, "/augeas/load/*", NULL), 0);
	assert_value(w, "/files/hosts/1/canonical", "a");
	assert_int_equal(aug_span(w->aug, "/files/hosts/1", &name, &edge[0], &edge[1], &edge[2],
				  &edge[3], &edge[4], &edge[5]),
			 -1);
	assert_int_equal(aug_error(w->aug), AUG_ENOSPAN);
}

static void names_of_lenses_are_told_from_paths(void **state)
{
	static const char *const good[] = { "Hosts.lns", "@Hosts", "Shellvars_list.lns", "A.b_1" };
	static const char *const bad[] = { "",
					   "@",
					   "Hosts",
					   "hosts.lns",
					   "a/Hosts.lns",
					   "Hosts.lns/",
					   "../Hosts.lns",
					   "@a/b",
					   "Hosts.",
					   ".lns",
					   "Hosts.lns.x",
					   "Hosts .lns",
					   "@@Hosts" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(load_check_is_lens(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(load_check_is_lens(bad[i]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(filters_are_those_of_augeas),
		TEST(a_row_that_augeas_would_not_take_names_nothing),
		TEST(a_table_that_is_too_large_is_refused),
		TEST(the_policy_is_shown_so_that_it_says_the_same),
		TEST(what_is_wrong_is_told_at_the_row_as_augeas_does),
		TEST(augeas_reads_no_file_whatever_the_filters_say),
		TEST(spans_are_as_the_client_has_it_from_then_on),
		TEST(names_of_lenses_are_told_from_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
