/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run, for one check, and in a child of it that the check sees as process 1. */
#include "run/check_keeper.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "common/fd.h"
#include "common/root_open.h"
#include "run/check_mount.h"

enum { END_TRIES = 2000, END_PAUSE_USEC = 5000 };

/*
 * There is no interface, and no address: a program that binds to one of the machine's, and listens
 * to nobody, is to be content. A kernel without a setting does without it.
 */
static void permit_any_address(int proc)
{
	static const char *const settings[] = { "sys/net/ipv4/ip_nonlocal_bind",
						"sys/net/ipv6/ip_nonlocal_bind" };

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		scoped_fd fd = openat(proc, settings[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0)
			(void)!fd_write_all(fd, "1", 1);
	}
}

static int make_proc(const struct check_place *place)
{
	static const char *const options[] = { NULL };
	scoped_fd old = root_open_plain(place->root, "proc", O_PATH | O_DIRECTORY), made = -1;
	int r;

	if (old < 0 && old != -ENOENT && old != -ELOOP && old != -ENOTDIR)
		return old;
	made = mount_new("proc", options);
	if (made < 0)
		return made;
	permit_any_address(made);
	r = mount_restrict(made, false, false);
	return r < 0 || old < 0 ? r : mount_attach(made, old, "");
}

/* Signals of the namespace do not reach its first process, and what is left to it is reaped. */
static int be_alone(void)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || signal(SIGCHLD, SIG_IGN) == SIG_ERR)
		return -errno;
	capng_setpid((int)gettid());
	capng_clear(CAPNG_SELECT_ALL);
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -EPERM : 0;
}

static _Noreturn void keep(const struct check_place *place, int report)
{
	int r = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : make_proc(place);

	if (r == 0)
		r = be_alone();
	/* a parent that went before PR_SET_PDEATHSIG does not read it: that ends us as well */
	if (fd_write_all(report, &r, sizeof(r)) < 0 || r < 0 || fd_keep_only(NULL, 0) < 0)
		_exit(EXIT_FAILURE);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	for (;;)
		pause();
}

int keeper_start(const struct check_place *place, pid_t *ret_pid)
{
	scoped_fd ours = -1, theirs = -1;
	int pair[2], verdict = -EIO;
	ssize_t n;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close_fd(ours);
		keep(place, theirs);
	}
	close_fd(take_fd(&theirs));
	do {
		n = read(ours, &verdict, sizeof(verdict));
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(verdict) || verdict < 0) {
		(void)!keeper_end(pid);
		return n == (ssize_t)sizeof(verdict) ? verdict : -EIO;
	}
	*ret_pid = pid;
	return 0;
}

int keeper_end(pid_t pid)
{
	kill(pid, SIGKILL);
	/* our own children of the namespace have to be reaped before it can go */
	for (int i = 0; i < END_TRIES; i++) {
		pid_t gone;

		do {
			gone = waitpid(-1, NULL, WNOHANG);
		} while (gone > 0 && gone != pid);
		if (gone == pid || (gone < 0 && errno == ECHILD))
			return 0;
		usleep(END_PAUSE_USEC);
	}
	return -EBUSY;
}
