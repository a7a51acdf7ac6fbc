/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/sandbox/landlock.c: of the file system only staging and lenses remain. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sandbox/sandbox.h"

struct fixture {
	char *staging;
	char *lenses;
	char *lens;
	char *elsewhere;
};

static int make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->staging = unit_directory_make();
	f->lenses = unit_directory_make();
	f->elsewhere = unit_directory_make();
	f->lens = unit_path(f->lenses, "x.aug");
	close_fd(open(f->lens, O_WRONLY | O_CREAT, 0644));
	*state = f;
	return 0;
}

static int unmake(void **state)
{
	struct fixture *f = *state;

	unit_directory_remove(f->staging);
	unit_directory_remove(f->lenses);
	unit_directory_remove(f->elsewhere);
	free(f->lens);
	free(f);
	return 0;
}

/* In a child under the rules: the errno that opening ends with, 0 if it works. */
static int errno_of_open(const struct fixture *f, const char *directory, const char *name,
			 int flags)
{
	scoped_ptr char *path = unit_path(directory, name);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    sandbox_landlock(f->staging, f->lenses) < 0)
			_exit(255);
		_exit(open(path, flags | O_CLOEXEC, 0600) < 0 ? errno : 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void files_of_the_system_cannot_be_read(void **state)
{
	assert_int_equal(errno_of_open(*state, "/etc", "passwd", O_RDONLY), EACCES);
	assert_int_equal(errno_of_open(*state, "/etc", "hostname", O_RDONLY), EACCES);
	assert_int_equal(errno_of_open(*state, "/proc/self", "status", O_RDONLY), EACCES);
	assert_int_equal(errno_of_open(*state, "/", "etc", O_RDONLY | O_DIRECTORY), EACCES);
	assert_int_equal(errno_of_open(*state, "/dev", "null", O_RDWR), EACCES);
}

static void nothing_can_be_written_elsewhere(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(errno_of_open(f, f->elsewhere, "new", O_WRONLY | O_CREAT), EACCES);
	assert_int_equal(errno_of_open(f, f->lenses, "new.aug", O_WRONLY | O_CREAT), EACCES);
	assert_int_equal(errno_of_open(f, f->lenses, "x.aug", O_WRONLY), EACCES);
}

static void lenses_can_be_read(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(errno_of_open(f, f->lenses, "x.aug", O_RDONLY), 0);
}

static void staging_can_be_used(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(errno_of_open(f, f->staging, "new", O_RDWR | O_CREAT), 0);
	assert_int_equal(errno_of_open(f, f->staging, "new", O_WRONLY | O_TRUNC), 0);
}

static void a_lens_directory_that_is_missing_is_an_error(void **state)
{
	const struct fixture *f = *state;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(-sandbox_landlock(f->staging, "/nowhere/lenses"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_of_the_system_cannot_be_read),
		TEST(nothing_can_be_written_elsewhere),
		TEST(lenses_can_be_read),
		TEST(staging_can_be_used),
		TEST(a_lens_directory_that_is_missing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
