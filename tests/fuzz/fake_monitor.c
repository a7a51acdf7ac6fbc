/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In place of src/engine/mon.c, for fuzz-rpc: a monitor that has an answer at once. A stub that the
 * methods use, and that is not here, has the linker complain of all the others.
 */
#include "fake_monitor.h"

#include <errno.h>

#include "fuzz.h"

#include "common/memfd.h"
#include "common/report.h"
#include "engine/pending.h"

enum { EVENTS_MAX = 64 };

static const char hosts[] = "127.0.0.1\tlocalhost\n10.0.0.1 one two\n# comment\n";

/* What it will tell of by itself. */
static struct message events[EVENTS_MAX];
static enum report_kind reports[EVENTS_MAX];
static size_t event_count;

static int tell_later(struct message event, enum report_kind report)
{
	if (event_count == EVENTS_MAX)
		return -ENOBUFS;
	reports[event_count] = report;
	events[event_count++] = event;
	return 0;
}

static int empty_report(enum report_kind kind)
{
	scoped_report report = report_begin(kind);

	return kind == REPORT_NONE ? -1 : report_seal(&report, "");
}

void fake_monitor_tell(struct engine *engine)
{
	/* an event may have more asked */
	for (size_t i = 0; i < event_count; i++) {
		scoped_fd fd = empty_report(reports[i]);

		expect(pending_event(&events[i], fd, engine) == 0);
	}
	event_count = 0;
}

int mon_auth(struct mon *mon, const char *secret, struct msg_auth_reply *ret_reply)
{
	static uint8_t left = 3;

	(void)mon;
	*ret_reply = (struct msg_auth_reply){
		.granted = strcmp(secret, "right") == 0,
		.tries_left = left == 0 ? (left = 3) : --left,
	};
	return 0;
}

int mon_open(struct mon *mon, uint32_t entry, const char *name, struct msg_open_reply *ret_reply,
	     int *ret_fd)
{
	static const enum mon_outcome outcomes[] = { OUTCOME_DONE, OUTCOME_DONE, OUTCOME_ABSENT,
						     OUTCOME_NOT_PLAIN };
	enum mon_outcome outcome = outcomes[entry % ARRAY_SIZE(outcomes)];

	(void)mon;
	expect(name);
	*ret_reply = (struct msg_open_reply){ .outcome = (uint8_t)outcome };
	if (outcome == OUTCOME_DONE)
		*ret_fd = memfd_of("hosts", hosts, sizeof(hosts) - 1);
	return 0;
}

int mon_list(struct mon *mon, uint32_t entry, struct msg_list_reply *ret_reply, int *ret_fd)
{
	static const char names[] = "a.list\0b.list";

	(void)mon;
	(void)entry;
	*ret_reply = (struct msg_list_reply){ .outcome = OUTCOME_DONE, .count = 2 };
	*ret_fd = memfd_of("names", names, sizeof(names));
	return 0;
}

void mon_prepare(struct mon *mon, uint32_t entry)
{
	(void)mon;
	(void)entry;
}

int mon_stage(struct mon *mon, uint32_t entry, const char *name, int content,
	      enum mon_outcome *ret_outcome)
{
	(void)mon;
	expect(name && (content < 0 || memfd_check(content, CONTENT_MAX, NULL) == 0));
	*ret_outcome = entry == 1 ? OUTCOME_DENIED : OUTCOME_DONE;
	return 0;
}

int mon_commit(struct mon *mon, const struct msg_commit *request, struct mon_commit *ret_commit)
{
	(void)mon;
	ret_commit->reply = (struct msg_commit_reply){ .outcome = OUTCOME_DONE };
	ret_commit->enclosed = request->drop ? -1 : empty_report(REPORT_CHANGE);
	return 0;
}

int mon_confirm(struct mon *mon, const struct msg_confirm *request,
		struct msg_confirm_reply *ret_reply)
{
	(void)mon;
	*ret_reply = (struct msg_confirm_reply){
		.outcome = request->verb == CONFIRM_EXTEND ? OUTCOME_DENIED : OUTCOME_DONE,
		.seconds = request->seconds,
	};
	return 0;
}

/* The files of the policy by turns; revision 3 is the last one. */
static int revisions(uint64_t first, uint64_t last)
{
	static const char *const paths[] = { "/etc/hosts", "/etc/other", "/etc/absent" };
	scoped_report report = report_begin(REPORT_REVISION);

	for (uint64_t i = last; i >= first && i > 0; i--) {
		const struct revision_row row = {
			.revision = i,
			.usec = i << 50,
			.partial = i == 3,
			.file = 0,
			.had = 1,
			.has = i != 2,
			.changes = i,
			.path = paths[i % ARRAY_SIZE(paths)],
		};

		expect(report_add_revision_row(&report, &row) == 0);
	}
	return report_seal(&report, "");
}

int mon_history(struct mon *mon, const struct msg_history *request,
		struct msg_history_reply *ret_reply, int *ret_fd)
{
	(void)mon;
	expect(request->limit > 0 && request->limit <= REVISIONS_MAX && request->glob);
	*ret_reply = (struct msg_history_reply){ .outcome = OUTCOME_DONE, .next = request->before };
	*ret_fd = revisions(1, 3);
	return 0;
}

