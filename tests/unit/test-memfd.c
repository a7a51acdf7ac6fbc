/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/memfd.c: what was sealed stays as it is, and nothing else passes for sealed. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/memfd.h"

static void test_content_arrives_whole(void **state)
{
	scoped_fd fd = memfd_of("unit", "a\0b", 3);
	scoped_mapping mapping = { 0 };
	size_t size;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(memfd_check(fd, 3, &size), 0);
	assert_int_equal(size, 3);
	assert_int_equal(memfd_map(fd, 3, &mapping), 0);
	assert_int_equal(mapping.size, 3);
	assert_memory_equal(mapping.data, "a\0b", 3);
}

static void test_no_content_is_an_empty_string(void **state)
{
	scoped_fd fd = memfd_of("unit", "", 0);
	scoped_mapping mapping = { 0 };

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(memfd_map(fd, 0, &mapping), 0);
	assert_int_equal(mapping.size, 0);
	assert_string_equal(mapping.data, "");
}

static void test_it_is_closed_on_exec(void **state)
{
	scoped_fd fd = memfd_of("unit", "x", 1);

	(void)state;
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void test_nobody_changes_it_once_sealed(void **state)
{
	scoped_fd fd = memfd_of("unit", "abc", 3);
	scoped_ptr char *path = NULL;
	scoped_fd again = -1;

	(void)state;
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(ftruncate(fd, 9), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
	assert_ptr_equal(mmap(NULL, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	/* nor by opening it anew */
	assert_true(asprintf(&path, "/proc/self/fd/%d", fd) > 0);
	again = open(path, O_RDWR | O_CLOEXEC);
	if (again >= 0)
		assert_int_equal(pwrite(again, "x", 1, 0), -1);
}

static void test_a_writable_mapping_prevents_sealing(void **state)
{
	scoped_fd fd = memfd_new("unit");
	void *memory;

	(void)state;
	assert_int_equal(ftruncate(fd, 4096), 0);
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(memfd_seal(fd), -EBUSY);
	assert_int_equal(memfd_check(fd, 4096, NULL), -EBADMSG);
	munmap(memory, 4096);
	assert_int_equal(memfd_seal(fd), 0);
}

static void test_each_missing_seal_is_refused(void **state)
{
	static const int seals[] = { F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE };

	(void)state;
	for (size_t missing = 0; missing < ARRAY_SIZE(seals); missing++) {
		scoped_fd fd = memfd_new("unit");
		scoped_mapping mapping = { 0 };
		int given = 0;

		for (size_t i = 0; i < ARRAY_SIZE(seals); i++)
			given |= i == missing ? 0 : seals[i];
		assert_int_equal(fcntl(fd, F_ADD_SEALS, given), 0);
		assert_int_equal(memfd_check(fd, 100, NULL), -EBADMSG);
		assert_int_equal(memfd_map(fd, 100, &mapping), -EBADMSG);
	}
}

static void test_other_descriptors_are_refused(void **state)
{
	scoped_fd file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	scoped_fd directory = open("/", O_RDONLY | O_CLOEXEC);
	scoped_fd path = open("/etc/passwd", O_PATH | O_CLOEXEC);
	scoped_fd null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pipe_fds[2], sockets[2];

	(void)state;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	assert_int_equal(memfd_check(file, SIZE_MAX, NULL), -EBADMSG);
	assert_int_equal(memfd_check(directory, SIZE_MAX, NULL), -EBADMSG);
	assert_int_equal(memfd_check(path, SIZE_MAX, NULL), -EBADMSG);
	assert_int_equal(memfd_check(null, SIZE_MAX, NULL), -EBADMSG);
	assert_int_equal(memfd_check(pipe_fds[0], SIZE_MAX, NULL), -EBADMSG);
	assert_int_equal(memfd_check(sockets[0], SIZE_MAX, NULL), -EBADMSG);
	assert_int_equal(memfd_check(-1, SIZE_MAX, NULL), -EBADMSG);
	for (size_t i = 0; i < 2; i++) {
		close(pipe_fds[i]);
		close(sockets[i]);
	}
}

static void test_one_byte_over_the_bound_is_refused(void **state)
{
	scoped_fd fd = memfd_of("unit", "abcd", 4);
	scoped_mapping mapping = { 0 };

	(void)state;
	assert_int_equal(memfd_check(fd, 3, NULL), -EFBIG);
	assert_int_equal(memfd_map(fd, 3, &mapping), -EFBIG);
	assert_null(mapping.data);
	assert_int_equal(memfd_check(fd, 4, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_content_arrives_whole),
		cmocka_unit_test(test_no_content_is_an_empty_string),
		cmocka_unit_test(test_it_is_closed_on_exec),
		cmocka_unit_test(test_nobody_changes_it_once_sealed),
		cmocka_unit_test(test_a_writable_mapping_prevents_sealing),
		cmocka_unit_test(test_each_missing_seal_is_refused),
		cmocka_unit_test(test_other_descriptors_are_refused),
		cmocka_unit_test(test_one_byte_over_the_bound_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
