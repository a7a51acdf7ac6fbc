/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_MESSAGE_H
#define EXM_MESSAGE_H

/*
 * Everything that the engine and the monitor say to each other, declared once,
 * and what the monitor and exmachina-run say. The enum, the names, the
 * structures, their encoders and decoders, and the monitor's request table are
 * generated from the lists below.
 *
 * One message is one SEQPACKET packet: u32 type, the fields, at most one
 * descriptor. The engine asks (MON_REQUESTS), the monitor answers each request
 * that has a reply with exactly one (MON_REPLIES, same order), and tells of
 * things by itself (MON_EVENTS): among them how a request ended that has a
 * ticket, which the engine chose, and which comes back.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

enum {
	MESSAGE_MAX = 16384,        /* bytes of one packet */
	MESSAGE_NAME_MAX = 4096,    /* bytes of a path below the root, of a unit name */
	MESSAGE_TEXT_MAX = 512,     /* bytes of a short human text */
	MESSAGE_LOG_MAX = 8192,     /* bytes of a unit's last log lines, of a program's output */
	MESSAGE_CHANGES_MAX = 2048, /* bytes of the list of changed unit file links */
	SECRET_TEXT_SIZE = 64,      /* 256 bits in hexadecimal */
	CONTENT_MAX = 16 << 20,     /* bytes of one configuration file */
	STAGED_MAX = 256,           /* files of one commit */
	JOBS_MAX = 32,              /* calls with a ticket under way in one session */
	WATCHES_MAX = 64,           /* units that one session watches */
	PACKAGES_MAX = 64,          /* names in one package call */
	LOG_LINES_MAX = 1000,       /* lines of one service.log, whatever the policy says */
	MESSAGE_PROTOCOL = 1,
};

/* When the monitor accepts a request. */
enum message_phase {
	PHASE_START,  /* the engine has not reported yet */
	PHASE_LOCKED, /* it has, but the client has not shown the secret */
	PHASE_OPEN,   /* the client has */
	PHASE_MAX
};

#define PHASE_BIT(phase) (1u << (phase))
#define DURING_START PHASE_BIT(PHASE_START)
#define DURING_READY (PHASE_BIT(PHASE_LOCKED) | PHASE_BIT(PHASE_OPEN))
#define DURING_OPEN PHASE_BIT(PHASE_OPEN)

enum message_flag {
	MSG_PLAIN = 0,
	MSG_FD = 1,       /* carries a descriptor */
	MSG_MAY_FD = 2,   /* may carry one */
	MSG_NO_REPLY = 4, /* one way */
};

/* X(NAME, name, phases, flags) */
#define MON_REQUESTS(X) \
	X(READY, ready, DURING_START, MSG_NO_REPLY) \
	X(AUTH, auth, DURING_READY, MSG_PLAIN) \
	X(OPEN, open, DURING_OPEN, MSG_PLAIN) \
	X(LIST, list, DURING_OPEN, MSG_PLAIN) \
	X(STAGE, stage, DURING_OPEN, MSG_MAY_FD) \
	X(COMMIT, commit, DURING_OPEN, MSG_PLAIN) \
	X(FORGET, forget, DURING_OPEN, MSG_NO_REPLY) \
	X(SERVICE, service, DURING_OPEN, MSG_NO_REPLY) \
	X(UNITS, units, DURING_OPEN, MSG_NO_REPLY) \
	X(LOG, log, DURING_OPEN, MSG_NO_REPLY) \
	X(WATCH, watch, DURING_OPEN, MSG_NO_REPLY) \
	X(UNWATCH, unwatch, DURING_OPEN, MSG_NO_REPLY) \
	X(PACKAGE, package, DURING_OPEN, MSG_NO_REPLY) \
	X(SYSTEM, system, DURING_OPEN, MSG_NO_REPLY) \
	X(REFUSED, refused, DURING_OPEN, MSG_NO_REPLY) \
	X(BYE, bye, DURING_READY, MSG_NO_REPLY)

#define MON_REPLIES(X) \
	X(AUTH_REPLY, auth_reply, 0, MSG_PLAIN) \
	X(OPEN_REPLY, open_reply, 0, MSG_MAY_FD) \
	X(LIST_REPLY, list_reply, 0, MSG_MAY_FD) \
	X(STAGE_REPLY, stage_reply, 0, MSG_PLAIN) \
	X(COMMIT_REPLY, commit_reply, 0, MSG_MAY_FD)