int mon_revision(struct mon *mon, uint64_t revision, struct msg_revision_reply *ret_reply,
		 int *ret_fd)
{
	(void)mon;
	ret_reply->outcome = revision <= 3 ? OUTCOME_DONE : OUTCOME_ABSENT;
	ret_reply->error = 0;
	*ret_fd = revision <= 3 ? revisions(revision, revision) : -1;
	return 0;
}

int mon_part(struct mon *mon, const struct msg_part *request, struct msg_part_reply *ret_reply,
	     int *ret_fd)
{
	static const char old[] = "127.0.0.1\tlocalhost\n10.0.0.1 one\n";
	const struct node_row row = { .path = "/2/alias", .secret = request->revision == 2 };
	scoped_report report = report_begin(REPORT_NODE);

	(void)mon;
	*ret_reply = (struct msg_part_reply){ .outcome = OUTCOME_DONE };
	expect(report_add_node_row(&report, &row) == 0);
	*ret_fd = request->part == PART_CHANGES ? report_seal(&report, "")
		  : request->part == PART_OLD   ? memfd_of("old", old, sizeof(old) - 1)
						: memfd_of("new", hosts, sizeof(hosts) - 1);
	return 0;
}

int mon_restore(struct mon *mon, const struct msg_restore *request,
		struct msg_restore_reply *ret_reply)
{
	static const enum mon_outcome outcomes[] = { OUTCOME_DONE, OUTCOME_CONFLICT,
						     OUTCOME_DENIED };

	(void)mon;
	*ret_reply = (struct msg_restore_reply){
		.outcome = (uint8_t)outcomes[request->revision % ARRAY_SIZE(outcomes)],
	};
	return 0;
}

int mon_channel(struct mon *mon, struct msg_channel_reply *ret_reply, int *ret_fd)
{
	(void)mon;
	*ret_reply = (struct msg_channel_reply){ .outcome = OUTCOME_DONE };
	*ret_fd = memfd_of("channel", "", 0);
	return 0;
}

int mon_forget(struct mon *mon)
{
	(void)mon;
	return 0;
}

#define OUTCOME_OF(ticket) (uint8_t)((ticket) % JOB_MAX)

int mon_service(struct mon *mon, const struct msg_service *request)
{
	const struct message event = {
		.type = MON_JOB,
		.job = {
			.ticket = request->ticket,
			.outcome = OUTCOME_OF(request->ticket),
			.manager = "systemd", .job_result = "done", .load_state = "loaded",
			.active_state = "active", .sub_state = "running", .file_state = "enabled",
			.result = "success", .triggered_by = "a.socket b.socket",
			.changes = "+/a\n-/b\n", .detail = "", .log = "line\nline\n",
		},
	};

	(void)mon;
	return tell_later(event, REPORT_NONE);
}

static int data_later(uint32_t ticket, enum report_kind kind)
{
	const struct message event = {
		.type = MON_DATA,
		.data = { .ticket = ticket,
			  .outcome = OUTCOME_OF(ticket),
			  .detail = "",
			  .log = "line\n" },
	};

	return tell_later(event, event.data.outcome == JOB_DONE ? kind : REPORT_NONE);
}

int mon_units(struct mon *mon, const struct msg_units *request)
{
	(void)mon;
	return data_later(request->ticket, REPORT_UNIT);
}

int mon_log(struct mon *mon, const struct msg_log *request)
{
	(void)mon;
	return data_later(request->ticket, REPORT_LINE);
}

int mon_package(struct mon *mon, const struct msg_package *request)
{
	(void)mon;
	return data_later(request->ticket, REPORT_PACKAGE);
}

int mon_watch(struct mon *mon, const struct msg_watch *request)
{
	const struct message event = {
		.type = MON_UNIT,
		.unit = { .ticket = request->ticket,
			  .outcome = OUTCOME_OF(request->ticket),
			  .load_state = "loaded",
			  .active_state = "active",
			  .sub_state = "running",
			  .file_state = "enabled",
			  .result = "success" },
	};

	(void)mon;
	return tell_later(event, REPORT_NONE);
}

int mon_unwatch(struct mon *mon, const struct msg_unwatch *request)
{
	(void)mon;
	(void)request;
	return 0;
}

int mon_system(struct mon *mon, const struct msg_system *request)
{
	const struct message event = {
		.type = MON_IDENTITY,
		.identity = { .ticket = request->ticket,
			      .outcome = OUTCOME_OF(request->ticket),
			      .via = "files",
			      .timezone = "Etc/UTC",
			      .hostname = "x",
			      .locale = "LANG=C.UTF-8 LC_TIME=C",
			      .detail = "" },
	};

	(void)mon;
	return tell_later(event, REPORT_NONE);
}

int mon_refused(struct mon *mon, const char *method, const char *subject, const char *rule)
{
	(void)mon;
	expect(method && rule && strlen(subject) <= MESSAGE_NAME_MAX);
	return 0;
}
