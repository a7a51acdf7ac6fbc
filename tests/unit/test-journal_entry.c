/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/journal/journal_entry.c: what was written is read, and nothing else is. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/memfd.h"
#include "monitor/journal/journal_entry.h"

enum { PHASE_AT = 8 };

static int memfd(const char *text)
{
	int fd = memfd_of("unit", text, strlen(text));

	assert_true(fd >= 0);
	return fd;
}

static int empty_file(void)
{
	int fd = memfd_new("unit-journal");

	assert_true(fd >= 0);
	return fd;
}

static void add(struct journal_entry *entry, const char *path, const char *attributes)
{
	struct journal_file *file = &entry->file[entry->count++];

	file->path = strdup(path);
	file->section = strdup("/etc/*");
	file->changes = 17;
	strcpy(file->temporary, ".exmachina-1.tmp");
	file->uid = 7;
	file->gid = 65534;
	file->mode = S_IFREG | 0640;
	file->attributes = attributes ? strdup(attributes) : NULL;
	file->attributes_size = attributes ? (uint32_t)strlen(attributes) : 0;
	file->dirs = DIRECTORIES_MAX;
	file->dirs_kind = (struct directory_kind){ .uid = 8, .gid = 9, .mode = 0751 };
}

/* The header may be whole while what is behind it is not. */
static bool content_is_whole(int fd, const struct journal_entry *entry)
{
	scoped_fd changes = journal_entry_content(fd, &entry->changes);

	for (uint32_t i = 0; i < entry->count; i++) {
		scoped_fd old = journal_entry_content(fd, &entry->file[i].old);
		scoped_fd new = journal_entry_content(fd, &entry->file[i].new);

		if (old < 0 || new < 0)
			return false;
	}
	return changes >= 0;
}

/* One that is changed, one that is made, one that is removed. */
static void write_three(int fd)
{
	scoped_journal_entry entry = { 0 };
	int content[] = { memfd("old a"), memfd("new a"), -1, memfd(""), memfd("old c"), -1 };
	scoped_fd changes = memfd("the changes");

	assert_int_equal(journal_entry_new(&entry), 0);
	entry.phase = JOURNAL_WRITING;
	entry.revision = 4711;
	entry.reverts = 4000;
	entry.usec = UINT64_C(1700000000000000);
	entry.who = client_new("unit");
	entry.who.pid = 99;
	entry.who.uid = 1000;
	strcpy(entry.who.unit, "panel.service");
	strcpy(entry.method, "config.revert");
	add(&entry, "/etc/a", "attributes of a");
	add(&entry, "/etc/b", NULL);
	add(&entry, "/etc/c", NULL);
	assert_int_equal(journal_entry_write(fd, &entry, content, changes), 0);
	for (size_t i = 0; i < ARRAY_SIZE(content); i++)
		close_fd(content[i]);
}

static void assert_side(int fd, const struct journal_side *side, const char *expected)
{
	scoped_fd content = -1;
	scoped_mapping mapping = { 0 };

	assert_int_equal(side->exists, expected != NULL);
	if (!expected)
		return;
	content = journal_entry_content(fd, side);
	assert_true(content >= 0);
	assert_int_equal(memfd_map(content, 1000, &mapping), 0);
	assert_int_equal(mapping.size, strlen(expected));
	assert_memory_equal(mapping.data, expected, mapping.size);
}

static void what_was_written_is_read(void **state)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = empty_file();

	(void)state;
	write_three(fd);
	assert_int_equal(journal_entry_read(fd, &entry), 0);
	assert_int_equal(entry.phase, JOURNAL_WRITING);
	assert_int_equal(entry.count, 3);
	assert_int_equal(entry.revision, 4711);
	assert_int_equal(entry.reverts, 4000);
	assert_int_equal(entry.usec, UINT64_C(1700000000000000));
	assert_int_equal(entry.who.pid, 99);
	assert_int_equal(entry.who.uid, 1000);
	assert_string_equal(entry.who.user, "unit");
	assert_string_equal(entry.who.unit, "panel.service");
	assert_int_equal(strlen(entry.who.session), CLIENT_SESSION_SIZE - 1);
	assert_string_equal(entry.method, "config.revert");
	assert_string_equal(entry.file[0].path, "/etc/a");
	assert_string_equal(entry.file[0].section, "/etc/*");
	assert_int_equal(entry.file[0].changes, 17);
	assert_string_equal(entry.file[2].path, "/etc/c");
	assert_string_equal(entry.file[1].temporary, ".exmachina-1.tmp");
	assert_int_equal(entry.file[0].uid, 7);
	assert_int_equal(entry.file[0].gid, 65534);
	assert_int_equal(entry.file[0].mode, S_IFREG | 0640);
	assert_int_equal(entry.file[0].attributes_size, strlen("attributes of a"));
	assert_memory_equal(entry.file[0].attributes, "attributes of a", 15);
	assert_null(entry.file[1].attributes);
	assert_int_equal(entry.file[1].dirs, DIRECTORIES_MAX);
	assert_int_equal(entry.file[1].dirs_kind.uid, 8);
	assert_int_equal(entry.file[1].dirs_kind.gid, 9);
	assert_int_equal(entry.file[1].dirs_kind.mode, 0751);
	assert_side(fd, &entry.file[0].old, "old a");
	assert_side(fd, &entry.file[0].new, "new a");
	assert_side(fd, &entry.file[1].old, NULL);
	assert_side(fd, &entry.file[1].new, "");
	assert_side(fd, &entry.file[2].old, "old c");
	assert_side(fd, &entry.file[2].new, NULL);
	assert_side(fd, &entry.changes, "the changes");
}

