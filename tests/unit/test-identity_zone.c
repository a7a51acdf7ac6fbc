/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/identity/identity_zone.c: only zones that are there, and both files or none.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "monitor/identity/identity_zone.h"

static int setup(void **state)
{
	int r = root_setup(state);

	if (r != 0)
		return r;
	root_mkdir(*state, "/etc");
	root_mkdir(*state, "/usr");
	root_mkdir(*state, "/usr/share");
	root_mkdir(*state, "/usr/share/zoneinfo");
	root_mkdir(*state, "/usr/share/zoneinfo/Europe");
	root_mkdir(*state, "/usr/share/zoneinfo/America");
	root_mkdir(*state, "/usr/share/zoneinfo/America/Argentina");
	root_mkdir(*state, "/usr/share/zoneinfo/Etc");
	root_write(*state, "/usr/share/zoneinfo/Europe/Berlin", "TZif2...");
	root_write(*state, "/usr/share/zoneinfo/America/Argentina/Salta", "TZif2...");
	root_write(*state, "/usr/share/zoneinfo/Etc/GMT+12", "TZif");
	root_write(*state, "/usr/share/zoneinfo/UTC", "TZif2...");
	root_symlink(*state, "../Europe/Berlin", "/usr/share/zoneinfo/Etc/Linked");
	return 0;
}

static enum job_outcome check(const struct root *root, const char *zone)
{
	struct identity_why why = { 0 };
	enum job_outcome outcome = identity_zone_check(root->fd, zone, &why);

	assert_true((outcome == JOB_DONE) == (why.text[0] == '\0'));
	return outcome;
}

static void assert_zone(const struct root *root, const char *expected)
{
	char zone[ZONE_SIZE];

	assert_int_equal(identity_zone_read(root->fd, zone), 0);
	assert_string_equal(zone, expected);
}

static void assert_link(const struct root *root, const char *expected)
{
	scoped_ptr char *path = root_path(root, "/etc/localtime");
	char to[512] = "";

	assert_true(readlink(path, to, sizeof(to) - 1) > 0);
	assert_string_equal(to, expected);
}

static void assert_written(const struct root *root, const char *zone)
{
	struct identity_why why = { 0 };

	assert_int_equal(identity_zone_write(root->fd, zone, &why), JOB_DONE);
}

static void test_zones_of_the_tree_are_taken(void **state)
{
	static const char *const zones[] = { "Europe/Berlin", "America/Argentina/Salta",
					     "Etc/GMT+12", "UTC", "Etc/Linked" };

	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		assert_int_equal(check(*state, zones[i]), JOB_DONE);
}

static void test_what_is_no_zones_name_is_refused(void **state)
{
	static const char *const zones[] = {
		"",
		"/",
		"/Europe/Berlin",
		"Europe/Berlin/",
		"Europe//Berlin",
		"..",
		"../zoneinfo/Europe/Berlin",
		"Europe/../Europe/Berlin",
		"Europe/./Berlin",
		".",
		".hidden",
		"Europe/.hidden",
		"-v",
		"Europe/-v",
		"Europe/Berlin\n",
		"Europe/Berlin ",
		" Europe/Berlin",
		"Europe\\Berlin",
		"Europe/Ber\tlin",
		"Europe/Berlin;reboot",
		"$(reboot)",
		"Europe/B\xc3\xa4rlin",
		"zone.tab",
		"../../../../etc/passwd",
	};
	scoped_ptr char *longest = unit_repeat('a', ZONE_SIZE);

	/* they are refused though they are there */
	root_write(*state, "/usr/share/zoneinfo/-v", "TZif");
	root_write(*state, "/usr/share/zoneinfo/Europe/-v", "TZif");
	root_write(*state, "/usr/share/zoneinfo/.hidden", "TZif");
	root_write(*state, "/usr/share/zoneinfo/zone.tab", "TZif");
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		if (check(*state, zones[i]) != JOB_BAD_VALUE)
			fail_msg("%s is taken", zones[i]);
	assert_int_equal(check(*state, longest), JOB_BAD_VALUE);
}

static void test_what_is_no_zone_of_the_tree_is_refused(void **state)
{
	const struct root *root = *state;
	static const char *const zones[] = {
		"Europe", "Europe/Paris", "Mars/Olympus", "Europe/Berlin/x", "text", "short", "fifo"
	};
	scoped_ptr char *fifo = root_path(root, "/usr/share/zoneinfo/fifo");
	scoped_fd writer = -1;

	root_write(root, "/usr/share/zoneinfo/text", "no zone at all");
	root_write(root, "/usr/share/zoneinfo/short", "TZi");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	writer = open(fifo, O_RDWR | O_CLOEXEC);
	assert_int_equal(write(writer, "TZif2...", 8), 8);
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		if (check(root, zones[i]) != JOB_BAD_VALUE)
			fail_msg("%s is taken", zones[i]);
}

static void test_links_out_of_the_tree_are_no_zones(void **state)
{
	const struct root *root = *state;
	static const char *const zones[] = { "localtime", "up",   "back",   "out/zone",
					     "loop",      "into", "further" };

	root_write(root, "/etc/zone", "TZif2...");
	root_symlink(root, "/etc/zone", "/usr/share/zoneinfo/localtime");
	root_symlink(root, "../../../etc/zone", "/usr/share/zoneinfo/up");
	root_symlink(root, "../zoneinfo/UTC", "/usr/share/zoneinfo/back");
	root_symlink(root, "../../../etc", "/usr/share/zoneinfo/out");
	root_symlink(root, "loop", "/usr/share/zoneinfo/loop");
	/* for whoever took the tree for the root they would lead to a zone */
	root_symlink(root, "/Europe/Berlin", "/usr/share/zoneinfo/into");
	root_symlink(root, "../../../UTC", "/usr/share/zoneinfo/further");
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++)
		if (check(root, zones[i]) != JOB_BAD_VALUE)
			fail_msg("%s is taken", zones[i]);
}

