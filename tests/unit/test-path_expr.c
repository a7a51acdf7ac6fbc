/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of a path expression without evaluating it: when in doubt, "anything". */
#include "unit.h"

#include <string.h>

#include "common/cleanup.h"
#include "engine/path_expr.h"

static void expect_prefix(const char *expr, const char *wanted)
{
	scoped_ptr char *prefix = path_expr_prefix(expr, "/files");

	assert_non_null(prefix);
	assert_string_equal(prefix, wanted);
}

static void plain_paths_are_their_own_prefix(void **state)
{
	(void)state;
	expect_prefix("/files/etc/hosts", "/etc/hosts");
	expect_prefix("/files/etc/hosts/1/ipaddr", "/etc/hosts/1/ipaddr");
	expect_prefix("/files/etc/hosts/*[1]/ipaddr", "/etc/hosts");
	expect_prefix("/files/etc/hosts[1]/1", "/etc/hosts");
	expect_prefix("/files/etc/hosts//ipaddr", "/etc/hosts");
	expect_prefix("/files/etc/my-file+x", "/etc/my-file+x");
}

static void escapes_are_taken_out(void **state)
{
	(void)state;
	expect_prefix("/files/etc/a\\ b/c", "/etc/a b/c");
	expect_prefix("/files/etc/a\\/b", "/etc/a/b");
}

static void relative_paths_stand_below_the_context(void **state)
{
	scoped_ptr char *prefix = path_expr_prefix("1/ipaddr", "/files/etc/hosts");

	(void)state;
	assert_string_equal(prefix, "/etc/hosts/1/ipaddr");
	expect_prefix("etc/hosts", "/etc/hosts");
}

static void what_may_leave_means_anything(void **state)
{
	static const char *const exprs[] = {
		"/files/etc/hosts/..",
		"/files/etc/hosts/1/../../passwd",
		"/files/etc/hosts/parent::*",
		"/files/etc/hosts/ancestor::etc/passwd",
		"/files/etc/hosts | /files/etc/passwd",
		"/files/etc/hosts|/files/etc/passwd",
		"/files/etc/hosts/$x",
		"$x/etc",
		"/files/etc/hosts[/files/etc/passwd]",
		"/files/etc/hosts[ /files/etc/passwd ]",
		"/files/etc/hosts[x = /files/etc/passwd]",
		"/files/etc/hosts[x = 'y' and /files/etc/passwd]",
		"/files/etc/hosts[x or\n/files/etc/passwd]",
		"/files/etc/hosts[count(/files/etc/passwd) > 1]",
		"/files/etc/hosts else /files/etc/passwd",
		"/files/etc/./hosts",
		"(/files/etc/hosts)",
		"/augeas/files/etc/hosts",
		"/augeas//error",
		"/filesystem/etc/hosts",
		"/*",
		"//hosts",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(exprs); i++)
		expect_prefix(exprs[i], "");
}

static void half_labels_are_left_out(void **state)
{
	(void)state;
	expect_prefix("/files/etc/ho*", "/etc");
	expect_prefix("/files/etc/ho=x", "/etc");
}

static void the_last_step_is_found(void **state)
{
	(void)state;
	assert_int_equal(path_expr_parent("/a/b[x = '/']/c"), 13);
	assert_int_equal(path_expr_parent("/a/b[c/d]"), 2);
	assert_int_equal(path_expr_parent("/a/b\\/c"), 2);
	assert_int_equal(path_expr_parent("/a/\"x/y\""), 2);
	assert_int_equal(path_expr_parent("/a"), 0);
	assert_int_equal(path_expr_parent("a"), 0);
	assert_int_equal(path_expr_parent(""), 0);
}

static void a_path_of_labels_looks_nowhere_else(void **state)
{
	static const char *const paths[] = {
		"/files/etc/hosts/1/alias[2]",    "/files/etc/x.d/..rc/...", "/files/etc/.x",
		"/files/etc/hosts/\\*/\\.\\.",    "/files/etc/a\\/..",       "/files/selfish::x",
		"/files/etc/fe80::1/x::parent::", "/files/\\$x/a$b",         "/files/child:x",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (path_expr_looks_around(paths[i]))
			fail_msg("'%s'", paths[i]);
}

static void what_augeas_would_look_for_is_told(void **state)
{
	static const struct {
		const char *path;
		size_t at;
	} rows[] = {
		{ "/files/etc/hosts/*", 17 },
		{ "/files/etc/hosts/a*b", 18 },
		{ "/files/etc/*[1]", 11 },
		{ "/files/../x", 7 },
		{ "/files/..", 7 },
		{ "/files/..[1]", 7 },
		{ "/files/.", 7 },
		{ "/./files", 1 },
		{ "/files/parent::x", 7 },
		{ "/descendant-or-self::x", 1 },
		{ "/files/preceding-sibling::x", 7 },
		{ "/$x/y", 1 },
		{ "/files/\\*/*", 10 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *found = path_expr_looks_around(rows[i].path);

		if (!found || (size_t)(found - rows[i].path) != rows[i].at)
			fail_msg("'%s': '%s'", rows[i].path, found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_paths_are_their_own_prefix),
		cmocka_unit_test(escapes_are_taken_out),
		cmocka_unit_test(relative_paths_stand_below_the_context),
		cmocka_unit_test(what_may_leave_means_anything),
		cmocka_unit_test(half_labels_are_left_out),
		cmocka_unit_test(the_last_step_is_found),
		cmocka_unit_test(a_path_of_labels_looks_nowhere_else),
		cmocka_unit_test(what_augeas_would_look_for_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
