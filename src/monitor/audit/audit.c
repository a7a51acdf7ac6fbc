/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Texts come from the engine, bounded, from systemd and
 * from verifiers; they become values of fields, which hold any bytes.
 */
#include "monitor/audit/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "common/clock.h"
#include "common/log.h"
#include "monitor/audit/audit_trail.h"

enum {
	DENIALS_AT_ONCE = 200, /* which are recorded one by one, and then one a second */
	DENIAL_USEC = 1000000,
};

#define PREFIX "EXMACHINA_"

struct audit {
	int state_fd; /* the caller's; -1: none */
	bool to_file;
	uint64_t lost; /* records that are not in the file since the last one that is */
	int lost_error;
	uint64_t omitted;      /* denials likewise, on purpose */
	uint64_t denials_from; /* CLOCK_MONOTONIC: from when on all of the allowance is there again
				*/
};

/* ---- a record's fields -------------------------------------------------------------- */

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void put_client(struct export_writer *w, const struct client *client)
{
	static const struct client nobody = { .user = "" };
	const struct client *who = client ? client : &nobody;

	export_text(w, PREFIX "SESSION", who->session);
	export_text(w, PREFIX "USER", who->user);
	if (who->pid > 0) {
		export_print(w, PREFIX "PID", "%d", (int)who->pid);
		export_print(w, PREFIX "UID", "%u", (unsigned int)who->uid);
	}
	if (who->unit[0])
		export_text(w, PREFIX "UNIT", who->unit);
}

static void put_changes(struct export_writer *w, const struct audit_changes *changes)
{
	export_put(w, PREFIX "CHANGES", or_nothing(changes->text), changes->length);
	export_print(w, PREFIX "CHANGES_COUNT", "%" PRIu64, changes->count);
	if (changes->left_out > 0)
		export_print(w, PREFIX "CHANGES_LEFT_OUT", "%" PRIu64, changes->left_out);
	if (changes->left_out > 0 || changes->cut)
		export_text(w, PREFIX "CHANGES_SHA256", changes->hash);
}

static void put_event(struct export_writer *w, const struct audit_event *event)
{
	const char *detail = or_nothing(event->detail);
	bool done = strcmp(event->result, AUDIT_DONE) == 0;
	bool says_more = detail[0] && strcmp(detail, event->result) != 0;

	export_print(w, "MESSAGE", "%s of %s for %s: %s%s%s", event->method, event->subject,
		     event->client ? event->client->user : "nobody", event->result,
		     says_more ? ": " : "", says_more ? detail : "");
	export_print(w, "PRIORITY", "%d", done ? LOG_NOTICE : LOG_WARNING);
	export_text(w, "SYSLOG_IDENTIFIER", "exmachinad");
	export_print(w, "SYSLOG_PID", "%d", (int)getpid());
	put_client(w, event->client);
	export_text(w, PREFIX "METHOD", event->method);
	export_text(w, PREFIX "SUBJECT", event->subject);
	export_text(w, PREFIX "RULE", or_nothing(event->rule));
	export_text(w, PREFIX "RESULT", event->result);
	export_text(w, PREFIX "DETAIL", detail);
	export_print(w, PREFIX "USEC", "%" PRIu64, event->usec);
	for (const struct audit_field *more = event->more; more->name; more++)
		export_text(w, more->name, more->value);
	if (event->changes)
		put_changes(w, event->changes);
}

/* ---- where it goes ------------------------------------------------------------------ */

/* "NAME=VALUE" of a field that is written in another way; NULL if there is no memory. */
static char *joined(const struct export_field *field)
{
	char *text = malloc(field->name_length + 1 + field->length);

	if (!text)
		return NULL;
	memcpy(text, field->name, field->name_length);
	text[field->name_length] = '=';
	memcpy(text + field->name_length + 1, field->value, field->length);
	return text;
}

/* By systemd-journald's own protocol, which fails in silence where nobody listens. */
static void send_to_journal(const struct export_writer *record, const char *hash)
{
	char *copies[EXPORT_FIELDS_MAX] = { NULL }, last[sizeof(PREFIX "HASH=") + TRAIL_HASH_SIZE];
	struct iovec fields[EXPORT_FIELDS_MAX + 1];
	struct export_record parsed;
	size_t count = 0;

	if (export_parse(record->data, record->length, &parsed) <= 0)
		return;
	for (size_t i = 0; i < parsed.count; i++) {
		const struct export_field *field = &parsed.field[i];
		char *start = record->data + (field->name - record->data);

		/* time and boot are its own to say */
		if (field->name[0] == '_')
			continue;
		if (field->binary && !(start = copies[i] = joined(field)))
			continue;
		fields[count++] = (struct iovec){
			.iov_base = start,
			.iov_len = field->name_length + 1 + field->length,
		};
	}
	if (hash) {
		int length = snprintf(last, sizeof(last), PREFIX "HASH=%s", hash);

		fields[count++] = (struct iovec){ .iov_base = last, .iov_len = (size_t)length };
	}
	(void)sd_journal_sendv(fields, (int)count);
	for (size_t i = 0; i < ARRAY_SIZE(copies); i++)
		free(copies[i]);
}

static int write_fields(struct audit_turn *turn, const struct export_writer *fields)
{
	scoped_export record = { .data = NULL };
	int r = audit_trail_add(turn, fields, &record);

	if (r == 0)
		send_to_journal(&record, turn->head.hash);
	return r;
}

