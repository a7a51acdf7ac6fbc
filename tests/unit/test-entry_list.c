/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/entry_list.c: exactly the files that the entry governs are named. */
#include "root_fixture.h"

#include <errno.h>
#include <string.h>

#include "common/memfd.h"
#include "common/message.h"
#include "monitor/entry_list.h"

/* The names of entry 0 of a policy with these sections, each with a newline behind it. */
static char *list(const struct root *root, const char *const *sections, size_t count)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	scoped_mapping mapping = { 0 };
	uint32_t found = 77, names = 0;
	size_t before = unit_open_descriptors();
	struct policy_file *file;
	scoped_fd memfd = -1;
	char *text;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(policy_file_add(policy, sections[i], &file), 0);
	assert_int_equal(entry_list(root->fd, policy, 0, &memfd, &found), 0);
	assert_int_equal(unit_open_descriptors(), before + 1);
	assert_int_equal(memfd_map(memfd, CONTENT_MAX, &mapping), 0);
	text = malloc(mapping.size + 1);
	assert_non_null(text);
	memcpy(text, mapping.data, mapping.size);
	text[mapping.size] = '\0';
	for (size_t i = 0; i < mapping.size; i++)
		if (text[i] == '\0') {
			text[i] = '|';
			names++;
		}
	assert_int_equal(names, found);
	return text;
}

#define ASSERT_LIST(root, expected, ...) \
	do { \
		static const char *const sections_[] = { __VA_ARGS__ }; \
		scoped_ptr char *names_ = list(root, sections_, ARRAY_SIZE(sections_)); \
		assert_string_equal(names_, expected); \
	} while (0)

static int setup(void **state)
{
	const struct root *root;

	root_setup(state);
	root = *state;
	root_mkdir(root, "/etc");
	root_mkdir(root, "/etc/d");
	root_mkdir(root, "/etc/e");
	root_write(root, "/etc/d/b.list", "");
	root_write(root, "/etc/d/a.list", "");
	root_write(root, "/etc/d/B.list", "");
	root_write(root, "/etc/d/a.list.bak", "");
	root_write(root, "/etc/d/.hidden.list", "");
	root_write(root, "/etc/e/a.list", "");
	return 0;
}

static void test_names_are_sorted_and_below_the_fixed_directory(void **state)
{
	ASSERT_LIST(*state, "B.list|a.list|b.list|", "/etc/d/*.list");
	ASSERT_LIST(*state, "d/B.list|d/a.list|d/b.list|e/a.list|", "/etc/*/*.list");
	ASSERT_LIST(*state, "etc/d/a.list|etc/e/a.list|", "/*/?/a.list");
	ASSERT_LIST(*state, ".hidden.list|", "/etc/d/.*.list");
}

static void test_files_that_another_section_governs_are_left_out(void **state)
{
	ASSERT_LIST(*state, "B.list|a.list|", "/etc/d/*.list", "/etc/d/b.list");
	ASSERT_LIST(*state, "b.list|", "/etc/d/b*.list", "/etc/d/*");
}

static void test_nothing_that_matches_is_an_empty_list(void **state)
{
	ASSERT_LIST(*state, "", "/etc/d/*.conf");
	ASSERT_LIST(*state, "", "/etc/none/*.list");
	ASSERT_LIST(*state, "", "/etc/d/a.list/*");
}

static void test_links_directories_and_others_are_no_files(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *fifo = root_path(root, "/etc/d/f.list");

	root_symlink(root, "a.list", "/etc/d/link.list");
	root_mkdir(root, "/etc/d/dir.list");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	ASSERT_LIST(root, "B.list|a.list|b.list|", "/etc/d/*.list");
}

static void test_no_link_to_a_directory_is_followed(void **state)
{
	const struct root *root = *state;

	root_symlink(root, "d", "/etc/x");
	root_symlink(root, "etc", "/link");
	ASSERT_LIST(root, "e/a.list|", "/etc/*/a.list", "/etc/d/a.list");
	ASSERT_LIST(root, "", "/etc/x/*.list");
	ASSERT_LIST(root, "", "/link/d/*.list");
}

static void test_odd_names_go_on_as_bytes(void **state)
{
	const struct root *root = *state;

	root_write(root, "/etc/e/a b;$(x).list", "");
	root_write(root, "/etc/e/\xff.list", "");
	ASSERT_LIST(root, "a b;$(x).list|a.list|\xff.list|", "/etc/e/*.list");
}

static void test_names_with_control_characters_are_left_out(void **state)
{
	root_write(*state, "/etc/e/a\nb.list", "");
	ASSERT_LIST(*state, "a.list|", "/etc/e/*.list");
}

static void test_more_names_than_the_bound_are_refused(void **state)
{
	const struct root *root = *state;
	scoped(policy_freep) struct policy *policy = policy_new();
	size_t before = unit_open_descriptors();
	struct policy_file *file;
	uint32_t count = 77;
	int memfd = -77;

	root_mkdir(root, "/many");
	for (int i = 0; i <= ENTRY_NAMES_MAX; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/many/%d", i);
		root_write(root, path, "");
	}
	assert_int_equal(policy_file_add(policy, "/many/*", &file), 0);
	assert_int_equal(entry_list(root->fd, policy, 0, &memfd, &count), -E2BIG);
	assert_int_equal(memfd, -77);
	assert_int_equal(count, 77);
	assert_int_equal(unit_open_descriptors(), before);
}

static void test_an_entry_and_a_name_make_a_path(void **state)
{
	static const struct {
		const char *pattern;
		const char *name;
		const char *path; /* NULL: they do not go together */
	} cases[] = {
		{ "/etc/hosts", "", "/etc/hosts" },
		{ "/etc/d/*.list", "a.list", "/etc/d/a.list" },
		{ "/*", "a", "/a" },
		{ "/etc/*/x*", "d/xy", "/etc/d/xy" },
		/* for policy_find_file() to refuse */
		{ "/etc/d/*", "../hosts", "/etc/d/../hosts" },
		{ "/etc/hosts", "x", NULL },
		{ "/etc/hosts", "/etc/hosts", NULL },
		{ "/etc/d/*.list", "", NULL },
		{ "/etc/d/*.list", "/etc/d/a.list", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped_ptr char *path = NULL;
		int r = entry_join(cases[i].pattern, cases[i].name, &path);

		assert_int_equal(r, cases[i].path ? 0 : -EPROTO);
		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
		else
			assert_null(path);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_are_sorted_and_below_the_fixed_directory),
		TEST(test_files_that_another_section_governs_are_left_out),
		TEST(test_nothing_that_matches_is_an_empty_list),
		TEST(test_links_directories_and_others_are_no_files),
		TEST(test_no_link_to_a_directory_is_followed),
		TEST(test_odd_names_go_on_as_bytes),
		TEST(test_names_with_control_characters_are_left_out),
		TEST(test_more_names_than_the_bound_are_refused),
		cmocka_unit_test(test_an_entry_and_a_name_make_a_path),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
