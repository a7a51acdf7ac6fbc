/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/confirm/: commits that wait to be confirmed, whoever goes meanwhile and
 * whichever of several servers is asked.
 */
#include "commit_fixture.h"
#include "fault_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "monitor/confirm/confirm_watch.h"

static struct commit_world *w;
static char token[PENDING_TOKEN_SIZE];
/* another server with the same state directory */
static struct {
	struct session_host host;
	struct transaction *transaction;
	struct calls_under_way calls;
	struct session session;
	int engine;
} other;

static int setup(void **state)
{
	int r = commit_setup(state);

	w = *state;
	root_write(w->root, "/etc/a", "old");
	return r;
}

static void other_ends(void)
{
	if (!other.host.confirm)
		return;
	confirm_forget(other.host.confirm, &other.session);
	other.host.confirm = confirm_free(other.host.confirm);
	close_fd(other.session.channel);
	close_fd(other.engine);
}

static int teardown(void **state)
{
	other_ends();
	return commit_teardown(state);
}

static void other_begins(void)
{
	other.host = w->host;
	other.host.transaction = &other.transaction;
	other.host.calls = &other.calls;
	other.host.confirm = NULL;
	other.session = (struct session){
		.host = &other.host,
		.policy = w->policy,
		.who = client_new("unit"),
	};
	assert_int_equal(channel_pair(&other.session.channel, &other.engine), 0);
	assert_int_equal(confirm_new(&other.host, &other.host.confirm), 0);
}

/* What COMMIT is answered with; it is over at once, without services. */
static struct msg_commit_reply commit(const char *content, uint32_t seconds, bool dead_man)
{
	const struct msg_commit request = { .confirm = seconds, .dead_man = dead_man };
	struct msg_commit_reply reply;

	commit_stage(w, "/etc/a", content);
	assert_true(transaction_begin(w->session, &request) >= 0);
	reply = commit_answer(w, MON_COMMIT_REPLY).commit_reply;
	if (reply.outcome == OUTCOME_DONE && seconds)
		snprintf(token, sizeof(token), "%s", reply.token);
	return reply;
}

static void commit_done(const char *content, uint32_t seconds, bool dead_man)
{
	struct msg_commit_reply reply = commit(content, seconds, dead_man);

	assert_int_equal(reply.outcome, OUTCOME_DONE);
	assert_true(reply.confirm <= seconds && reply.confirm + 25 >= seconds);
	if (seconds)
		assert_int_equal(strlen(token), PENDING_TOKEN_SIZE - 1);
}

static void assert_file(const char *expected)
{
	assert_root_content(w->root, "/etc/a", expected);
}

/* The event loop, until it is so. */
static void wait_for(const char *expected)
{
	scoped_ptr char *path = root_path(w->root, "/etc/a");

	for (int i = 0; i < 200; i++) {
		scoped_ptr char *now = unit_file_read(path);

		if (now && strcmp(now, expected) == 0)
			break;
		(void)sd_event_run(w->host.event, 100000);
	}
	assert_file(expected);
	commit_settle(w);
}

/* The time of what this server watches over has come, as far as it knows. */
static void time_comes(void)
{
	struct confirm *confirm = w->host.confirm;

	pending_set_over(&confirm->watch.pending);
	assert_true(sd_event_source_set_time_relative(confirm->timer, 0) >= 0);
	commit_settle(w);
}

static void assert_pending(bool expected)
{
	struct pending pending;

	assert_int_equal(pending_read(w->host.state_fd, &pending), expected ? 0 : -ENOENT);
}

/* Its time is over, for whoever looks at the disk, and for a server that watches over it. */
static void time_is_over(bool is_dead_man)
{
	struct pending pending;

	assert_int_equal(pending_read(w->host.state_fd, &pending), 0);
	pending_set_over(&pending);
	pending.dead_man = is_dead_man;
	close_fd(pending_write(w->host.state_fd, &pending));
	commit_server_again(w);
}

#define ASK(of, what, ...) \
	({ \
		const struct confirm_request request_ = { .session = (of), __VA_ARGS__ }; \
		int error_ = 0; \
		what((of)->host->confirm, &request_, &error_); \
	})

/* ---- one server -------------------------------------------------------------------------- */

static void test_it_stays_if_it_is_kept(void **state)
{
	(void)state;
	commit_done("new", 60, false);
	assert_pending(true);
	assert_true(confirm_seconds(w->host.confirm, "unit") > 50);
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_DONE);
	assert_pending(false);
	assert_int_equal(confirm_seconds(w->host.confirm, "unit"), 0);
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_ABSENT);
	commit_server_again(w);
	assert_file("new");
}

