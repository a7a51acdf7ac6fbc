/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. What is pending is on disk; here is who watches over it, and until when. */
#include "monitor/confirm/confirm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "monitor/apply.h"
#include "monitor/history/history.h"
#include "monitor/op_confirm.h"

#define METHOD "config.confirm"
#define METHOD_ROLLBACK "config.rollback"

enum { USEC = 1000000, RETRY_USEC = 1000000, ACCURACY_USEC = 50000 };

/* What is pending, and for whom. */
struct watch {
	struct pending pending;
	struct session *owner; /* whose client is waited for; NULL: it has gone, or is not ours */
	struct client who;
};

struct confirm {
	const struct session_host *host;
	int file;            /* pending, locked; -1: nothing is that this server watches over */
	struct watch watch;  /* while there is a file */
	struct watch before; /* while a commit is being done: what was pending then */
	bool had_before;
	sd_event_source *timer;
	/* after a rollback */
	struct session *asker; /* waits for its end; NULL: nobody */
	struct session *told;  /* has not asked; NULL: nobody */
	const char *why;
	struct apply *apply;
	struct policy *policy;
	struct staged *staged;
	size_t count;
	bool busy;
	bool restored;
};

bool confirm_is_busy(const struct confirm *confirm)
{
	return confirm && confirm->busy;
}

static void forget(struct confirm *confirm)
{
	confirm->file = close_fd(confirm->file);
	confirm->timer = sd_event_source_disable_unref(confirm->timer);
	confirm->watch.owner = NULL;
}

/* Another server has written or removed it: then that one watches over it, or nobody needs to. */
static bool is_ours(struct confirm *confirm)
{
	if (confirm->file >= 0 && !pending_is_there(confirm->file))
		forget(confirm);
	return confirm->file >= 0;
}

static int take_turn(const struct confirm *confirm, struct journal *journal)
{
	const struct commit_place place = {
		.root_fd = confirm->host->root_fd,
		.state_fd = confirm->host->state_fd,
	};
	const char *step;

	return commit_take_turn(&place, journal, &step);
}

/* Is the journal in this server's hands already, or will its end have something to say? */
static bool is_occupied(const struct confirm *confirm)
{
	return confirm->busy || *confirm->host->transaction;
}

/* ---- back --------------------------------------------------------------------------- */

static void record(const struct confirm *confirm, const struct client *who, const char *method,
		   const char *subject, const char *result, const char *detail)
{
	const struct audit_event event = {
		.client = who,
		.method = method,
		.subject = subject,
		.result = result,
		.detail = detail,
	};

	audit_record(confirm->host->audit, &event);
}

static void end(struct confirm *confirm)
{
	struct calls_under_way *calls = confirm->host->calls;
	struct session *asker = confirm->asker, *told = confirm->told;

	confirm->apply = apply_free(confirm->apply);
	for (size_t i = 0; i < confirm->count; i++)
		staged_clear(&confirm->staged[i]);
	free(confirm->staged);
	confirm->staged = NULL;
	confirm->count = 0;
	confirm->policy = policy_free(confirm->policy);
	confirm->busy = false;
	confirm->asker = NULL;
	confirm->told = NULL;
	if (asker)
		op_confirm_rolled_back(asker, confirm->restored);
	if (told)
		op_confirm_tell(told, confirm->why, confirm->restored);
	if (--calls->count == 0 && calls->none_left)
		calls->none_left(calls->data);
}

static void on_applied(const struct apply_result *result, void *data)
{
	struct confirm *confirm = data;

	if (result->failed > 0)
		confirm->restored = false;
	end(confirm);
}

/* The files as those of a commit, by the policy of now; what it does not name has no actions. */
static int stage(struct confirm *confirm, const struct rollback *rollback)
{
	confirm->staged = calloc(rollback->count + 1, sizeof(*confirm->staged));
	if (!confirm->staged)
		return -ENOMEM;
	for (size_t i = 0; i < rollback->count; i++) {
		ssize_t entry = policy_find_file(confirm->policy, rollback->path[i]);

		if (entry >= 0)
			confirm->staged[confirm->count++] =
				(struct staged){ .entry = (uint32_t)entry, .content = -1 };
	}
	return 0;
}

