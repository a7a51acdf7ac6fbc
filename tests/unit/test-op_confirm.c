/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/op_confirm.c and op_commit.c: what a hostile engine may say, and is told. */
#include "commit_fixture.h"
#include "fault_fixture.h"

#include <errno.h>
#include <string.h>

#include "monitor/history/history.h"
#include "monitor/op_confirm.h"

static struct commit_world *w;
static char token[PENDING_TOKEN_SIZE];

static int setup(void **state)
{
	int r = commit_setup(state);

	w = *state;
	root_write(w->root, "/etc/a", "old");
	return r;
}

static int teardown(void **state)
{
	return commit_teardown(state);
}

static int ask_commit(struct msg_commit request)
{
	int fd = -1;

	return op_commit(w->session, &request, &fd);
}

static void commit(uint32_t seconds)
{
	commit_stage(w, "/etc/a", "new");
	assert_int_equal(ask_commit((struct msg_commit){ .confirm = seconds }), 0);
	snprintf(token, sizeof(token), "%s", commit_answer(w, MON_COMMIT_REPLY).commit_reply.token);
}

static int ask(enum confirm_verb verb, const char *text, uint32_t seconds)
{
	const struct msg_confirm request = {
		.verb = (uint8_t)verb,
		.token = text,
		.seconds = seconds,
	};
	int fd = -1;

	return op_confirm(w->session, &request, &fd);
}

static struct msg_confirm_reply reply(void)
{
	return commit_answer(w, MON_CONFIRM_REPLY).confirm_reply;
}

static void test_what_no_engine_says_breaks_the_protocol(void **state)
{
	(void)state;
	commit(60);
	assert_int_equal(ask(CONFIRM_MAX, token, 0), -EPROTO);
	assert_int_equal(ask(CONFIRM_EXTEND, token, 0), -EPROTO);
	assert_int_equal(ask(CONFIRM_EXTEND, token, PENDING_SECONDS_MAX + 1), -EPROTO);
	assert_int_equal(ask(CONFIRM_KEEP, token, 1), -EPROTO);
	assert_int_equal(ask(CONFIRM_LOOK, token, UINT32_MAX), -EPROTO);
	commit_no_answer(w);
	assert_int_equal(ask_commit((struct msg_commit){ .drop = 2 }), -EPROTO);
	assert_int_equal(ask_commit((struct msg_commit){ .dry_run = 2 }), -EPROTO);
	assert_int_equal(ask_commit((struct msg_commit){ .progress = 2 }), -EPROTO);
	assert_int_equal(ask_commit((struct msg_commit){ .dead_man = 2 }), -EPROTO);
	assert_int_equal(ask_commit((struct msg_commit){ .confirm = PENDING_SECONDS_MAX + 1 }),
			 -EPROTO);
	assert_int_equal(ask_commit((struct msg_commit){ .reverts = UINT64_MAX }), -EPROTO);
	commit_no_answer(w);
}

static void test_it_is_looked_at_without_a_token(void **state)
{
	struct msg_confirm_reply found;

	(void)state;
	assert_int_equal(ask(CONFIRM_LOOK, "", 0), 0);
	found = reply();
	assert_int_equal(found.outcome, OUTCOME_DONE);
	assert_int_equal(found.seconds, 0);
	commit(3600);
	assert_int_equal(ask(CONFIRM_LOOK, "", 0), 0);
	assert_in_range(reply().seconds, 3500, 3600);
}

static void test_with_the_token_it_is_kept_and_extended(void **state)
{
	struct msg_confirm_reply found;

	(void)state;
	commit(60);
	assert_int_equal(ask(CONFIRM_EXTEND, token, 3600), 0);
	found = reply();
	assert_int_equal(found.outcome, OUTCOME_DONE);
	assert_in_range(found.seconds, 3500, 3600);
	assert_int_equal(ask(CONFIRM_KEEP, token, 0), 0);
	found = reply();
	assert_int_equal(found.outcome, OUTCOME_DONE);
	assert_int_equal(found.seconds, 0);
	assert_int_equal(ask(CONFIRM_KEEP, token, 0), 0);
	assert_int_equal(reply().outcome, OUTCOME_ABSENT);
}

