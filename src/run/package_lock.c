/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run. Only looks at the locks of apt and dpkg, since who
 * takes one of them to wait for it keeps the next one from getting it.
 */
#include "run/package_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/package_verb.h"

/* No event tells that a lock of fcntl(2) is free, so one looks again. */
enum { LOOK_AGAIN_MS = 200, COMM_MAX = 64 };

#define LOCK_FRONTEND "/var/lib/dpkg/lock-frontend"
#define LOCK_ARCHIVES "/var/cache/apt/archives/lock"
#define LOCK_LISTS "/var/lib/apt/lists/lock"

struct holder {
	const char *path;
	pid_t pid; /* 0 or less: nobody knows */
};

static bool is_held(const char *path, struct holder *ret_holder)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	scoped_fd fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);

	/* one that is not there yet is held by nobody; what else is wrong apt-get will say */
	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return false;
	*ret_holder = (struct holder){ .path = path, .pid = lock.l_pid };
	return true;
}

static bool any_is_held(const struct job *job, struct holder *ret_holder)
{
	if (job->call->verb == PACKAGE_UPDATE)
		return is_held(LOCK_LISTS, ret_holder);
	return is_held(LOCK_FRONTEND, ret_holder) || is_held(LOCK_ARCHIVES, ret_holder);
}

bool package_lock_is_held(const struct job *job)
{
	struct holder holder;

	return any_is_held(job, &holder);
}

static void describe(const struct job *job, const struct holder *holder, char *text, size_t size)
{
	char path[32], comm[COMM_MAX] = "";
	scoped_fd fd = -1;
	ssize_t n;

	if (holder->pid <= 0) {
		snprintf(text, size, "%s is held by another process", holder->path);
		return;
	}
	snprintf(path, sizeof(path), "%d/comm", (int)holder->pid);
	fd = openat(job->proc_fd, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, comm, sizeof(comm) - 1);
	comm[n > 0 ? n : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	snprintf(text, size, "%s is held by process %d (%s)", holder->path, (int)holder->pid,
		 comm[0] ? comm : "unknown");
}

bool package_lock_wait(struct job *job)
{
	char who[MESSAGE_TEXT_MAX - 64], text[MESSAGE_TEXT_MAX], told[sizeof(who)] = "";
	struct holder holder;

	while (any_is_held(job, &holder)) {
		describe(job, &holder, who, sizeof(who));
		if (job_left_ms(job) == 0) {
			job_fail(job, RUN_TIMEOUT, 0, "nothing was done: %s", who);
			return false;
		}
		if (strcmp(who, told) != 0) {
			snprintf(text, sizeof(text), "waiting for the lock: %s", who);
			job_progress(job, 0, "lock", text);
			strcpy(told, who);
		}
		poll(NULL, 0, LOOK_AGAIN_MS);
	}
	return true;
}
