/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/run/package_progress.c: apt's status lines are understood, and percent never falls. */
#include "unit.h"

#include <string.h>

#include "run/package_progress.h"

static bool tell(struct package_progress *progress, const char *text)
{
	static char line[256]; /* the detail points into it */

	snprintf(line, sizeof(line), "%s", text);
	return package_progress_line(progress, line);
}

static void test_download_and_dpkg_share_the_whole(void **state)
{
	struct package_progress progress = package_progress_begin(PACKAGE_INSTALL);

	(void)state;
	assert_true(tell(&progress, "dlstatus:1:0.0000:Retrieving file 1 of 2"));
	assert_int_equal(progress.percent, 0);
	assert_string_equal(progress.stage, "download");
	assert_string_equal(progress.detail, "Retrieving file 1 of 2");
	assert_true(tell(&progress, "dlstatus:2:100.0000:Retrieving file 2 of 2"));
	assert_int_equal(progress.percent, 40);
	assert_true(tell(&progress, "pmstatus:exm-b:50.0000:Unpacking exm-b (amd64)"));
	assert_int_equal(progress.percent, 70);
	assert_string_equal(progress.stage, "dpkg");
	assert_true(tell(&progress, "pmstatus:exm-b:100.0000:Installed"));
	assert_int_equal(progress.percent, 100);
}

static void test_an_update_only_downloads_and_a_removal_never_does(void **state)
{
	struct package_progress update = package_progress_begin(PACKAGE_UPDATE);
	struct package_progress removal = package_progress_begin(PACKAGE_REMOVE);

	(void)state;
	assert_true(tell(&update, "dlstatus:1:55.5:x"));
	assert_int_equal(update.percent, 55);
	assert_true(tell(&removal, "pmstatus:x:55.5:x"));
	assert_int_equal(removal.percent, 55);
}

static void test_percent_never_falls(void **state)
{
	struct package_progress progress = package_progress_begin(PACKAGE_REMOVE);

	(void)state;
	assert_true(tell(&progress, "pmstatus:x:80:x"));
	assert_true(tell(&progress, "pmstatus:dpkg-exec:0.0000:Running dpkg"));
	assert_int_equal(progress.percent, 80);
	assert_true(tell(&progress, "pmerror:x:1:failed: with: colons"));
	assert_int_equal(progress.percent, 80);
	assert_string_equal(progress.stage, "error");
	assert_string_equal(progress.detail, "failed: with: colons");
}

static void test_a_subject_may_hold_a_colon(void **state)
{
	struct package_progress progress = package_progress_begin(PACKAGE_REMOVE);

	(void)state;
	assert_true(tell(&progress, "pmstatus:libc6:i386:12.5:Unpacking"));
	assert_int_equal(progress.percent, 12);
	assert_string_equal(progress.detail, "Unpacking");
}

static void test_more_than_all_is_all(void **state)
{
	struct package_progress progress = package_progress_begin(PACKAGE_REMOVE);

	(void)state;
	assert_true(tell(&progress, "pmstatus:x:99999999999999999999999:x"));
	assert_int_equal(progress.percent, 100);
}

static void test_other_lines_are_nothing_to_tell(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"::::",
		"pmstatus",
		"pmstatus:x",
		"pmstatus:x:",
		"pmstatus:x:12",
		"pmstatus:x:-1:text",
		"pmstatus:x:nan:text",
		"pmstatus:x: 1:text",
		"pmstatus:x:1e1:text",
		"12:12:12:text",
		"pmconffile:/etc/x:12.0:'/etc/x' '/etc/x.new' 1 1",
		"media-change: x:y:12:text",
	};
	struct package_progress progress = package_progress_begin(PACKAGE_INSTALL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (tell(&progress, bad[i]))
			fail_msg("told: %s", bad[i]);
	assert_int_equal(progress.percent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_download_and_dpkg_share_the_whole),
		cmocka_unit_test(test_an_update_only_downloads_and_a_removal_never_does),
		cmocka_unit_test(test_percent_never_falls),
		cmocka_unit_test(test_a_subject_may_hold_a_colon),
		cmocka_unit_test(test_more_than_all_is_all),
		cmocka_unit_test(test_other_lines_are_nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
