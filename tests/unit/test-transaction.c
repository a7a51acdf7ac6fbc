/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/transaction.c and commit_record.c: a commit comes to one end, whoever goes
 * meanwhile, and that end is told and is what the files and services are.
 */
#include "commit_fixture.h"
#include "fault_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "monitor/journal/journal_recover.h"
#include "monitor/session_dispatch.h"

static struct commit_world *w;
static unsigned int none_left;

static int setup(void **state)
{
	int r = commit_setup(state);

	w = *state;
	none_left = 0;
	root_write(w->root, "/etc/a", "old");
	return r;
}

static int teardown(void **state)
{
	return commit_teardown(state);
}

static void with_service(const char *unit)
{
	assert_int_equal(policy_apply_add(&w->policy->files[0], SERVICE_RELOAD, unit), 0);
}

static void with_check(void)
{
	assert_int_equal(policy_list_add(&w->policy->files[0].checks, "/bin/false"), 0);
}

static void begin(struct msg_commit request)
{
	commit_stage(w, "/etc/a", "new");
	assert_true(transaction_begin(w->session, &request) >= 0);
	commit_settle(w);
}

static struct msg_commit_reply reply(void)
{
	return commit_answer(w, MON_COMMIT_REPLY).commit_reply;
}

static void assert_file(const char *expected)
{
	assert_root_content(w->root, "/etc/a", expected);
	assert_root_count(w->root, "/etc", 1);
}

/* The journal, as whoever comes next finds it: nothing is to be done. */
static void assert_journal_over(void)
{
	scoped_ptr char *path = root_path(w->root, COMMIT_STATE "/journal");
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		assert_int_equal(journal_entry_phase(fd), JOURNAL_OVER);
}

static void assert_over(enum mon_outcome outcome, const char *file)
{
	assert_int_equal(reply().outcome, outcome);
	assert_null(w->transaction);
	if (w->session) {
		assert_null(w->session->transaction);
		assert_null(w->session->waits);
	}
	assert_int_equal(w->calls.count, 0);
	assert_file(file);
	assert_journal_over();
}

/* ---- done -------------------------------------------------------------------------------- */

static void test_without_checks_and_services_it_is_done_at_once(void **state)
{
	struct handout *handout;

	(void)state;
	begin((struct msg_commit){ 0 });
	assert_over(OUTCOME_DONE, "new");
	/* what was written counts as handed out */
	handout = handout_find(&w->session->handouts, "/etc/a");
	assert_non_null(handout);
	assert_int_equal(lseek(handout->content, 0, SEEK_END), 3);
	commit_stage(w, "/etc/a", "newer");
	assert_true(transaction_begin(w->session, &(struct msg_commit){ 0 }) >= 0);
	assert_over(OUTCOME_DONE, "newer");
}

static void test_with_services_it_is_done_when_they_have_taken_it(void **state)
{
	(void)state;
	with_service("x.service");
	with_service("y.service");
	begin((struct msg_commit){ 0 });
	assert_ptr_equal(w->session->waits, w->transaction);
	commit_no_answer(w);
	assert_root_content(w->root, "/etc/a", "new");
	commit_service_end(w, JOB_DONE);
	commit_no_answer(w);
	commit_service_end(w, JOB_DONE);
	assert_over(OUTCOME_DONE, "new");
}

static void test_progress_is_told_where_it_is_wanted(void **state)
{
	struct message event;

	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ .progress = 1, .ticket = 7 });
	commit_service_tell("waiting", "");
	event = commit_answer(w, MON_PROGRESS);
	assert_int_equal(event.progress.ticket, 7);
	assert_string_equal(event.progress.stage, "apply");
	/* nobody is there any more who would hear of it */
	transaction_orphan(w->session);
	commit_service_tell("waiting", "");
	commit_no_answer(w);
	commit_service_end(w, JOB_DONE);
}

static void test_a_dry_run_writes_nothing(void **state)
{
	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ .dry_run = 1 });
	assert_over(OUTCOME_DONE, "old");
	assert_int_equal(commit_services_called(), 0);
}

/* ---- not done ----------------------------------------------------------------------------- */

