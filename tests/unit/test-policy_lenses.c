/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/policy/policy_lenses.c: a directory of lenses is root's with all that is in it
 * and on the way to it, or the policy is refused with what is wrong.
 */
#include "policy_fixture.h"
#include "root_fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "config.h"
#include "monitor/policy/policy_lenses.h"
#include "monitor/policy/policy_lint.h"

/* A place that is root's all the way down; the root of the tests is below /tmp. */
#define PLACE "/srv"

struct world {
	struct root *root;
	char *policy;
};

static void make(const char *path, mode_t mode)
{
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void write_lens(const char *path, mode_t mode)
{
	unit_file_write(path, "module X = let lns = Util.empty*\n");
	assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root = NULL, *policy = NULL;

	assert_non_null(w);
	root_setup(&root);
	policy_setup(&policy);
	w->root = root;
	w->policy = policy;
	assert_int_equal(mount(w->root->path, PLACE, NULL, MS_BIND, NULL), 0);
	make(PLACE "/lenses", 0755);
	write_lens(PLACE "/lenses/x.aug", 0644);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root, *policy = w->policy;

	assert_int_equal(umount2(PLACE, MNT_DETACH), 0);
	root_teardown(&root);
	policy_teardown(&policy);
	free(w);
	return 0;
}

static void test_without_the_key_there_are_augeas_own(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped_ptr char *path = policy_lens_path(policy);

	(void)state;
	assert_string_equal(path, LENS_PATH);
}

static void test_those_of_the_policy_come_first_each_once(void **state)
{
	const struct world *w = *state;
	scoped(policy_freep) struct policy *policy = NULL;
	scoped_ptr char *path = NULL;

	make(PLACE "/a", 0755);
	make(PLACE "/a/b", 0705);
	policy = assert_text_taken(w->policy, "[Session]\nLenses=/srv/lenses\nLenses=/srv/a/b\n"
					      "[Session]\nLenses=/srv/lenses\n");
	path = policy_lens_path(policy);
	assert_string_equal(path, "/srv/lenses:/srv/a/b:" LENS_PATH);
}

static void test_no_other_name_is_taken(void **state)
{
	static const struct {
		const char *value, *problem;
	} names[] = {
		{ "lenses", "is not absolute; it must begin with '/'" },
		{ "/", "is not in its simplest form; no empty component, '.', '..' or '/' at the "
		       "end" },
		{ "/srv/../etc", "is not in its simplest form; no empty component, '.', '..' or "
				 "'/' at the end" },
		{ "/srv/a:/tmp", "has a character other than letters, digits and / . _ - + @" },
		{ "/srv/a b", "has a character other than letters, digits and / . _ - + @" },
		{ "/srv/*", "has a character other than letters, digits and / . _ - + @" },
		{ RUN_DIR,
		  "has another meaning for those who read lenses; choose another place, as "
		  "/etc/exmachina/lenses" },
		{ RUN_DIR "/x", "has another meaning for those who read lenses; choose another "
				"place, as /etc/exmachina/lenses" },
		{ "/staging",
		  "has another meaning for those who read lenses; choose another place, "
		  "as /etc/exmachina/lenses" },
	};
	const struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		scoped_ptr char *text = NULL, *expected = NULL;

		assert_true(asprintf(&text, "[Session]\nLenses=%s\n", names[i].value) > 0);
		assert_true(asprintf(&expected, "a.conf:2: Lenses='%s' %s\n", names[i].value,
				     names[i].problem) > 0);
		assert_text_refused(w->policy, text, expected);
	}
}

static void test_a_name_has_255_bytes_and_there_are_8(void **state)
{
	const struct world *w = *state;
	scoped_ptr char *logged = NULL, *text = NULL, *name = NULL;
	struct policy *policy = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "[Session]\n");
	for (int i = 1; i <= 9; i++) {
		scoped_ptr char *path = NULL;

		assert_true(asprintf(&path, PLACE "/%d", i) > 0);
		make(path, 0755);
		fprintf(out, "Lenses=%s\n", path);
	}
	fclose(out);
	assert_text_refused(w->policy, text, "a.conf:10: more than 8 directories of lenses\n");
	assert_true(asprintf(&name, "[Session]\nLenses=/srv/%0252d\n", 0) > 0);
	policy_write(w->policy, "a.conf", name);
	logged = policy_read_logged(w->policy, -EINVAL, &policy);
	assert_non_null(strstr(logged, "is too long; a directory of lenses has 255 bytes at most"));
}

