/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/fd.c: whole content or an error, and no descriptor too many in a child. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/fd.h"

static int file_of(const char *text, size_t size)
{
	int fd = memfd_create("unit", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, size), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void test_copying_takes_all_from_the_start(void **state)
{
	scoped_ptr char *text = unit_repeat('x', 200000);
	scoped_fd from = file_of(text, 200000), to = file_of("", 0);
	size_t size = 0;

	(void)state;
	assert_int_equal(lseek(from, 77, SEEK_SET), 77);
	assert_int_equal(fd_copy(from, to, 200000, &size), 0);
	assert_int_equal(size, 200000);
	assert_int_equal(fd_same_content(from, to), 1);
	assert_int_equal(lseek(from, 0, SEEK_CUR), 77);
}

static void test_copying_more_than_the_bound_is_refused(void **state)
{
	scoped_fd from = file_of("abcd", 4), to = file_of("", 0);
	size_t size = 77;

	(void)state;
	assert_int_equal(fd_copy(from, to, 3, &size), -EFBIG);
	assert_int_equal(size, 77);
	assert_int_equal(fd_copy(from, to, 4, &size), 0);
}

static void test_copying_where_nothing_can_be_read_or_written_fails(void **state)
{
	scoped_fd file = file_of("abcd", 4), full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(fd_copy(file, full, 100, NULL), -ENOSPC);
	assert_int_equal(fd_copy(full, file, 100, NULL), -EBADF);
	assert_int_equal(fd_copy(file, -1, 100, NULL), -EBADF);
	assert_int_equal(fd_write_all(full, "x", 1), -ENOSPC);
	assert_int_equal(fd_write_all(full, "x", 0), 0);
}

static void test_text_is_read_up_to_its_bound(void **state)
{
	scoped_fd fd = file_of("a\0b", 3);
	scoped_ptr char *text = NULL, *nothing = NULL;
	size_t length;

	(void)state;
	assert_int_equal(fd_read_text(fd, 3, &text, &length), 0);
	assert_int_equal(length, 3);
	assert_memory_equal(text, "a\0b", 4);
	assert_int_equal(fd_read_text(fd, 3, &nothing, NULL), 0);
	assert_string_equal(nothing, "");
}

static void test_text_over_its_bound_is_refused(void **state)
{
	scoped_fd fd = file_of("abcd", 4);
	char *text = NULL;

	(void)state;
	assert_int_equal(fd_read_text(fd, 3, &text, NULL), -EFBIG);
	assert_int_equal(fd_read_text(-1, 3, &text, NULL), -EBADF);
	assert_null(text);
}

static void test_text_from_a_pipe_is_read_in_pieces(void **state)
{
	scoped_ptr char *text = NULL;
	int fds[2], status;
	pid_t writer;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (writer == 0) {
		for (int i = 0; i < 100; i++)
			if (write(fds[1], "0123456789", 10) != 10)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(fd_read_text(fds[0], 1000, &text, NULL), 0);
	assert_int_equal(strlen(text), 1000);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	close(fds[0]);
}

static void test_each_difference_of_content_is_seen(void **state)
{
	scoped_ptr char *text = unit_repeat('x', 70000);
	scoped_fd base = file_of(text, 70000), same = file_of(text, 70000);
	static const size_t places[] = { 0, 65535, 65536, 69999 };

	(void)state;
	assert_int_equal(fd_same_content(base, same), 1);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		scoped_fd other = -1;

		text[places[i]] = 'y';
		other = file_of(text, 70000);
		assert_int_equal(fd_same_content(base, other), 0);
		text[places[i]] = 'x';
	}
	for (size_t size = 0; size < 70000; size += 9999) {
		scoped_fd shorter = file_of(text, size);

		assert_int_equal(fd_same_content(base, shorter), 0);
		assert_int_equal(fd_same_content(shorter, base), 0);
	}
	assert_int_equal(fd_same_content(base, -1), -EBADF);
	assert_int_equal(fd_same_content(-1, base), -EBADF);
}

static void test_close_on_exec_is_set_and_cleared(void **state)
{
	scoped_fd fd = file_of("", 0);

	(void)state;
	assert_int_equal(fd_set_cloexec(fd, false), 0);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fd_set_cloexec(fd, true), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fd_set_cloexec(-1, true), -EBADF);
}

/* ---- in a child, which reports by its status ------------------------------------------- */

static bool holds(int fd, char byte)
{
	char got = '\0';

	return fcntl(fd, F_GETFD) == 0 && pread(fd, &got, 1, 0) == 1 && got == byte;
}

static int keep_two_of_many(void)
{
	int fds[20], keep[2];

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = file_of((const char[]){ (char)('a' + i) }, 1);
	/* in the other order, and one of them in the place that the other will have */
	keep[0] = fds[15];
	keep[1] = fds[0];
	if (fd_keep_only(keep, 2) < 0)
		return 1;
	if (!holds(3, 'p') || !holds(4, 'a'))
		return 2;
	for (int fd = 5; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 3;
	return fcntl(0, F_GETFD) >= 0 && fcntl(1, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0 ? 0 : 4;
}

static int keep_none(void)
{
	file_of("", 0);
	if (fd_keep_only(NULL, 0) < 0)
		return 1;
	return fcntl(3, F_GETFD) < 0 ? 0 : 2;
}

static int keep_the_same_twice(void)
{
	int fd = file_of("z", 1), keep[2] = { fd, fd };

	return fd_keep_only(keep, 2) == 0 && holds(3, 'z') && holds(4, 'z') ? 0 : 1;
}

static int keep_wrong_ones(void)
{
	int keep[9] = { 0, 0, 0, 0, 0, 0, 0, 0, 0 }, closed = 99;

	if (fd_keep_only(&closed, 1) != -EBADF)
		return 1;
	return fd_keep_only(keep, 9) == -EINVAL ? 0 : 2;
}

static int silence(void)
{
	char byte;

	if (fd_quiet(STDERR_FILENO) < 0)
		return 1;
	if (read(0, &byte, 1) != 0 || write(1, "x", 1) != 1 || write(2, "x", 1) != 1)
		return 2;
	return fcntl(0, F_GETFD) == 0 && fcntl(2, F_GETFD) == 0 ? 0 : 3;
}

static void assert_child_content(int (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_only_the_named_descriptors_stay_in_their_order(void **state)
{
	(void)state;
	assert_child_content(keep_two_of_many);
	assert_child_content(keep_none);
	assert_child_content(keep_the_same_twice);
}

static void test_descriptors_that_are_not_open_or_too_many_are_refused(void **state)
{
	(void)state;
	assert_child_content(keep_wrong_ones);
}

static void test_a_silenced_child_reads_and_writes_nothing(void **state)
{
	(void)state;
	assert_child_content(silence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copying_takes_all_from_the_start),
		cmocka_unit_test(test_copying_more_than_the_bound_is_refused),
		cmocka_unit_test(test_copying_where_nothing_can_be_read_or_written_fails),
		cmocka_unit_test(test_text_is_read_up_to_its_bound),
		cmocka_unit_test(test_text_over_its_bound_is_refused),
		cmocka_unit_test(test_text_from_a_pipe_is_read_in_pieces),
		cmocka_unit_test(test_each_difference_of_content_is_seen),
		cmocka_unit_test(test_close_on_exec_is_set_and_cleared),
		cmocka_unit_test(test_only_the_named_descriptors_stay_in_their_order),
		cmocka_unit_test(test_descriptors_that_are_not_open_or_too_many_are_refused),
		cmocka_unit_test(test_a_silenced_child_reads_and_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
