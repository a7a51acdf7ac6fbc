/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_MESSAGE_H
#define EXM_MESSAGE_H

/*
 * Everything that the engine and the monitor say to each other, declared once
 * (message_list.h), and what the monitor says to exmachina-run, to its starter and to
 * exmachina-verify. The enum, the names, the structures, their encoders and decoders, and the
 * monitor's request table are generated from the lists.
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
	CHANNELS_MAX = 16,          /* sessions of one client beside its first */
	REVISIONS_MAX = 100,        /* revisions in one answer */
	MESSAGE_PROTOCOL = 2,
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

#include "common/message_list.h"

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
	OUTCOME_CONFLICT,     /* the file is not what was handed out */
	OUTCOME_IO,           /* `error` is a positive errno */
	OUTCOME_LIMIT,        /* more than the monitor keeps for one session */
	OUTCOME_UNVERIFIED,   /* what it would change cannot be told: `step` says why */
	OUTCOME_NO_CONFIRM,   /* nothing is kept that it could be taken back with */
	OUTCOME_BUSY,         /* the commit of another session is under way */
	OUTCOME_NOT_APPLIED,  /* a service did not take it, and it was taken back */
	OUTCOME_CHECK_FAILED, /* a Check= of the policy did not agree */
	OUTCOME_NO_STATE,     /* there is no state directory, and so no history */
	OUTCOME_MAX
};

/* What a revision has of a file. */
enum history_part {
	PART_OLD,     /* the bytes before */
	PART_NEW,     /* and after */
	PART_CHANGES, /* a REPORT_NODE */
	PART_MAX
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

/* What the starter can start, with how many descriptors: X(NAME, descriptors) */
#define START_WHATS(X) \
	X(ENGINE, 4)  /* channel, client, stream; the log */ \
	X(INDEX, 2)   /* channel; the log */ \
	X(VERIFY, 2)  /* channel; the log */ \
	X(PROGRAM, 3) /* its end of the stream, the secret, a pipe that exec closes */

enum start_what {
#define X(NAME, descriptors) START_##NAME,
	START_WHATS(X)
#undef X
		START_MAX
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

/* What a client may say of a commit that waits to be confirmed. */
enum confirm_verb { CONFIRM_LOOK, CONFIRM_KEEP, CONFIRM_EXTEND, CONFIRM_ROLL_BACK, CONFIRM_MAX };

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