/* ---- what others could put there ---- */

static void directory_of_another(void)
{
	assert_int_equal(chown(PLACE "/lenses", 65534, 0), 0);
}

static void directory_for_its_group(void)
{
	assert_int_equal(chmod(PLACE "/lenses", 0775), 0);
}

static void directory_for_all(void)
{
	assert_int_equal(chmod(PLACE "/lenses", 01777), 0);
}

static void directory_for_root_only(void)
{
	assert_int_equal(chmod(PLACE "/lenses", 0750), 0);
}

static void place_of_another(void)
{
	assert_int_equal(chown(PLACE, 65534, 0), 0);
}

static void place_for_all(void)
{
	assert_int_equal(chmod(PLACE, 01777), 0);
}

static void move_away(const char *to)
{
	assert_int_equal(rename(PLACE "/lenses", to), 0);
}

static void no_directory(void)
{
	move_away(PLACE "/other");
}

static void link_to_directory(void)
{
	move_away(PLACE "/other");
	assert_int_equal(symlink("other", PLACE "/lenses"), 0);
}

static void file_in_its_place(void)
{
	move_away(PLACE "/other");
	write_lens(PLACE "/lenses", 0644);
}

static void lens_of_another(void)
{
	assert_int_equal(chown(PLACE "/lenses/x.aug", 65534, 0), 0);
}

static void lens_for_all(void)
{
	assert_int_equal(chmod(PLACE "/lenses/x.aug", 0646), 0);
}

static void lens_for_root_only(void)
{
	assert_int_equal(chmod(PLACE "/lenses/x.aug", 0640), 0);
}

static void lens_that_is_a_link(void)
{
	assert_int_equal(symlink("/tmp/x.aug", PLACE "/lenses/y.aug"), 0);
}

static void lens_that_is_a_directory(void)
{
	make(PLACE "/lenses/y.aug", 0755);
}

static void lens_that_is_a_pipe(void)
{
	assert_int_equal(mkfifo(PLACE "/lenses/y.aug", 0644), 0);
}

static void something_else(void)
{
	write_lens(PLACE "/lenses/passwd", 0644);
}

static void something_hidden(void)
{
	write_lens(PLACE "/lenses/.aug", 0644);
}