void confirm_apply(struct confirm *confirm, const struct rollback *rollback)
{
	const struct apply_order order = {
		.host = confirm->host,
		.policy = confirm->host->policy,
		.go_on = true,
		.done = on_applied,
		.data = confirm,
	};
	int r;

	confirm->busy = true;
	confirm->policy = policy_ref(confirm->host->policy);
	confirm->host->calls->count++;
	r = stage(confirm, rollback);
	if (r == 0 && apply_is_needed(confirm->policy, confirm->staged, confirm->count)) {
		r = apply_begin(&order, confirm->staged, confirm->count, &confirm->apply);
		if (r == 0)
			return;
	}
	if (r < 0) {
		log_error("services cannot be told that files were taken back: %s", strerror(-r));
		confirm->restored = false;
	}
	end(confirm);
}

/* With the journal in hand. 0, or -errno if it is to be tried again. Its end may come later. */
static int roll_back(struct confirm *confirm, struct journal *journal, const struct watch *watch,
		     const char *why)
{
	scoped_rollback rollback = { 0 };
	int r = rollback_run(confirm->host->root_fd, journal, &watch->who, &watch->pending,
			     &rollback);

	if (r == 0)
		r = pending_remove(confirm->host->state_fd);
	if (r < 0) {
		log_write(LOG_CRIT, "what was not confirmed cannot be taken back yet: %s",
			  strerror(-r));
		return r;
	}
	log_notice("files that were taken back, since %s: %zu", why, rollback.count);
	for (size_t i = 0; i < rollback.count; i++)
		record(confirm, &watch->who, METHOD_ROLLBACK, rollback.path[i],
		       rollback.restored ? AUDIT_DONE : AUDIT_FAILED, why);
	confirm->told = watch->owner != confirm->asker ? watch->owner : NULL;
	confirm->why = why;
	confirm->restored = rollback.restored;
	forget(confirm);
	journal_close(journal);
	confirm_apply(confirm, &rollback);
	return 0;
}

/* What this server watches over, as soon as it can be. 0, or -errno if it is to be tried again. */
static int roll_back_ours(struct confirm *confirm, const char *why)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	int r = is_occupied(confirm) ? -EBUSY : take_turn(confirm, &journal);

	if (r < 0)
		return r;
	/* another server may have been asked meanwhile */
	if (!is_ours(confirm))
		return 0;
	watch = confirm->watch;
	return roll_back(confirm, &journal, &watch, why);
}

/* ---- the deadline ------------------------------------------------------------------- */

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct confirm *confirm = data;
	const struct pending *pending = &confirm->watch.pending;
	uint64_t again = RETRY_USEC;
	int r;

	(void)usec;
	if (pending_left(pending) == 0) {
		r = roll_back_ours(confirm, pending->dead_man && !confirm->watch.owner
						    ? "its client has gone"
						    : "it was not confirmed in time");
		if (r == 0)
			return 0;
		again = r == -EBUSY ? RETRY_USEC : 10 * RETRY_USEC;
	}
	(void)sd_event_source_set_time_relative(source, again);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static int set_timer(struct confirm *confirm)
{
	confirm->timer = sd_event_source_disable_unref(confirm->timer);
	return sd_event_add_time_relative(confirm->host->event, &confirm->timer, CLOCK_BOOTTIME,
					  pending_left(&confirm->watch.pending), ACCURACY_USEC,
					  on_deadline, confirm);
}

/* What is pending from now on, on disk and watched over; with the journal in hand. */
static int take(struct confirm *confirm, const struct watch *watch)
{
	int fd = pending_write(confirm->host->state_fd, &watch->pending);

	if (fd < 0)
		return fd;
	close_fd(confirm->file);
	confirm->file = fd;
	confirm->watch = *watch;
	return set_timer(confirm);
}

/* What is pending now, whoever watches over it; -ENOENT: nothing is; or another -errno. */
static int look(struct confirm *confirm, struct watch *ret_watch)
{
	if (is_ours(confirm)) {
		*ret_watch = confirm->watch;
		return 0;
	}
	ret_watch->owner = NULL;
	ret_watch->who = client_new(confirm->host->user);
	return pending_read(confirm->host->state_fd, &ret_watch->pending);
}

