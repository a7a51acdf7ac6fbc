/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a child of the starter, or of the monitor while that has all rights
 * (starter_run_engine()), as root, between fork and exec. Takes no input but its parent's own.
 * What the program adds to this sandbox after exec is in src/sandbox.
 */
#include "monitor/starter/confined.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/log.h"
#include "monitor/exit_status.h"

static int prepare(const struct confined *program, uint32_t *ret_layers, const char **ret_step)
{
	int r;

	*ret_step = "start in a session of its own";
	setsid();   /* what the terminal sends to the paired program is not for this one */
	umask(022); /* its root is root's, and for it to read */
	unsetenv("JOURNAL_STREAM"); /* the monitor adds the priority */
	log_open(program->name, LOG_TO_STDERR);
	r = fd_quiet(STDOUT_FILENO);
	if (r == 0 && dup2(program->log, STDERR_FILENO) < 0)
		r = -errno;
	if (r == 0) {
		*ret_step = "keep its descriptors";
		r = fd_keep_only(program->fds, program->fd_count);
	}
	if (r == 0)
		r = enclosure_enter(&program->enclosure, ret_layers, ret_step);
	if (r < 0)
		return r;
	umask(077);
	*ret_step = "drop its privileges";
	return *ret_layers & LAYER(PRIVATE_ROOT)
		       ? privileges_drop_but_root(program->enclosure.identity)
		       : privileges_drop(program->enclosure.identity);
}

static _Noreturn void execute(const struct confined *program, uint32_t layers)
{
	char held[16], optional[16];
	char *const environment[] = { NULL };
	/* execve(2) changes none of its arguments, whatever their types say */
	char *const argv[] = { (char *)(uintptr_t)program->name,
			       held,
			       optional,
			       (char *)(uintptr_t)program->enclosure.lens_path,
			       (char *)(uintptr_t)program->word,
			       NULL };

	snprintf(held, sizeof(held), "%u", layers);
	snprintf(optional, sizeof(optional), "%u", program->enclosure.optional);
	execve(program->path, argv, environment);
	log_error("cannot run %s: %s", program->path, strerror(errno));
	_exit(EXIT_SANDBOX);
}

void confined_run(const struct confined *program, pid_t parent)
{
	const char *step;
	uint32_t layers = 0;
	int r = prepare(program, &layers, &step);

	/* last, since changing credentials forgets the death signal */
	if (r == 0)
		r = privileges_child_setup(parent, SIGKILL);
	if (r == 0)
		execute(program, layers);
	log_error("cannot %s: %s", step, strerror(-r));
	_exit(EXIT_SANDBOX);
}
