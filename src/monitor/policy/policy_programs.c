/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachinad (root), under -t and at start: looks at what the policy names, and runs none.
 */
#include "monitor/policy/policy_programs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "common/root_open.h"

/* As exmachina-run will see it; NULL, or what is wrong. */
static const char *fault_of(int root_fd, const char *program)
{
	scoped_fd fd = root_open(root_fd, program, O_PATH);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return "there is no such program";
	if (!S_ISREG(st.st_mode) || !(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return "it is no program";
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return "others than root can write to it";
	return NULL;
}

static int look_at(const struct policy_file *file, const char *line, int root_fd, FILE *out,
		   size_t *count)
{
	scoped_ptr char **words = NULL;
	const char *fault;
	int r = policy_check_split(line, &words);

	if (r < 0)
		return r;
	fault = fault_of(root_fd, words[0]);
	if (!fault)
		return 0;
	++*count;
	if (out)
		fprintf(out, "warning: [File %s]: Check=%s: %s, so nothing can be committed\n",
			file->path, line, fault);
	return 0;
}

int policy_programs_missing(const struct policy *policy, int root_fd, FILE *out, size_t *ret_count)
{
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->file_count; i++) {
		const struct policy_file *file = &policy->files[i];

		for (size_t k = 0; r == 0 && k < file->checks.count; k++)
			r = look_at(file, file->checks.item[k], root_fd, out, &count);
	}
	if (r == 0)
		*ret_count = count;
	return r;
}
