/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/apply.c: each action once, in order, and what the first failure was. */
#include "commit_fixture.h"
#include "fault_fixture.h"

#include <errno.h>
#include <string.h>

#include "monitor/apply.h"

struct world {
	struct commit_world *w;
	struct apply *apply;
	unsigned int ends;
	unsigned int failed;
	enum service_verb verb;
	char unit[64], detail[64], told[1024];
	bool has_job;
};

static struct world world;

static int setup(void **state)
{
	int r = commit_setup(state);

	memset(&world, 0, sizeof(world));
	world.w = *state;
	return r;
}

static int teardown(void **state)
{
	world.apply = apply_free(world.apply);
	return commit_teardown(state);
}

static void on_done(const struct apply_result *result, void *data)
{
	struct world *x = data;

	x->ends++;
	x->failed = result->failed;
	x->verb = result->verb;
	x->has_job = result->job;
	snprintf(x->unit, sizeof(x->unit), "%s", result->failed ? result->unit : "");
	snprintf(x->detail, sizeof(x->detail), "%s", result->job ? result->job->detail : "");
	x->apply = apply_free(x->apply);
}

static void on_progress(const char *stage, const char *detail, void *data)
{
	struct world *x = data;
	size_t used = strlen(x->told);

	snprintf(x->told + used, sizeof(x->told) - used, "%s: %s\n", stage, detail);
}

static void add(struct policy_file *file, enum service_verb verb, const char *unit)
{
	assert_int_equal(policy_apply_add(file, verb, unit), 0);
}

static void stage_two(void)
{
	commit_section(world.w, "/two/*");
	world.w->file = &world.w->policy->files[0];
	commit_stage(world.w, "/etc/a", "a");
	commit_stage(world.w, "/two/b", "b");
}

static int begin(bool go_on)
{
	const struct apply_order order = {
		.host = &world.w->host,
		.policy = world.w->policy,
		.go_on = go_on,
		.progress = on_progress,
		.done = on_done,
		.data = &world,
	};
	struct session *session = world.w->session;

	return apply_begin(&order, session->staged, session->staged_count, &world.apply);
}

static void assert_begun(bool go_on)
{
	assert_int_equal(begin(go_on), 0);
	/* from the event loop only */
	assert_int_equal(commit_services_called(), 0);
	assert_int_equal(world.ends, 0);
	commit_settle(world.w);
}

static void test_sections_without_an_action_need_none(void **state)
{
	const struct session *session = world.w->session;

	(void)state;
	stage_two();
	assert_false(apply_is_needed(world.w->policy, session->staged, session->staged_count));
	add(&world.w->policy->files[1], SERVICE_RELOAD, "x.service");
	assert_true(apply_is_needed(world.w->policy, session->staged, session->staged_count));
	assert_false(apply_is_needed(world.w->policy, session->staged, 1));
}

static void test_each_action_is_done_once_and_in_order(void **state)
{
	(void)state;
	stage_two();
	add(&world.w->policy->files[0], SERVICE_RELOAD, "x.service");
	add(&world.w->policy->files[0], SERVICE_RESTART, "x.service");
	add(&world.w->policy->files[1], SERVICE_RELOAD, "y.service");
	add(&world.w->policy->files[1], SERVICE_RELOAD, "x.service");
	assert_begun(false);
	for (size_t i = 1; i <= 3; i++) {
		/* the next one after the end of the one before */
		assert_int_equal(commit_services_called(), i);
		commit_service_end(world.w, JOB_DONE);
	}
	assert_string_equal(commit_service(0), "reload x.service");
	assert_string_equal(commit_service(1), "restart x.service");
	assert_string_equal(commit_service(2), "reload y.service");
	assert_int_equal(commit_services_called(), 3);
	assert_int_equal(world.ends, 1);
	assert_int_equal(world.failed, 0);
}

static void test_the_first_failure_ends_it_and_is_told(void **state)
{
	(void)state;
	stage_two();
	add(&world.w->policy->files[0], SERVICE_RESTART, "x.service");
	add(&world.w->policy->files[1], SERVICE_RELOAD, "y.service");
	assert_begun(false);
	commit_service_end(world.w, JOB_FAILED);
	assert_int_equal(commit_services_called(), 1);
	assert_int_equal(world.ends, 1);
	assert_int_equal(world.failed, 1);
	assert_int_equal(world.verb, SERVICE_RESTART);
	assert_string_equal(world.unit, "x.service");
	assert_string_equal(world.detail, "it has said no");
}

