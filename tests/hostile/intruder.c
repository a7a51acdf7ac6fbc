/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library that is loaded into exmachinad, and stands for a monitor that was taken over: once
 * the monitor serves, at its first message, it tries what an intruder would try with its rights,
 * and writes to standard error what came of each: "intruder: NAME: WORD". tests/system/
 * test_sandbox.py says where it may write, in ATTEMPTS_FILE: NAME PATH, one a line.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS_FILE "/etc/exmachina-intruder"

static void tell(const char *name, const char *path, bool done)
{
	dprintf(STDERR_FILENO, "intruder: %s %s: %s\n", name, path,
		done ? "done" : strerrorname_np(errno));
}

static bool try_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool try_connect(void)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return done;
}

static void try_all(void)
{
	char *const argv[] = { NULL };
	char line[512], *path;
	FILE *file = fopen(ATTEMPTS_FILE, "re");

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		path = strchr(line, ' ');
		if (!path)
			continue;
		*path++ = '\0';
		if (strcmp(line, "write") == 0)
			tell(line, path, try_write(path));
		else if (strcmp(line, "read") == 0)
			tell(line, path, access(path, R_OK) == 0);
		else if (strcmp(line, "remove") == 0)
			tell(line, path, unlink(path) == 0);
		else if (strcmp(line, "link") == 0)
			tell(line, path, symlink("/etc/shadow", path) == 0);
		else if (strcmp(line, "execute") == 0)
			tell(line, path, execve(path, argv, argv) == 0);
	}
	if (file)
		fclose(file);
	tell("mount", "/tmp", mount("none", "/tmp", "tmpfs", 0, NULL) == 0);
	tell("namespace", "mount", unshare(CLONE_NEWNS) == 0);
	tell("user", "65534", setuid(65534) == 0);
	tell("root", "/tmp", chroot("/tmp") == 0);
	tell("device", "/tmp/exm-null", mknod("/tmp/exm-null", S_IFCHR | 0600, 0x103) == 0);
	tell("connect", "127.0.0.1:9", try_connect());
}

/* In the monitor alone: it has no_new_privs by then, and its own name, unlike its starter. */
static bool is_time(void)
{
	char name[17] = "";

	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	       prctl(PR_GET_NAME, name, 0, 0, 0) == 0 && strcmp(name, "exmachinad") == 0;
}

__attribute__((visibility("default"))) ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	static ssize_t (*next)(int, struct msghdr *, int);
	static bool tried;

	if (!next)
		next = (__typeof__(next))(uintptr_t)dlsym(RTLD_NEXT, "recvmsg");
	if (!tried && is_time()) {
		tried = true;
		try_all();
	}
	return next(fd, message, flags);
}