#define MON_EVENTS(X) \
	X(WELCOME, welcome, 0, MSG_FD) \
	X(JOB, job, 0, MSG_PLAIN) \
	X(DATA, data, 0, MSG_MAY_FD) \
	X(IDENTITY, identity, 0, MSG_PLAIN) \
	X(UNIT, unit, 0, MSG_PLAIN) \
	X(PROGRESS, progress, 0, MSG_PLAIN) \
	X(LENS, lens, 0, MSG_PLAIN)

/* Between the monitor and exmachina-run; from an engine they break the protocol. */
#define RUN_MESSAGES(X) \
	X(RUN_POLICY, run_policy, 0, MSG_FD) \
	X(RUN_CALL, run_call, 0, MSG_PLAIN) \
	X(RUN_PROGRESS, run_progress, 0, MSG_PLAIN) \
	X(RUN_END, run_end, 0, MSG_MAY_FD)

#define MON_MESSAGES(X) MON_REQUESTS(X) MON_REPLIES(X) MON_EVENTS(X) RUN_MESSAGES(X)

/*
 * Fields: U8, U32, U64, I32 (name), STR (name, most bytes).
 */
#define FIELDS_ready(U8, U32, U64, I32, STR) \
	U32(protocol) \
	U32(entry_count)

/* one try; the text is compared by the monitor */
#define FIELDS_auth(U8, U32, U64, I32, STR) STR(secret, MESSAGE_TEXT_MAX)

#define FIELDS_auth_reply(U8, U32, U64, I32, STR) \
	U8(granted) \
	U8(tries_left)

/*
 * The bytes of a file, to be remembered as what was handed out. `name` is the
 * path below the entry's fixed directory, and empty for an entry without
 * wildcards.
 */
#define FIELDS_open(U8, U32, U64, I32, STR) \
	U32(entry) \
	STR(name, MESSAGE_NAME_MAX)

#define FIELDS_open_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	I32(error)

/* the names of the files that an entry with wildcards matches now */
#define FIELDS_list(U8, U32, U64, I32, STR) U32(entry)

#define FIELDS_list_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	I32(error) \
	U32(count)

/* one file of the next commit: with a descriptor its new bytes, without one its removal */
#define FIELDS_stage(U8, U32, U64, I32, STR) \
	U32(entry) \
	STR(name, MESSAGE_NAME_MAX)

#define FIELDS_stage_reply(U8, U32, U64, I32, STR) U8(outcome)

/* all staged files, or with `drop` none of them */
#define FIELDS_commit(U8, U32, U64, I32, STR) U8(drop)

/*
 * `index` counts staged files. DONE: the descriptor is the list of changes
 * (REPORT_CHANGE). CONFLICT: it is the other side. DENIED: `step` is the rule that
 * is missing or in the way, for `node`.
 */
#define FIELDS_commit_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	U32(index) \
	I32(error) \
	STR(step, MESSAGE_TEXT_MAX) \
	STR(node, MESSAGE_TEXT_MAX)

/* nothing that was handed out counts any more */
#define FIELDS_forget(U8, U32, U64, I32, STR)

/*
 * A verb for a unit; ends with JOB. timeout_ms: how long to wait for the job, 0
 * and what is more than the policy's for as long as the policy says. settle_ms:
 * how long to look on afterwards, for as long as a job at most. With `progress`
 * PROGRESS comes in between.
 */
#define FIELDS_service(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U32(entry) \
	U8(verb) \
	U8(progress) \
	U32(timeout_ms) \
	U32(settle_ms) \
	STR(unit, MESSAGE_NAME_MAX)

/* The units that the client may ask the status of, and that the glob matches; ends with DATA. */
#define FIELDS_units(U8, U32, U64, I32, STR) \
	U32(ticket) \
	STR(glob, MESSAGE_TEXT_MAX)

/*
 * The last lines that the journal has of a unit, or the first ones after the
 * cursor, which is the journal's own, where one is given; ends with DATA.
 * `entry` is a [Log] section.
 */
#define FIELDS_log(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U32(entry) \
	U32(lines) \
	STR(cursor, MESSAGE_TEXT_MAX) \
	STR(unit, MESSAGE_NAME_MAX)

/* UNIT for each change of the unit from now on, until UNWATCH with the same ticket */
#define FIELDS_watch(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U32(entry) \
	STR(unit, MESSAGE_NAME_MAX)

#define FIELDS_unwatch(U8, U32, U64, I32, STR) U32(ticket)

/* A verb for packages, whose names stand one blank apart; ends with DATA. */
#define FIELDS_package(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(verb) \
	U8(progress) \
	U32(timeout_ms) \
	STR(names, MESSAGE_NAME_MAX)