static void test_it_goes_when_its_time_is_over(void **state)
{
	struct message event;

	(void)state;
	commit_done("new", 1, false);
	wait_for("old");
	assert_pending(false);
	event = commit_answer(w, MON_ROLLED_BACK);
	assert_string_equal(event.rolled_back.reason, "it was not confirmed in time");
	assert_true(event.rolled_back.restored);
}

static void test_with_another_token_nobody_gets_anything_and_that_is_recorded(void **state)
{
	static const char *const tokens[] = { "", "x", "0123456789abcdef0123456789abcdef" };

	(void)state;
	commit_done("new", 60, false);
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		assert_int_equal(ASK(w->session, confirm_keep, .token = tokens[i]), OUTCOME_DENIED);
		assert_int_equal(ASK(w->session, confirm_extend, .token = tokens[i], .seconds = 9),
				 OUTCOME_DENIED);
		assert_int_equal(ASK(w->session, confirm_roll_back, .token = tokens[i]),
				 OUTCOME_DENIED);
	}
	assert_file("new");
	assert_true(confirm_seconds(w->host.confirm, "unit") > 50);
}

static void test_its_time_can_be_moved(void **state)
{
	(void)state;
	commit_done("new", 60, false);
	assert_int_equal(ASK(w->session, confirm_extend, .token = token, .seconds = 600),
			 OUTCOME_DONE);
	assert_true(confirm_seconds(w->host.confirm, "unit") > 500);
	commit_server_again(w);
	assert_true(confirm_seconds(w->host.confirm, "unit") > 500);
}

static void test_it_goes_when_it_is_asked_for(void **state)
{
	struct message reply;

	(void)state;
	commit_done("new", 60, false);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	reply = commit_answer(w, MON_CONFIRM_REPLY);
	assert_int_equal(reply.confirm_reply.outcome, OUTCOME_DONE);
	assert_true(reply.confirm_reply.restored);
	commit_no_answer(w);
	assert_file("old");
	assert_pending(false);
}

static void test_what_is_over_nobody_keeps_any_more(void **state)
{
	struct pending pending;

	(void)state;
	commit_done("new", 60, false);
	assert_int_equal(pending_read(w->host.state_fd, &pending), 0);
	pending_set_over(&pending);
	close_fd(pending_write(w->host.state_fd, &pending));
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_ABSENT);
	assert_int_equal(ASK(w->session, confirm_extend, .token = token, .seconds = 9),
			 OUTCOME_ABSENT);
	assert_pending(true);
}

static void test_a_follow_up_keeps_the_first_baseline_and_its_token_counts(void **state)
{
	char first[PENDING_TOKEN_SIZE];

	(void)state;
	commit_done("one", 60, false);
	memcpy(first, token, sizeof(first));
	commit_done("two", 90, false);
	assert_int_equal(ASK(w->session, confirm_keep, .token = first), OUTCOME_DENIED);
	assert_in_range(commit("three", 0, false).confirm, 61, 90);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_file("old");
}

static void test_a_commit_of_nothing_recorded_waits_with_the_others(void **state)
{
	(void)state;
	commit_done("one", 60, false);
	w->policy->history.off = true;
	assert_int_equal(commit("two", 0, false).outcome, OUTCOME_DONE);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_file("old");
}

static void test_what_waits_is_not_pruned(void **state)
{
	(void)state;
	w->policy->history.count = 1;
	w->policy->history.bytes = 1;
	commit_done("one", 60, false);
	for (int i = 0; i < 4; i++)
		assert_int_equal(commit(i % 2 ? "two" : "three", 0, false).outcome, OUTCOME_DONE);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_true(commit_answer(w, MON_CONFIRM_REPLY).confirm_reply.restored);
	assert_file("old");
}

static void test_more_files_than_can_go_at_once_are_refused(void **state)
{
	const struct msg_commit request = { .confirm = 60 };
	struct msg_commit_reply reply;
	char path[32];

	(void)state;
	for (size_t i = 0; i < STAGED_MAX; i++) {
		snprintf(path, sizeof(path), "/etc/f%zu", i);
		commit_stage(w, path, "new");
	}
	assert_true(transaction_begin(w->session, &request) >= 0);
	assert_int_equal(commit_answer(w, MON_COMMIT_REPLY).commit_reply.outcome, OUTCOME_DONE);
	reply = commit("new", 0, false);
	assert_int_equal(reply.outcome, OUTCOME_LIMIT);
	assert_file("old");
	commit_stage(w, "/etc/f7", "newer");
	assert_true(transaction_begin(w->session, &(struct msg_commit){ 0 }) >= 0);
	assert_int_equal(commit_answer(w, MON_COMMIT_REPLY).commit_reply.outcome, OUTCOME_DONE);
}

