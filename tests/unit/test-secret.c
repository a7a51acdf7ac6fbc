/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/secret.c: 256 random bits, shown to nobody else, compared whole. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/memfd.h"
#include "monitor/secret.h"

#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int setup(void **state)
{
	*state = unit_directory_make();
	return 0;
}

static int teardown(void **state)
{
	unit_directory_remove(*state);
	return 0;
}

static int file_of(const char *text, size_t size)
{
	int fd = memfd_create("unit", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), (ssize_t)size);
	return fd;
}

static void test_secrets_are_hexadecimal_and_never_the_same(void **state)
{
	struct secret secrets[20];
	bool seen[16] = { false };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		assert_int_equal(secret_make(&secrets[i]), 0);
		assert_int_equal(strlen(secrets[i].text), SECRET_TEXT_SIZE);
		assert_int_equal(strspn(secrets[i].text, "0123456789abcdef"), SECRET_TEXT_SIZE);
		for (size_t other = 0; other < i; other++)
			assert_string_not_equal(secrets[i].text, secrets[other].text);
		for (const char *c = secrets[i].text; *c; c++)
			seen[*c <= '9' ? *c - '0' : *c - 'a' + 10] = true;
	}
	/* 1,280 digits: that one of 16 is missing has a chance of 1 in 10^34 */
	for (size_t digit = 0; digit < ARRAY_SIZE(seen); digit++)
		assert_true(seen[digit]);
}

static void test_a_secret_is_read_with_or_without_a_newline(void **state)
{
	scoped_fd bare = file_of(DIGITS, SECRET_TEXT_SIZE);
	scoped_fd line = file_of(DIGITS "\n", SECRET_TEXT_SIZE + 1);
	struct secret secret;

	(void)state;
	assert_int_equal(secret_read(bare, &secret), 0);
	assert_string_equal(secret.text, DIGITS);
	secret_wipe(&secret);
	assert_int_equal(secret_read(line, &secret), 0);
	assert_string_equal(secret.text, DIGITS);
}

static void test_what_is_no_secret_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"0123456789abcdef",
		DIGITS "0",
		DIGITS "\n\n",
		DIGITS "\r\n",
		DIGITS " ",
		" " DIGITS,
		"\n" DIGITS,
		"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		"0x23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	};
	struct secret secret = { .text = "kept" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		scoped_fd fd = file_of(texts[i], strlen(texts[i]));

		assert_int_equal(secret_read(fd, &secret), -EBADMSG);
		assert_string_equal(secret.text, "kept");
	}
	assert_int_equal(secret_read(-1, &secret), -EBADF);
}

static void test_a_nul_among_the_digits_is_refused(void **state)
{
	char digits[] = DIGITS;
	struct secret secret;

	(void)state;
	for (size_t at = 0; at < SECRET_TEXT_SIZE; at += 21) {
		scoped_fd fd = -1;

		digits[at] = '\0';
		fd = file_of(digits, SECRET_TEXT_SIZE);
		assert_int_equal(secret_read(fd, &secret), -EBADMSG);
		digits[at] = DIGITS[at];
	}
}

static void test_only_the_whole_secret_is_equal(void **state)
{
	const struct secret secret = { .text = DIGITS };
	scoped_ptr char *attempt = strdup(DIGITS "x"), *longer = unit_repeat('0', 100000);

	(void)state;
	assert_false(secret_equal(&secret, attempt));
	attempt[SECRET_TEXT_SIZE] = '\0';
	assert_true(secret_equal(&secret, attempt));
	for (size_t at = 0; at < SECRET_TEXT_SIZE; at++) {
		attempt[at] ^= 1;
		assert_false(secret_equal(&secret, attempt));
		attempt[at] ^= 1;
	}
	for (size_t cut = 0; cut < SECRET_TEXT_SIZE; cut++) {
		scoped_ptr char *shorter = strndup(DIGITS, cut);

		assert_false(secret_equal(&secret, shorter));
	}
	assert_false(secret_equal(&secret, DIGITS "\n"));
	assert_false(secret_equal(&secret, DIGITS DIGITS));
	assert_false(secret_equal(&secret, " " DIGITS));
	assert_false(secret_equal(&secret, longer));
}

static void test_an_empty_attempt_does_not_equal_a_wiped_secret(void **state)
{
	struct secret secret = { .text = DIGITS };

	(void)state;
	secret_wipe(&secret);
	for (size_t i = 0; i < sizeof(secret); i++)
		assert_int_equal(secret.text[i], '\0');
	assert_false(secret_equal(&secret, ""));
}