/* Sets one item of the system's identity, or with SYSTEM_ITEM_MAX none; ends with IDENTITY. */
#define FIELDS_system(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(item) \
	STR(value, MESSAGE_NAME_MAX)

/*
 * The client was told no by the engine itself, which the monitor would have said as
 * well: for the audit trail. `rule` is what the policy lacks or has.
 */
#define FIELDS_refused(U8, U32, U64, I32, STR) \
	STR(method, MESSAGE_TEXT_MAX) \
	STR(subject, MESSAGE_NAME_MAX) \
	STR(rule, MESSAGE_NAME_MAX)

#define FIELDS_bye(U8, U32, U64, I32, STR) U8(reason)

/* the first message to an engine; the descriptor is the policy */
#define FIELDS_welcome(U8, U32, U64, I32, STR) \
	U8(authenticated) \
	U8(tries_left) \
	U8(lost) \
	U32(timeout_ms) \
	STR(user, MESSAGE_TEXT_MAX) \
	STR(root, MESSAGE_NAME_MAX) \
	STR(lens_path, MESSAGE_NAME_MAX)

/*
 * how a service call ended. `manager` is "systemd" or "initd"; `changes` are the
 * links that a verb for unit files made and removed, a line each; `triggered_by`
 * the active sockets that would start the service again, one blank apart
 */
#define FIELDS_job(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(outcome) \
	I32(error) \
	STR(manager, MESSAGE_TEXT_MAX) \
	STR(job_result, MESSAGE_TEXT_MAX) \
	STR(load_state, MESSAGE_TEXT_MAX) \
	STR(active_state, MESSAGE_TEXT_MAX) \
	STR(sub_state, MESSAGE_TEXT_MAX) \
	STR(file_state, MESSAGE_TEXT_MAX) \
	STR(result, MESSAGE_TEXT_MAX) \
	U32(main_pid_before) \
	U32(main_pid) \
	I32(exit_status) \
	STR(triggered_by, MESSAGE_TEXT_MAX) \
	STR(changes, MESSAGE_CHANGES_MAX) \
	STR(detail, MESSAGE_TEXT_MAX) \
	STR(log, MESSAGE_LOG_MAX)

/* how a call ended whose result is a list (common/report.h), in the descriptor if it is DONE */
#define FIELDS_data(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(outcome) \
	I32(error) \
	I32(exit_status) \
	STR(detail, MESSAGE_TEXT_MAX) \
	STR(log, MESSAGE_LOG_MAX)

/*
 * the system's identity after SYSTEM; `via` is who did it: "timedated" and its
 * like, or "files". locale: assignments, one blank apart
 */
#define FIELDS_identity(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(outcome) \
	I32(error) \
	STR(via, MESSAGE_TEXT_MAX) \
	STR(timezone, MESSAGE_TEXT_MAX) \
	STR(hostname, MESSAGE_TEXT_MAX) \
	STR(locale, MESSAGE_NAME_MAX) \
	STR(detail, MESSAGE_TEXT_MAX)

/* a watched unit, as it is now */
#define FIELDS_unit(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(outcome) \
	STR(load_state, MESSAGE_TEXT_MAX) \
	STR(active_state, MESSAGE_TEXT_MAX) \
	STR(sub_state, MESSAGE_TEXT_MAX) \
	STR(file_state, MESSAGE_TEXT_MAX) \
	STR(result, MESSAGE_TEXT_MAX) \
	U32(main_pid) \
	I32(exit_status)

/* where a call is; percent: 255 where nobody knows */
#define FIELDS_progress(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(percent) \
	U32(elapsed_ms) \
	STR(stage, MESSAGE_TEXT_MAX) \
	STR(detail, MESSAGE_TEXT_MAX)

/* from the lens indexer only: the lens of an entry whose policy names none ("": none) */
#define FIELDS_lens(U8, U32, U64, I32, STR) \
	U32(entry) \
	STR(lens, MESSAGE_TEXT_MAX)

/* the policy that counts from now on */
#define FIELDS_run_policy(U8, U32, U64, I32, STR)

/*
 * Run one of the RUN_PROGRAMS (common/run_program.h). `entry` is the policy's
 * section, `verb` a verb of its kind; `names` a unit or packages, one blank apart.
 */
#define FIELDS_run_call(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(program) \
	U32(entry) \
	U8(verb) \
	U32(timeout_ms) \
	STR(names, MESSAGE_NAME_MAX)

/* late: its time is over, but it must not be ended, and goes on until RUN_END */
#define FIELDS_run_progress(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(percent) \
	U8(late) \
	STR(stage, MESSAGE_TEXT_MAX) \
	STR(detail, MESSAGE_TEXT_MAX)