/* ---- services --------------------------------------------------------------------------- */

static void with_service(void)
{
	assert_int_equal(policy_apply_add(&w->policy->files[0], SERVICE_RELOAD, "x.service"), 0);
}

/* A commit that the service takes. */
static void commit_applied(const char *content, uint32_t seconds, bool dead_man)
{
	const struct msg_commit request = { .confirm = seconds, .dead_man = dead_man };
	struct msg_commit_reply reply;

	commit_stage(w, "/etc/a", content);
	assert_int_equal(transaction_begin(w->session, &request), 0);
	commit_settle(w);
	commit_service_end(w, JOB_DONE);
	reply = commit_answer(w, MON_COMMIT_REPLY).commit_reply;
	assert_int_equal(reply.outcome, OUTCOME_DONE);
	snprintf(token, sizeof(token), "%s", reply.token);
}

static void test_services_read_it_again_and_then_it_is_answered(void **state)
{
	const struct msg_commit request = { 0 };

	(void)state;
	with_service();
	commit_applied("new", 60, false);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_file("old");
	commit_no_answer(w);
	commit_settle(w);
	assert_int_equal(commit_services_called(), 2);
	assert_int_equal(w->calls.count, 1);
	/* nothing is committed meanwhile, and nothing else asked */
	assert_true(confirm_is_busy(w->host.confirm));
	assert_true(confirm_waits_for(w->host.confirm, NULL));
	commit_stage(w, "/etc/a", "newer");
	assert_true(transaction_begin(w->session, &request) >= 0);
	assert_int_equal(commit_answer(w, MON_COMMIT_REPLY).commit_reply.outcome, OUTCOME_BUSY);
	commit_service_end(w, JOB_DONE);
	assert_true(commit_answer(w, MON_CONFIRM_REPLY).confirm_reply.restored);
	assert_int_equal(w->calls.count, 0);
	assert_false(confirm_is_busy(w->host.confirm));
}

static void test_services_that_do_not_are_told(void **state)
{
	(void)state;
	with_service();
	commit_applied("new", 60, false);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	commit_settle(w);
	commit_service_end(w, JOB_FAILED);
	assert_false(commit_answer(w, MON_CONFIRM_REPLY).confirm_reply.restored);
	assert_file("old");
}

static void test_the_engine_that_asked_goes_and_its_client_is_told(void **state)
{
	(void)state;
	with_service();
	commit_applied("new", 60, false);
	w->session->waits = w;
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	commit_settle(w);
	confirm_asker_gone(w->host.confirm, w->session);
	assert_null(w->session->waits);
	commit_service_end(w, JOB_DONE);
	assert_true(commit_answer(w, MON_ROLLED_BACK).rolled_back.restored);
	confirm_asker_gone(NULL, w->session);
	confirm_asker_gone(w->host.confirm, w->session);
}

static void test_the_session_goes_and_nobody_is_told(void **state)
{
	(void)state;
	with_service();
	commit_applied("new", 60, false);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	commit_settle(w);
	commit_session_over(w);
	commit_service_end(w, JOB_DONE);
	assert_int_equal(w->calls.count, 0);
	assert_file("old");
}

static void test_the_server_ends_while_services_read_it(void **state)
{
	(void)state;
	with_service();
	commit_applied("new", 60, false);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	commit_settle(w);
	commit_give_up(w);
	assert_int_equal(w->calls.count, 0);
	assert_file("old");
}

/* The owner is told by event: its session is freed, and not over before. */
static void test_the_server_ends_with_a_session_that_was_to_be_told(void **state)
{
	(void)state;
	with_service();
	commit_applied("new", 1, false);
	wait_for("old");
	assert_true(confirm_is_busy(w->host.confirm));
	commit_give_up(w);
	assert_int_equal(w->calls.count, 0);
}

static void test_where_services_cannot_be_told_that_is_told(void **state)
{
	(void)state;
	with_service();
	commit_applied("new", 60, false);
	commit_services_refuse(-ENOTCONN);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	commit_settle(w);
	assert_false(commit_answer(w, MON_CONFIRM_REPLY).confirm_reply.restored);
	assert_file("old");
}

/* ---- clients that go --------------------------------------------------------------------- */