static int write_event(struct audit_turn *turn, const struct audit_event *event)
{
	scoped_export fields = { .data = NULL };

	put_event(&fields, event);
	return write_fields(turn, &fields);
}

/* Only to the journal: what is in no chain has no number. */
static void send_event(const struct audit_event *event)
{
	scoped_export record = { .data = NULL };

	audit_trail_stamp(&record);
	put_event(&record, event);
	if (export_end(&record) == 0)
		send_to_journal(&record, NULL);
}

/* ---- what the trail has to tell of itself ------------------------------------------- */

static struct audit_event about_trail(const char *method, const char *result, const char *detail)
{
	return (struct audit_event){
		.method = method,
		.subject = TRAIL_FILE,
		.result = result,
		.detail = detail,
	};
}

static int tell_repair(struct audit_turn *turn)
{
	const struct audit_event event = about_trail("audit.repair", AUDIT_DONE, turn->repair);
	scoped_export fields = { .data = NULL };

	if (!turn->repair[0])
		return 0;
	log_warning("the audit trail was put in order: %s", turn->repair);
	put_event(&fields, &event);
	if (turn->torn)
		export_put(&fields, PREFIX "TORN", turn->torn, turn->torn_length);
	turn->repair[0] = '\0';
	return write_fields(turn, &fields);
}

static int tell_lost(struct audit *audit, struct audit_turn *turn)
{
	char detail[256] = "";
	const struct audit_event event = about_trail("audit.lost", AUDIT_FAILED, detail);
	int r;

	if (audit->lost == 0)
		return 0;
	snprintf(detail, sizeof(detail), "%" PRIu64 " records are missing before this one: %s",
		 audit->lost, audit_trail_fault(audit->lost_error));
	r = write_event(turn, &event);
	if (r == 0)
		audit->lost = 0;
	return r;
}

static int tell_omitted(struct audit *audit, struct audit_turn *turn)
{
	char detail[128] = "";
	const struct audit_event event = about_trail("audit.omitted", AUDIT_DENIED, detail);
	int r;

	if (audit->omitted == 0)
		return 0;
	snprintf(detail, sizeof(detail),
		 "%" PRIu64 " denials before this were too many to be recorded", audit->omitted);
	r = write_event(turn, &event);
	if (r == 0)
		audit->omitted = 0;
	return r;
}

/* A turn in which something can be written, all that is to be told first being told. */
static int begin(struct audit *audit, struct audit_turn *turn)
{
	int r = audit_trail_begin(audit->state_fd, turn);

	if (r == 0)
		r = tell_repair(turn);
	if (r == 0)
		r = tell_lost(audit, turn);
	return r == 0 ? tell_omitted(audit, turn) : r;
}

/* ---- the audit ---------------------------------------------------------------------- */

int audit_probe(struct audit *audit)
{
	scoped_turn turn = AUDIT_TURN_NONE;
	int r = audit->state_fd < 0 ? -ENOENT : begin(audit, &turn);

	if (r < 0)
		log_error("the audit trail cannot be written: %s",
			  audit->state_fd < 0 ? "there is no state directory"
					      : audit_trail_fault(r));
	return r;
}

int audit_new(int state_fd, bool to_file, struct audit **ret_audit)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	int r;

	if (!audit)
		return -ENOMEM;
	*audit = (struct audit){ .state_fd = state_fd, .to_file = to_file };
	r = to_file ? audit_probe(audit) : 0;
	if (r < 0) {
		free(audit);
		return r;
	}
	*ret_audit = audit;
	return 0;
}

struct audit *audit_free(struct audit *audit)
{
	free(audit);
	return NULL;
}

void audit_set_file(struct audit *audit, bool to_file)
{
	audit->to_file = to_file;
}

int audit_ready(struct audit *audit, size_t size)
{
	scoped_turn turn = AUDIT_TURN_NONE;
	int r;

	if (!audit || !audit->to_file)
		return 0;
	r = begin(audit, &turn);
	if (r == 0)
		r = audit_trail_reserve(&turn, size + AUDIT_RECORD_SIZE);
	if (r < 0)
		log_write(LOG_CRIT, "nothing is done, since the audit trail cannot be written: %s",
			  audit_trail_fault(r));
	return r;
}

/* One more denial: is there still something of the allowance, which fills again by and by? */
static bool denial_counts(struct audit *audit)
{
	uint64_t now = clock_usec();

	if (audit->denials_from < now)
		audit->denials_from = now;
	if (audit->denials_from - now >= (uint64_t)DENIALS_AT_ONCE * DENIAL_USEC)
		return false;
	audit->denials_from += DENIAL_USEC;
	return true;
}

static void to_file(struct audit *audit, const struct audit_event *event)
{
	scoped_turn turn = AUDIT_TURN_NONE;
	int r = begin(audit, &turn);

	if (r == 0)
		r = write_event(&turn, event);
	if (r == 0)
		return;
	audit->lost++;
	audit->lost_error = r;
	log_write(LOG_CRIT, "%s of %s for %s: %s: it is not in the audit trail: %s", event->method,
		  event->subject, event->client ? event->client->user : "nobody", event->result,
		  audit_trail_fault(r));
	send_event(event);
}

void audit_record(struct audit *audit, const struct audit_event *event)
{
	if (audit && strcmp(event->result, AUDIT_DENIED) == 0 && !denial_counts(audit))
		audit->omitted++;
	else if (audit && audit->to_file)
		to_file(audit, event);
	else
		send_event(event);
}

void audit_sync(struct audit *audit)
{
	if (audit && audit->to_file)
		audit_trail_sync(audit->state_fd);
}
