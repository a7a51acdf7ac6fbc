/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the unit tests only. */
#include "trail_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 32 };

static void tell(const struct trail_fault *fault, void *data)
{
	struct verdict *verdict = data;

	if (verdict->text[0])
		return;
	verdict->first = *fault;
	snprintf(verdict->text, sizeof(verdict->text), "%s", fault->text);
}

struct verdict trail_verdict(const char *directory, const char *const *names,
			     const struct trail_head *head)
{
	struct verdict verdict = { .text = "" };
	int fds[FILES_MAX] = { -1 };
	size_t count = 0;

	for (; names[count]; count++) {
		scoped_ptr char *path = unit_path(directory, names[count]);

		fds[count] = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fds[count] >= 0);
	}
	assert_int_equal(trail_verify(fds, count, head, tell, &verdict, &verdict.summary), 0);
	while (count > 0)
		close_fd(fds[--count]);
	return verdict;
}

struct verdict trail_verdict_of(const char *directory)
{
	static const char *const names[] = { TRAIL_FILE, NULL };
	scoped_ptr char *path = unit_path(directory, TRAIL_HEAD);
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	struct trail_head head;

	assert_int_equal(trail_head_read(fd, &head), 0);
	return trail_verdict(directory, names, &head);
}

/* Stops at the n-th; how many were read. */
static size_t read_records(struct trail_reader *reader, size_t n, struct export_record *record,
			   const char **ret_bytes)
{
	size_t count = 0;

	while (count <= n && trail_next(reader, record, ret_bytes) > 0)
		count++;
	return count;
}

uint64_t trail_record_at(const char *path, size_t n, size_t *ret_size)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped_trail reader = trail_reader_of(fd, 0);
	struct export_record record;
	const char *bytes;

	assert_int_equal(read_records(&reader, n, &record, &bytes), n + 1);
	if (ret_size)
		*ret_size = record.size;
	return reader.offset - record.size;
}

char *trail_value(const char *path, size_t n, const char *name)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped_trail reader = trail_reader_of(fd, 0);
	const struct export_field *field;
	struct export_record record;
	const char *bytes;
	char *value;

	if (read_records(&reader, n, &record, &bytes) != n + 1)
		fail_msg("%s has no record %zu", path, n);
	field = export_find(&record, name);
	value = field ? strndup(field->value, field->length) : NULL;
	return value;
}

size_t trail_count(const char *path)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped_trail reader = trail_reader_of(fd, 0);
	struct export_record record;
	const char *bytes;

	return read_records(&reader, SIZE_MAX - 1, &record, &bytes);
}

char *trail_bytes(const char *path, size_t *ret_size)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	bytes = malloc((size_t)st.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
	*ret_size = (size_t)st.st_size;
	return bytes;
}

void trail_write_bytes(const char *path, const char *bytes, size_t size)
{
	scoped_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
}