static void test_a_system_without_zones_has_none(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *tree = root_path(root, "/usr/share/zoneinfo");
	scoped_ptr char *away = root_path(root, "/usr/share/away");

	assert_int_equal(rename(tree, away), 0);
	assert_int_equal(check(root, "UTC"), JOB_BAD_VALUE);
}

static void test_the_zone_is_the_name_in_the_link(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/etc/localtime");

	assert_zone(root, "UTC");
	root_symlink(root, "/usr/share/zoneinfo/Europe/Berlin", "/etc/localtime");
	assert_zone(root, "Europe/Berlin");
	assert_int_equal(unlink(path), 0);
	root_symlink(root, "../usr/share/zoneinfo/Etc/GMT+12", "/etc/localtime");
	assert_zone(root, "Etc/GMT+12");
}

static void test_a_link_to_anything_else_has_no_name(void **state)
{
	static const char *const links[] = { "/etc/zone", "/usr/share/zoneinfo/../../../etc/zone",
					     "/usr/share/zoneinfo/", "/usr/share/zoneinfoX/UTC",
					     "usr/share/zoneinfo/UTC" };
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/etc/localtime");

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		root_symlink(root, links[i], "/etc/localtime");
		assert_zone(root, "");
		assert_int_equal(unlink(path), 0);
	}
}

static void test_a_copy_in_place_of_the_link_has_the_name_that_debian_notes(void **state)
{
	const struct root *root = *state;

	root_write(root, "/etc/localtime", "TZif2...");
	assert_zone(root, "");
	root_write(root, "/etc/timezone", "Europe/Berlin\n");
	assert_zone(root, "Europe/Berlin");
	root_write(root, "/etc/timezone", "../../etc/passwd\n");
	assert_zone(root, "");
}

static void test_writing_makes_a_relative_link_and_nothing_beside_it(void **state)
{
	const struct root *root = *state;

	assert_written(root, "Europe/Berlin");
	assert_link(root, "../usr/share/zoneinfo/Europe/Berlin");
	assert_zone(root, "Europe/Berlin");
	assert_root_count(root, "/etc", 1);
	assert_written(root, "UTC");
	assert_link(root, "../usr/share/zoneinfo/UTC");
	assert_root_count(root, "/etc", 1);
}

static void test_writing_keeps_debians_note_in_step(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *note = root_path(root, "/etc/timezone");

	root_write(root, "/etc/localtime", "TZif, a copy");
	root_write(root, "/etc/timezone", "Etc/UTC\n");
	assert_int_equal(chmod(note, 0640), 0);
	assert_written(root, "Europe/Berlin");
	assert_root_content(root, "/etc/timezone", "Europe/Berlin\n");
	assert_int_equal(root_stat(root, "/etc/timezone").st_mode & 07777, 0640);
	assert_link(root, "../usr/share/zoneinfo/Europe/Berlin");
	assert_root_count(root, "/etc", 2);
}

static void test_a_note_that_cannot_be_replaced_leaves_all_as_it_was(void **state)
{
	const struct root *root = *state;
	struct identity_why why = { 0 };

	assert_written(root, "UTC");
	root_write(root, "/etc/elsewhere", "UTC\n");
	root_symlink(root, "elsewhere", "/etc/timezone");
	assert_int_equal(identity_zone_write(root->fd, "Europe/Berlin", &why), JOB_FAILED);
	assert_non_null(strstr(why.text, "/etc/timezone"));
	assert_root_content(root, "/etc/elsewhere", "UTC\n");
	assert_zone(root, "UTC");
	assert_root_count(root, "/etc", 3);
}

static void test_a_link_that_cannot_be_replaced_leaves_all_as_it_was(void **state)
{
	const struct root *root = *state;
	struct identity_why why = { 0 };

	root_mkdir(root, "/etc/localtime");
	root_write(root, "/etc/timezone", "Etc/UTC\n");
	assert_int_equal(identity_zone_write(root->fd, "Europe/Berlin", &why), JOB_FAILED);
	assert_int_equal(why.error, EISDIR);
	assert_non_null(strstr(why.text, "/etc/localtime"));
	assert_root_content(root, "/etc/timezone", "Etc/UTC\n");
	assert_root_count(root, "/etc", 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_zones_of_the_tree_are_taken),
		TEST(test_what_is_no_zones_name_is_refused),
		TEST(test_what_is_no_zone_of_the_tree_is_refused),
		TEST(test_links_out_of_the_tree_are_no_zones),
		TEST(test_a_system_without_zones_has_none),
		TEST(test_the_zone_is_the_name_in_the_link),
		TEST(test_a_link_to_anything_else_has_no_name),
		TEST(test_a_copy_in_place_of_the_link_has_the_name_that_debian_notes),
		TEST(test_writing_makes_a_relative_link_and_nothing_beside_it),
		TEST(test_writing_keeps_debians_note_in_step),
		TEST(test_a_note_that_cannot_be_replaced_leaves_all_as_it_was),
		TEST(test_a_link_that_cannot_be_replaced_leaves_all_as_it_was),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