int confirm_arm(struct confirm *confirm, const struct confirm_order *order,
		char token[static PENDING_TOKEN_SIZE])
{
	struct watch watch = { .owner = order->owner, .who = *order->who };
	struct pending *pending = &watch.pending;
	int r = look(confirm, &confirm->before);

	confirm->had_before = r == 0;
	if (r == 0 && strcmp(confirm->before.pending.user, order->who->user) != 0)
		return -EBUSY;
	/* what was there before the first of them is what is brought back */
	pending->first = r == 0 ? confirm->before.pending.first : order->revision;
	pending->dead_man = order->dead_man;
	snprintf(pending->user, sizeof(pending->user), "%s", order->who->user);
	if (r == 0 || r == -ENOENT)
		r = pending_make_token(token);
	if (r == 0)
		r = pending_set_deadline(pending, order->seconds);
	if (r < 0)
		return r;
	pending_set_token(pending, token);
	if (pending->dead_man && !watch.owner)
		pending_set_over(pending);
	r = take(confirm, &watch);
	if (r < 0)
		confirm_disarm(confirm);
	return r;
}

void confirm_disarm(struct confirm *confirm)
{
	int r;

	if (confirm->had_before) {
		r = take(confirm, &confirm->before);
	} else {
		forget(confirm);
		r = pending_remove(confirm->host->state_fd);
	}
	if (r == 0)
		return;
	log_error("a commit that was not done may be taken for one to be confirmed: %s",
		  strerror(-r));
	if (confirm->file >= 0) {
		confirm->watch = confirm->before;
		(void)set_timer(confirm);
	}
}

void confirm_asker_gone(struct confirm *confirm, struct session *session)
{
	if (!confirm || confirm->asker != session)
		return;
	confirm->asker = NULL;
	/* its client is still there, and asks no more */
	confirm->told = session;
	session->waits = NULL;
}

void confirm_forget(struct confirm *confirm, const struct session *session)
{
	if (!confirm)
		return;
	if (confirm->told == session)
		confirm->told = NULL;
	if (confirm->asker == session)
		confirm->asker = NULL;
	if (confirm->watch.owner == session)
		confirm->watch.owner = NULL;
	if (confirm->before.owner == session)
		confirm->before.owner = NULL;
}

void confirm_session_over(struct confirm *confirm, const struct session *session)
{
	bool is_owner = confirm && confirm->file >= 0 && confirm->watch.owner == session;

	confirm_forget(confirm, session);
	if (!is_owner || !confirm->watch.pending.dead_man)
		return;
	pending_set_over(&confirm->watch.pending);
	/* what fails, or has to wait, is tried again by the timer */
	if (roll_back_ours(confirm, "its client has gone") < 0)
		(void)set_timer(confirm);
}

bool confirm_waits_for(const struct confirm *confirm, const struct session *session)
{
	return confirm && (confirm->busy ||
			   (session && confirm->file >= 0 && confirm->watch.owner == session &&
			    confirm->watch.pending.dead_man));
}

/* ---- what clients ask --------------------------------------------------------------- */

static uint32_t seconds_of(const struct pending *pending)
{
	return (uint32_t)((pending_left(pending) + USEC - 1) / USEC);
}

bool confirm_is_of_another(struct confirm *confirm, const char *user)
{
	struct watch watch;

	return confirm && look(confirm, &watch) == 0 && strcmp(watch.pending.user, user) != 0;
}

uint32_t confirm_seconds(struct confirm *confirm, const char *user)
{
	struct watch watch;

	if (!confirm || look(confirm, &watch) < 0 || strcmp(watch.pending.user, user) != 0)
		return 0;
	return seconds_of(&watch.pending);
}

/* The token is asked for whatever is to be done. What is over nobody can change any more. */
static enum mon_outcome judge(struct confirm *confirm, const struct confirm_request *request,
			      struct watch *ret_watch, int *ret_error)
{
	int r = confirm ? look(confirm, ret_watch) : -ENOENT;

	if (r < 0 && r != -ENOENT) {
		*ret_error = -r;
		return OUTCOME_IO;
	}
	if (r < 0 || pending_left(&ret_watch->pending) == 0)
		return OUTCOME_ABSENT;
	if (pending_has_token(&ret_watch->pending, request->token))
		return OUTCOME_DONE;
	log_warning("a commit is to be confirmed with another token");
	record(confirm, &request->session->who, METHOD, "", AUDIT_DENIED, "another token");
	return OUTCOME_DENIED;
}

/* The same, and then with the journal in hand. */
static enum mon_outcome begin(struct confirm *confirm, const struct confirm_request *request,
			      struct journal *journal, struct watch *ret_watch, int *ret_error)
{
	enum mon_outcome outcome = judge(confirm, request, ret_watch, ret_error);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	if (is_occupied(confirm))
		return OUTCOME_BUSY;
	r = take_turn(confirm, journal);
	if (r < 0) {
		*ret_error = -r;
		return r == -ETIMEDOUT ? OUTCOME_BUSY : OUTCOME_IO;
	}
	return judge(confirm, request, ret_watch, ret_error);
}