static void test_on_the_way_back_all_are_tried_and_the_first_failure_is_told(void **state)
{
	(void)state;
	stage_two();
	add(&world.w->policy->files[0], SERVICE_RESTART, "x.service");
	add(&world.w->policy->files[0], SERVICE_RESTART, "z.service");
	add(&world.w->policy->files[1], SERVICE_RELOAD, "y.service");
	assert_begun(true);
	commit_service_end(world.w, JOB_DONE);
	commit_service_end(world.w, JOB_TIMEOUT);
	commit_service_end(world.w, JOB_FAILED);
	assert_int_equal(world.ends, 1);
	assert_int_equal(world.failed, 2);
	assert_string_equal(world.unit, "z.service");
}

static void test_what_cannot_be_begun_has_failed(void **state)
{
	(void)state;
	stage_two();
	add(&world.w->policy->files[0], SERVICE_RESTART, "x.service");
	add(&world.w->policy->files[1], SERVICE_RELOAD, "y.service");
	commit_services_refuse(-ENOTCONN);
	assert_begun(true);
	assert_int_equal(world.ends, 1);
	assert_int_equal(world.failed, 2);
	assert_string_equal(world.unit, "x.service");
	assert_string_equal(world.detail, strerror(ENOTCONN));
}

static void test_init_scripts_are_asked_where_they_manage(void **state)
{
	(void)state;
	world.w->host.manager = MANAGER_INITD;
	stage_two();
	add(&world.w->policy->files[0], SERVICE_STOP, "x.service");
	assert_begun(false);
	assert_string_equal(commit_service(0), "stop x.service");
	commit_service_end(world.w, JOB_DONE);
	assert_int_equal(world.failed, 0);
}

static void test_progress_says_what_of(void **state)
{
	(void)state;
	stage_two();
	add(&world.w->policy->files[0], SERVICE_RELOAD, "x.service");
	assert_begun(false);
	commit_service_tell("waiting", "");
	commit_service_tell("running", "a job");
	commit_service_end(world.w, JOB_DONE);
	assert_string_equal(world.told, "apply: reload x.service: waiting\n"
					"apply: reload x.service: running, a job\n");
}

static void test_texts_that_are_too_long_to_be_kept_are_left_out(void **state)
{
	scoped_ptr char *unit = unit_repeat('u', 200);
	scoped_ptr char *name = NULL;

	(void)state;
	assert_true(asprintf(&name, "%s.service", unit) > 0);
	stage_two();
	add(&world.w->policy->files[0], SERVICE_RELOAD, name);
	assert_begun(false);
	commit_service_end(world.w, JOB_FAILED);
	assert_int_equal(world.failed, 1);
	assert_true(world.has_job);
}

static void test_without_memory_it_does_not_begin(void **state)
{
	unsigned int nth = 1;

	(void)state;
	stage_two();
	add(&world.w->policy->files[0], SERVICE_RELOAD, "x.service");
	for (bool has_failed = true; has_failed; nth++) {
		int r;

		fault_arm(nth);
		r = begin(false);
		has_failed = fault_disarm();
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
	}
	assert_true(nth >= 5);
	commit_settle(world.w);
	assert_int_equal(commit_services_called(), 1);
	/* nobody waits any more */
	world.apply = apply_free(world.apply);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sections_without_an_action_need_none),
		TEST(test_each_action_is_done_once_and_in_order),
		TEST(test_the_first_failure_ends_it_and_is_told),
		TEST(test_on_the_way_back_all_are_tried_and_the_first_failure_is_told),
		TEST(test_what_cannot_be_begun_has_failed),
		TEST(test_init_scripts_are_asked_where_they_manage),
		TEST(test_progress_says_what_of),
		TEST(test_texts_that_are_too_long_to_be_kept_are_left_out),
		TEST(test_without_memory_it_does_not_begin),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