static void test_with_another_it_is_not(void **state)
{
	(void)state;
	commit(60);
	for (unsigned int verb = CONFIRM_KEEP; verb < CONFIRM_MAX; verb++) {
		assert_int_equal(ask(verb, "no", verb == CONFIRM_EXTEND ? 9 : 0), 0);
		assert_int_equal(reply().outcome, OUTCOME_DENIED);
		assert_null(w->session->waits);
	}
}

static void test_it_waits_for_the_end_of_a_rollback(void **state)
{
	struct msg_confirm_reply found;

	(void)state;
	commit(60);
	assert_int_equal(policy_apply_add(w->file, SERVICE_RELOAD, "x.service"), 0);
	assert_int_equal(ask(CONFIRM_ROLL_BACK, token, 0), 0);
	commit_settle(w);
	commit_no_answer(w);
	assert_non_null(w->session->waits);
	commit_service_end(w, JOB_DONE);
	found = reply();
	assert_int_equal(found.outcome, OUTCOME_DONE);
	assert_true(found.restored);
	assert_null(w->session->waits);
	assert_root_content(w->root, "/etc/a", "old");
}

static void test_a_rollback_that_fails_is_answered(void **state)
{
	struct msg_confirm_reply found;

	(void)state;
	commit(60);
	/* the last of what it takes: enough for all before */
	for (unsigned int nth = 1;; nth++) {
		bool has_failed;

		fault_arm(nth);
		assert_int_equal(ask(CONFIRM_ROLL_BACK, token, 0), 0);
		has_failed = fault_disarm();
		found = reply();
		assert_null(w->session->waits);
		if (found.outcome != OUTCOME_IO)
			break;
		assert_true(has_failed);
		assert_true(found.error > 0);
		if (nth > 1)
			break;
	}
}

static void fill_channel(void)
{
	const struct message event = { .type = MON_ROLLED_BACK, .rolled_back = { .reason = "x" } };
	int r;

	do {
		r = session_reply(w->session, &event, -1);
	} while (r == 0);
	assert_int_equal(r, -EAGAIN);
}

static void test_an_engine_that_does_not_read_what_it_is_told_ends_the_session(void **state)
{
	(void)state;
	fill_channel();
	op_confirm_tell(w->session, "why", true);
	assert_int_equal(w->ended, 1);
	/* and is told no more */
	op_confirm_rolled_back(w->session, true);
	assert_int_equal(w->ended, 1);
}

static void test_nothing_staged_and_what_is_dropped_is_done_at_once(void **state)
{
	(void)state;
	assert_int_equal(ask_commit((struct msg_commit){ 0 }), 0);
	assert_int_equal(commit_answer(w, MON_COMMIT_REPLY).commit_reply.outcome, OUTCOME_DONE);
	commit_stage(w, "/etc/a", "new");
	assert_int_equal(ask_commit((struct msg_commit){ .drop = 1 }), 0);
	assert_int_equal(commit_answer(w, MON_COMMIT_REPLY).commit_reply.outcome, OUTCOME_DONE);
	assert_int_equal(w->session->staged_count, 0);
	assert_root_content(w->root, "/etc/a", "old");
}

static void test_only_sections_that_are_verified_are_prepared(void **state)
{
	int fd = -1;

	(void)state;
	assert_int_equal(op_prepare(w->session, &(struct msg_prepare){ .entry = 1 }, &fd), -EPROTO);
	assert_int_equal(op_prepare(w->session, &(struct msg_prepare){ .entry = 0 }, &fd), 0);
	assert_null(w->session->verifier);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_no_engine_says_breaks_the_protocol),
		TEST(test_it_is_looked_at_without_a_token),
		TEST(test_with_the_token_it_is_kept_and_extended),
		TEST(test_with_another_it_is_not),
		TEST(test_it_waits_for_the_end_of_a_rollback),
		TEST(test_a_rollback_that_fails_is_answered),
		TEST(test_an_engine_that_does_not_read_what_it_is_told_ends_the_session),
		TEST(test_nothing_staged_and_what_is_dropped_is_done_at_once),
		TEST(test_only_sections_that_are_verified_are_prepared),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
