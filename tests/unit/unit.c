/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the unit tests only. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool all_must_run(void)
{
	const char *ci = getenv("CI");

	return ci && strcmp(ci, "true") == 0;
}

int unit_skip(const char *why)
{
	fprintf(stderr, "SKIP: %s\n", why);
	return all_must_run() ? EXIT_FAILURE : 77;
}

void unit_skip_test(const char *why)
{
	print_message("SKIP: %s\n", why);
	if (all_must_run())
		fail_msg("%s", why);
	skip();
}

static struct {
	int saved;
	int file;
} capture = { -1, -1 };

void unit_capture_begin(void)
{
	fflush(stderr);
	capture.saved = dup(STDERR_FILENO);
	capture.file = memfd_create("captured", MFD_CLOEXEC);
	assert_true(capture.saved >= 0 && capture.file >= 0);
	assert_true(dup2(capture.file, STDERR_FILENO) >= 0);
}

char *unit_capture_end(void)
{
	off_t size;
	char *text;

	fflush(stderr);
	assert_true(dup2(capture.saved, STDERR_FILENO) >= 0);
	size = lseek(capture.file, 0, SEEK_END);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(pread(capture.file, text, (size_t)size, 0), size);
	capture.saved = close_fd(capture.saved);
	capture.file = close_fd(capture.file);
	return text;
}

char *unit_directory_make(void)
{
	char template[] = "/tmp/exm-unit-XXXXXX";
	char *path = mkdtemp(template);

	assert_non_null(path);
	assert_int_equal(chmod(path, 0755), 0);
	path = strdup(path);
	assert_non_null(path);
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

void unit_directory_remove(char *directory)
{
	assert_int_equal(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(directory);
}

char *unit_path(const char *directory, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	return path;
}

void unit_file_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

char *unit_file_read(const char *path)
{
	scoped_file *file = fopen(path, "re");
	size_t size = 0;
	char *text = NULL;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	assert_non_null(text);
	return text;
}

size_t unit_directory_count(const char *directory)
{
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	size_t count = 0;

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			count++;
	closedir(stream);
	return count;
}

char *unit_repeat(char byte, size_t count)
{
	char *text = malloc(count + 1);

	assert_non_null(text);
	memset(text, byte, count);
	text[count] = '\0';
	return text;
}

size_t unit_open_descriptors(void)
{
	return unit_directory_count("/proc/self/fd");
}
