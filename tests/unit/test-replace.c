/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/replace.c: the file is the old one or the new one, never
 * anything else, with all that belongs to it; and nobody's edit is lost.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "common/memfd.h"
#include "monitor/replace.h"

static struct policy_file entry = { .create_uid = 65534, .create_gid = 7, .create_mode = 0640 };

struct attempt {
	struct replacement replacement;
	struct replace_failure failure;
	int base;
	int content;
};

/* NULL for base: it must not exist; for content: it shall not exist. */
static struct attempt attempt_of(const struct root *root, const char *path, const char *base,
				 const char *content)
{
	struct attempt a = {
		.base = base ? memfd_of("base", base, strlen(base)) : -1,
		.content = content ? memfd_of("content", content, strlen(content)) : -1,
	};
	struct target target = TARGET_NONE;

	assert_int_equal(target_open(root->fd, path, &target), 0);
	a.replacement = replacement_of(&target, &entry, a.base, a.content);
	assert_int_equal(target.dir, -1);
	return a;
}

static void attempt_end(struct attempt *a)
{
	replacement_clear(&a->replacement);
	close_fd(a->base);
	close_fd(a->content);
}

#define scoped_attempt scoped(attempt_end) struct attempt

static void assert_prepared(struct attempt *a)
{
	enum mon_outcome outcome = replace_prepare(&a->replacement, &a->failure);

	if (outcome != OUTCOME_DONE)
		fail_msg("outcome %d: %s: %s", outcome, a->failure.step,
			 strerror(a->failure.error));
}

static void assert_prepare_gives(struct attempt *a, enum mon_outcome outcome, int error)
{
	assert_int_equal(replace_prepare(&a->replacement, &a->failure), outcome);
	assert_int_equal(a->failure.error, error);
	if (error != 0)
		assert_non_null(a->failure.step);
}

static void assert_done(struct attempt *a)
{
	assert_prepared(a);
	assert_int_equal(replace_switch(&a->replacement, &a->failure), OUTCOME_DONE);
	assert_int_equal(replace_sync(&a->replacement), 0);
	assert_int_equal(replace_finish(&a->replacement), 0);
}

/* ---- done ------------------------------------------------------------------------------ */

static void test_a_file_is_replaced_and_nothing_else_stays(void **state)
{
	const struct root *root = *state;
	scoped_attempt a = { 0 };

	root_mkdir(root, "/etc");
	root_write(root, "/etc/f", "old\n");
	a = attempt_of(root, "/etc/f", "old\n", "new\n");
	assert_done(&a);
	assert_root_content(root, "/etc/f", "new\n");
	assert_root_count(root, "/etc", 1);
}

static void test_owner_mode_and_attributes_stay(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/f");
	scoped_attempt a = { 0 };
	struct stat st;
	char value[4];

	root_write(root, "/f", "old");
	assert_int_equal(chown(path, 65534, 7), 0);
	assert_int_equal(chmod(path, 0604), 0);
	if (setxattr(path, "trusted.unit", "abc", 3, 0) < 0)
		unit_skip_test("the file system has no attributes");
	a = attempt_of(root, "/f", "old", "new");
	assert_done(&a);
	st = root_stat(root, "/f");
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 7);
	assert_int_equal(st.st_mode & 07777, 0604);
	assert_int_equal(getxattr(path, "trusted.unit", value, sizeof(value)), 3);
}

static void test_an_empty_content_is_content(void **state)
{
	const struct root *root = *state;
	scoped_attempt a = { 0 };

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "");
	assert_done(&a);
	assert_root_content(root, "/f", "");
}

static void test_a_new_file_has_the_owner_and_mode_of_the_policy(void **state)
{
	const struct root *root = *state;
	mode_t mask = umask(0);
	scoped_attempt a = attempt_of(root, "/f", NULL, "new");
	struct stat st;

	assert_done(&a);
	umask(mask);
	st = root_stat(root, "/f");
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 7);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_root_content(root, "/f", "new");
	assert_root_count(root, "/", 1);
}

static void test_a_file_is_removed_and_nothing_stays(void **state)
{
	const struct root *root = *state;
	scoped_attempt a = { 0 };

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", NULL);
	assert_done(&a);
	assert_root_count(root, "/", 0);
}

static void test_a_reader_sees_the_old_file_until_the_switch(void **state)
{
	const struct root *root = *state;
	scoped_attempt a = { 0 };

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	assert_root_content(root, "/f", "old");
	assert_int_equal(replace_switch(&a.replacement, &a.failure), OUTCOME_DONE);
	assert_root_content(root, "/f", "new");
}

