/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gives a fuzzer the inputs of its corpus, with any compiler: files and directories
 * that are named, or $srcdir/tests/fuzz/corpus/NAME for the program fuzz-NAME.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>

enum { INPUT_MAX = 1 << 20 };

/* Its name is told first, so that it is known which one was the end. */
static int replay_file(const char *path)
{
	scoped_file *file = fopen(path, "re");
	scoped_ptr uint8_t *data = malloc(INPUT_MAX);
	scoped_ptr uint8_t *input = NULL;
	size_t size;

	printf("%s\n", path);
	fflush(stdout);
	if (!file || !data)
		return -1;
	size = fread(data, 1, INPUT_MAX, file);
	if (ferror(file) || !feof(file))
		return -1;
	input = fuzz_bytes(data, size);
	LLVMFuzzerTestOneInput(input, size);
	return 1;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* How many inputs there were; -1 for one that cannot be read. */
static int replay(const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_input, alphasort), done = 0;

	if (count < 0)
		return errno == ENOTDIR ? replay_file(path) : -1;
	for (int i = 0; i < count; i++) {
		scoped_ptr char *name = NULL;
		int r = asprintf(&name, "%s/%s", path, entries[i]->d_name);

		if (r >= 0)
			r = replay_file(name);
		done = r < 0 || done < 0 ? -1 : done + r;
		free(entries[i]);
	}
	free(entries);
	return done;
}

int main(int argc, char *argv[])
{
	scoped_ptr char *corpus = NULL;
	const char *srcdir = getenv("srcdir"), *name = strrchr(argv[0], '-');
	int done = 0;

	for (int i = 1; done >= 0 && i < argc; i++)
		done = replay(argv[i]);
	if (argc == 1 && name &&
	    asprintf(&corpus, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", name + 1) > 0)
		done = replay(corpus);
	/* none at all is not a success */
	if (done <= 0)
		fprintf(stderr, "no input, or one that cannot be read\n");
	return done <= 0;
}