static void test_dead_man_goes_with_its_client(void **state)
{
	(void)state;
	commit_done("new", 60, true);
	assert_true(confirm_waits_for(w->host.confirm, w->session));
	assert_false(confirm_waits_for(w->host.confirm, NULL));
	commit_session_over(w);
	assert_file("old");
	assert_pending(false);
}

static void test_without_dead_man_it_stays_until_its_time_is_over(void **state)
{
	(void)state;
	commit_done("new", 60, false);
	assert_false(confirm_waits_for(w->host.confirm, w->session));
	assert_false(confirm_waits_for(NULL, w->session));
	commit_session_over(w);
	assert_file("new");
	commit_session_again(w);
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_DONE);
	assert_file("new");
}

static void test_dead_man_whose_client_goes_during_the_commit(void **state)
{
	const struct msg_commit request = { .confirm = 60, .dead_man = 1 };

	(void)state;
	with_service();
	commit_stage(w, "/etc/a", "new");
	assert_int_equal(transaction_begin(w->session, &request), 0);
	commit_settle(w);
	commit_session_over(w);
	assert_file("new");
	commit_service_end(w, JOB_DONE);
	wait_for("old");
	commit_service_end(w, JOB_DONE);
	assert_pending(false);
}

static void test_dead_man_whose_engine_goes_during_the_commit_goes_with_its_client(void **state)
{
	const struct msg_commit request = { .confirm = 60, .dead_man = 1 };

	(void)state;
	with_service();
	commit_stage(w, "/etc/a", "new");
	assert_int_equal(transaction_begin(w->session, &request), 0);
	commit_settle(w);
	transaction_orphan(w->session);
	commit_service_end(w, JOB_DONE);
	commit_no_answer(w);
	assert_file("new");
	assert_pending(true);
	commit_session_over(w);
	assert_file("old");
	commit_settle(w);
	commit_service_end(w, JOB_DONE);
}

static void test_a_client_goes_while_another_commit_is_under_way(void **state)
{
	const struct msg_commit request = { 0 };

	(void)state;
	commit_done("new", 60, true);
	with_service();
	commit_stage(w, "/etc/a", "newer");
	assert_int_equal(transaction_begin(w->session, &request), 0);
	commit_settle(w);
	commit_session_over(w);
	/* that has the journal */
	assert_file("newer");
	commit_service_end(w, JOB_DONE);
	wait_for("old");
	commit_settle(w);
	commit_service_end(w, JOB_DONE);
}

static void test_nothing_is_asked_of_it_while_a_commit_is_under_way(void **state)
{
	const struct msg_commit request = { 0 };

	(void)state;
	commit_done("new", 60, false);
	with_service();
	commit_stage(w, "/etc/a", "newer");
	assert_int_equal(transaction_begin(w->session, &request), 0);
	/* by another engine of the session */
	transaction_orphan(w->session);
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_BUSY);
	assert_int_equal(ASK(w->session, confirm_extend, .token = token, .seconds = 9),
			 OUTCOME_BUSY);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_BUSY);
	assert_int_equal(ASK(w->session, confirm_keep, .token = "x"), OUTCOME_DENIED);
	commit_settle(w);
	commit_service_end(w, JOB_DONE);
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_DONE);
}

/* ---- servers that go ---------------------------------------------------------------------- */

static int recover(struct rollback *rollback)
{
	const struct commit_place place = { w->root->fd, w->host.state_fd };

	return commit_recover(&place, rollback);
}

static void test_the_next_server_goes_on(void **state)
{
	scoped_rollback rollback = { 0 };

	(void)state;
	commit_done("new", 60, false);
	commit_server_again(w);
	assert_file("new");
	assert_true(confirm_seconds(w->host.confirm, "unit") > 50);
	/* as long as it lives nobody else does it */
	time_is_over(false);
	assert_int_equal(recover(&rollback), 0);
	assert_file("new");
	commit_settle(w);
	assert_file("old");
}

static void test_a_recovery_takes_back_what_is_over_and_nothing_else(void **state)
{
	scoped_rollback rollback = { 0 };
	struct pending pending;

	(void)state;
	commit_done("new", 60, false);
	commit_give_up(w);
	assert_int_equal(recover(&rollback), 0);
	assert_file("new");
	assert_int_equal(rollback.count, 0);
	assert_int_equal(pending_read(w->host.state_fd, &pending), 0);
	pending_set_over(&pending);
	close_fd(pending_write(w->host.state_fd, &pending));
	assert_int_equal(recover(&rollback), 0);
	assert_file("old");
	assert_int_equal(rollback.count, 1);
	assert_pending(false);
}

