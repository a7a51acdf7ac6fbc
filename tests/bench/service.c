/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures service calls from the client's side, beside what is done without a
 * server: systemd's properties read by sd-bus, and systemctl(1). Runs as root
 * inside the sandbox, on a booted systemd, trusts all.
 *
 * usage: service POLICY-DIRECTORY UNIT
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "peer.h"

enum {
	PAIRS = 15,
	READS = 200, /* of one measurement */
	RESTARTS = 41,
};

/* What the numbers are to stay below. */
#define BOUND_STATUS_RATIO 1.3
#define BOUND_RESTART_RATIO 1.1

static const char *verdict(bool good)
{
	return good ? "within" : "OVER";
}

static void call_of(char *request, size_t size, const char *verb, const char *unit)
{
	snprintf(request, size,
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"service.%s\",\"params\":[\"%s\"]}\n",
		 verb, unit);
}

/* The median time of reading all properties, as a C program would do it that needs some of them. */
static double direct_us(sd_bus *bus, const char *path)
{
	double times[READS];

	for (size_t i = 0; i < READS; i++) {
		sd_bus_message *reply = NULL;
		double begin = now_us();
		int r = sd_bus_call_method(bus, "org.freedesktop.systemd1", path,
					   "org.freedesktop.DBus.Properties", "GetAll", NULL,
					   &reply, "s", "");

		if (r >= 0)
			r = sd_bus_message_skip(reply, "a{sv}");
		times[i] = now_us() - begin;
		sd_bus_message_unref(reply);
		if (r < 0) {
			errno = -r;
			die("GetAll");
		}
	}
	return median(times, READS);
}

/* In turn, so that a change of the machine's pace meets both. */
static bool status(const struct server *server, const char *unit)
{
	double directs[PAIRS], calls[PAIRS], ratios[PAIRS], ratio;
	char request[512], answer[LINE];
	sd_bus *bus = NULL;
	char *path = NULL;

	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) < 0)
		die("the system bus");
	call_of(request, sizeof(request), "status", unit);
	exchange(server->fd, request, answer);
	for (size_t i = 0; i < PAIRS; i++) {
		directs[i] = direct_us(bus, path);
		calls[i] = round_us(server->fd, request, answer, READS);
		ratios[i] = calls[i] / directs[i];
	}
	free(path);
	sd_bus_unref(bus);
	ratio = median(ratios, PAIRS);
	printf("status service.status, p50                %8.1f us   %.2f times the direct read, "
	       "bound %.1f: %s\n",
	       median(calls, PAIRS), ratio, BOUND_STATUS_RATIO,
	       verdict(ratio <= BOUND_STATUS_RATIO));
	printf("       sd-bus GetAll of the unit, p50     %8.1f us\n", median(directs, PAIRS));
	return ratio <= BOUND_STATUS_RATIO;
}

static double systemctl_ms(const char *unit)
{
	double begin = now_us();
	pid_t pid = fork();
	int ended;

	if (pid == 0) {
		execlp("systemctl", "systemctl", "restart", unit, NULL);
		_exit(127);
	}
	if (waitpid(pid, &ended, 0) != pid || ended != 0)
		die("systemctl restart");
	return (now_us() - begin) / 1e3;
}

static bool restart(const struct server *server, const char *unit)
{
	double others[RESTARTS], calls[RESTARTS], ratios[RESTARTS], ratio;
	char request[512], answer[LINE];

	call_of(request, sizeof(request), "restart", unit);
	exchange(server->fd, request, answer);
	for (size_t i = 0; i < RESTARTS; i++) {
		double begin;

		others[i] = systemctl_ms(unit);
		begin = now_us();
		exchange(server->fd, request, answer);
		calls[i] = (now_us() - begin) / 1e3;
		ratios[i] = calls[i] / others[i];
	}
	ratio = median(ratios, RESTARTS);
	printf("       service.restart, p50               %8.1f ms   %.2f times systemctl, "
	       "bound %.1f: %s\n",
	       median(calls, RESTARTS), ratio, BOUND_RESTART_RATIO,
	       verdict(ratio <= BOUND_RESTART_RATIO));
	printf("       systemctl restart, p50             %8.1f ms\n", median(others, RESTARTS));
	return ratio <= BOUND_RESTART_RATIO;
}

int main(int argc, char **argv)
{
	struct server server;
	bool good;

	if (argc != 3) {
		fprintf(stderr, "usage: service POLICY-DIRECTORY UNIT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	server = start_daemon(argv[1]);
	authenticate(&server);
	good = status(&server, argv[2]);
	good = restart(&server, argv[2]) && good;
	stop(&server);
	puts(good ? "services: all within their bounds" : "services: something is over its bound");
	return good ? 0 : 1;
}