/* Nobody but root may look into a file whose owner and mode are not yet those that it will have. */
static void test_the_temporary_file_is_never_wider_than_the_old_one(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/f"), *temporary = NULL;
	scoped_attempt a = { 0 };

	root_write(root, "/f", "old");
	assert_int_equal(chmod(path, 0400), 0);
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	assert_int_equal(a.replacement.temporary[0], '.');
	temporary = unit_path("/", a.replacement.temporary);
	assert_int_equal(root_stat(root, temporary).st_mode & 07777, 0400);
}

/* ---- brought back ------------------------------------------------------------------------ */

static void test_a_change_is_brought_back(void **state)
{
	const struct root *root = *state;
	struct attempt a;

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	assert_int_equal(replace_switch(&a.replacement, &a.failure), OUTCOME_DONE);
	assert_int_equal(replace_undo(&a.replacement), 0);
	assert_root_content(root, "/f", "old");
	attempt_end(&a);
	assert_root_count(root, "/", 1);
}

static void test_a_creation_is_brought_back(void **state)
{
	const struct root *root = *state;
	struct attempt a = attempt_of(root, "/f", NULL, "new");

	assert_prepared(&a);
	assert_int_equal(replace_switch(&a.replacement, &a.failure), OUTCOME_DONE);
	assert_root_content(root, "/f", "new");
	assert_int_equal(replace_undo(&a.replacement), 0);
	attempt_end(&a);
	assert_root_count(root, "/", 0);
}

static void test_a_removal_is_brought_back(void **state)
{
	const struct root *root = *state;
	struct attempt a;

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", NULL);
	assert_prepared(&a);
	assert_int_equal(replace_switch(&a.replacement, &a.failure), OUTCOME_DONE);
	assert_root_content(root, "/f", NULL);
	assert_int_equal(replace_undo(&a.replacement), 0);
	attempt_end(&a);
	assert_root_content(root, "/f", "old");
	assert_root_count(root, "/", 1);
}

static void test_what_was_only_prepared_leaves_nothing(void **state)
{
	const struct root *root = *state;
	size_t before = unit_open_descriptors();
	struct attempt a;

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	attempt_end(&a);
	a = attempt_of(root, "/f", "old", NULL);
	assert_prepared(&a);
	attempt_end(&a);
	assert_root_content(root, "/f", "old");
	assert_root_count(root, "/", 1);
	assert_int_equal(unit_open_descriptors(), before);
}

/* ---- refused: somebody else was there -------------------------------------------------------- */

static void assert_conflict(const struct root *root, const char *base, const char *content,
			    const char *now)
{
	struct attempt a = attempt_of(root, "/f", base, content);

	assert_prepare_gives(&a, OUTCOME_CONFLICT, 0);
	attempt_end(&a);
	assert_root_content(root, "/f", now);
	assert_root_count(root, "/", now ? 1 : 0);
}

static void test_a_file_that_changed_is_a_conflict(void **state)
{
	const struct root *root = *state;

	assert_conflict(root, "old", "new", NULL);
	assert_conflict(root, "old", NULL, NULL);
	root_write(root, "/f", "theirs");
	assert_conflict(root, "old", "new", "theirs");
	assert_conflict(root, "old", NULL, "theirs");
	assert_conflict(root, NULL, "new", "theirs");
	assert_conflict(root, "their", "new", "theirs");
	assert_conflict(root, "theirs\n", "new", "theirs");
	assert_conflict(root, "", "new", "theirs");
}

static void assert_switch_conflict(struct attempt *a)
{
	assert_int_equal(replace_switch(&a->replacement, &a->failure), OUTCOME_CONFLICT);
	attempt_end(a);
}

static void test_a_change_between_comparison_and_switch_is_a_conflict(void **state)
{
	const struct root *root = *state;
	struct attempt a;

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	root_write(root, "/f", "theirs");
	assert_switch_conflict(&a);
	assert_root_content(root, "/f", "theirs");
	assert_root_count(root, "/", 1);
}

static void test_a_replacement_between_comparison_and_switch_is_a_conflict(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/f"), *other = root_path(root, "/other");
	struct attempt a;

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	root_write(root, "/other", "theirs");
	assert_int_equal(rename(other, path), 0);
	assert_switch_conflict(&a);
	assert_root_content(root, "/f", "theirs");
	assert_root_count(root, "/", 1);
}

static void test_a_link_put_there_meanwhile_is_a_conflict_and_stays(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/f");
	struct attempt a;

	root_write(root, "/f", "old");
	root_write(root, "/victim", "victim");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	assert_int_equal(unlink(path), 0);
	root_symlink(root, "victim", "/f");
	assert_switch_conflict(&a);
	assert_root_content(root, "/victim", "victim");
	assert_true(S_ISLNK(root_stat(root, "/f").st_mode));
	assert_root_count(root, "/", 2);
}