static void test_a_recovery_takes_back_a_dead_mans_at_once(void **state)
{
	scoped_rollback rollback = { 0 };

	(void)state;
	commit_done("new", 60, true);
	commit_give_up(w);
	assert_int_equal(recover(&rollback), 0);
	assert_file("old");
}

static void test_services_read_what_was_taken_back_at_the_start(void **state)
{
	scoped_rollback rollback = { 0 };

	(void)state;
	with_service();
	commit_applied("new", 60, true);
	commit_give_up(w);
	assert_int_equal(recover(&rollback), 0);
	commit_server_again(w);
	confirm_apply(w->host.confirm, &rollback);
	commit_settle(w);
	assert_int_equal(commit_services_called(), 2);
	/* a client that is quick gets no commit in between */
	assert_true(confirm_is_busy(w->host.confirm));
	commit_service_end(w, JOB_DONE);
	commit_no_answer(w);
}

/* What is over is not taken back before services have read what was taken back at the start. */
static void test_one_rollback_waits_for_the_other(void **state)
{
	scoped_rollback rollback = { 0 };
	struct pending pending;

	(void)state;
	with_service();
	commit_applied("new", 60, false);
	assert_int_equal(pending_read(w->host.state_fd, &pending), 0);
	pending_set_over(&pending);
	assert_int_equal(rollback_add(&rollback, "/etc/a"), 0);
	commit_server_again(w);
	close_fd(pending_write(w->host.state_fd, &pending));
	commit_server_again(w);
	confirm_apply(w->host.confirm, &rollback);
	commit_settle(w);
	assert_int_equal(commit_services_under_way(), 1);
	assert_file("new");
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_ABSENT);
	commit_service_end(w, JOB_DONE);
	wait_for("old");
	commit_settle(w);
	commit_service_end(w, JOB_DONE);
	assert_int_equal(w->calls.count, 0);
}

static void test_paths_that_the_policy_names_no_more_have_no_actions(void **state)
{
	scoped_rollback rollback = { 0 };

	(void)state;
	with_service();
	assert_int_equal(rollback_add(&rollback, "/usr/elsewhere"), 0);
	confirm_apply(w->host.confirm, &rollback);
	commit_settle(w);
	assert_int_equal(commit_services_called(), 0);
	assert_false(confirm_is_busy(w->host.confirm));
}

static void test_what_was_armed_for_a_commit_that_was_not_done_is_dropped(void **state)
{
	struct pending pending = { .first = 1, .user = "unit" };
	scoped_rollback rollback = { 0 };

	(void)state;
	commit_give_up(w);
	assert_int_equal(pending_set_deadline(&pending, 60), 0);
	close_fd(pending_write(w->host.state_fd, &pending));
	assert_int_equal(recover(&rollback), 0);
	assert_pending(false);
	assert_file("old");
}

static void test_what_is_damaged_stops_commits_and_is_told(void **state)
{
	scoped_ptr char *path = root_path(w->root, COMMIT_STATE "/pending"), *logged = NULL;
	scoped_rollback rollback = { 0 };

	(void)state;
	commit_done("new", 60, false);
	commit_give_up(w);
	assert_int_equal(truncate(path, 60), 0);
	unit_capture_begin();
	assert_int_equal(recover(&rollback), -EBADMSG);
	logged = unit_capture_end();
	assert_non_null(strstr(logged, "\"pending\" of the state directory is damaged"));
	assert_int_equal(confirm_new(&w->host, &w->host.confirm), 0);
	commit_session_again(w);
	assert_int_equal(commit("newer", 0, false).outcome, OUTCOME_IO);
	assert_file("new");
	assert_int_equal(ASK(w->session, confirm_keep, .token = "x"), OUTCOME_IO);
	assert_int_equal(confirm_seconds(w->host.confirm, "unit"), 0);
	assert_int_equal(unlink(path), 0);
}

/* ---- several servers ----------------------------------------------------------------------- */

static void test_any_server_keeps_it_for_who_has_the_token(void **state)
{
	(void)state;
	commit_done("new", 60, false);
	other_begins();
	assert_in_range(confirm_seconds(other.host.confirm, "unit"), 30, 60);
	assert_int_equal(ASK(&other.session, confirm_keep, .token = "x"), OUTCOME_DENIED);
	assert_int_equal(ASK(&other.session, confirm_keep, .token = token), OUTCOME_DONE);
	/* the first one sees that there is nothing */
	time_comes();
	assert_file("new");
	commit_no_answer(w);
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_ABSENT);
}

