/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test program's part: what is wrong about units, their watches and their logs. */
#include "peer.h"

#include <stdint.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/service_verb.h"

#define SERVES(entry_, verb_, unit_) \
	peer_say((struct message){ .type = MON_SERVICE, \
				   .service = { .ticket = 1, \
						.entry = (entry_), \
						.verb = (verb_), \
						.unit = (unit_) } }, \
		 -1)

static void service_out_of_range(void)
{
	SERVES(1, SERVICE_STATUS, "ssh.service");
}

static void service_verb_unknown(void)
{
	SERVES(0, SERVICE_VERB_MAX, "ssh.service");
}

static void service_other_unit(void)
{
	SERVES(0, SERVICE_STATUS, "cron.service");
}

static void service_path(void)
{
	SERVES(0, SERVICE_STATUS, "../ssh.service");
}

static void service_option(void)
{
	SERVES(0, SERVICE_STATUS, "--force.service");
}

#define WATCHES(ticket_, entry_, unit_) \
	peer_say((struct message){ .type = MON_WATCH, .watch = { ticket_, entry_, unit_ } }, -1)
#define LOGS(entry_, lines_, cursor_, unit_) \
	peer_say((struct message){ .type = MON_LOG, \
				   .log = { .ticket = 1, \
					    .entry = (entry_), \
					    .lines = (lines_), \
					    .cursor = (cursor_), \
					    .unit = (unit_) } }, \
		 -1)

static void watch_out_of_range(void)
{
	WATCHES(1, 1, "ssh.service");
}

static void watch_other_unit(void)
{
	WATCHES(1, 0, "cron.service");
}

static void watch_ticket_in_use(void)
{
	WATCHES(1, 0, "ssh.service");
	WATCHES(1, 0, "ssh.service");
}

static void log_out_of_range(void)
{
	LOGS(1, 10, "", "ssh.service");
}

static void log_other_unit(void)
{
	LOGS(0, 10, "", "cron.service");
}

static void log_match(void)
{
	LOGS(0, 10, "", "ssh.service\nUNIT=cron.service");
}

/* ---- what is refused without ending the session ---------------------------------- */

static void unwatch_unknown(void)
{
	peer_say((struct message){ .type = MON_UNWATCH, .unwatch = { 7 } }, -1);
	peer_say((struct message){ .type = MON_UNWATCH, .unwatch = { UINT32_MAX } }, -1);
}

/* None of them is told of: there is no systemd to ask. */
static void watch_too_many(void)
{
	for (uint32_t i = 0; i <= WATCHES_MAX; i++)
		WATCHES(i, 0, "ssh.service");
	peer_expect(MON_UNIT, JOB_BUSY);
}

static void log_cursor_of_newlines(void)
{
	char cursor[MESSAGE_TEXT_MAX + 1] = "";

	memset(cursor, '\n', MESSAGE_TEXT_MAX);
	LOGS(0, 10, cursor, "ssh.service");
	peer_expect(MON_DATA, JOB_BAD_VALUE);
}

static void log_lines_none(void)
{
	LOGS(0, 0, "", "ssh.service");
	peer_expect(MON_DATA, JOB_BAD_VALUE);
}

static void log_lines_all(void)
{
	LOGS(0, UINT32_MAX, "", "ssh.service");
	peer_expect(MON_DATA, JOB_UNAVAILABLE);
}

static void units_of_odd_glob(void)
{
	char glob[MESSAGE_TEXT_MAX + 1] = "";

	memset(glob, '*', MESSAGE_TEXT_MAX);
	peer_say((struct message){ .type = MON_UNITS, .units = { 1, glob } }, -1);
	peer_expect(MON_DATA, JOB_UNAVAILABLE);
}

const struct hostile_case *unit_cases(size_t *ret_count)
{
	static const struct hostile_case cases[] = {
		{ "SERVICE of an entry after the last", PHASE_OPEN, service_out_of_range },
		{ "SERVICE with an unknown verb", PHASE_OPEN, service_verb_unknown },
		{ "SERVICE of a unit of no entry", PHASE_OPEN, service_other_unit },
		{ "SERVICE of a path", PHASE_OPEN, service_path },
		{ "SERVICE of an option", PHASE_OPEN, service_option },
		{ "WATCH of an entry after the last", PHASE_OPEN, watch_out_of_range },
		{ "WATCH of a unit of no entry", PHASE_OPEN, watch_other_unit },
		{ "WATCH with a ticket in use", PHASE_OPEN, watch_ticket_in_use },
		{ "LOG of an entry after the last", PHASE_OPEN, log_out_of_range },
		{ "LOG of a unit of no entry", PHASE_OPEN, log_other_unit },
		{ "LOG of a unit with a second match", PHASE_OPEN, log_match },
	};

	*ret_count = ARRAY_SIZE(cases);
	return cases;
}

const struct hostile_case *unit_borne_cases(size_t *ret_count)
{
	static const struct hostile_case cases[] = {
		{ "UNWATCH of a ticket that is not in use", PHASE_OPEN, unwatch_unknown },
		{ "WATCH of more than may be", PHASE_OPEN, watch_too_many },
		{ "LOG after a cursor of newlines", PHASE_OPEN, log_cursor_of_newlines },
		{ "LOG of no lines", PHASE_OPEN, log_lines_none },
		{ "LOG of 4294967295 lines", PHASE_OPEN, log_lines_all },
		{ "UNITS of a glob of stars", PHASE_OPEN, units_of_odd_glob },
	};

	*ret_count = ARRAY_SIZE(cases);
	return cases;
}
