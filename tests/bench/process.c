/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "process.h"

#include <fcntl.h>
#include <grp.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static void become(const char *user)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry || initgroups(user, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
	    setuid(entry->pw_uid) < 0)
		_exit(127);
}

/* With nothing to read and nobody who reads. */
static void become_program(const struct program *program)
{
	char *words[WORDS_MAX + 1];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			_exit(127);
	if (program->user)
		become(program->user);
	memcpy(words, program->words, sizeof(words));
	execvp(words[0], words);
	_exit(127);
}

double program_us(void *data)
{
	const struct program *program = data;
	double begin = now_us();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		become_program(program);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die(program->words[0]);
	return status == 0 ? now_us() - begin : NAN;
}