static void test_the_client_gets_it_sealed_and_at_its_start(void **state)
{
	const struct secret secret = { .text = DIGITS };
	scoped_fd fd = secret_to_memfd(&secret);
	char text[100];
	size_t size;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(memfd_check(fd, SECRET_TEXT_SIZE, &size), 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), SECRET_TEXT_SIZE);
	assert_memory_equal(text, DIGITS, SECRET_TEXT_SIZE);
}

/* ---- the file ------------------------------------------------------------------------------ */

static void test_the_file_belongs_to_the_user_alone(void **state)
{
	const struct secret secret = { .text = DIGITS };
	scoped_ptr char *path = unit_path(*state, "secret");
	struct secret again;
	struct stat st;
	mode_t mask = umask(0);

	assert_int_equal(secret_to_file(&secret, path, 65534, 7), 0);
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	assert_int_equal(st.st_uid, 65534);
	assert_int_equal(st.st_gid, 7);
	assert_int_equal(st.st_size, SECRET_TEXT_SIZE + 1);
	assert_int_equal(secret_from_file(path, 65534, &again), 0);
	assert_string_equal(again.text, DIGITS);
}

static void test_a_new_file_takes_the_place_of_an_old_one_and_of_a_link(void **state)
{
	const struct secret secret = { .text = DIGITS };
	scoped_ptr char *path = unit_path(*state, "secret"), *victim = unit_path(*state, "victim");
	scoped_ptr char *temporary = unit_path(*state, "secret.new"), *text = NULL;
	struct stat st;

	unit_file_write(victim, "victim");
	assert_int_equal(symlink("victim", path), 0);
	assert_int_equal(symlink("victim", temporary), 0);
	assert_int_equal(secret_to_file(&secret, path, 0, 0), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0400);
	text = unit_file_read(victim);
	assert_string_equal(text, "victim");
	assert_int_equal(unit_directory_count(*state), 2);
	assert_int_equal(secret_to_file(&secret, path, 0, 0), 0);
}

static void test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(void **state)
{
	const struct secret secret = { .text = DIGITS };
	scoped_ptr char *absent = unit_path(*state, "absent/secret"),
			*dir = unit_path(*state, "dir");

	assert_int_equal(secret_to_file(&secret, absent, 0, 0), -ENOENT);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(secret_to_file(&secret, dir, 0, 0), -EISDIR);
	assert_int_equal(unit_directory_count(*state), 1);
}

static void assert_file_refused(const char *path, int expected)
{
	struct secret secret = { .text = "kept" };
	size_t before = unit_open_descriptors();

	assert_int_equal(secret_from_file(path, 65534, &secret), expected);
	assert_string_equal(secret.text, "kept");
	assert_int_equal(unit_open_descriptors(), before);
}

static void test_a_file_that_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = { 0440, 0404, 0420, 0402, 0410, 0401, 0644, 0666 };
	scoped_ptr char *path = unit_path(*state, "secret");
	struct secret secret;

	unit_file_write(path, DIGITS);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_file_refused(path, -EPERM);
	}
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(secret_from_file(path, 65534, &secret), 0);
}

static void test_a_file_of_another_user_is_refused(void **state)
{
	scoped_ptr char *path = unit_path(*state, "secret");

	unit_file_write(path, DIGITS);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(chown(path, 1, 0), 0);
	assert_file_refused(path, -EPERM);
}

static void test_what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	scoped_ptr char *path = unit_path(*state, "secret"), *fifo = unit_path(*state, "fifo");
	scoped_ptr char *link = unit_path(*state, "link");

	unit_file_write(path, DIGITS);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(symlink("secret", link), 0);
	assert_int_equal(mkfifo(fifo, 0400), 0);
	assert_file_refused(link, -ELOOP);
	assert_file_refused(fifo, -EPERM);
	assert_file_refused(*state, -EPERM);
	assert_file_refused("/nonexistent", -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets_are_hexadecimal_and_never_the_same),
		cmocka_unit_test(test_a_secret_is_read_with_or_without_a_newline),
		cmocka_unit_test(test_what_is_no_secret_is_refused),
		cmocka_unit_test(test_a_nul_among_the_digits_is_refused),
		cmocka_unit_test(test_only_the_whole_secret_is_equal),
		cmocka_unit_test(test_an_empty_attempt_does_not_equal_a_wiped_secret),
		cmocka_unit_test(test_the_client_gets_it_sealed_and_at_its_start),
		TEST(test_the_file_belongs_to_the_user_alone),
		TEST(test_a_new_file_takes_the_place_of_an_old_one_and_of_a_link),
		TEST(test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing),
		TEST(test_a_file_that_others_may_read_is_refused),
		TEST(test_a_file_of_another_user_is_refused),
		TEST(test_what_is_no_regular_file_is_refused_without_waiting),
	};

	if (geteuid() != 0)
		return unit_skip("files are given to other users; not run as root");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
