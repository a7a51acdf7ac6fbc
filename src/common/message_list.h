/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_MESSAGE_LIST_H
#define EXM_MESSAGE_LIST_H

/* The messages and their fields, for message.h, which has the phases, flags and bounds. */

/* X(NAME, name, phases, flags) */
#define MON_REQUESTS(X) \
	X(READY, ready, DURING_START, MSG_NO_REPLY) \
	X(AUTH, auth, DURING_READY, MSG_PLAIN) \
	X(OPEN, open, DURING_OPEN, MSG_PLAIN) \
	X(LIST, list, DURING_OPEN, MSG_PLAIN) \
	X(PREPARE, prepare, DURING_OPEN, MSG_NO_REPLY) \
	X(STAGE, stage, DURING_OPEN, MSG_MAY_FD) \
	X(COMMIT, commit, DURING_OPEN, MSG_PLAIN) \
	X(HISTORY, history, DURING_OPEN, MSG_PLAIN) \
	X(REVISION, revision, DURING_OPEN, MSG_PLAIN) \
	X(PART, part, DURING_OPEN, MSG_PLAIN) \
	X(RESTORE, restore, DURING_OPEN, MSG_PLAIN) \
	X(CONFIRM, confirm, DURING_OPEN, MSG_PLAIN) \
	X(CHANNEL, channel, DURING_OPEN, MSG_PLAIN) \
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
	X(COMMIT_REPLY, commit_reply, 0, MSG_MAY_FD) \
	X(HISTORY_REPLY, history_reply, 0, MSG_MAY_FD) \
	X(REVISION_REPLY, revision_reply, 0, MSG_MAY_FD) \
	X(PART_REPLY, part_reply, 0, MSG_MAY_FD) \
	X(RESTORE_REPLY, restore_reply, 0, MSG_PLAIN) \
	X(CONFIRM_REPLY, confirm_reply, 0, MSG_PLAIN) \
	X(CHANNEL_REPLY, channel_reply, 0, MSG_MAY_FD)

#define MON_EVENTS(X) \
	X(WELCOME, welcome, 0, MSG_FD) \
	X(JOB, job, 0, MSG_PLAIN) \
	X(DATA, data, 0, MSG_MAY_FD) \
	X(IDENTITY, identity, 0, MSG_PLAIN) \
	X(UNIT, unit, 0, MSG_PLAIN) \
	X(PROGRESS, progress, 0, MSG_PLAIN) \
	X(LENS, lens, 0, MSG_PLAIN) \
	X(ROLLED_BACK, rolled_back, 0, MSG_PLAIN)

/* Between the monitor and exmachina-run; from an engine they break the protocol. */
#define RUN_MESSAGES(X) \
	X(RUN_POLICY, run_policy, 0, MSG_FD) \
	X(RUN_CALL, run_call, 0, MSG_MAY_FD) \
	X(RUN_PROGRESS, run_progress, 0, MSG_PLAIN) \
	X(RUN_END, run_end, 0, MSG_MAY_FD)

/* From the monitor to its starter, and back; likewise. */
#define START_MESSAGES(X) \
	X(START_FD, start_fd, 0, MSG_FD) \
	X(START, start, 0, MSG_PLAIN) \
	X(STARTED, started, 0, MSG_PLAIN)

/* From the monitor to exmachina-verify, in this order; likewise. */
#define VERIFY_MESSAGES(X) \
	X(VERIFY_LENS, verify_lens, 0, MSG_PLAIN) \
	X(VERIFY_BEFORE, verify_before, 0, MSG_MAY_FD) \
	X(VERIFY_AFTER, verify_after, 0, MSG_MAY_FD) \
	X(VERIFY_RESULT, verify_result, 0, MSG_FD)

#define MON_MESSAGES(X) \
	MON_REQUESTS(X) \
	MON_REPLIES(X) MON_EVENTS(X) RUN_MESSAGES(X) START_MESSAGES(X) VERIFY_MESSAGES(X)

/*
 * Fields: U8, U32, U64, I32 (name), STR (name, most bytes).
 */
/* layers: those of the sandbox that hold around the engine (common/layer.h), as it says itself */
#define FIELDS_ready(U8, U32, U64, I32, STR) \
	U32(protocol) \
	U32(entry_count) \
	U32(layers)

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

/* a file of this entry is being edited: its verifier may well be started now */
#define FIELDS_prepare(U8, U32, U64, I32, STR) U32(entry)

/* one file of the next commit: with a descriptor its new bytes, without one its removal */
#define FIELDS_stage(U8, U32, U64, I32, STR) \
	U32(entry) \
	STR(name, MESSAGE_NAME_MAX)

#define FIELDS_stage_reply(U8, U32, U64, I32, STR) U8(outcome)

/*
 * All staged files, or with `drop` none of them; with `dry_run` it is only looked whether that
 * could be. The answer may take as long as the policy's Apply= do, and nothing else is said until
 * then; with `progress` PROGRESS with the ticket comes in between. `reverts`: the revision that it
 * takes back, or 0. `confirm`: it is taken back after so many seconds unless it is confirmed, or 0;
 * with `dead_man` also as soon as the client has gone.
 */
#define FIELDS_commit(U8, U32, U64, I32, STR) \
	U32(ticket) \
	U8(drop) \
	U8(dry_run) \
	U8(progress) \
	U8(dead_man) \
	U32(confirm) \
	U64(reverts)