static void test_other_rights_given_meanwhile_are_a_conflict(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/f");
	struct attempt a;

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	assert_int_equal(chmod(path, 0600), 0);
	assert_switch_conflict(&a);
	assert_root_content(root, "/f", "old");
	assert_int_equal(root_stat(root, "/f").st_mode & 07777, 0600);
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_switch_conflict(&a);
	assert_int_equal(root_stat(root, "/f").st_uid, 65534);
}

static void test_a_file_that_came_or_went_meanwhile_is_a_conflict(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/f");
	struct attempt a = attempt_of(root, "/f", NULL, "new");

	assert_prepared(&a);
	root_write(root, "/f", "theirs");
	assert_switch_conflict(&a);
	assert_root_content(root, "/f", "theirs");
	a = attempt_of(root, "/f", "theirs", "new");
	assert_prepared(&a);
	assert_int_equal(unlink(path), 0);
	assert_switch_conflict(&a);
	assert_root_count(root, "/", 0);
	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", NULL);
	assert_prepared(&a);
	assert_int_equal(unlink(path), 0);
	assert_switch_conflict(&a);
	assert_root_count(root, "/", 0);
}

/* ---- refused: it cannot be done ----------------------------------------------------------------
 */

static void test_what_is_not_plain_is_refused_by_name(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *file = root_path(root, "/file"), *hard = root_path(root, "/hard");
	static const struct {
		const char *path;
		int error;
	} cases[] = {
		{ "/link", ELOOP }, { "/dir", EINVAL }, { "/hard", EMLINK }, { "/bound", EXDEV }
	};

	root_write(root, "/file", "old");
	root_write(root, "/bound", "old");
	root_symlink(root, "file", "/link");
	root_mkdir(root, "/dir");
	assert_int_equal(link(file, hard), 0);
	root_mount_bind(root, "/file", "/bound");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct attempt change = attempt_of(root, cases[i].path, "old", "new");
		struct attempt removal = attempt_of(root, cases[i].path, "old", NULL);

		assert_prepare_gives(&change, OUTCOME_NOT_PLAIN, cases[i].error);
		assert_prepare_gives(&removal, OUTCOME_NOT_PLAIN, cases[i].error);
		attempt_end(&change);
		attempt_end(&removal);
	}
	assert_root_content(root, "/file", "old");
	assert_root_count(root, "/", 5);
}

static void test_a_full_disk_leaves_the_old_file_and_no_other(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *large = unit_repeat('x', 1 << 20);
	struct attempt a;

	root_mkdir(root, "/etc");
	root_mount_tmpfs(root, "/etc", "size=64k,mode=0755");
	root_write(root, "/etc/f", "old");
	a = attempt_of(root, "/etc/f", "old", large);
	assert_prepare_gives(&a, OUTCOME_IO, ENOSPC);
	assert_string_equal(a.failure.step, "write the new content");
	attempt_end(&a);
	assert_root_content(root, "/etc/f", "old");
	assert_root_count(root, "/etc", 1);
}

static void test_a_disk_without_inodes_leaves_the_old_file(void **state)
{
	const struct root *root = *state;
	struct attempt a;

	root_mkdir(root, "/etc");
	root_mount_tmpfs(root, "/etc", "nr_inodes=2,mode=0755");
	root_write(root, "/etc/f", "old");
	a = attempt_of(root, "/etc/f", "old", "new");
	assert_prepare_gives(&a, OUTCOME_IO, ENOSPC);
	assert_string_equal(a.failure.step, "create a file in its directory");
	attempt_end(&a);
	assert_root_content(root, "/etc/f", "old");
}

static void test_a_read_only_file_system_is_told(void **state)
{
	const struct root *root = *state;
	struct attempt a;

	root_mkdir(root, "/etc");
	root_mount_tmpfs(root, "/etc", "ro,mode=0755");
	a = attempt_of(root, "/etc/f", NULL, "new");
	assert_prepare_gives(&a, OUTCOME_IO, EROFS);
	attempt_end(&a);
}

static void test_a_directory_that_went_meanwhile_is_told(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/etc");
	struct attempt a;

	root_mkdir(root, "/etc");
	a = attempt_of(root, "/etc/f", NULL, "new");
	assert_int_equal(rmdir(path), 0);
	assert_prepare_gives(&a, OUTCOME_IO, ENOENT);
	attempt_end(&a);
}

static void test_a_directory_replaced_meanwhile_is_not_entered(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *etc = root_path(root, "/etc"), *moved = root_path(root, "/moved");
	scoped_attempt a = { 0 };

	root_mkdir(root, "/etc");
	root_mkdir(root, "/evil");
	root_write(root, "/etc/f", "old");
	root_write(root, "/evil/f", "old");
	a = attempt_of(root, "/etc/f", "old", "new");
	assert_int_equal(rename(etc, moved), 0);
	root_symlink(root, "evil", "/etc");
	assert_done(&a);
	assert_root_content(root, "/evil/f", "old");
	assert_root_content(root, "/moved/f", "new");
}

