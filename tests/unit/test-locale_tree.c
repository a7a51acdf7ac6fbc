/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/identity/locale_tree.c: which locales there are, whatever the archive claims.
 */
#include "root_fixture.h"

#include <string.h>

#include "monitor/identity/locale_tree.h"

enum { HEAD_SIZE = 14 * 4, NAMES = 3 };

/* An archive as localedef(1) makes it, as far as names go: the head, the table, the texts. */
struct archive {
	uint32_t head[14];
	uint32_t names[NAMES][3];
	char texts[NAMES][32];
};

static struct archive sample(void)
{
	struct archive archive = {
		.head = { 0xde020109, 3, HEAD_SIZE, 2, NAMES },
		.texts = { "de_DE.utf8", "fr_FR.iso88591", "sv_SE.utf8" },
	};

	/* the one in the middle is an empty place of the table */
	for (uint32_t i = 0; i < NAMES; i++) {
		archive.names[i][0] = i + 1;
		archive.names[i][1] = (uint32_t)offsetof(struct archive, texts) + i * 32;
		archive.names[i][2] = i == 1 ? 0 : 1;
	}
	return archive;
}

static void write_archive(const struct root *root, const struct archive *archive, size_t size)
{
	scoped_ptr char *path = root_path(root, "/usr/lib/locale/locale-archive");
	scoped_file *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(archive, 1, size, file), size);
}

static int setup(void **state)
{
	int r = root_setup(state);

	if (r != 0)
		return r;
	root_mkdir(*state, "/usr");
	root_mkdir(*state, "/usr/lib");
	root_mkdir(*state, "/usr/lib/locale");
	return 0;
}

static void assert_has(const struct root *root, const char *name, int expected)
{
	int r = locale_tree_has(root->fd, name);

	if (r != expected)
		fail_msg("%s gives %d", name, r);
}

static void test_what_the_library_has_built_in_is_always_there(void **state)
{
	assert_has(*state, "C", 1);
	assert_has(*state, "POSIX", 1);
	assert_has(*state, "C.UTF-8", 1);
	assert_has(*state, "C.utf8", 1);
}

static void test_other_locales_are_not_there_by_themselves(void **state)
{
	static const char *const names[] = { "en_US.UTF-8", "de_DE",    "C.ISO-8859-1", "c",
					     "posix",       "C.UTF-16", "CC",           "C@euro" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_has(*state, names[i], 0);
}

static void test_locales_of_the_archive_are_there_however_their_set_is_spelled(void **state)
{
	struct archive archive = sample();

	write_archive(*state, &archive, sizeof(archive));
	assert_has(*state, "de_DE.UTF-8", 1);
	assert_has(*state, "de_DE.utf8", 1);
	assert_has(*state, "de_DE.utf-8", 1);
	assert_has(*state, "sv_SE.UTF-8", 1);
}

static void test_what_the_archive_does_not_have_is_not_there(void **state)
{
	static const char *const names[] = { "de_DE",       "de_DE.UTF-16",     "de_DE.UTF-8@euro",
					     "de_AT.UTF-8", "fr_FR.ISO-8859-1", "DE_de.UTF-8",
					     "de_DE.UTF-8x" };
	struct archive archive = sample();

	write_archive(*state, &archive, sizeof(archive));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_has(*state, names[i], 0);
}

static void test_a_directory_is_a_locale(void **state)
{
	root_mkdir(*state, "/usr/lib/locale/nb_NO.utf8");
	root_mkdir(*state, "/usr/lib/locale/eo.UTF-8");
	root_write(*state, "/usr/lib/locale/file", "");
	assert_has(*state, "nb_NO.UTF-8", 1);
	assert_has(*state, "nb_NO.utf8", 1);
	assert_has(*state, "eo.UTF-8", 1);
	assert_has(*state, "nb_NO", 0);
	assert_has(*state, "file", 0);
	assert_has(*state, "locale-archive", 0);
}

static void test_what_could_lead_elsewhere_is_no_name(void **state)
{
	static const char *const names[] = {
		"",    ".",  "..",   "../locale", "../../../etc", "/etc",
		"a/b", "-x", "_x",   "@x",        "de_DE\n",      "de DE",
		"a;b", "$x", "'de'", "\"de\"",    "de_DE.UTF-8 ", "d\xc3\xa9",
	};
	scoped_ptr char *name = unit_repeat('a', 256);

	root_mkdir(*state, "/etc");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_false(locale_tree_is_name(names[i]));
		assert_has(*state, names[i], 0);
	}
	assert_false(locale_tree_is_name(name));
	assert_true(locale_tree_is_name(name + 1));
	assert_has(*state, name + 1, 0);
}

static void test_an_archive_cut_anywhere_is_read_as_far_as_it_goes(void **state)
{
	struct archive archive = sample();
	int r, found = 0;

	for (size_t size = 0; size <= sizeof(archive); size++) {
		write_archive(*state, &archive, size);
		r = locale_tree_has(((struct root *)*state)->fd, "sv_SE.UTF-8");
		assert_in_range(r, 0, 1);
		found += r;
	}
	assert_true(found > 0);
}

static void test_an_archive_that_lies_is_not_believed(void **state)
{
	static const uint32_t lies[] = { 0, 1, 0x7fffffff, 0x80000000, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		for (size_t field = 0; field < 5; field++) {
			struct archive archive = sample();

			archive.head[field] = lies[i];
			write_archive(*state, &archive, sizeof(archive));
			assert_has(*state, "xx_XX.UTF-8", 0);
		}
		for (size_t field = 0; field < 3; field++) {
			struct archive archive = sample();

			archive.names[0][field] = lies[i];
			write_archive(*state, &archive, sizeof(archive));
			assert_has(*state, "xx_XX.UTF-8", 0);
		}
	}
}

static void test_an_archive_of_another_kind_has_nothing(void **state)
{
	struct archive archive = sample();

	archive.head[0]++;
	write_archive(*state, &archive, sizeof(archive));
	assert_has(*state, "de_DE.UTF-8", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_the_library_has_built_in_is_always_there),
		TEST(test_other_locales_are_not_there_by_themselves),
		TEST(test_locales_of_the_archive_are_there_however_their_set_is_spelled),
		TEST(test_what_the_archive_does_not_have_is_not_there),
		TEST(test_a_directory_is_a_locale),
		TEST(test_what_could_lead_elsewhere_is_no_name),
		TEST(test_an_archive_cut_anywhere_is_read_as_far_as_it_goes),
		TEST(test_an_archive_that_lies_is_not_believed),
		TEST(test_an_archive_of_another_kind_has_nothing),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