static enum mon_outcome outcome_of(int r, int *ret_error)
{
	*ret_error = r < 0 ? -r : 0;
	return r < 0 ? OUTCOME_IO : OUTCOME_DONE;
}

enum mon_outcome confirm_keep(struct confirm *confirm, const struct confirm_request *request,
			      int *ret_error)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	enum mon_outcome outcome = begin(confirm, request, &journal, &watch, ret_error);

	if (outcome == OUTCOME_DONE)
		outcome = outcome_of(pending_remove(confirm->host->state_fd), ret_error);
	if (outcome != OUTCOME_DONE)
		return outcome;
	record(confirm, &request->session->who, METHOD, "", AUDIT_DONE, "");
	log_notice("a commit was confirmed");
	forget(confirm);
	return OUTCOME_DONE;
}

enum mon_outcome confirm_extend(struct confirm *confirm, const struct confirm_request *request,
				int *ret_error)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	enum mon_outcome outcome = begin(confirm, request, &journal, &watch, ret_error);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	r = pending_set_deadline(&watch.pending, request->seconds);
	if (r == 0)
		r = take(confirm, &watch);
	if (r == 0)
		record(confirm, &request->session->who, METHOD, "", AUDIT_DONE, "extended");
	return outcome_of(r, ret_error);
}

enum mon_outcome confirm_roll_back(struct confirm *confirm, const struct confirm_request *request,
				   int *ret_error)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	enum mon_outcome outcome = begin(confirm, request, &journal, &watch, ret_error);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	/* on disk first, so that whoever finds it half done goes on with it */
	pending_set_over(&watch.pending);
	r = take(confirm, &watch);
	if (r == 0) {
		confirm->asker = request->session;
		r = roll_back(confirm, &journal, &watch, "it was asked for");
	}
	if (r < 0)
		confirm->asker = NULL;
	return outcome_of(r, ret_error);
}

/* ---- the life of a server ----------------------------------------------------------- */

int confirm_new(const struct session_host *host, struct confirm **ret_confirm)
{
	struct confirm *confirm = calloc(1, sizeof(*confirm));
	int r;

	if (!confirm)
		return -ENOMEM;
	confirm->host = host;
	confirm->watch.who = client_new(host->user);
	*ret_confirm = confirm;
	r = confirm->file = pending_watch(host->state_fd, &confirm->watch.pending);
	if (r >= 0)
		return set_timer(confirm);
	/* of nobody, or of another server */
	return r == -ENOENT || r == -EAGAIN ? 0 : r;
}

struct confirm *confirm_free(struct confirm *confirm)
{
	if (!confirm)
		return NULL;
	if (confirm->busy) {
		log_warning("the server ends before services have read what was taken back");
		end(confirm);
	}
	if (is_ours(confirm))
		log_warning("a commit still waits to be confirmed; nobody takes it back before "
			    "the next server starts, or exmachinad --recover");
	forget(confirm);
	free(confirm);
	return NULL;
}

int confirm_drop_stale(int state_fd)
{
	struct pending pending;
	scoped_fd dir = -1;
	uint64_t next = 1;
	int r = pending_read(state_fd, &pending);

	if (r == -EBADMSG)
		log_error("the file \"pending\" of the state directory is damaged: which commits "
			  "wait "
			  "to be confirmed is not known; revert what is not to stay and remove it");
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	dir = history_open(state_fd);
	r = dir < 0 ? dir : history_next(dir, &next);
	if (r < 0 && r != -ENOENT)
		return r;
	return pending.first < next ? 0 : pending_remove(state_fd);
}

int confirm_recover(int root_fd, int state_fd, struct journal *journal,
		    struct rollback *ret_rollback)
{
	struct client who = { .user = "" };
	struct pending pending;
	scoped_fd file = pending_watch(state_fd, &pending);
	int r;

	if (file < 0)
		return file == -ENOENT || file == -EAGAIN ? 0 : file;
	if (pending_left(&pending) > 0 && !pending.dead_man)
		return 0;
	memcpy(who.user, pending.user, sizeof(who.user));
	r = rollback_run(root_fd, journal, &who, &pending, ret_rollback);
	if (r == 0)
		r = pending_remove(state_fd);
	if (r == 0)
		log_notice("files that were taken back, since they were not confirmed in time: %zu",
			   ret_rollback->count);
	return r;
}
