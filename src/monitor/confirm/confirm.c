/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. What is pending is on disk; here is who watches over it, and until when. */
#include "monitor/confirm/confirm.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "monitor/apply.h"
#include "monitor/history/history.h"
#include "monitor/op_confirm.h"

enum { USEC = 1000000, RETRY_USEC = 1000000, ACCURACY_USEC = 50000 };

struct confirm {
	const struct session_host *host;
	int file;               /* pending, locked; -1: nothing is */
	struct pending pending; /* while there is a file */
	struct pending before;  /* while a commit is being done: what was pending then */
	bool had_before;
	struct session *owner; /* whose client is waited for; NULL: it has gone, or is not ours */
	struct client who;
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

uint64_t confirm_needs(const struct confirm *confirm)
{
	struct pending pending;
	int r;

	if (!confirm)
		return UINT64_MAX;
	if (confirm->file >= 0)
		return confirm->pending.first;
	/* another server may watch over one; what cannot be read may need anything */
	r = pending_read(confirm->host->state_fd, &pending);
	return r == -ENOENT ? UINT64_MAX : r < 0 ? 0 : pending.first;
}

bool confirm_is_busy(const struct confirm *confirm)
{
	return confirm && confirm->busy;
}

static void forget(struct confirm *confirm)
{
	confirm->file = close_fd(confirm->file);
	confirm->timer = sd_event_source_disable_unref(confirm->timer);
	confirm->owner = NULL;
}

/* ---- back --------------------------------------------------------------------------- */

static void record(const struct confirm *confirm, const char *method, const char *subject,
		   const char *result, const char *detail)
{
	const struct audit_event event = {
		.client = &confirm->who,
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

static int run(const struct session_host *host, const struct client *who,
	       const struct pending *pending, struct rollback *rollback)
{
	const struct commit_place place = { .root_fd = host->root_fd, .state_fd = host->state_fd };
	scoped_journal journal = JOURNAL_NONE;
	const char *step = "";
	int r = commit_take_turn(&place, &journal, &step);

	if (r == 0)
		r = rollback_run(host->root_fd, &journal, who, pending->first, rollback);
	return r == 0 ? pending_remove(host->state_fd) : r;
}

/* 0, or -errno if it is to be tried again. Its end may come later. */
static int roll_back(struct confirm *confirm, const char *why)
{
	scoped_rollback rollback = { 0 };
	int r = run(confirm->host, &confirm->who, &confirm->pending, &rollback);

	if (r < 0) {
		log_write(LOG_CRIT, "what was not confirmed cannot be taken back yet: %s",
			  strerror(-r));
		return r;
	}
	log_notice("files that were taken back, since %s: %zu", why, rollback.count);
	for (size_t i = 0; i < rollback.count; i++)
		record(confirm, "config.rollback", rollback.path[i],
		       rollback.restored ? AUDIT_DONE : AUDIT_FAILED, why);
	confirm->told = confirm->owner != confirm->asker ? confirm->owner : NULL;
	confirm->why = why;
	confirm->restored = rollback.restored;
	forget(confirm);
	confirm_apply(confirm, &rollback);
	return 0;
}

/* ---- the deadline ------------------------------------------------------------------- */

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct confirm *confirm = data;
	uint64_t again = RETRY_USEC;

	(void)usec;
	/* a commit that is under way has the journal */
	if (!*confirm->host->transaction && pending_left(&confirm->pending) == 0) {
		if (roll_back(confirm, "it was not confirmed in time") == 0)
			return 0;
		again = 10 * RETRY_USEC;
	}
	(void)sd_event_source_set_time_relative(source, again);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static int set_timer(struct confirm *confirm)
{
	confirm->timer = sd_event_source_disable_unref(confirm->timer);
	return sd_event_add_time_relative(confirm->host->event, &confirm->timer, CLOCK_BOOTTIME,
					  pending_left(&confirm->pending), ACCURACY_USEC,
					  on_deadline, confirm);
}

/* What is pending from now on, on disk and watched over. */
static int take(struct confirm *confirm, const struct pending *pending)
{
	int fd = pending_write(confirm->host->state_fd, pending);

	if (fd < 0)
		return fd;
	close_fd(confirm->file);
	confirm->file = fd;
	confirm->pending = *pending;
	return set_timer(confirm);
}

int confirm_arm(struct confirm *confirm, const struct confirm_order *order,
		char token[static PENDING_TOKEN_SIZE])
{
	struct pending pending = { .first = order->revision, .dead_man = order->dead_man };
	int r = pending_make_token(token);

	if (r == 0)
		r = pending_set_deadline(&pending, order->seconds);
	if (r < 0)
		return r;
	pending_set_token(&pending, token);
	confirm->had_before = confirm->file >= 0;
	confirm->before = confirm->pending;
	/* what was there before the first of them is what is brought back */
	if (confirm->had_before)
		pending.first = confirm->pending.first;
	r = take(confirm, &pending);
	if (r < 0) {
		confirm_disarm(confirm);
		return r;
	}
	confirm->owner = order->session;
	if (order->session)
		confirm->who = order->session->who;
	return 0;
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
	if (r < 0)
		log_error("a commit that was not done may be taken for one to be confirmed: %s",
			  strerror(-r));
}

void confirm_asker_gone(struct confirm *confirm, struct session *session)
{
	if (!confirm || confirm->asker != session)
		return;
	confirm->asker = NULL;
	session->waits = NULL;
}

void confirm_session_over(struct confirm *confirm, const struct session *session)
{
	if (!confirm)
		return;
	if (confirm->told == session)
		confirm->told = NULL;
	if (confirm->owner != session)
		return;
	confirm->owner = NULL;
	/* what fails, or has to wait, is tried again by the timer */
	if (confirm->pending.dead_man) {
		confirm->pending.boottime = 0;
		confirm->pending.realtime = 0;
		if (*confirm->host->transaction || roll_back(confirm, "its client has gone") < 0)
			(void)set_timer(confirm);
	}
}

/* ---- what clients ask --------------------------------------------------------------- */

/* The token is asked for whatever is done with it. */
static enum mon_outcome look(const struct confirm *confirm, const char *token)
{
	if (!confirm || confirm->file < 0)
		return OUTCOME_ABSENT;
	return pending_has_token(&confirm->pending, token) ? OUTCOME_DONE : OUTCOME_DENIED;
}

uint32_t confirm_seconds(const struct confirm *confirm)
{
	return confirm && confirm->file >= 0
		       ? (uint32_t)((pending_left(&confirm->pending) + USEC - 1) / USEC)
		       : 0;
}

enum mon_outcome confirm_keep(struct confirm *confirm, const char *token, int *ret_error)
{
	enum mon_outcome outcome = look(confirm, token);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	r = pending_remove(confirm->host->state_fd);
	if (r < 0) {
		*ret_error = -r;
		return OUTCOME_IO;
	}
	record(confirm, "config.confirm", "", AUDIT_DONE, "");
	log_notice("a commit was confirmed");
	forget(confirm);
	return OUTCOME_DONE;
}

enum mon_outcome confirm_extend(struct confirm *confirm, const char *token, uint32_t seconds,
				int *ret_error)
{
	enum mon_outcome outcome = look(confirm, token);
	struct pending pending;
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	pending = confirm->pending;
	r = pending_set_deadline(&pending, seconds);
	if (r == 0)
		r = take(confirm, &pending);
	*ret_error = r < 0 ? -r : 0;
	return r < 0 ? OUTCOME_IO : OUTCOME_DONE;
}

enum mon_outcome confirm_roll_back(struct confirm *confirm, struct session *asker,
				   const char *token, int *ret_error)
{
	enum mon_outcome outcome = look(confirm, token);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	confirm->asker = asker;
	r = roll_back(confirm, "it was asked for");
	if (r == 0)
		return OUTCOME_DONE;
	confirm->asker = NULL;
	*ret_error = -r;
	return OUTCOME_IO;
}

/* ---- the life of a server ----------------------------------------------------------- */

int confirm_new(const struct session_host *host, struct confirm **ret_confirm)
{
	struct confirm *confirm = calloc(1, sizeof(*confirm));
	int r;

	if (!confirm)
		return -ENOMEM;
	confirm->host = host;
	confirm->file = -1;
	confirm->who = client_new(host->user);
	*ret_confirm = confirm;
	r = pending_read(host->state_fd, &confirm->pending);
	if (r == 0)
		r = confirm->file = pending_watch(host->state_fd);
	if (r >= 0)
		return set_timer(confirm);
	/* of another server, or of nobody */
	return r == -ENOENT || r == -EAGAIN ? 0 : r;
}

struct confirm *confirm_free(struct confirm *confirm)
{
	if (!confirm)
		return NULL;
	if (confirm->busy)
		end(confirm);
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
	const struct client nobody = { .user = "" };
	struct pending pending;
	scoped_fd file = -1;
	int r = pending_read(state_fd, &pending);

	if (r == 0)
		r = file = pending_watch(state_fd);
	if (r < 0)
		return r == -ENOENT || r == -EAGAIN ? 0 : r;
	if (pending_left(&pending) > 0 && !pending.dead_man)
		return 0;
	r = rollback_run(root_fd, journal, &nobody, pending.first, ret_rollback);
	if (r == 0)
		r = pending_remove(state_fd);
	if (r == 0)
		log_notice("files that were taken back, since they were not confirmed in time: %zu",
			   ret_rollback->count);
	return r;
}
