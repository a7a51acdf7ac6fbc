/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/directories.c: what is missing is made, with its owner and mode from the
 * first instant; what is there already, or is put there by somebody else, stays as it is.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/directories.h"

#define TEMPORARY ".exmachina-1.tmp"

static struct directories directories_of(const struct root *root, const char *path)
{
	struct directories d = {
		.root_fd = root->fd,
		.path = path,
		.temporary = TEMPORARY,
		.kind = { .uid = 65534, .gid = 7, .mode = 0750 },
	};

	assert_int_equal(directories_missing(root->fd, path, &d.count), 0);
	return d;
}

static void assert_made(const struct root *root, const char *path)
{
	struct stat st = root_stat(root, path);

	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 7);
}

static void what_is_missing_is_counted(void **state)
{
	const struct root *root = *state;
	uint32_t count = 99;

	root_mkdir(root, "/etc");
	root_write(root, "/etc/file", "x");
	root_symlink(root, "etc", "/link");
	assert_int_equal(directories_missing(root->fd, "/f", &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(directories_missing(root->fd, "/etc/f", &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(directories_missing(root->fd, "/etc/a/b/f", &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(directories_missing(root->fd, "/a/b/c/f", &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(directories_missing(root->fd, "/etc/file/a/f", &count), -ENOTDIR);
	assert_int_equal(directories_missing(root->fd, "/link/a/f", &count), -ELOOP);
	assert_int_equal(directories_missing(root->fd, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/f",
					     &count),
			 0);
	assert_int_equal(count, DIRECTORIES_MAX);
	assert_int_equal(directories_missing(
				 root->fd, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/f", &count),
			 -E2BIG);
}

static void what_is_missing_is_made_and_removed_again(void **state)
{
	const struct root *root = *state;
	struct directories d;
	scoped_fd fd = -1;
	struct stat st, there;

	umask(0777);
	root_mkdir(root, "/etc");
	there = root_stat(root, "/etc");
	d = directories_of(root, "/etc/a/b/f");
	fd = directories_make(&d);
	umask(022);
	assert_true(fd >= 0);
	assert_made(root, "/etc/a");
	assert_made(root, "/etc/a/b");
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_ino, root_stat(root, "/etc/a/b").st_ino);
	assert_int_equal(root_stat(root, "/etc").st_mode, there.st_mode);
	assert_root_count(root, "/etc", 1);
	assert_root_count(root, "/etc/a", 1);
	assert_root_count(root, "/etc/a/b", 0);
	assert_int_equal(directories_remove(&d), 1);
	assert_root_count(root, "/etc", 0);
	/* there is nothing to be removed twice */
	assert_int_equal(directories_remove(&d), 0);
}

static void in_the_root_itself(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/f");
	scoped_fd fd = directories_make(&d);

	assert_true(fd >= 0);
	assert_made(root, "/a");
	assert_int_equal(directories_remove(&d), 1);
	assert_root_count(root, "/", 0);
}

static void one_that_has_come_up_is_taken_as_it_is_and_stays(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");
	scoped_fd fd = -1;

	root_mkdir(root, "/a");
	fd = directories_make(&d);
	assert_true(fd >= 0);
	assert_int_equal(root_stat(root, "/a").st_uid, 0);
	assert_made(root, "/a/b");
	assert_root_count(root, "/a", 1);
	assert_int_equal(directories_remove(&d), 1);
	assert_root_count(root, "/", 1);
	assert_root_count(root, "/a", 0);
}

static void one_with_something_in_it_stays(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");
	scoped_fd fd = directories_make(&d);

	assert_true(fd >= 0);
	root_write(root, "/a/theirs", "x");
	assert_int_equal(directories_remove(&d), 1);
	assert_root_content(root, "/a/theirs", "x");
	assert_root_count(root, "/a", 1);
}

static void another_at_the_name_stays(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/f");
	scoped_fd fd = directories_make(&d);
	scoped_ptr char *a = root_path(root, "/a"), *moved = root_path(root, "/moved");

	assert_true(fd >= 0);
	assert_int_equal(rename(a, moved), 0);
	root_mkdir(root, "/a");
	assert_int_equal(directories_remove(&d), 0);
	assert_root_count(root, "/", 2);
}

static void nothing_is_followed(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");

	root_mkdir(root, "/elsewhere");
	root_symlink(root, "elsewhere", "/a");
	assert_int_equal(directories_make(&d), -ELOOP);
	assert_root_count(root, "/elsewhere", 0);
	assert_root_count(root, "/", 2);
	assert_int_equal(directories_remove(&d), 0);
}

static void a_file_in_the_way_is_an_error(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");

	root_write(root, "/a", "x");
	assert_int_equal(directories_make(&d), -ENOTDIR);
	assert_root_content(root, "/a", "x");
	assert_root_count(root, "/", 1);
}

static void what_was_begun_is_removed_when_it_fails(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");

	/* a file under the temporary name, one level down, cannot be foreseen */
	root_mkdir(root, "/" TEMPORARY);
	assert_int_equal(directories_make(&d), -EBUSY);
	assert_root_count(root, "/", 1);
	assert_int_equal(directories_remove(&d), 0);
}

/* ---- after a crash ---------------------------------------------------------------------- */

static void after_a_crash_all_of_that_kind_that_are_empty_go(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/c/f"), after;
	scoped_fd fd = directories_make(&d);

	assert_true(fd >= 0);
	after = (struct directories){
		.root_fd = root->fd,
		.path = "/a/b/c/f",
		.temporary = TEMPORARY,
		.count = 3,
		.kind = d.kind,
	};
	/* of a server that died between the two steps */
	root_mkdir(root, "/a/b/" TEMPORARY);
	assert_int_equal(directories_recover(&after), 0);
	assert_root_count(root, "/", 0);
	assert_int_equal(directories_recover(&after), 0);
}

static void after_a_crash_others_stay(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");

	root_mkdir(root, "/a");
	root_mkdir(root, "/a/b");
	assert_int_equal(directories_recover(&d), 0);
	assert_root_count(root, "/a", 1);
	root_write(root, "/a/b/f", "theirs");
	d.kind = (struct directory_kind){ .mode = root_stat(root, "/a").st_mode & 07777 };
	assert_int_equal(directories_recover(&d), 0);
	assert_root_content(root, "/a/b/f", "theirs");
}

static void after_a_crash_nothing_is_followed(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");

	root_mkdir(root, "/elsewhere");
	root_mkdir(root, "/elsewhere/b");
	root_symlink(root, "elsewhere", "/a");
	d.kind = (struct directory_kind){ .mode = root_stat(root, "/elsewhere/b").st_mode & 07777 };
	assert_int_equal(directories_recover(&d), 0);
	assert_root_count(root, "/elsewhere", 1);
}

/* ---- somebody who may write in the directory above ---------------------------------------- */

struct attack {
	const struct root *root;
	const char *mine;
	atomic_bool stop;
	atomic_uint done;
};

/* Has something of his own at the temporary name whenever he can. */
static void *exchange(void *data)
{
	struct attack *attack = data;
	int dir = openat(attack->root->fd, "srv", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (!atomic_load(&attack->stop))
		if (renameat2(dir, attack->mine, dir, TEMPORARY, RENAME_EXCHANGE) == 0)
			atomic_fetch_add(&attack->done, 1);
	close(dir);
	return NULL;
}

/*
 * The same at the worst instant: what is made here, and no other program's, is exchanged at once
 * with what stands in for it.
 */
static const char *after_mkdir, *after_rename;

static void swap(int dir, const char *name, const char **with)
{
	if (*with)
		assert_int_equal(renameat2(dir, *with, dir, name, RENAME_EXCHANGE), 0);
	*with = NULL;
}

int mkdirat(int dir, const char *name, mode_t mode)
{
	int r = (int)syscall(SYS_mkdirat, dir, name, mode);

	if (r == 0)
		swap(dir, name, &after_mkdir);
	return r;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags)
{
	int r = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);

	if (r == 0 && flags == RENAME_NOREPLACE)
		swap(to_dir, to, &after_rename);
	return r;
}

static void assert_private(const struct root *root, const char *path)
{
	struct stat st = root_stat(root, path);
	scoped_ptr char *key = NULL;

	assert_true(asprintf(&key, "%s/key", path) > 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_root_content(root, key, "secret");
}

static void make_private(const struct root *root)
{
	scoped_ptr char *private = root_path(root, "/srv/private");

	root_mkdir(root, "/srv");
	root_mkdir(root, "/srv/private");
	assert_int_equal(chmod(private, 0700), 0);
	root_write(root, "/srv/private/key", "secret");
}

static void what_is_exchanged_as_soon_as_it_is_made_is_not_given_away(void **state)
{
	const struct root *root = *state;
	struct directories d;

	make_private(root);
	d = directories_of(root, "/srv/a/b/f");
	after_mkdir = "private";
	assert_int_equal(directories_make(&d), -EBUSY);
	assert_private(root, "/srv/" TEMPORARY);
	assert_int_equal(directories_remove(&d), 0);
}

static void a_directory_of_his_own_gets_no_other_owner(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *his = root_path(root, "/srv/his");
	struct directories d;

	root_mkdir(root, "/srv");
	root_mkdir(root, "/srv/his");
	assert_int_equal(chown(his, 1000, 1000), 0);
	d = directories_of(root, "/srv/a/f");
	after_mkdir = "his";
	assert_int_equal(directories_make(&d), -EBUSY);
	/* nothing is in it, so it may go; ours has his name, and stays as it was made */
	assert_int_equal(root_stat(root, "/srv/his").st_uid, 0);
	assert_int_equal(root_stat(root, "/srv/his").st_mode & 07777, 0700);
	assert_root_count(root, "/srv", 1);
}

static void what_cannot_be_removed_is_told(void **state)
{
	const struct root *root = *state;
	struct directories d = directories_of(root, "/a/b/f");
	scoped_fd fd = directories_make(&d);
	scoped_ptr char *b = root_path(root, "/a/b"), *temporary = NULL;

	assert_true(fd >= 0);
	root_mount_bind(root, "/a/b", "/a/b");
	assert_int_equal(directories_remove(&d), -EBUSY);
	assert_int_equal(directories_recover(&d), -EBUSY);
	assert_int_equal(umount2(b, MNT_DETACH), 0);
	temporary = root_path(root, "/a/" TEMPORARY);
	root_mkdir(root, "/a/" TEMPORARY);
	root_mount_bind(root, "/a/" TEMPORARY, "/a/" TEMPORARY);
	assert_int_equal(directories_recover(&d), -EBUSY);
	assert_int_equal(umount2(temporary, MNT_DETACH), 0);
	assert_int_equal(directories_recover(&d), 0);
	assert_root_count(root, "/", 0);
}

static void what_is_exchanged_for_a_link_is_not_followed(void **state)
{
	const struct root *root = *state;
	struct directories d;

	make_private(root);
	root_symlink(root, "private", "/srv/link");
	d = directories_of(root, "/srv/a/b/f");
	after_mkdir = "link";
	assert_int_equal(directories_make(&d), -ELOOP);
	assert_private(root, "/srv/private");
}

static void what_is_exchanged_as_soon_as_it_has_its_name_is_noticed(void **state)
{
	const struct root *root = *state;
	struct directories d;

	make_private(root);
	d = directories_of(root, "/srv/a/b/f");
	after_rename = "private";
	assert_int_equal(directories_make(&d), -EBUSY);
	assert_private(root, "/srv/a");
	/* nor is it removed in the place of ours */
	assert_int_equal(directories_remove(&d), 0);
	assert_private(root, "/srv/a");
}

static void race(const struct root *root, const char *mine, size_t rounds)
{
	struct attack attack = { .root = root, .mine = mine };
	pthread_t thread;
	size_t made = 0;

	assert_int_equal(pthread_create(&thread, NULL, exchange, &attack), 0);
	for (size_t i = 0; i < rounds; i++) {
		struct directories d = directories_of(root, "/srv/a/b/f");
		scoped_fd fd = directories_make(&d);
		int r;

		made += fd >= 0;
		r = directories_remove(&d);
		assert_true(r >= 0 || r == -ENOTDIR);
		unlinkat(root->fd, "srv/a/b", AT_REMOVEDIR);
		unlinkat(root->fd, "srv/a", AT_REMOVEDIR);
		unlinkat(root->fd, "srv/a", 0);
	}
	atomic_store(&attack.stop, true);
	pthread_join(thread, NULL);
	print_message("%zu of %zu were made, %u exchanges\n", made, rounds, attack.done);
}

static void a_directory_that_is_exchanged_under_it_is_not_given_away(void **state)
{
	const struct root *root = *state;
	scoped_ptr char *private = root_path(root, "/srv/private");
	scoped_ptr char *temporary = root_path(root, "/srv/" TEMPORARY);
	scoped_ptr char *a = root_path(root, "/srv/a"), *b = root_path(root, "/srv/a/b");
	const char *names[] = { private, temporary, a, b };
	size_t found = 0;

	make_private(root);
	race(root, "private", 1000);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		scoped_ptr char *key = unit_path(names[i], "key");
		struct stat st;

		if (access(key, F_OK) < 0)
			continue;
		found++;
		assert_int_equal(stat(names[i], &st), 0);
		assert_int_equal(st.st_uid, 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	assert_int_equal(found, 1);
}

static void a_link_that_is_exchanged_under_it_is_not_followed(void **state)
{
	const struct root *root = *state;
	struct stat before, after;

	root_mkdir(root, "/srv");
	root_mkdir(root, "/elsewhere");
	before = root_stat(root, "/elsewhere");
	root_symlink(root, "../elsewhere", "/srv/link");
	race(root, "link", 1000);
	after = root_stat(root, "/elsewhere");
	assert_int_equal(after.st_uid, before.st_uid);
	assert_int_equal(after.st_mode, before.st_mode);
	assert_root_count(root, "/elsewhere", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ROOT_TEST(function) cmocka_unit_test_setup_teardown(function, root_setup, root_teardown)
		ROOT_TEST(what_is_missing_is_counted),
		ROOT_TEST(what_is_missing_is_made_and_removed_again),
		ROOT_TEST(in_the_root_itself),
		ROOT_TEST(one_that_has_come_up_is_taken_as_it_is_and_stays),
		ROOT_TEST(one_with_something_in_it_stays),
		ROOT_TEST(another_at_the_name_stays),
		ROOT_TEST(nothing_is_followed),
		ROOT_TEST(a_file_in_the_way_is_an_error),
		ROOT_TEST(what_was_begun_is_removed_when_it_fails),
		ROOT_TEST(after_a_crash_all_of_that_kind_that_are_empty_go),
		ROOT_TEST(after_a_crash_others_stay),
		ROOT_TEST(after_a_crash_nothing_is_followed),
		ROOT_TEST(what_is_exchanged_as_soon_as_it_is_made_is_not_given_away),
		ROOT_TEST(a_directory_of_his_own_gets_no_other_owner),
		ROOT_TEST(what_cannot_be_removed_is_told),
		ROOT_TEST(what_is_exchanged_for_a_link_is_not_followed),
		ROOT_TEST(what_is_exchanged_as_soon_as_it_has_its_name_is_noticed),
		ROOT_TEST(a_directory_that_is_exchanged_under_it_is_not_given_away),
		ROOT_TEST(a_link_that_is_exchanged_under_it_is_not_followed),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
