/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. What is pending is on disk; here is who watches over it, and until when. */
#include "monitor/confirm/confirm_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "monitor/apply.h"
#include "monitor/op_confirm.h"

enum { RETRY_USEC = 1000000, ACCURACY_USEC = 50000 };

bool confirm_is_busy(const struct confirm *confirm)
{
	return confirm && confirm->busy;
}

void confirm_let_go(struct confirm *confirm)
{
	confirm->file = close_fd(confirm->file);
	confirm->timer = sd_event_source_disable_unref(confirm->timer);
	confirm->watch.owner = NULL;
}

/* Another server has written or removed it: then that one watches over it, or nobody needs to. */
bool confirm_is_ours(struct confirm *confirm)
{
	if (confirm->file >= 0 && !pending_is_there(confirm->file))
		confirm_let_go(confirm);
	return confirm->file >= 0;
}

bool confirm_watches(struct confirm *confirm)
{
	return confirm && confirm_is_ours(confirm);
}

int confirm_take_turn(const struct confirm *confirm, struct journal *journal)
{
	const struct commit_place place = {
		.root_fd = confirm->host->root_fd,
		.state_fd = confirm->host->state_fd,
	};
	const char *step;

	return commit_take_turn(&place, journal, &step);
}

/* Is the journal in this server's hands already, or will its end have something to say? */
bool confirm_is_occupied(const struct confirm *confirm)
{
	return confirm->busy || *confirm->host->transaction;
}

/* ---- back --------------------------------------------------------------------------- */

void confirm_record(const struct confirm *confirm, const struct client *who, const char *method,
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

/* One that a failure of power brings back is taken back once more, which is nothing. */
static int remove_pending(const struct confirm *confirm)
{
	struct pending pending;
	int r = pending_remove(confirm->host->state_fd);

	return r < 0 && pending_read(confirm->host->state_fd, &pending) == -ENOENT ? 0 : r;
}

int confirm_take_back(struct confirm *confirm, struct journal *journal, const struct watch *watch,
		      const char *why)
{
	scoped_rollback rollback = { 0 };
	int r = rollback_run(confirm->host->root_fd, journal, &watch->who, &watch->pending,
			     &rollback);

	if (r == 0)
		r = remove_pending(confirm);
	if (r < 0) {
		log_write(LOG_CRIT, "what was not confirmed cannot be taken back yet: %s",
			  strerror(-r));
		return r;
	}
	log_notice("files that were taken back, since %s: %zu", why, rollback.count);
	for (size_t i = 0; i < rollback.count; i++)
		confirm_record(confirm, &watch->who, METHOD_ROLLBACK, rollback.path[i],
			       rollback.restored ? AUDIT_DONE : AUDIT_FAILED, why);
	confirm->told = watch->owner != confirm->asker ? watch->owner : NULL;
	confirm->why = why;
	confirm->restored = rollback.restored;
	confirm_let_go(confirm);
	journal_close(journal);
	confirm_apply(confirm, &rollback);
	return 0;
}

/* What this server watches over, as soon as it can be. 0, or -errno if it is to be tried again. */
static int roll_back_ours(struct confirm *confirm, const char *why)
{
	scoped_journal journal = JOURNAL_NONE;
	struct watch watch;
	int r = confirm_is_occupied(confirm) ? -EBUSY : confirm_take_turn(confirm, &journal);

	if (r < 0)
		return r;
	/* another server may have been asked meanwhile */
	if (!confirm_is_ours(confirm))
		return 0;
	watch = confirm->watch;
	return confirm_take_back(confirm, &journal, &watch, why);
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

/* Only the first one takes memory. */
static int set_timer(struct confirm *confirm)
{
	uint64_t left = pending_left(&confirm->watch.pending);
	int r;

	if (!confirm->timer)
		return sd_event_add_time_relative(confirm->host->event, &confirm->timer,
						  CLOCK_BOOTTIME, left, ACCURACY_USEC, on_deadline,
						  confirm);
	r = sd_event_source_set_time_relative(confirm->timer, left);
	return r < 0 ? r : sd_event_source_set_enabled(confirm->timer, SD_EVENT_ONESHOT);
}

/* What was written may be there all the same, in place of what this server had. */
static void watch_what_is_there(struct confirm *confirm, const struct watch *watch)
{
	struct pending pending;
	int fd = pending_watch(confirm->host->state_fd, &pending);

	if (fd < 0)
		return;
	close_fd(confirm->file);
	confirm->file = fd;
	confirm->watch = *watch;
	confirm->watch.pending = pending;
	(void)set_timer(confirm);
}

int confirm_take(struct confirm *confirm, const struct watch *watch)
{
	int fd = pending_write(confirm->host->state_fd, &watch->pending);

	if (fd < 0) {
		watch_what_is_there(confirm, watch);
		return fd;
	}
	close_fd(confirm->file);
	confirm->file = fd;
	confirm->watch = *watch;
	return set_timer(confirm);
}

/* What is pending now, whoever watches over it; -ENOENT: nothing is; or another -errno. */
int confirm_look(struct confirm *confirm, struct watch *ret_watch)
{
	if (confirm_is_ours(confirm)) {
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
	int r = confirm_look(confirm, &confirm->before);

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
	r = confirm_take(confirm, &watch);
	if (r < 0)
		confirm_disarm(confirm);
	return r;
}

void confirm_disarm(struct confirm *confirm)
{
	int r;

	if (confirm->had_before) {
		r = confirm_take(confirm, &confirm->before);
	} else {
		confirm_let_go(confirm);
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
	/* nobody's, or another server's; and one that is damaged stops commits, and nothing else */
	return r == -ENOENT || r == -EAGAIN || r == -EBADMSG ? 0 : r;
}

struct confirm *confirm_free(struct confirm *confirm)
{
	if (!confirm)
		return NULL;
	if (confirm->busy) {
		log_warning("the server ends before services have read what was taken back");
		end(confirm);
	}
	if (confirm_is_ours(confirm))
		log_warning("a commit still waits to be confirmed; nobody takes it back before "
			    "the next server starts, or exmachinad --recover");
	confirm_let_go(confirm);
	free(confirm);
	return NULL;
}
