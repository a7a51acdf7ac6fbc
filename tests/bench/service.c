/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Service calls from the client's side, beside what is done without a server: systemd's properties
 * read by sd-bus, systemctl(1), and the way a panel goes that has a server of its own.
 *
 * Part of the benchmark, which runs as root inside the sandbox and trusts all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "bench.h"
#include "process.h"
#include "server.h"

#define BOUND_STATUS_RATIO 1.3
#define BOUND_RESTART_RATIO 1.1
#define SECONDS 5.0
#define SYSTEMD "org.freedesktop.systemd1"

/* What FreedomBox starts for each thing that takes root; this one reads a value with Augeas. */
#define FREEDOMBOX "/usr/share/plinth/actions/actions"

enum { PAIRS = 41, READS = 50 };

struct reader {
	sd_bus *bus;
	char *path; /* the unit's object */
};

/* All properties, as a C program would do it that needs some of them. */
static double all_properties_us(void *data)
{
	const struct reader *reader = data;
	sd_bus_message *reply = NULL;
	double begin = now_us();

	must("GetAll", sd_bus_call_method(reader->bus, SYSTEMD, reader->path,
					  "org.freedesktop.DBus.Properties", "GetAll", NULL, &reply,
					  "s", ""));
	must("skip", sd_bus_message_skip(reply, "a{sv}"));
	begin = now_us() - begin;
	sd_bus_message_unref(reply);
	return begin;
}

static double one_property_us(void *data)
{
	const struct reader *reader = data;
	scoped_ptr char *state = NULL;
	double begin = now_us();

	must("Get", sd_bus_get_property_string(reader->bus, SYSTEMD, reader->path, SYSTEMD ".Unit",
					       "ActiveState", NULL, &state));
	return now_us() - begin;
}

static struct question question_of(const struct server *server, const char *verb, const char *unit)
{
	struct question question = { .fd = server->fd };

	snprintf(question.request, sizeof(question.request),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"service.%s\",\"params\":[\"%s\"]}\n",
		 verb, unit);
	return question;
}

static void add_row(struct bench *bench, const char *what, const char *peer_name,
		    const struct side *ours, const struct side *peer, double limit)
{
	struct row row = { .section = "service",
			   .bound = limit > 0 ? BOUND_RATIO : BOUND_NONE,
			   .limit = limit,
			   .summary = true };
	struct pair pair = measure_pair(ours, peer, PAIRS, SECONDS);

	snprintf(row.what, sizeof(row.what), "%s", what);
	snprintf(row.peer, sizeof(row.peer), "%s", peer_name);
	table_add_pair(&bench->table, row, &pair);
}

static void status(struct bench *bench, const struct server *server)
{
	struct question question = question_of(server, "status", bench->unit);
	struct program show = { .words = { "systemctl", "show", bench->unit } };
	struct reader reader = { 0 };
	const struct side ours = { question_us, &question, READS };
	const struct side once = { question_us, &question, 1 };

	must("the system bus", sd_bus_open_system(&reader.bus));
	must("path",
	     sd_bus_path_encode("/org/freedesktop/systemd1/unit", bench->unit, &reader.path));
	add_row(bench, "service status, p50", "sd-bus: all properties of the unit", &ours,
		&(struct side){ all_properties_us, &reader, READS }, BOUND_STATUS_RATIO);
	add_row(bench, "service status, p50", "sd-bus: one property", &ours,
		&(struct side){ one_property_us, &reader, READS }, 0);
	add_row(bench, "service status", "systemctl show", &once,
		&(struct side){ program_us, &show, 1 }, 0);
	free(reader.path);
	sd_bus_unref(reader.bus);
}

static void restart(struct bench *bench, const struct server *server)
{
	struct question question = question_of(server, "restart", bench->unit);
	struct program program = { .words = { "systemctl", "restart", bench->unit } };

	add_row(bench, "service restart", "systemctl restart",
		&(struct side){ question_us, &question, 1 },
		&(struct side){ program_us, &program, 1 }, BOUND_RESTART_RATIO);
}

static void freedombox(struct bench *bench, const struct server *server)
{
	struct program action = {
		.words = { "sudo", "--non-interactive", FREEDOMBOX, "ssh",
			   "is_password_authentication_enabled", "--no-args" },
		.user = "plinth",
	};
	struct question get = { server->fd,
				"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.get\","
				"\"params\":[\"/files/etc/hosts/1/ipaddr\"]}\n" };

	if (access(FREEDOMBOX, X_OK) < 0) {
		progress("FreedomBox is not installed, so its sudo action is not there to compare");
		return;
	}
	add_row(bench, "warm get of one node", "FreedomBox: a sudo action that gets one",
		&(struct side){ question_us, &get, 1 }, &(struct side){ program_us, &action, 1 },
		0);
}

void bench_service(struct bench *bench)
{
	struct server server = server_start(bench->policy, "/");

	status(bench, &server);
	restart(bench, &server);
	freedombox(bench, &server);
	server_stop(&server);
}
