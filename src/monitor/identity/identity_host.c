/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root. The name comes from the client. */
#include "monitor/identity/identity_host.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { LABEL_MAX = 63 };

static bool is_host(const char *host)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-";

	if (strlen(host) >= HOST_SIZE)
		return false;
	for (;;) {
		size_t length = strspn(host, allowed);

		if (length == 0 || length > LABEL_MAX || host[0] == '-' || host[length - 1] == '-')
			return false;
		if (host[length] == '\0')
			return true;
		if (host[length] != '.')
			return false;
		host += length + 1;
	}
}

enum job_outcome identity_host_check(int root_fd, const char *host, struct identity_why *why)
{
	(void)root_fd;
	if (is_host(host))
		return JOB_DONE;
	return identity_why_not(why, JOB_BAD_VALUE, 0,
				"that is no host name; it has letters, digits and '-', in parts of "
				"63 bytes at most with one '.' between two, which do not begin or "
				"end with '-', and 64 bytes altogether");
}

/* Is the root the one of the running system, whose kernel has a name, too? */
static bool is_running_system(int root_fd)
{
	struct stat root, own;

	return fstat(root_fd, &root) == 0 && stat("/", &own) == 0 && root.st_dev == own.st_dev &&
	       root.st_ino == own.st_ino;
}

/* hostname(5): the first line that is neither empty nor a comment. */
static void first_line(char *text, char host[static HOST_SIZE])
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r")] = '\0';
		if (*line == '\0' || *line == '#')
			continue;
		if (is_host(line))
			snprintf(host, HOST_SIZE, "%s", line);
		return;
	}
}

int identity_host_read(int root_fd, char ret_host[static HOST_SIZE])
{
	scoped_ptr char *text = NULL;
	struct utsname uts;
	int r = identity_file_read(root_fd, "etc/hostname", &text);

	ret_host[0] = '\0';
	if (r < 0 && r != -ENOENT)
		return r;
	if (text)
		first_line(text, ret_host);
	if (ret_host[0] == '\0' && is_running_system(root_fd) && uname(&uts) == 0)
		snprintf(ret_host, HOST_SIZE, "%s", uts.nodename);
	return 0;
}

/*
 * The kernel's comes first: that it must not be changed (ProtectHostname= of a
 * unit) is found out before anything has been.
 */
enum job_outcome identity_host_write(int root_fd, const char *host, struct identity_why *why)
{
	bool running = is_running_system(root_fd);
	enum job_outcome outcome;
	char line[HOST_SIZE + 1];
	struct utsname before;

	if (running && (uname(&before) < 0 || sethostname(host, strlen(host)) < 0))
		return identity_why_not(why, JOB_FAILED, errno,
					"the name of the running system: %s", strerror(errno));
	snprintf(line, sizeof(line), "%s\n", host);
	outcome = identity_file_write(root_fd, "/etc/hostname", line, why);
	if (outcome != JOB_DONE && running &&
	    sethostname(before.nodename, strlen(before.nodename)) < 0)
		return identity_why_not(why, outcome, errno,
					"the running system is called %s now, but /etc/hostname "
					"could not be written",
					host);
	return outcome;
}