static void test_services_that_do_not_take_it_read_the_old_one(void **state)
{
	struct msg_commit_reply answer;

	(void)state;
	with_service("x.service");
	with_service("y.service");
	begin((struct msg_commit){ 0 });
	commit_service_end(w, JOB_DONE);
	commit_service_end(w, JOB_FAILED);
	assert_file("old");
	commit_no_answer(w);
	commit_service_end(w, JOB_DONE);
	commit_service_end(w, JOB_DONE);
	answer = reply();
	assert_int_equal(answer.outcome, OUTCOME_NOT_APPLIED);
	assert_int_equal(answer.verb, SERVICE_RELOAD);
	assert_string_equal(answer.unit, "y.service");
	assert_string_equal(answer.job_result, "failed");
	assert_string_equal(answer.detail, "it has said no");
	assert_string_equal(answer.log, "a line\n");
	assert_true(answer.restored);
	assert_int_equal(commit_services_called(), 4);
	assert_file("old");
	assert_journal_over();
}

static void test_services_that_do_not_come_back_are_told(void **state)
{
	struct msg_commit_reply answer;

	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	commit_service_end(w, JOB_FAILED);
	commit_service_end(w, JOB_FAILED);
	answer = reply();
	assert_int_equal(answer.outcome, OUTCOME_NOT_APPLIED);
	assert_false(answer.restored);
	assert_file("old");
}

/* Somebody writes the file while services read it: his stays. */
static void test_files_that_do_not_come_back_are_told(void **state)
{
	struct msg_commit_reply answer;

	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	root_write(w->root, "/etc/b", "by hand");
	{
		scoped_ptr char *a = root_path(w->root, "/etc/a"),
				*b = root_path(w->root, "/etc/b");

		assert_int_equal(rename(b, a), 0);
	}
	commit_service_end(w, JOB_FAILED);
	commit_service_end(w, JOB_DONE);
	answer = reply();
	assert_int_equal(answer.outcome, OUTCOME_NOT_APPLIED);
	assert_false(answer.restored);
	assert_root_content(w->root, "/etc/a", "by hand");
}

static void test_services_that_cannot_be_asked_do_not_take_it(void **state)
{
	struct msg_commit_reply answer;

	(void)state;
	with_service("x.service");
	commit_services_refuse(-ENOTCONN);
	begin((struct msg_commit){ 0 });
	answer = reply();
	assert_int_equal(answer.outcome, OUTCOME_NOT_APPLIED);
	assert_false(answer.restored);
	assert_file("old");
}

static void test_what_somebody_else_has_changed_is_a_conflict(void **state)
{
	(void)state;
	commit_stage(w, "/etc/a", "new");
	root_write(w->root, "/etc/a", "by hand");
	assert_true(transaction_begin(w->session, &(struct msg_commit){ 0 }) >= 0);
	assert_over(OUTCOME_CONFLICT, "by hand");
	/* and where there is no other side none is shown */
	commit_stage(w, "/etc/a", "new");
	{
		scoped_ptr char *a = root_path(w->root, "/etc/a");

		assert_int_equal(unlink(a), 0);
	}
	assert_true(transaction_begin(w->session, &(struct msg_commit){ 0 }) >= 0);
	assert_int_equal(reply().outcome, OUTCOME_CONFLICT);
}

static void test_where_nothing_is_kept_it_cannot_wait_to_be_confirmed(void **state)
{
	int state_fd = w->host.state_fd;

	(void)state;
	w->policy->history.off = true;
	begin((struct msg_commit){ .confirm = 60 });
	assert_int_equal(reply().outcome, OUTCOME_NO_CONFIRM);
	w->policy->history.off = false;
	w->host.state_fd = -1;
	begin((struct msg_commit){ .confirm = 60 });
	assert_int_equal(reply().outcome, OUTCOME_NO_CONFIRM);
	assert_int_equal(w->session->staged_count, 0);
	/* but it can be committed */
	begin((struct msg_commit){ 0 });
	assert_int_equal(reply().outcome, OUTCOME_DONE);
	w->host.state_fd = state_fd;
	assert_root_content(w->root, "/etc/a", "new");
}

/* ---- checks -------------------------------------------------------------------------------- */