static void test_what_others_could_change_is_refused(void **state)
{
	static const struct {
		void (*make)(void);
		const char *problem;
	} cases[] = {
		{ directory_of_another, ": /srv/lenses is not owned by root; chown it" },
		{ directory_for_its_group,
		  ": /srv/lenses can be written by others than root; chmod go-w" },
		{ directory_for_all,
		  ": /srv/lenses can be written by others than root; chmod go-w" },
		{ directory_for_root_only, " cannot be read by others than root; chmod o+rx" },
		{ place_of_another, ": /srv is not owned by root; chown it" },
		{ place_for_all, ": /srv can be written by others than root; chmod go-w" },
		{ no_directory,
		  ": /srv/lenses is not there; make it, owned by root, with mode 0755" },
		{ link_to_directory,
		  ": /srv/lenses is not a directory; a link to one will not do" },
		{ file_in_its_place,
		  ": /srv/lenses is not a directory; a link to one will not do" },
		{ lens_of_another, ": 'x.aug' is not owned by root; chown it" },
		{ lens_for_all, ": 'x.aug' can be written by others than root; chmod go-w" },
		{ lens_for_root_only, ": 'x.aug' cannot be read by others than root; chmod o+r" },
		{ lens_that_is_a_link, ": 'y.aug' is not a regular file" },
		{ lens_that_is_a_directory, ": 'y.aug' is not a regular file" },
		{ lens_that_is_a_pipe, ": 'y.aug' is not a regular file" },
		{ something_else,
		  ": 'passwd' is none; only files NAME.aug may be in a directory of lenses" },
		{ something_hidden,
		  ": '.aug' is none; only files NAME.aug may be in a directory of lenses" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped_ptr char *expected = NULL;
		const struct world *w = *state;

		cases[i].make();
		assert_true(asprintf(&expected, "a.conf:2: Lenses=/srv/lenses%s\n",
				     cases[i].problem) > 0);
		assert_text_refused(w->policy, "[Session]\nLenses=/srv/lenses\n", expected);
		teardown(state);
		setup(state);
	}
}

/* ---- who may write there, and who sees it ---- */

static void test_a_section_that_leads_there_is_found(void **state)
{
	static const struct {
		const char *path;
		int concerns;
	} paths[] = {
		{ "/srv/lenses/x.aug", 1 },  { "/srv/*/*", 1 },        { "/*/lenses/x?aug", 1 },
		{ "/srv/lenses/x/y", 1 },    { "/srv/lenses", 0 },     { "/srv/*", 0 },
		{ "/srv/lense/x.aug", 0 },   { "/srv/x/lenses/y", 0 }, { "/x", 0 },
		{ "/srv/lenses2/x.aug", 0 },
	};
	scoped(policy_freep) struct policy *policy = policy_new();

	(void)state;
	assert_int_equal(policy_list_add(&policy->lens_dirs, "/elsewhere"), 0);
	assert_int_equal(policy_list_add(&policy->lens_dirs, "/srv/lenses"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (policy_lenses_concern(policy, paths[i].path) != paths[i].concerns)
			fail_msg("%s", paths[i].path);
}

static void test_whoever_may_write_lenses_is_warned_of(void **state)
{
	const struct world *w = *state;
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(w->policy,
				  "[Session]\nLenses=/srv/lenses\n[File /srv/lenses/x.aug]\n"
				  "[File /srv/*/y.aug]\nSet=x\n[File /srv/lenses/*]\nDelete=yes\n");
	scoped_ptr char *text = NULL;
	size_t count, size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(policy_lint(policy, out, &count), 0);
	fclose(out);
	assert_int_equal(count, 2);
	assert_string_equal(text, "warning: [File /srv/*/y.aug]: whoever may change it is root: it "
				  "is a lens, by which commits are judged\n"
				  "warning: [File /srv/lenses/*]: whoever may change it is root: "
				  "it is a lens, by which commits are judged\n");
}

static void test_in_a_root_that_was_prepared_they_must_be_shown(void **state)
{
	const struct world *w = *state;
	scoped(policy_freep) struct policy *policy =
		assert_text_taken(w->policy, "[Session]\nLenses=/srv/lenses\n");
	scoped_ptr char *logged = NULL;
	int r;

	make(PLACE "/root", 0755);
	unit_capture_begin();
	r = policy_lenses_prepared(policy, PLACE "/root");
	logged = unit_capture_end();
	assert_int_equal(r, -ENOENT);
	assert_non_null(strstr(logged, "the unit needs "
				       "BindReadOnlyPaths=/srv/lenses:/srv/root/srv/lenses"));
	make(PLACE "/root/srv", 0755);
	make(PLACE "/root/srv/lenses", 0755);
	/* one that only looks like it */
	unit_capture_begin();
	r = policy_lenses_prepared(policy, PLACE "/root");
	free(unit_capture_end());
	assert_int_equal(r, -ENOENT);
	assert_int_equal(mount(PLACE "/lenses", PLACE "/root/srv/lenses", NULL, MS_BIND, NULL), 0);
	assert_int_equal(policy_lenses_prepared(policy, PLACE "/root"), 0);
	assert_int_equal(umount(PLACE "/root/srv/lenses"), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_the_key_there_are_augeas_own),
		cmocka_unit_test_setup_teardown(test_those_of_the_policy_come_first_each_once,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_other_name_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_name_has_255_bytes_and_there_are_8, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_others_could_change_is_refused, setup,
						teardown),
		cmocka_unit_test(test_a_section_that_leads_there_is_found),
		cmocka_unit_test_setup_teardown(test_whoever_may_write_lenses_is_warned_of, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_in_a_root_that_was_prepared_they_must_be_shown,
						setup, teardown),
	};
	int skip = root_enter();

	return skip ? skip : cmocka_run_group_tests(tests, NULL, NULL);
}
