/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/candidates.c: the files of a commit arrive whole, and no forged list does. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/candidates.h"
#include "common/fd.h"
#include "common/message.h"

static int memfd(const char *text)
{
	return memfd_of("test", text, strlen(text));
}

/* Two files, one that is removed, and two secrets. */
static int sample(bool unknown)
{
	scoped_fd a = memfd("a = 1\n"), b = memfd("");
	const struct candidate_file files[] = {
		{ .entry = 3,
		  .path = "/etc/a",
		  .content = a,
		  .owner = { 0640, 4711, 7 },
		  .may_make_dirs = true,
		  .dirs = { 0750, 1, 2 } },
		{ .entry = 0, .path = "/etc/d/b", .content = b, .owner = { .mode = 04755 } },
		{ .entry = 9, .path = "/etc/c", .content = -1 },
	};
	char *secrets[] = { strdup("hunter2"), strdup("x\ny") };
	const struct candidate_secrets all = { .item = secrets, .count = 2, .unknown = unknown };
	int fd = candidates_to_memfd(files, ARRAY_SIZE(files), &all);

	free(secrets[0]);
	free(secrets[1]);
	return fd;
}

static void test_everything_arrives(void **state)
{
	scoped_candidates got = { .count = 0 };
	scoped_fd fd = sample(true);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(candidates_read(fd, &got), 0);
	assert_int_equal(got.count, 3);
	assert_int_equal(got.item[0].entry, 3);
	assert_string_equal(got.item[0].path, "/etc/a");
	assert_int_equal(got.item[0].size, 6);
	assert_memory_equal(got.item[0].content, "a = 1\n", 6);
	assert_int_equal(got.item[0].owner.mode, 0640);
	assert_true(got.item[0].may_make_dirs && !got.item[1].may_make_dirs);
	assert_int_equal(got.item[0].dirs.mode, 0750);
	assert_int_equal(got.item[0].dirs.uid, 1);
	assert_int_equal(got.item[0].dirs.gid, 2);
	assert_int_equal(got.item[0].owner.uid, 4711);
	assert_int_equal(got.item[0].owner.gid, 7);
	assert_false(got.item[0].removal || got.item[1].removal);
	assert_int_equal(got.item[1].size, 0);
	assert_int_equal(got.item[1].owner.mode, 04755);
	assert_true(got.item[2].removal);
	assert_int_equal(got.secret_count, 2);
	assert_string_equal(got.secret[0], "hunter2");
	assert_string_equal(got.secret[1], "x\ny");
	assert_true(got.unknown);
}

static void test_what_was_written_cannot_be_changed(void **state)
{
	scoped_fd fd = sample(false);

	(void)state;
	assert_int_equal(memfd_check(fd, CANDIDATES_SIZE_MAX, NULL), 0);
	assert_true(write(fd, "x", 1) < 0);
	assert_true(ftruncate(fd, 1) < 0);
}

static size_t bytes_of(int fd, char **ret_bytes)
{
	size_t size;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_text(fd, 1 << 16, ret_bytes, &size), 0);
	return size;
}

static int read_bytes(const char *bytes, size_t size)
{
	scoped_candidates got = { .count = 0 };
	scoped_fd fd = memfd_of("test", bytes, size);

	return candidates_read(fd, &got);
}

static void test_every_truncation_and_a_byte_more_are_refused(void **state)
{
	scoped_fd fd = sample(false);
	scoped_ptr char *bytes = NULL;
	size_t size = bytes_of(fd, &bytes);

	(void)state;
	assert_int_equal(read_bytes(bytes, size), 0);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(read_bytes(bytes, i), -EBADMSG);
	assert_int_equal(read_bytes(bytes, size + 1), -EBADMSG);
}