static void test_nothing_is_written_before_the_checks_agree(void **state)
{
	(void)state;
	with_check();
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	assert_true(commit_checks_under_way());
	assert_file("old");
	commit_checks_end(w, OUTCOME_DONE);
	assert_root_content(w->root, "/etc/a", "new");
	commit_service_end(w, JOB_DONE);
	assert_over(OUTCOME_DONE, "new");
}

static void test_a_check_that_does_not_agree_is_told(void **state)
{
	struct msg_commit_reply answer;

	(void)state;
	with_check();
	begin((struct msg_commit){ 0 });
	commit_checks_end(w, OUTCOME_CHECK_FAILED);
	answer = reply();
	assert_int_equal(answer.outcome, OUTCOME_CHECK_FAILED);
	assert_string_equal(answer.step, "/bin/false");
	assert_int_equal(answer.how, RUN_EXITED);
	assert_int_equal(answer.status, 1);
	assert_string_equal(answer.log, "no\n");
	assert_file("old");
}

static void test_a_check_that_cannot_be_run_is_told(void **state)
{
	struct msg_commit_reply answer;

	(void)state;
	with_check();
	begin((struct msg_commit){ 0 });
	commit_checks_end(w, OUTCOME_IO);
	answer = reply();
	assert_int_equal(answer.outcome, OUTCOME_IO);
	assert_int_equal(answer.error, EMFILE);
	commit_checks_refuse(-ENOTCONN);
	begin((struct msg_commit){ 0 });
	answer = reply();
	assert_int_equal(answer.outcome, OUTCOME_IO);
	assert_int_equal(answer.error, ENOTCONN);
	assert_file("old");
}

static void test_no_check_is_run_for_what_is_refused_anyhow(void **state)
{
	(void)state;
	with_check();
	commit_stage(w, "/etc/a", "new");
	root_write(w->root, "/etc/a", "by hand");
	assert_true(transaction_begin(w->session, &(struct msg_commit){ 0 }) >= 0);
	assert_false(commit_checks_under_way());
	assert_int_equal(reply().outcome, OUTCOME_CONFLICT);
}

static void test_a_dry_run_is_checked_and_writes_nothing(void **state)
{
	(void)state;
	with_check();
	begin((struct msg_commit){ .dry_run = 1 });
	commit_checks_end(w, OUTCOME_DONE);
	assert_int_equal(reply().outcome, OUTCOME_DONE);
	assert_file("old");
	begin((struct msg_commit){ .dry_run = 1 });
	commit_checks_end(w, OUTCOME_CHECK_FAILED);
	assert_int_equal(reply().outcome, OUTCOME_CHECK_FAILED);
}

/* ---- who goes meanwhile --------------------------------------------------------------------- */

static void test_one_at_a_time(void **state)
{
	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	/* of another engine, since the first one waits */
	transaction_orphan(w->session);
	assert_null(w->session->waits);
	begin((struct msg_commit){ 0 });
	assert_int_equal(reply().outcome, OUTCOME_BUSY);
	assert_int_equal(w->session->staged_count, 0);
	commit_service_end(w, JOB_DONE);
	commit_no_answer(w);
	assert_root_content(w->root, "/etc/a", "new");
	/* what the second engine has been handed out is not what was written */
	assert_int_equal(lseek(handout_find(&w->session->handouts, "/etc/a")->content, 0, SEEK_END),
			 3);
	transaction_orphan(w->session);
}

static void test_the_session_goes_and_it_comes_to_its_end(void **state)
{
	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	commit_session_over(w);
	commit_service_end(w, JOB_FAILED);
	commit_service_end(w, JOB_DONE);
	assert_null(w->transaction);
	assert_int_equal(w->calls.count, 0);
	assert_file("old");
}

static void on_none_left(void *data)
{
	(void)data;
	none_left++;
}

static void test_a_server_that_ends_waits_for_it(void **state)
{
	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	w->calls.none_left = on_none_left;
	assert_int_equal(w->calls.count, 1);
	commit_service_end(w, JOB_FAILED);
	assert_int_equal(none_left, 0);
	commit_service_end(w, JOB_DONE);
	assert_int_equal(none_left, 1);
}