/*
 * `index` counts staged files. DONE: the descriptor is the list of changes
 * (REPORT_CHANGE), and `revision` what the history calls it, 0 if it keeps none. CONFLICT: it is
 * the other side. DENIED: `step` is the rule that is missing or in the way, for `node`.
 * CHECK_FAILED: `step` is the Check=, `how` (enum run_outcome) and `status` its end, `detail` the
 * same in words, `log` the end of what it printed. NOT_APPLIED: the fields behind tell of the
 * action that failed as JOB does, and `restored` whether all files and services are as they were.
 */
#define FIELDS_commit_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	U32(index) \
	I32(error) \
	STR(step, MESSAGE_TEXT_MAX) \
	STR(node, MESSAGE_TEXT_MAX) \
	U8(restored) \
	U8(verb) \
	STR(unit, MESSAGE_NAME_MAX) \
	STR(job_result, MESSAGE_TEXT_MAX) \
	STR(active_state, MESSAGE_TEXT_MAX) \
	STR(result, MESSAGE_TEXT_MAX) \
	STR(detail, MESSAGE_TEXT_MAX) \
	STR(log, MESSAGE_LOG_MAX) \
	U64(revision) \
	U8(how) \
	I32(status) \
	U32(confirm) \
	STR(token, MESSAGE_TEXT_MAX)

/*
 * The newest revisions before that number (0: of all), at most `limit` of them, of files that the
 * policy names, and that the glob matches where one is given. `next`: there may be more, before
 * that number; 0: no more. The descriptor is a REPORT_REVISION.
 */
#define FIELDS_history(U8, U32, U64, I32, STR) \
	U64(before) \
	U32(limit) \
	STR(glob, MESSAGE_NAME_MAX)

#define FIELDS_history_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	I32(error) \
	U64(next)

/* One revision, likewise; ABSENT if there is none with a file that the policy names. */
#define FIELDS_revision(U8, U32, U64, I32, STR) U64(revision)

#define FIELDS_revision_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	I32(error)

/*
 * A part of a revision's file: enum history_part. With DONE the descriptor is it, unless the file
 * did not exist; DENIED: it is withheld.
 */
#define FIELDS_part(U8, U32, U64, I32, STR) \
	U64(revision) \
	U32(file) \
	U8(part)

#define FIELDS_part_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	I32(error)

/*
 * Stages a file as it was before a revision. It must have been handed out. CONFLICT: it is not
 * what the revision made of it; `same`: it is what it was before, and nothing was staged.
 */
#define FIELDS_restore(U8, U32, U64, I32, STR) \
	U64(revision) \
	U32(file)

#define FIELDS_restore_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	U8(same) \
	I32(error)

/* enum confirm_verb; seconds: of CONFIRM_EXTEND; token: what the commit was answered with */
#define FIELDS_confirm(U8, U32, U64, I32, STR) \
	U8(verb) \
	U32(seconds) \
	STR(token, MESSAGE_TEXT_MAX)

/*
 * ABSENT: nothing is pending; DENIED: not with that token. seconds: that are left; restored: of
 * CONFIRM_ROLL_BACK, whose answer comes when services have read the files again
 */
#define FIELDS_confirm_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	I32(error) \
	U32(seconds) \
	U8(restored)

/* One more session of the same client: its stream, for the client, is the descriptor with DONE.
 * BUSY: there are CHANNELS_MAX, or the server is about to end. */
#define FIELDS_channel(U8, U32, U64, I32, STR)

#define FIELDS_channel_reply(U8, U32, U64, I32, STR) \
	U8(outcome) \
	I32(error)

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
	U32(monitor_layers) \
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

/*
 * how a call ended whose result is a list (common/report.h), in the descriptor if it is DONE;
 * packages that are DENIED in their effect have one of these (REPORT_REFUSAL)
 */
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

/* what this client was to confirm was taken back, and why */
#define FIELDS_rolled_back(U8, U32, U64, I32, STR) \
	U8(restored) \
	STR(reason, MESSAGE_TEXT_MAX)

/* from the lens indexer only: the lens of an entry whose policy names none ("": none) */
#define FIELDS_lens(U8, U32, U64, I32, STR) \
	U32(entry) \
	STR(lens, MESSAGE_TEXT_MAX)

/* the policy that counts from now on */
#define FIELDS_run_policy(U8, U32, U64, I32, STR)

/*
 * Run one of the RUN_PROGRAMS (common/run_program.h). `entry` is the policy's
 * section, `verb` a verb of its kind; `names` a unit or packages, one blank apart.
 * RUN_CHECK alone has a descriptor, the files of a commit (common/candidates.h); its `verb` is the
 * number of a Check= of the section, and `names` its line.
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

/* one more descriptor for what is started next; they become 3, 4 ... in their order */
#define FIELDS_start_fd(U8, U32, U64, I32, STR)

/* what: enum start_what; optional: the layers that may be missing (common/layer.h) */
#define FIELDS_start(U8, U32, U64, I32, STR) \
	U8(what) \
	U32(optional)

/* error: 0, or a positive errno */
#define FIELDS_started(U8, U32, U64, I32, STR) \
	I32(error) \
	U32(pid)

/* the lens that the texts will have; it may be made ready before they come */
#define FIELDS_verify_lens(U8, U32, U64, I32, STR) STR(lens, MESSAGE_NAME_MAX)

/* the text before, if there was a file, and the text after, if there will be one */
#define FIELDS_verify_before(U8, U32, U64, I32, STR)
#define FIELDS_verify_after(U8, U32, U64, I32, STR)

/* the memfd for the list of changes; with it the work begins, and the exit status tells its end */
#define FIELDS_verify_result(U8, U32, U64, I32, STR)

#endif
