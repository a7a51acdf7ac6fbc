/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/systemd/service_verdict.c: a call went well only if job and unit both did. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "monitor/systemd/service_verdict.h"

static struct unit_state unit(const char *active, const char *sub)
{
	struct unit_state state = { .id = "a.service", .load = "loaded" };

	snprintf(state.active, sizeof(state.active), "%s", active);
	snprintf(state.sub, sizeof(state.sub), "%s", sub);
	return state;
}

static struct verdict of_job(enum service_verb verb, const char *result, const char *active,
			     const char *sub)
{
	struct unit_state before = unit("active", "running"), after = unit(active, sub);
	struct verdict verdict = { .outcome = JOB_MAX };

	verdict_of_job(&verdict, verb, result, &before, &after);
	return verdict;
}

static void test_a_job_that_was_done_on_a_unit_that_runs_went_well(void **state)
{
	struct verdict verdict = of_job(SERVICE_RESTART, "done", "active", "running");

	(void)state;
	assert_int_equal(verdict.outcome, JOB_DONE);
	assert_string_equal(verdict.detail, "");
	assert_int_equal(of_job(SERVICE_STOP, "done", "inactive", "dead").outcome, JOB_DONE);
	assert_int_equal(of_job(SERVICE_START, "done", "active", "exited").outcome, JOB_DONE);
	/* a oneshot that ran to its end */
	assert_int_equal(of_job(SERVICE_START, "done", "inactive", "dead").outcome, JOB_DONE);
	/* to stop what has failed is no failure */
	assert_int_equal(of_job(SERVICE_STOP, "done", "failed", "failed").outcome, JOB_DONE);
}

static void test_every_other_result_of_a_job_is_a_failure(void **state)
{
	static const char *const results[] = { "failed",    "canceled", "timeout", "dependency",
					       "skipped",   "invalid",  "assert",  "unsupported",
					       "collected", "once",     "",        "DONE",
					       "done " };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct verdict verdict = of_job(SERVICE_START, results[i], "active", "running");

		assert_int_equal(verdict.outcome, JOB_FAILED);
		assert_non_null(strstr(verdict.detail, "a.service"));
	}
}

static void test_a_unit_that_has_failed_after_its_job_is_a_failure(void **state)
{
	static const enum service_verb verbs[] = { SERVICE_START, SERVICE_RESTART, SERVICE_RELOAD };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		assert_int_equal(of_job(verbs[i], "done", "failed", "failed").outcome, JOB_FAILED);
		assert_int_equal(of_job(verbs[i], "done", "activating", "auto-restart").outcome,
				 JOB_FAILED);
	}
}

static void test_try_restart_of_what_did_not_run_can_not_fail(void **state)
{
	struct unit_state before = unit("failed", "failed"), after = before;
	struct verdict verdict;

	(void)state;
	verdict_of_job(&verdict, SERVICE_TRY_RESTART, "done", &before, &after);
	assert_int_equal(verdict.outcome, JOB_DONE);
	/* but once it was started it can */
	after.invocation[0] = 1;
	verdict_of_job(&verdict, SERVICE_TRY_RESTART, "done", &before, &after);
	assert_int_equal(verdict.outcome, JOB_FAILED);
}

static void test_only_a_unit_that_is_up_is_looked_on(void **state)
{
	struct unit_state up = unit("active", "running"), down = unit("inactive", "dead");

	(void)state;
	assert_true(verdict_is_settling(SERVICE_START, &up));
	assert_true(verdict_is_settling(SERVICE_RELOAD, &up));
	assert_false(verdict_is_settling(SERVICE_START, &down));
	assert_false(verdict_is_settling(SERVICE_STOP, &up));
	assert_false(verdict_is_settling(SERVICE_ENABLE, &up));
	assert_false(verdict_is_settling(SERVICE_STATUS, &up));
}

static void test_a_unit_that_does_not_stay_up_has_not_settled(void **state)
{
	static const char *const ends[][2] = {
		{ "failed", "failed" },
		{ "inactive", "dead" },
		{ "activating", "auto-restart" },
		{ "deactivating", "stop-sigterm" },
	};
	struct unit_state then = unit("active", "running"), now = then;
	struct verdict verdict = { .outcome = JOB_MAX };

	(void)state;
	assert_true(verdict_of_settling(&verdict, &then, &now, 1));
	now = unit("reloading", "reload");
	assert_true(verdict_of_settling(&verdict, &then, &now, 1));
	/* no word of it as long as all is well */
	assert_int_equal(verdict.outcome, JOB_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		now = unit(ends[i][0], ends[i][1]);
		assert_false(verdict_of_settling(&verdict, &then, &now, 2500000));
		assert_int_equal(verdict.outcome, JOB_FAILED);
		assert_non_null(strstr(verdict.detail, "2.5 s"));
	}
}