/* ---- somebody is quicker when it is brought back ------------------------------------------- */

static struct attempt switched(const struct root *root, const char *base)
{
	struct attempt a = attempt_of(root, "/f", base, "new");

	assert_prepared(&a);
	assert_int_equal(replace_switch(&a.replacement, &a.failure), OUTCOME_DONE);
	return a;
}

static void put_theirs(const struct root *root)
{
	scoped_ptr char *path = root_path(root, "/f"), *other = root_path(root, "/other");

	root_write(root, "/other", "theirs");
	assert_int_equal(rename(other, path), 0);
}

static void test_a_file_put_there_after_the_switch_is_not_removed(void **state)
{
	const struct root *root = *state;
	struct attempt a;
	char kept[NAME_MAX + 2];

	root_write(root, "/f", "old");
	a = switched(root, "old");
	put_theirs(root);
	assert_int_equal(replace_undo(&a.replacement), -EBUSY);
	snprintf(kept, sizeof(kept), "/%s", a.replacement.temporary);
	attempt_end(&a);
	assert_root_content(root, "/f", "theirs");
	assert_root_content(root, kept, "old");
	assert_root_count(root, "/", 2);
}

static void test_an_edit_of_the_new_file_is_not_removed(void **state)
{
	const struct root *root = *state;
	struct attempt a;
	char kept[NAME_MAX + 2];

	root_write(root, "/f", "old");
	a = switched(root, "old");
	root_write(root, "/f", "new, and theirs");
	assert_int_equal(replace_undo(&a.replacement), -EBUSY);
	snprintf(kept, sizeof(kept), "/%s", a.replacement.temporary);
	attempt_end(&a);
	assert_root_content(root, "/f", "new, and theirs");
	assert_root_content(root, kept, "old");
}

static void test_a_file_put_over_a_created_one_is_not_removed(void **state)
{
	const struct root *root = *state;
	struct attempt a = switched(root, NULL);

	put_theirs(root);
	assert_int_equal(replace_undo(&a.replacement), -EBUSY);
	attempt_end(&a);
	assert_root_content(root, "/f", "theirs");
	assert_root_count(root, "/", 1);
}

static void test_a_second_name_given_meanwhile_is_a_conflict(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *path = root_path(root, "/f"), *other = root_path(root, "/other");
	struct attempt a;

	root_write(root, "/f", "old");
	a = attempt_of(root, "/f", "old", "new");
	assert_prepared(&a);
	assert_int_equal(link(path, other), 0);
	assert_switch_conflict(&a);
	assert_root_content(root, "/f", "old");
	assert_int_equal(root_stat(root, "/f").st_nlink, 2);
	assert_root_count(root, "/", 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, root_setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_is_replaced_and_nothing_else_stays),
		TEST(test_owner_mode_and_attributes_stay),
		TEST(test_an_empty_content_is_content),
		TEST(test_a_new_file_has_the_owner_and_mode_of_the_policy),
		TEST(test_a_file_is_removed_and_nothing_stays),
		TEST(test_a_reader_sees_the_old_file_until_the_switch),
		TEST(test_the_temporary_file_is_never_wider_than_the_old_one),
		TEST(test_a_change_is_brought_back),
		TEST(test_a_creation_is_brought_back),
		TEST(test_a_removal_is_brought_back),
		TEST(test_what_was_only_prepared_leaves_nothing),
		TEST(test_a_file_that_changed_is_a_conflict),
		TEST(test_a_change_between_comparison_and_switch_is_a_conflict),
		TEST(test_a_replacement_between_comparison_and_switch_is_a_conflict),
		TEST(test_a_link_put_there_meanwhile_is_a_conflict_and_stays),
		TEST(test_other_rights_given_meanwhile_are_a_conflict),
		TEST(test_a_file_that_came_or_went_meanwhile_is_a_conflict),
		TEST(test_a_file_put_there_after_the_switch_is_not_removed),
		TEST(test_an_edit_of_the_new_file_is_not_removed),
		TEST(test_a_file_put_over_a_created_one_is_not_removed),
		TEST(test_a_second_name_given_meanwhile_is_a_conflict),
		TEST(test_what_is_not_plain_is_refused_by_name),
		TEST(test_a_full_disk_leaves_the_old_file_and_no_other),
		TEST(test_a_disk_without_inodes_leaves_the_old_file),
		TEST(test_a_read_only_file_system_is_told),
		TEST(test_a_directory_that_went_meanwhile_is_told),
		TEST(test_a_directory_replaced_meanwhile_is_not_entered),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