static void another_phase_leaves_the_rest_whole(void **state)
{
	scoped_fd fd = empty_file();

	(void)state;
	write_three(fd);
	for (int phase = 0; phase < JOURNAL_PHASE_MAX; phase++) {
		scoped_journal_entry entry = { 0 };

		assert_int_equal(journal_entry_set_phase(fd, phase), 0);
		assert_int_equal(journal_entry_phase(fd), phase);
		assert_int_equal(journal_entry_read(fd, &entry), 0);
		assert_int_equal(entry.phase, phase);
	}
}

static void a_shorter_one_takes_the_place_of_a_longer_one(void **state)
{
	scoped_journal_entry entry = { 0 }, read = { 0 };
	scoped_fd fd = empty_file(), old = memfd("o"), new = memfd("n");
	const int content[] = { old, new };

	(void)state;
	write_three(fd);
	assert_int_equal(journal_entry_new(&entry), 0);
	entry.phase = JOURNAL_WRITING;
	add(&entry, "/x", NULL);
	assert_int_equal(journal_entry_write(fd, &entry, content, -1), 0);
	assert_int_equal(journal_entry_read(fd, &read), 0);
	assert_int_equal(read.count, 1);
	assert_side(fd, &read.file[0].new, "n");
}

static void one_that_is_cut_anywhere_is_none(void **state)
{
	scoped_fd whole = empty_file();
	char data[2000];
	ssize_t size;

	(void)state;
	write_three(whole);
	size = pread(whole, data, sizeof(data), 0);
	assert_in_range(size, 100, sizeof(data) - 1);
	for (ssize_t cut = 0; cut < size; cut++) {
		scoped_journal_entry entry = { 0 };
		scoped_fd fd = empty_file();

		assert_int_equal(pwrite(fd, data, (size_t)cut, 0), cut);
		assert_int_equal(journal_entry_read(fd, &entry), -EBADMSG);
	}
}

static void one_with_another_byte_anywhere_is_none(void **state)
{
	scoped_fd fd = empty_file();
	char data[2000];
	ssize_t size;

	(void)state;
	write_three(fd);
	size = pread(fd, data, sizeof(data), 0);
	for (ssize_t at = 0; at < size; at++) {
		scoped_journal_entry entry = { 0 };
		char other = (char)(data[at] ^ 0x20);

		if (at == PHASE_AT)
			continue;
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		assert_int_equal(journal_entry_read(fd, &entry), -EBADMSG);
		if (journal_entry_read_head(fd, &entry) == 0)
			assert_false(content_is_whole(fd, &entry));
		assert_int_equal(pwrite(fd, &data[at], 1, at), 1);
	}
}

static void an_unknown_phase_and_a_foreign_file_are_none(void **state)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = empty_file();

	(void)state;
	assert_int_equal(journal_entry_phase(fd), JOURNAL_OVER);
	assert_int_equal(pwrite(fd, "something else, and long enough", 31, 0), 31);
	assert_int_equal(journal_entry_phase(fd), JOURNAL_OVER);
	write_three(fd);
	assert_int_equal(pwrite(fd, "\x09", 1, PHASE_AT), 1);
	assert_int_equal(journal_entry_read(fd, &entry), -EBADMSG);
}

static void content_without_seals_is_not_written_down(void **state)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = empty_file(), loose = empty_file();
	const int content[] = { -1, loose };

	(void)state;
	assert_int_equal(journal_entry_new(&entry), 0);
	add(&entry, "/x", NULL);
	assert_int_equal(journal_entry_write(fd, &entry, content, -1), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(another_phase_leaves_the_rest_whole),
		cmocka_unit_test(a_shorter_one_takes_the_place_of_a_longer_one),
		cmocka_unit_test(one_that_is_cut_anywhere_is_none),
		cmocka_unit_test(one_with_another_byte_anywhere_is_none),
		cmocka_unit_test(an_unknown_phase_and_a_foreign_file_are_none),
		cmocka_unit_test(content_without_seals_is_not_written_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
