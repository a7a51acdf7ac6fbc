/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, at the begin of a session. What the kernel and systemd say of a
 * process is believed; nothing is decided by it.
 */
#include "monitor/client.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-login.h>

#include "common/clock.h"
#include "monitor/bus.h"
#include "monitor/systemd/service_bus.h"

enum { ASK_USEC = 500000 };

static void set_unit(struct client *client, const char *unit)
{
	snprintf(client->unit, sizeof(client->unit), "%s", unit);
}

struct client client_new(const char *user)
{
	struct client client = { .session = "" };

	snprintf(client.user, sizeof(client.user), "%s", user);
	return client_again(&client);
}

struct client client_again(const struct client *client)
{
	struct client again = *client;
	sd_id128_t id;

	again.session[0] = '\0';
	if (sd_id128_randomize(&id) >= 0)
		sd_id128_to_string(id, again.session);
	return again;
}

void client_is_program(struct client *client, pid_t pid, uid_t uid)
{
	scoped_ptr char *unit = NULL;

	client->pid = pid;
	client->uid = uid;
	if (sd_pid_get_unit(0, &unit) >= 0)
		set_unit(client, unit);
}

struct answer {
	bool come;
	char *unit; /* NULL: none */
};

static int on_answer(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct answer *answer = data;
	const char *path;

	(void)error;
	answer->come = true;
	if (!sd_bus_message_get_error(message) && sd_bus_message_read(message, "o", &path) >= 0 &&
	    sd_bus_path_decode(path, SYSTEMD_PATH "/unit", &answer->unit) <= 0)
		answer->unit = NULL;
	return 0;
}

/* Not sd_bus_call(3), which would wait for a bus daemon that hangs for as long as that one likes.
 */
static char *ask_systemd(sd_bus *bus, pid_t pid)
{
	uint64_t deadline = clock_usec() + ASK_USEC, now = 0;
	struct answer answer = { .unit = NULL };
	int r = sd_bus_call_method_async(bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
					 "GetUnitByPID", on_answer, &answer, "u", (uint32_t)pid);

	while (r >= 0 && !answer.come && now < deadline) {
		r = sd_bus_process(bus, NULL);
		now = clock_usec();
		if (r == 0 && now < deadline)
			r = sd_bus_wait(bus, deadline - now);
	}
	return answer.unit;
}

void client_is_peer(struct client *client, int fd, sd_event *event, int root_fd)
{
	scoped_ptr char *unit = NULL;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	sd_bus *bus = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return;
	client->pid = peer.pid;
	client->uid = peer.uid;
	if (sd_peer_get_unit(fd, &unit) < 0)
		unit = NULL;
	if (!unit && peer.pid > 0 && bus_open(event, root_fd, &bus) >= 0) {
		unit = ask_systemd(bus, peer.pid);
		/* with it goes whatever has not been answered */
		sd_bus_close_unref(bus);
	}
	if (unit)
		set_unit(client, unit);
}