/* A fuzzer's first minute: each byte once at each of a few values. Nothing may crash or leak. */
static void test_each_changed_byte_is_taken_or_refused_cleanly(void **state)
{
	static const char values[] = { 0, 1, 0x7f, (char)0x80, (char)0xff };
	scoped_fd fd = sample(false);
	scoped_ptr char *bytes = NULL;
	size_t size = bytes_of(fd, &bytes), refused = 0;

	(void)state;
	for (size_t at = 0; at < size; at++) {
		char kept = bytes[at];

		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			int r;

			bytes[at] = values[i];
			r = read_bytes(bytes, size);
			assert_true(r == 0 || r == -EBADMSG);
			refused += r < 0;
		}
		bytes[at] = kept;
	}
	assert_true(refused > size);
}

static int read_file(const char *path, int content, uint32_t mode)
{
	const struct candidate_file files[] = {
		{ .path = "/etc/a", .content = -1 },
		{ .path = path, .content = content, .owner = { .mode = mode } },
	};
	const struct candidate_secrets none = { .count = 0 };
	scoped_candidates got = { .count = 0 };
	scoped_fd fd = candidates_to_memfd(files, ARRAY_SIZE(files), &none);

	assert_true(fd >= 0);
	return candidates_read(fd, &got);
}

static void test_paths_that_no_policy_can_name_are_refused(void **state)
{
	static const char *const paths[] = { "",          "etc/b",   "/",        "/etc/",
					     "/etc/../b", "/etc//b", "/etc/b\n", "/etc/a" };

	(void)state;
	assert_int_equal(read_file("/etc/b", -1, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(read_file(paths[i], -1, 0), -EBADMSG);
	assert_int_equal(read_file("/etc/b", -1, 07777), 0);
	assert_int_equal(read_file("/etc/b", -1, 010000), -EBADMSG);
}

static void test_a_list_of_nothing_is_refused(void **state)
{
	const struct candidate_secrets none = { .count = 0 };
	scoped_candidates got = { .count = 0 };
	scoped_fd fd = candidates_to_memfd(NULL, 0, &none);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(candidates_read(fd, &got), -EBADMSG);
}

static void test_what_is_no_sealed_memfd_is_refused(void **state)
{
	scoped_candidates got = { .count = 0 };
	scoped_fd unsealed = memfd_new("test"), file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(candidates_read(unsealed, &got), -EBADMSG);
	assert_int_equal(candidates_read(file, &got), -EBADMSG);
	assert_true(candidates_read(-1, &got) < 0);
}

static void test_content_that_is_no_sealed_memfd_is_not_sent(void **state)
{
	scoped_fd unsealed = memfd_new("test");
	const struct candidate_file file = { .path = "/etc/a", .content = unsealed };
	const struct candidate_secrets none = { .count = 0 };

	(void)state;
	assert_int_equal(candidates_to_memfd(&file, 1, &none), -EBADMSG);
}

static void test_more_than_it_may_hold_is_not_sent(void **state)
{
	scoped_ptr char *block = calloc(1, CONTENT_MAX);
	scoped_fd fd = memfd_of("test", block, CONTENT_MAX);
	struct candidate_file files[CANDIDATES_SIZE_MAX / CONTENT_MAX];
	char path[] = "/etc/a";
	struct candidate_secrets secrets = { .count = CANDIDATES_SECRETS_MAX + 1 };

	(void)state;
	assert_int_equal(candidates_to_memfd(NULL, 0, &secrets), -E2BIG);
	secrets.count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		files[i] = (struct candidate_file){ .path = path, .content = fd };
	assert_int_equal(candidates_to_memfd(files, ARRAY_SIZE(files), &secrets), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_arrives),
		cmocka_unit_test(test_what_was_written_cannot_be_changed),
		cmocka_unit_test(test_every_truncation_and_a_byte_more_are_refused),
		cmocka_unit_test(test_each_changed_byte_is_taken_or_refused_cleanly),
		cmocka_unit_test(test_paths_that_no_policy_can_name_are_refused),
		cmocka_unit_test(test_a_list_of_nothing_is_refused),
		cmocka_unit_test(test_what_is_no_sealed_memfd_is_refused),
		cmocka_unit_test(test_content_that_is_no_sealed_memfd_is_not_sent),
		cmocka_unit_test(test_more_than_it_may_hold_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