static void test_a_server_that_does_not_wait_takes_it_back(void **state)
{
	scoped_ptr char *logged = NULL;

	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	unit_capture_begin();
	commit_give_up(w);
	logged = unit_capture_end();
	assert_non_null(strstr(logged, "a commit is taken back, since the server ends"));
	assert_file("old");
	assert_journal_over();
}

static void test_or_has_taken_it_back_already(void **state)
{
	scoped_ptr char *logged = NULL;

	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	commit_service_end(w, JOB_FAILED);
	unit_capture_begin();
	commit_give_up(w);
	logged = unit_capture_end();
	assert_non_null(strstr(logged, "before services have read what was taken back"));
	assert_file("old");
}

static void test_or_has_not_begun(void **state)
{
	(void)state;
	with_check();
	begin((struct msg_commit){ 0 });
	commit_give_up(w);
	assert_false(commit_checks_under_way());
	assert_file("old");
	assert_null(transaction_abort(NULL));
}

static void test_another_policy_comes_meanwhile(void **state)
{
	struct policy *policy = w->policy, *next = policy_new();

	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ 0 });
	/* as at SIGHUP, when the engine has gone that knew the old one */
	transaction_orphan(w->session);
	w->host.policy = next;
	w->session->policy = next;
	w->policy = next;
	policy_free(policy);
	commit_service_end(w, JOB_FAILED);
	commit_service_end(w, JOB_DONE);
	assert_file("old");
	assert_null(w->transaction);
}

static void test_an_engine_that_does_not_read_its_answer_ends_the_session(void **state)
{
	const struct message event = { .type = MON_ROLLED_BACK, .rolled_back = { .reason = "x" } };
	int r;

	(void)state;
	with_service("x.service");
	begin((struct msg_commit){ .progress = 1 });
	do {
		r = session_reply(w->session, &event, -1);
	} while (r == 0);
	/* which is not told of progress */
	commit_service_tell("waiting", "");
	commit_service_end(w, JOB_DONE);
	assert_int_equal(w->ended, 1);
	assert_null(w->transaction);
	assert_root_content(w->root, "/etc/a", "new");
}

/* Each request there is, but that the client has gone. */
static void test_whatever_the_engine_says_before_the_end_breaks_the_protocol(void **state)
{
	static const enum message_type types[] = {
#define X(NAME, name, phases, flags) MON_##NAME,
		MON_REQUESTS(X)
#undef X
	};

	(void)state;
	with_service("x.service");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct message message = { .type = types[i] };
		unsigned int before = w->ended;
		scoped_ptr char *logged = NULL;

		root_write(w->root, "/etc/a", "old");
		begin((struct msg_commit){ 0 });
		assert_int_equal(session_dispatch_attach(w->session, &w->session->channel_source),
				 0);
		assert_int_equal(channel_send(w->engine, &message, -1, true), 0);
		unit_capture_begin();
		commit_settle(w);
		logged = unit_capture_end();
		assert_int_equal(w->ended, before + 1);
		assert_int_equal(strstr(logged, "its commit is under way") != NULL ||
					 strstr(logged, "it is not allowed now") != NULL ||
					 strstr(logged, "no valid message") != NULL,
				 types[i] != MON_BYE);
		/* the commit is not the engine's any more */
		commit_session_over(w);
		commit_service_end(w, JOB_DONE);
		assert_root_content(w->root, "/etc/a", "new");
		commit_services_forget();
		commit_session_again(w);
	}
}

/* ---- whatever fails ------------------------------------------------------------------------- */

/* The services have taken it, but it cannot be written down: they read the old one. */
static void test_what_cannot_be_kept_is_taken_back_and_read_again(void **state)
{
	unsigned int back = 0, nth = 1;

	(void)state;
	with_service("x.service");
	for (bool has_failed = true; has_failed; nth++) {
		struct msg_commit_reply answer;
		size_t called;

		root_write(w->root, "/etc/a", "old");
		begin((struct msg_commit){ .confirm = 60 });
		called = commit_services_called();
		fault_arm(nth);
		commit_service_end(w, JOB_DONE);
		has_failed = fault_disarm();
		if (commit_services_under_way() > 0)
			commit_service_end(w, JOB_DONE);
		answer = reply();
		if (answer.outcome == OUTCOME_DONE) {
			assert_root_content(w->root, "/etc/a", "new");
			assert_int_equal(commit_services_called(), called);
		} else {
			assert_true(has_failed);
			assert_root_content(w->root, "/etc/a", "old");
			back += commit_services_called() - called;
			if (commit_services_called() == called)
				assert_false(answer.restored);
		}
		assert_int_equal(pending_remove(w->host.state_fd), 0);
		commit_services_forget();
		commit_server_again(w);
	}
	assert_true(back > 3);
}