/* status: the exit status or the signal; output: the end of what it printed, in UTF-8 */
#define FIELDS_run_end(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(outcome) \
	I32(error) \
	I32(status) \
	STR(detail, MESSAGE_TEXT_MAX) \
	STR(output, MESSAGE_LOG_MAX)

enum message_type {
	MESSAGE_NONE,
#define X(NAME, name, phases, flags) MON_##NAME,
	MON_MESSAGES(X)
#undef X
		MESSAGE_TYPE_MAX
};

/* How the monitor did with open, list, stage, commit: a denial is data. */
enum mon_outcome {
	OUTCOME_DONE,
	OUTCOME_ABSENT,    /* no such file; it may be created if the policy says so */
	OUTCOME_DENIED,    /* the policy does not allow it */
	OUTCOME_NOT_PLAIN, /* symlink, bind mount, hard link, not a regular file: `step` or `error`
			      tells */
	OUTCOME_TOO_LARGE,
	OUTCOME_CONFLICT,   /* the file is not what was handed out */
	OUTCOME_IO,         /* `error` is a positive errno */
	OUTCOME_LIMIT,      /* more than the monitor keeps for one session */
	OUTCOME_UNVERIFIED, /* what it would change cannot be told: `step` says why */
	OUTCOME_MAX
};

/* How a call with a ticket ended. */
enum job_outcome {
	JOB_DONE,
	JOB_DENIED,  /* not in the policy, as a whole or in its effect (packages) */
	JOB_NO_UNIT, /* there is no such unit, package, time zone */
	JOB_FAILED,  /* it ran and failed, or the unit is failed after it */
	JOB_TIMEOUT, /* nobody waits for it any longer: a job and dpkg go on, a program was ended */
	JOB_UNAVAILABLE, /* nobody there who could do it: no systemd, no exmachina-run, no apt */
	JOB_BUSY,        /* JOBS_MAX are under way */
	JOB_BAD_VALUE,   /* what was asked for cannot be: `detail` says why */
	JOB_MAX
};

/* How a program ended that exmachina-run started. */
enum run_outcome {
	RUN_EXITED,   /* with `status` */
	RUN_SIGNALED, /* by signal `status` */
	RUN_TIMEOUT,  /* over its time: all of it was killed */
	RUN_REFUSED,  /* the policy does not allow it, or what it would do: `detail` */
	RUN_UNKNOWN,  /* there is no such package: `detail` names it */
	RUN_MISSING,  /* there is no such program */
	RUN_CANNOT,   /* it could not be started: `error`, `detail` */
	RUN_OUTCOME_MAX
};

/* Why an engine takes over from another. */
enum lost_reason {
	LOST_NONE,
	LOST_CRASHED,
	LOST_TIME, /* over the time that a request may take */
	LOST_KILLED,
	LOST_POLICY, /* the administrator changed the policy */
	LOST_MAX
};

enum bye_reason { BYE_CLIENT_GONE, BYE_CLIENT_ASKED, BYE_MAX };

#define MSG_DECLARE_U8(name) uint8_t name;
#define MSG_DECLARE_U32(name) uint32_t name;
#define MSG_DECLARE_U64(name) uint64_t name;
#define MSG_DECLARE_I32(name) int32_t name;
#define MSG_DECLARE_STR(name, max) const char *name;

/* Strings of a received message point into the packet's buffer. */
#define X(NAME, name, phases, flags) \
	struct msg_##name { \
		FIELDS_##name(MSG_DECLARE_U8, MSG_DECLARE_U32, MSG_DECLARE_U64, MSG_DECLARE_I32, \
			      MSG_DECLARE_STR) \
	};
MON_MESSAGES(X)
#undef X

struct message {
	enum message_type type;
	union {
#define X(NAME, name, phases, flags) struct msg_##name name;
		MON_MESSAGES(X)
#undef X
	};
};

struct message_info {
	const char *name;
	unsigned int phases; /* requests: bit set of 1u << enum message_phase */
	unsigned int flags;
};

/* NULL for a number that is no message. */
const struct message_info *message_info(uint32_t type);

/* Writes the packet; 0 or -EMSGSIZE if a field is over its bound. */
int message_encode(const struct message *message, void *buffer, size_t size,
		   size_t *ret_length) must_check;

/*
 * Reads a packet. -EBADMSG for an unknown type, a short or long packet, a
 * string over its bound or with a NUL inside.
 */
int message_decode(void *packet, size_t length, struct message *ret_message) must_check;

#endif
