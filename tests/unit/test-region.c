/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/engine/region.c: whose a node is, and which expressions no file has to do with. */
#include "unit.h"

#include "engine/region.h"

static enum region region(const char *path)
{
	scoped_node_path node = { 0 };

	assert_int_equal(node_path_parse(path, &node), 0);
	return region_of(&node);
}

static void files_are_the_policys_also_a_second_tree_of_them(void **state)
{
	(void)state;
	assert_int_equal(region("/files"), REGION_FILES);
	assert_int_equal(region("/files/etc/hosts/1"), REGION_FILES);
	assert_int_equal(region("/files[2]/etc/hosts"), REGION_FILES);
	assert_int_equal(region("/fi\\les/etc/hosts"), REGION_FILES);
}

static void what_the_server_goes_by_is_its_own(void **state)
{
	static const char *const paths[] = {
		"/augeas",
		"/augeas[2]",
		"/augeas/files/etc/hosts/path",
		"/augeas/root",
		"/augeas/save",
		"/augeas/context",
		"/augeas/variables/x",
		"/augeas/pathx",
		"/augeas/loads",
		"/augeas/version",
		"/augeas/span",
		"/augeas/x",
	};
	struct node_path none = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(region(paths[i]), REGION_SERVER);
	assert_int_equal(region_of(&none), REGION_SERVER);
}

static void all_else_is_the_clients(void **state)
{
	static const char *const paths[] = {
		"/mine",
		"/file",
		"/files2/etc",
		"/Files",
		"/x/files/etc/hosts",
		"/augeas/load",
		"/augeas/load/X/incl[2]",
		"/augeas/events/saved",
		"/augeas/error",
		"/augeas/text/tree/error",
		"/a\\/files",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(region(paths[i]), REGION_CLIENT);
}

static void the_table_of_transforms_is_found(void **state)
{
	scoped_node_path load = { 0 }, other = { 0 };

	(void)state;
	assert_int_equal(node_path_parse("/augeas/load/X", &load), 0);
	assert_int_equal(node_path_parse("/mine/load", &other), 0);
	assert_true(region_is_load(&load));
	assert_false(region_is_load(&other));
}

static void only_what_cannot_be_a_file_needs_none(void **state)
{
	static const char *const needs_none[] = {
		"/mine",
		"/mine/a[b = 'c']",
		"/tree[1]/x",
		"/augeas/load/*/incl",
		"/augeas/save",
		"/augeas/events/saved[last()]",
		"/augeas/variables",
		"/filesx/a",
	};
	static const char *const may_need[] = {
		"/",
		"/*",
		"//x",
		"/files",
		"/files/etc",
		"/fi\\les",
		"/augeas",
		"/augeas/*",
		"/augeas//error",
		"/augeas/files/etc/hosts",
		"/mine/../files/etc",
		"/mine | /files",
		"/mine[/files/etc/hosts]",
		"/mine/parent::*",
		"mine",
		"/mine*",
		"/augeas/loads",
		"/augeas/load[$x]",
		"/(mine)",
		"/mine//../files",
		"/augeas/load*",
		"/ files",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(needs_none); i++)
		if (!region_needs_no_file(needs_none[i]))
			fail_msg("%s needs a file", needs_none[i]);
	for (size_t i = 0; i < ARRAY_SIZE(may_need); i++)
		if (region_needs_no_file(may_need[i]))
			fail_msg("%s needs none", may_need[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_the_policys_also_a_second_tree_of_them),
		cmocka_unit_test(what_the_server_goes_by_is_its_own),
		cmocka_unit_test(all_else_is_the_clients),
		cmocka_unit_test(the_table_of_transforms_is_found),
		cmocka_unit_test(only_what_cannot_be_a_file_needs_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