/* Whole or absent, as answered, whichever call fails. */
static void sweep(bool with_checks)
{
	unsigned int nth = 1;

	for (bool has_failed = true; has_failed; nth++) {
		size_t open;
		int r;

		root_write(w->root, "/etc/a", "old");
		handouts_clear(&w->session->handouts);
		open = unit_open_descriptors();
		commit_stage(w, "/etc/a", "new");
		fault_arm(nth);
		r = transaction_begin(w->session, &(struct msg_commit){ 0 });
		commit_settle(w);
		if (with_checks && commit_checks_under_way())
			commit_checks_end(w, OUTCOME_DONE);
		while (commit_services_under_way() > 0)
			commit_service_end(w, JOB_DONE);
		has_failed = fault_disarm();
		assert_true(r >= 0 || has_failed);
		assert_null(w->transaction);
		if (r >= 0)
			assert_root_content(w->root, "/etc/a",
					    reply().outcome == OUTCOME_DONE ? "new" : "old");
		handouts_clear(&w->session->handouts);
		assert_int_equal(unit_open_descriptors(), open);
		commit_services_forget();
		/* nobody has to look at what a failure left */
		{
			const struct commit_place place = { w->root->fd, w->host.state_fd };
			scoped_journal journal = JOURNAL_NONE;
			const char *step;

			assert_int_equal(commit_take_turn(&place, &journal, &step), 0);
		}
		assert_root_count(w->root, "/etc", 1);
	}
	assert_true(nth > 60);
}

static void test_any_call_fails_in_a_commit(void **state)
{
	(void)state;
	sweep(false);
}

static void test_any_call_fails_in_a_commit_with_services_and_checks(void **state)
{
	(void)state;
	with_service("x.service");
	with_check();
	sweep(true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_checks_and_services_it_is_done_at_once),
		TEST(test_with_services_it_is_done_when_they_have_taken_it),
		TEST(test_progress_is_told_where_it_is_wanted),
		TEST(test_a_dry_run_writes_nothing),
		TEST(test_services_that_do_not_take_it_read_the_old_one),
		TEST(test_services_that_do_not_come_back_are_told),
		TEST(test_files_that_do_not_come_back_are_told),
		TEST(test_services_that_cannot_be_asked_do_not_take_it),
		TEST(test_what_somebody_else_has_changed_is_a_conflict),
		TEST(test_where_nothing_is_kept_it_cannot_wait_to_be_confirmed),
		TEST(test_nothing_is_written_before_the_checks_agree),
		TEST(test_a_check_that_does_not_agree_is_told),
		TEST(test_a_check_that_cannot_be_run_is_told),
		TEST(test_no_check_is_run_for_what_is_refused_anyhow),
		TEST(test_a_dry_run_is_checked_and_writes_nothing),
		TEST(test_one_at_a_time),
		TEST(test_the_session_goes_and_it_comes_to_its_end),
		TEST(test_a_server_that_ends_waits_for_it),
		TEST(test_a_server_that_does_not_wait_takes_it_back),
		TEST(test_or_has_taken_it_back_already),
		TEST(test_or_has_not_begun),
		TEST(test_another_policy_comes_meanwhile),
		TEST(test_an_engine_that_does_not_read_its_answer_ends_the_session),
		TEST(test_whatever_the_engine_says_before_the_end_breaks_the_protocol),
		TEST(test_what_cannot_be_kept_is_taken_back_and_read_again),
		TEST(test_any_call_fails_in_a_commit),
		TEST(test_any_call_fails_in_a_commit_with_services_and_checks),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