static void test_any_server_takes_it_back_and_the_first_one_does_not_do_it_again(void **state)
{
	(void)state;
	commit_done("new", 60, false);
	other_begins();
	assert_int_equal(ASK(&other.session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_file("old");
	root_write(w->root, "/etc/a", "new");
	time_comes();
	assert_file("new");
}

static void test_whoever_extends_it_watches_over_it(void **state)
{
	(void)state;
	commit_done("new", 60, false);
	other_begins();
	assert_int_equal(ASK(&other.session, confirm_extend, .token = token, .seconds = 90),
			 OUTCOME_DONE);
	time_comes();
	assert_file("new");
	/* for dead men it is the client of the first one that counts, or nobody */
	assert_true(confirm_seconds(w->host.confirm, "unit") > 50);
	other_ends();
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_file("old");
}

static void test_the_commit_of_another_server_joins_what_is_pending(void **state)
{
	struct session *mine = w->session;
	struct session_host *host = &other.host;

	(void)state;
	other_begins();
	/* the other one's is first */
	host->confirm = confirm_free(host->confirm);
	commit_done("one", 60, false);
	assert_int_equal(confirm_new(host, &host->confirm), 0);
	w->session = &other.session;
	{
		int engine = w->engine;

		w->engine = other.engine;
		commit_done("two", 90, false);
		w->engine = engine;
	}
	session_staged_clear(&other.session);
	handouts_clear(&other.session.handouts);
	w->session = mine;
	assert_in_range(confirm_seconds(w->host.confirm, "unit"), 61, 90);
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_file("old");
}

static void test_another_users_is_neither_armed_over_nor_taken_back(void **state)
{
	struct msg_commit_reply reply;

	(void)state;
	commit_done("new", 60, false);
	strcpy(w->session->who.user, "other");
	reply = commit("theirs", 60, false);
	assert_int_equal(reply.outcome, OUTCOME_BUSY);
	assert_file("new");
	reply = commit("theirs", 0, false);
	assert_int_equal(reply.outcome, OUTCOME_DONE);
	assert_int_equal(reply.confirm, 0);
	assert_int_equal(confirm_seconds(w->host.confirm, "other"), 0);
	strcpy(w->session->who.user, "unit");
	assert_int_equal(ASK(w->session, confirm_roll_back, .token = token), OUTCOME_DONE);
	assert_false(commit_answer(w, MON_CONFIRM_REPLY).confirm_reply.restored);
	assert_file("theirs");
}

/* Its commit came in between: what was asked before Apply= is asked once more. */
static void test_another_users_that_came_first_counts(void **state)
{
	const struct msg_commit request = { .confirm = 60 };
	struct pending pending = { .first = 1, .user = "other" };

	(void)state;
	assert_int_equal(commit("one", 0, false).outcome, OUTCOME_DONE);
	with_service();
	commit_stage(w, "/etc/a", "new");
	assert_int_equal(transaction_begin(w->session, &request), 0);
	commit_settle(w);
	assert_int_equal(pending_set_deadline(&pending, 60), 0);
	close_fd(pending_write(w->host.state_fd, &pending));
	commit_service_end(w, JOB_DONE);
	/* the services read the old one */
	commit_service_end(w, JOB_DONE);
	assert_int_equal(commit_answer(w, MON_COMMIT_REPLY).commit_reply.outcome, OUTCOME_BUSY);
	assert_file("one");
}

static void test_during_the_commit_of_another_server_it_is_busy(void **state)
{
	scoped_journal journal = JOURNAL_NONE;

	(void)state;
	commit_done("new", 60, false);
	assert_int_equal(journal_open(w->host.state_fd, 0, &journal), 0);
	assert_int_equal(ASK(w->session, confirm_keep, .token = token), OUTCOME_BUSY);
}

/* ---- whatever fails ------------------------------------------------------------------------ */

typedef enum mon_outcome ask(struct confirm *confirm, const struct confirm_request *request,
			     int *ret_error);

/* Each call fails once; then it is either as if it had not been asked, or done. */
static void sweep(ask *what, const char *wanted)
{
	unsigned int nth = 1;

	for (bool has_failed = true; has_failed; nth++) {
		struct confirm_request request = { .token = token, .seconds = 30 };
		enum mon_outcome outcome;
		int error = 0;

		root_write(w->root, "/etc/a", "old");
		commit_done("new", 60, false);
		request.session = w->session;
		fault_arm(nth);
		outcome = what(w->host.confirm, &request, &error);
		has_failed = fault_disarm();
		assert_true(outcome == OUTCOME_DONE || has_failed);
		assert_true(outcome != OUTCOME_IO || error > 0);
		if (outcome != OUTCOME_DONE) {
			/* as it was, or on its way */
			commit_server_again(w);
			outcome = ASK(w->session, what, .token = token, .seconds = 30);
			assert_true(outcome == OUTCOME_DONE || outcome == OUTCOME_ABSENT);
			commit_settle(w);
		}
		assert_file(wanted);
		(void)!pending_remove(w->host.state_fd);
		commit_server_again(w);
	}
	assert_true(nth > 5);
}

static void test_any_call_fails_when_it_is_kept(void **state)
{
	(void)state;
	sweep(confirm_keep, "new");
}

static void test_any_call_fails_when_it_is_extended(void **state)
{
	(void)state;
	sweep(confirm_extend, "new");
}

static void test_any_call_fails_when_it_is_taken_back(void **state)
{
	(void)state;
	sweep(confirm_roll_back, "old");
}

/* And nobody has to start another server for what could not be done at once. */
static void test_whatever_fails_the_server_sees_to_what_is_over(void **state)
{
	unsigned int nth = 1, late = 0;

	(void)state;
	for (bool has_failed = true; has_failed; nth++) {
		struct confirm_request request = { .token = token };
		enum mon_outcome outcome;
		struct pending pending;
		int error = 0;

		root_write(w->root, "/etc/a", "old");
		commit_done("new", 60, false);
		request.session = w->session;
		fault_arm(nth);
		outcome = confirm_roll_back(w->host.confirm, &request, &error);
		has_failed = fault_disarm();
		if (outcome != OUTCOME_DONE && pending_read(w->host.state_fd, &pending) == 0 &&
		    pending_left(&pending) == 0) {
			wait_for("old");
			assert_pending(false);
			late++;
		} else if (outcome != OUTCOME_DONE) {
			assert_int_equal(ASK(w->session, confirm_roll_back, .token = token),
					 OUTCOME_DONE);
		}
		assert_file("old");
		commit_server_again(w);
	}
	assert_true(late > 5);
}

/* A commit with confirm is done and pending, or neither. */
static void test_any_call_fails_when_it_is_armed(void **state)
{
	unsigned int nth = 1;

	(void)state;
	for (bool has_failed = true; has_failed; nth++) {
		struct msg_commit_reply reply;
		scoped_rollback rollback = { 0 };
		bool done;

		root_write(w->root, "/etc/a", "old");
		commit_stage(w, "/etc/a", "new");
		fault_arm(nth);
		assert_true(transaction_begin(w->session, &(struct msg_commit){ .confirm = 60 }) >=
			    0);
		has_failed = fault_disarm();
		reply = commit_answer(w, MON_COMMIT_REPLY).commit_reply;
		done = reply.outcome == OUTCOME_DONE;
		assert_true(done || has_failed);
		assert_file(done ? "new" : "old");
		commit_give_up(w);
		assert_int_equal(recover(&rollback), 0);
		assert_pending(done);
		assert_int_equal(pending_remove(w->host.state_fd), 0);
		assert_int_equal(confirm_new(&w->host, &w->host.confirm), 0);
		commit_session_again(w);
	}
	assert_true(nth > 60);
}

/* One that was pending before stays so, with its token and its time. */
static void test_any_call_fails_when_a_follow_up_is_armed(void **state)
{
	char first[PENDING_TOKEN_SIZE];
	unsigned int nth = 1;

	(void)state;
	for (bool has_failed = true; has_failed; nth++) {
		struct msg_commit_reply reply;

		root_write(w->root, "/etc/a", "old");
		commit_done("new", 60, false);
		memcpy(first, token, sizeof(first));
		commit_stage(w, "/etc/a", "newer");
		fault_arm(nth);
		assert_true(transaction_begin(w->session, &(struct msg_commit){ .confirm = 90 }) >=
			    0);
		has_failed = fault_disarm();
		reply = commit_answer(w, MON_COMMIT_REPLY).commit_reply;
		if (reply.outcome == OUTCOME_DONE)
			snprintf(first, sizeof(first), "%s", reply.token);
		assert_int_equal(ASK(w->session, confirm_roll_back, .token = first), OUTCOME_DONE);
		assert_file("old");
		commit_server_again(w);
	}
	assert_true(nth > 60);
}

static void test_any_call_fails_when_a_server_starts(void **state)
{
	unsigned int nth = 1;

	(void)state;
	for (bool has_failed = true; has_failed; nth++) {
		scoped_rollback rollback = { 0 };
		int r;

		root_write(w->root, "/etc/a", "old");
		commit_done("new", 60, true);
		commit_give_up(w);
		fault_arm(nth);
		r = recover(&rollback);
		if (r == 0)
			r = confirm_new(&w->host, &w->host.confirm);
		has_failed = fault_disarm();
		assert_true(r == 0 || has_failed);
		if (r < 0) {
			w->host.confirm = confirm_free(w->host.confirm);
			assert_int_equal(recover(&rollback), 0);
			assert_int_equal(confirm_new(&w->host, &w->host.confirm), 0);
		}
		commit_session_again(w);
		assert_file("old");
		assert_pending(false);
	}
	assert_true(nth > 60);
}

/* What cannot be taken back is tried again. */
static void test_a_rollback_that_fails_is_tried_again(void **state)
{
	scoped_ptr char *history = root_path(w->root, COMMIT_STATE "/history");

	(void)state;
	commit_done("new", 60, true);
	assert_int_equal(chmod(history, 0755), 0);
	commit_session_over(w);
	assert_file("new");
	assert_pending(true);
	commit_settle(w);
	assert_file("new");
	assert_int_equal(chmod(history, 0700), 0);
	wait_for("old");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_stays_if_it_is_kept),
		TEST(test_it_goes_when_its_time_is_over),
		TEST(test_with_another_token_nobody_gets_anything_and_that_is_recorded),
		TEST(test_its_time_can_be_moved),
		TEST(test_it_goes_when_it_is_asked_for),
		TEST(test_what_is_over_nobody_keeps_any_more),
		TEST(test_a_follow_up_keeps_the_first_baseline_and_its_token_counts),
		TEST(test_a_commit_of_nothing_recorded_waits_with_the_others),
		TEST(test_what_waits_is_not_pruned),
		TEST(test_more_files_than_can_go_at_once_are_refused),
		TEST(test_services_read_it_again_and_then_it_is_answered),
		TEST(test_services_that_do_not_are_told),
		TEST(test_the_engine_that_asked_goes_and_its_client_is_told),
		TEST(test_the_session_goes_and_nobody_is_told),
		TEST(test_the_server_ends_while_services_read_it),
		TEST(test_the_server_ends_with_a_session_that_was_to_be_told),
		TEST(test_where_services_cannot_be_told_that_is_told),
		TEST(test_dead_man_goes_with_its_client),
		TEST(test_without_dead_man_it_stays_until_its_time_is_over),
		TEST(test_dead_man_whose_client_goes_during_the_commit),
		TEST(test_dead_man_whose_engine_goes_during_the_commit_goes_with_its_client),
		TEST(test_a_client_goes_while_another_commit_is_under_way),
		TEST(test_nothing_is_asked_of_it_while_a_commit_is_under_way),
		TEST(test_the_next_server_goes_on),
		TEST(test_a_recovery_takes_back_what_is_over_and_nothing_else),
		TEST(test_a_recovery_takes_back_a_dead_mans_at_once),
		TEST(test_services_read_what_was_taken_back_at_the_start),
		TEST(test_one_rollback_waits_for_the_other),
		TEST(test_paths_that_the_policy_names_no_more_have_no_actions),
		TEST(test_what_was_armed_for_a_commit_that_was_not_done_is_dropped),
		TEST(test_what_is_damaged_stops_commits_and_is_told),
		TEST(test_any_server_keeps_it_for_who_has_the_token),
		TEST(test_any_server_takes_it_back_and_the_first_one_does_not_do_it_again),
		TEST(test_whoever_extends_it_watches_over_it),
		TEST(test_the_commit_of_another_server_joins_what_is_pending),
		TEST(test_another_users_is_neither_armed_over_nor_taken_back),
		TEST(test_another_users_that_came_first_counts),
		TEST(test_during_the_commit_of_another_server_it_is_busy),
		TEST(test_any_call_fails_when_it_is_kept),
		TEST(test_any_call_fails_when_it_is_extended),
		TEST(test_any_call_fails_when_it_is_taken_back),
		TEST(test_whatever_fails_the_server_sees_to_what_is_over),
		TEST(test_any_call_fails_when_it_is_armed),
		TEST(test_any_call_fails_when_a_follow_up_is_armed),
		TEST(test_any_call_fails_when_a_server_starts),
		TEST(test_a_rollback_that_fails_is_tried_again),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