static void test_a_unit_that_was_started_again_has_not_settled(void **state)
{
	struct unit_state then = unit("active", "running"), now = then;
	struct verdict verdict;

	(void)state;
	now.restarts = 1;
	assert_false(verdict_of_settling(&verdict, &then, &now, 1));
	assert_int_equal(verdict.outcome, JOB_FAILED);
	now = then;
	now.invocation[15] = 1;
	assert_false(verdict_of_settling(&verdict, &then, &now, 1));
	/* a service may hand over to another main process */
	now = then;
	now.main_pid = 77;
	assert_true(verdict_of_settling(&verdict, &then, &now, 1));
}

static void test_to_reset_what_is_not_there_is_told_as_such(void **state)
{
	struct unit_state absent = unit("inactive", "dead"), failed = unit("failed", "failed");
	struct verdict verdict;

	(void)state;
	snprintf(absent.load, sizeof(absent.load), "not-found");
	snprintf(failed.load, sizeof(failed.load), "not-found");
	verdict_of_change(&verdict, SERVICE_RESET_FAILED, &absent);
	assert_int_equal(verdict.outcome, JOB_NO_UNIT);
	/* its file went away after it had failed */
	verdict_of_change(&verdict, SERVICE_RESET_FAILED, &failed);
	assert_int_equal(verdict.outcome, JOB_DONE);
	/* systemd masks what is not there yet */
	verdict_of_change(&verdict, SERVICE_MASK, &absent);
	assert_int_equal(verdict.outcome, JOB_DONE);
	verdict_of_useless(&verdict, &failed);
	assert_int_equal(verdict.outcome, JOB_FAILED);
	assert_non_null(strstr(verdict.detail, "[Install]"));
}

