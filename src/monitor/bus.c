/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Trusts the bus daemon to deliver and to tell
 * the true sender. Never looks at the environment.
 */
#include "monitor/bus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/root_open.h"

/*
 * Through /proc, because connect(2) knows neither a directory descriptor nor a
 * bound on where links lead, and takes no path of more than 107 bytes.
 */
static int connect_below(int root_fd, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scoped_fd place = root_open(root_fd, path, O_PATH);
	scoped_fd fd = -1;

	if (place < 0)
		return place;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

/*
 * No descriptors are taken. UINT64_MAX: each call has its own deadline, with the one
 * timer that counts.
 */
static int start(sd_bus *bus, sd_event *event, int *fd, bool daemon)
{
	int r = sd_bus_set_fd(bus, *fd, *fd);

	if (r < 0)
		return r;
	take_fd(fd);
	r = sd_bus_set_bus_client(bus, daemon);
	if (r >= 0)
		r = sd_bus_negotiate_fds(bus, false);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, UINT64_MAX);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
	return r;
}

static int open_socket(sd_event *event, int root_fd, const char *path, bool daemon,
		       sd_bus **ret_bus)
{
	scoped_fd fd = connect_below(root_fd, path);
	sd_bus *bus = NULL;
	int r;

	if (fd < 0)
		return fd;
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = start(bus, event, &fd, daemon);
	if (r < 0) {
		sd_bus_close_unref(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

int bus_open(sd_event *event, int root_fd, sd_bus **ret_bus)
{
	return open_socket(event, root_fd, "run/dbus/system_bus_socket", true, ret_bus);
}

int bus_open_private(sd_event *event, int root_fd, sd_bus **ret_bus)
{
	return open_socket(event, root_fd, "run/systemd/private", false, ret_bus);
}