static void test_a_refusal_is_told_from_an_unknown_unit(void **state)
{
	static const struct {
		const char *name;
		enum job_outcome outcome;
	} errors[] = {
		{ "org.freedesktop.systemd1.NoSuchUnit", JOB_NO_UNIT },
		{ "org.freedesktop.DBus.Error.InvalidArgs", JOB_NO_UNIT },
		{ "org.freedesktop.systemd1.UnitMasked", JOB_FAILED },
		{ "org.freedesktop.systemd1.OnlyByDependency", JOB_FAILED },
		{ "org.freedesktop.DBus.Error.AccessDenied", JOB_FAILED },
		{ "org.freedesktop.systemd1.NoSuchUnits", JOB_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		const sd_bus_error error = { .name = errors[i].name, .message = "words" };
		const sd_bus_error mute = { .name = errors[i].name };
		struct verdict verdict;

		verdict_of_refusal(&verdict, &error);
		assert_int_equal(verdict.outcome, errors[i].outcome);
		assert_string_equal(verdict.detail, "words");
		verdict_of_refusal(&verdict, &mute);
		assert_string_equal(verdict.detail, errors[i].name);
		assert_false(verdict_is_lost(&error));
	}
}

static void test_a_systemd_that_is_not_there_is_told_from_a_refusal(void **state)
{
	static const char *const names[] = {
		"org.freedesktop.DBus.Error.NoReply",
		"org.freedesktop.DBus.Error.Disconnected",
		"org.freedesktop.DBus.Error.ServiceUnknown",
		"org.freedesktop.DBus.Error.NoServer",
		"org.freedesktop.DBus.Error.Spawn.Failed",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const sd_bus_error error = { .name = names[i] };

		assert_true(verdict_is_lost(&error));
	}
}

static void test_the_status_of_a_unit_that_is_not_there_says_so(void **state)
{
	struct unit_state absent = unit("inactive", "dead"), failed = unit("failed", "failed");
	struct verdict verdict;

	(void)state;
	snprintf(absent.load, sizeof(absent.load), "not-found");
	verdict_of_status(&verdict, &absent);
	assert_int_equal(verdict.outcome, JOB_NO_UNIT);
	assert_non_null(strstr(verdict.detail, "a.service"));
	/* while to tell of a failed unit is no failure */
	verdict_of_status(&verdict, &failed);
	assert_int_equal(verdict.outcome, JOB_DONE);
}

static struct verdict of_traces(enum service_verb verb, const char *active, bool ran)
{
	struct unit_state before = unit("active", "running"), after = unit(active, "x");
	struct verdict verdict = { .outcome = JOB_MAX };

	after.invocation[3] = ran;
	verdict_of_traces(&verdict, verb, &before, &after);
	assert_string_not_equal(verdict.detail, "");
	return verdict;
}

static void test_traces_say_no_more_than_they_can(void **state)
{
	(void)state;
	assert_int_equal(of_traces(SERVICE_STOP, "inactive", false).outcome, JOB_DONE);
	assert_int_equal(of_traces(SERVICE_START, "active", false).outcome, JOB_DONE);
	assert_int_equal(of_traces(SERVICE_RESTART, "active", true).outcome, JOB_DONE);
	assert_int_equal(of_traces(SERVICE_RESTART, "failed", true).outcome, JOB_FAILED);
	/* the old process, or none: nobody knows */
	assert_int_equal(of_traces(SERVICE_RESTART, "active", false).outcome, JOB_UNAVAILABLE);
	assert_int_equal(of_traces(SERVICE_RESTART, "activating", true).outcome, JOB_UNAVAILABLE);
	assert_int_equal(of_traces(SERVICE_STOP, "active", false).outcome, JOB_UNAVAILABLE);
	assert_int_equal(of_traces(SERVICE_RELOAD, "active", false).outcome, JOB_UNAVAILABLE);
	assert_int_equal(of_traces(SERVICE_RELOAD, "active", true).outcome, JOB_UNAVAILABLE);
	assert_int_equal(of_traces(SERVICE_START, "failed", false).error, ECONNRESET);
}

static void test_words_are_cut_to_the_messages_bound_and_made_text(void **state)
{
	scoped_ptr char *long_text = unit_repeat('x', 5000);
	struct verdict verdict;

	(void)state;
	verdict_set(&verdict, JOB_FAILED, 5, "%s", long_text);
	assert_int_equal(strlen(verdict.detail), MESSAGE_TEXT_MAX);
	assert_int_equal(verdict.error, 5);
	verdict_set(&verdict, JOB_FAILED, 0, "a\xff%d", 7);
	assert_string_equal(verdict.detail, "a?7");
}

static void test_the_exit_status_is_a_shells(void **state)
{
	struct unit_state state_ = unit("failed", "failed");

	(void)state;
	state_.exit_code = 1; /* CLD_EXITED */
	state_.exit_status = 3;
	assert_int_equal(unit_state_exit(&state_), 3);
	state_.exit_code = 2; /* CLD_KILLED */
	state_.exit_status = 9;
	assert_int_equal(unit_state_exit(&state_), 137);
	state_.exit_code = 3; /* CLD_DUMPED */
	state_.exit_status = 11;
	assert_int_equal(unit_state_exit(&state_), 139);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_job_that_was_done_on_a_unit_that_runs_went_well),
		cmocka_unit_test(test_every_other_result_of_a_job_is_a_failure),
		cmocka_unit_test(test_a_unit_that_has_failed_after_its_job_is_a_failure),
		cmocka_unit_test(test_try_restart_of_what_did_not_run_can_not_fail),
		cmocka_unit_test(test_only_a_unit_that_is_up_is_looked_on),
		cmocka_unit_test(test_a_unit_that_does_not_stay_up_has_not_settled),
		cmocka_unit_test(test_a_unit_that_was_started_again_has_not_settled),
		cmocka_unit_test(test_to_reset_what_is_not_there_is_told_as_such),
		cmocka_unit_test(test_a_refusal_is_told_from_an_unknown_unit),
		cmocka_unit_test(test_a_systemd_that_is_not_there_is_told_from_a_refusal),
		cmocka_unit_test(test_the_status_of_a_unit_that_is_not_there_says_so),
		cmocka_unit_test(test_traces_say_no_more_than_they_can),
		cmocka_unit_test(test_words_are_cut_to_the_messages_bound_and_made_text),
		cmocka_unit_test(test_the_exit_status_is_a_shells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
