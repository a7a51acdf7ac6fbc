/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/check.c and check_secrets.c: each Check= is asked for once, in its order, with
 * all files; only the agreement of the last one lets a commit go on; and what is secret is told to
 * exmachina-run, so that it is not told to others.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/report.h"
#include "monitor/check.h"
#include "monitor/check_secrets.h"
#include "monitor/runner_start.h"

/* In place of src/monitor/runner_start.c: the helper is this file, and a process that waits. */
static int helper = -1;

int runner_start_helper(int root_fd, bool to_syslog, int *ret_channel, pid_t *ret_pid)
{
	(void)root_fd;
	(void)to_syslog;
	*ret_pid = fork();
	if (*ret_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return channel_pair(ret_channel, &helper);
}

enum { CONF, DROPINS, PLAIN, ENTRIES };

struct world {
	sd_event *event;
	struct policy *policy;
	struct runner *runner;
	struct staged staged[4];
	size_t count;
	struct checks *checks;
	/* the end */
	unsigned int ends;
	enum mon_outcome outcome;
	uint32_t index;
	int error, status;
	enum run_outcome how;
	char why[MESSAGE_TEXT_MAX + 1], check[POLICY_CHECK_MAX], output[64];
};

static void on_done(const struct checks_result *result, void *data)
{
	struct world *w = data;

	w->ends++;
	w->outcome = result->outcome;
	w->index = result->index;
	w->error = result->error;
	w->status = result->status;
	w->how = result->how;
	snprintf(w->why, sizeof(w->why), "%s", result->why);
	snprintf(w->check, sizeof(w->check), "%s", result->check);
	snprintf(w->output, sizeof(w->output), "%s", result->output);
	w->checks = checks_free(w->checks);
}

static void add_file(struct world *w, const char *path, const char *const *checks)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(w->policy, path, &file), 0);
	for (; *checks; checks++)
		assert_int_equal(policy_list_add(&file->checks, *checks), 0);
}

static void stage(struct world *w, uint32_t entry, const char *path, const char *content)
{
	w->staged[w->count++] = (struct staged){
		.entry = entry,
		.path = strdup(path),
		.content = content ? memfd_of("test", content, strlen(content)) : -1,
	};
}

static int setup(void **state)
{
	static const char *const conf[] = { "/bin/one", "/bin/two -t", NULL },
				 *const dropins[] = { "/bin/two -t", "/bin/three", NULL },
				 *const plain[] = { NULL };
	struct world *w = calloc(1, sizeof(*w));
	sigset_t set;

	assert_non_null(w);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	w->policy = policy_new();
	add_file(w, "/etc/x.conf", conf);
	add_file(w, "/etc/x.d/*", dropins);
	add_file(w, "/etc/y.conf", plain);
	w->policy->files[DROPINS].create_mode = 0640;
	w->policy->files[DROPINS].create_uid = 4711;
	w->policy->files[DROPINS].create_gid = 7;
	assert_true(sd_event_new(&w->event) >= 0);
	assert_int_equal(runner_start(open("/proc/self/fdinfo", O_PATH | O_CLOEXEC), false,
				      w->policy, &w->runner),
			 0);
	assert_int_equal(runner_attach(w->runner, w->event), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	checks_free(w->checks);
	runner_free(w->runner);
	sd_event_unref(w->event);
	for (size_t i = 0; i < w->count; i++)
		staged_clear(&w->staged[i]);
	policy_free(w->policy);
	helper = close_fd(helper);
	free(w);
	return 0;
}

static int begin(struct world *w, int changes)
{
	const struct checks_order order = {
		.runner = w->runner,
		.policy = w->policy,
		.staged = w->staged,
		.count = w->count,
		.changes = changes,
		.done = on_done,
		.data = w,
	};

	return checks_begin(&order, &w->checks);
}

/* ---- the helper's part ---- */

static void settle(struct world *w)
{
	int r;

	do {
		r = sd_event_run(w->event, 0);
	} while (r > 0);
	assert_int_equal(r, 0);
}

/* The next call, which must be for that line; its texts point into the packet. */
static uint32_t take_call(uint32_t entry, unsigned int number, const char *line, int *ret_files)
{
	struct packet packet;
	struct message message;
	int fd = -1;

	do {
		assert_int_equal(channel_recv(helper, false, &packet, &message, &fd), 1);
		if (message.type == MON_RUN_POLICY)
			fd = close_fd(fd);
	} while (message.type == MON_RUN_POLICY);
	assert_int_equal(message.type, MON_RUN_CALL);
	assert_int_equal(message.run_call.program, RUN_CHECK);
	assert_int_equal(message.run_call.entry, entry);
	assert_int_equal(message.run_call.verb, number);
	assert_string_equal(message.run_call.names, line);
	assert_int_equal(message.run_call.timeout_ms, POLICY_TIMEOUT_DEFAULT_MS);
	assert_true(fd >= 0);
	if (ret_files)
		*ret_files = fd;
	else
		close_fd(fd);
	return message.run_call.ticket;
}

static void assert_no_call(void)
{
	struct packet packet;
	struct message message;
	int fd = -1, r;

	do {
		r = channel_recv(helper, false, &packet, &message, &fd);
		fd = close_fd(fd);
	} while (r == 1 && message.type == MON_RUN_POLICY);
	assert_int_equal(r, -EAGAIN);
}

static void say_end(struct world *w, uint32_t ticket, enum run_outcome outcome, int number)
{
	const struct message message = {
		.type = MON_RUN_END,
		.run_end = {
			.ticket = ticket,
			.outcome = (uint8_t)outcome,
			.error = outcome == RUN_CANNOT ? number : 0,
			.status = number,
			.detail = "in words",
			.output = "what it said\n",
		},
	};

	assert_int_equal(channel_send(helper, &message, -1, false), 0);
	settle(w);
}

/* ---- tests ---- */

static void test_files_without_a_check_need_none(void **state)
{
	struct world *w = *state;

	stage(w, PLAIN, "/etc/y.conf", "y");
	assert_false(checks_are_needed(w->policy, w->staged, w->count));
	stage(w, CONF, "/etc/x.conf", "x");
	assert_true(checks_are_needed(w->policy, w->staged, w->count));
}

static void test_each_line_is_asked_for_once_and_in_order(void **state)
{
	struct world *w = *state;
	uint32_t ticket;

	stage(w, PLAIN, "/etc/y.conf", "y");
	stage(w, DROPINS, "/etc/x.d/a", "a");
	stage(w, CONF, "/etc/x.conf", "x");
	stage(w, DROPINS, "/etc/x.d/b", NULL);
	assert_int_equal(begin(w, -1), 0);
	ticket = take_call(DROPINS, 0, "/bin/two -t", NULL);
	assert_no_call();
	say_end(w, ticket, RUN_EXITED, 0);
	ticket = take_call(DROPINS, 1, "/bin/three", NULL);
	say_end(w, ticket, RUN_EXITED, 0);
	assert_int_equal(w->ends, 0);
	ticket = take_call(CONF, 0, "/bin/one", NULL);
	say_end(w, ticket, RUN_EXITED, 0);
	assert_no_call();
	assert_int_equal(w->ends, 1);
	assert_int_equal(w->outcome, OUTCOME_DONE);
	assert_string_equal(w->check, "");
	assert_string_equal(w->why, "");
}

static void test_all_files_go_along(void **state)
{
	struct world *w = *state;
	struct former former = { .mode = 0100600, .uid = 1, .gid = 2 };
	scoped_candidates got = { .count = 0 };
	scoped_fd files = -1;

	stage(w, PLAIN, "/etc/y.conf", "y");
	stage(w, DROPINS, "/etc/x.d/a", "new");
	stage(w, DROPINS, "/etc/x.d/b", NULL);
	stage(w, CONF, "/etc/x.conf", "again");
	w->staged[3].former = &former;
	assert_int_equal(begin(w, -1), 0);
	w->staged[3].former = NULL;
	(void)take_call(DROPINS, 0, "/bin/two -t", &files);
	assert_int_equal(candidates_read(files, &got), 0);
	assert_int_equal(got.count, 4);
	assert_string_equal(got.item[0].path, "/etc/y.conf");
	assert_int_equal(got.item[0].entry, PLAIN);
	assert_string_equal(got.item[1].path, "/etc/x.d/a");
	assert_memory_equal(got.item[1].content, "new", 3);
	assert_int_equal(got.item[1].owner.mode, 0640);
	assert_int_equal(got.item[1].owner.uid, 4711);
	assert_int_equal(got.item[1].owner.gid, 7);
	assert_true(got.item[2].removal);
	assert_int_equal(got.item[3].owner.mode, 0600);
	assert_int_equal(got.item[3].owner.uid, 1);
	assert_int_equal(got.item[3].owner.gid, 2);
	assert_int_equal(got.secret_count, 0);
	assert_false(got.unknown);
}

static void test_the_first_that_fails_is_the_last(void **state)
{
	struct world *w = *state;

	stage(w, PLAIN, "/etc/y.conf", "y");
	stage(w, CONF, "/etc/x.conf", "x");
	assert_int_equal(begin(w, -1), 0);
	say_end(w, take_call(CONF, 0, "/bin/one", NULL), RUN_EXITED, 0);
	say_end(w, take_call(CONF, 1, "/bin/two -t", NULL), RUN_EXITED, 3);
	assert_int_equal(w->ends, 1);
	assert_int_equal(w->outcome, OUTCOME_CHECK_FAILED);
	assert_int_equal(w->index, 1);
	assert_int_equal(w->how, RUN_EXITED);
	assert_int_equal(w->status, 3);
	assert_string_equal(w->check, "/bin/two -t");
	assert_string_equal(w->why, "Check=/bin/two -t: exit status 3");
	assert_string_equal(w->output, "what it said\n");
	assert_no_call();
}

static void test_every_other_end_lets_nothing_through(void **state)
{
	static const struct {
		enum run_outcome how;
		int number;
		enum mon_outcome outcome;
		int error;
		const char *why;
	} ends[] = {
		{ RUN_EXITED, 255, OUTCOME_CHECK_FAILED, 0, "exit status 255" },
		{ RUN_EXITED, -1, OUTCOME_CHECK_FAILED, 0, "exit status -1" },
		{ RUN_SIGNALED, 0, OUTCOME_CHECK_FAILED, 0, "killed by signal 0" },
		{ RUN_SIGNALED, 9, OUTCOME_CHECK_FAILED, 0, "killed by signal 9" },
		{ RUN_TIMEOUT, 0, OUTCOME_CHECK_FAILED, 0, "it took too long" },
		{ RUN_REFUSED, 0, OUTCOME_IO, 0, "in words" },
		{ RUN_UNKNOWN, 0, OUTCOME_IO, 0, "in words" },
		{ RUN_MISSING, 0, OUTCOME_IO, 0, "in words" },
		{ RUN_CANNOT, EBUSY, OUTCOME_IO, EBUSY, "in words" },
	};
	struct world *w = *state;

	stage(w, CONF, "/etc/x.conf", "x");
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		assert_int_equal(begin(w, -1), 0);
		say_end(w, take_call(CONF, 0, "/bin/one", NULL), ends[i].how, ends[i].number);
		assert_int_equal(w->ends, i + 1);
		assert_int_equal(w->outcome, ends[i].outcome);
		assert_int_equal(w->error, ends[i].error);
		assert_non_null(strstr(w->why, ends[i].why));
	}
}

static void test_a_helper_that_goes_lets_nothing_through(void **state)
{
	struct world *w = *state;
	scoped_ptr char *logged = NULL;

	stage(w, CONF, "/etc/x.conf", "x");
	assert_int_equal(begin(w, -1), 0);
	say_end(w, take_call(CONF, 0, "/bin/one", NULL), RUN_EXITED, 0);
	unit_capture_begin();
	helper = close_fd(helper);
	settle(w);
	logged = unit_capture_end();
	assert_int_equal(w->ends, 1);
	assert_int_equal(w->outcome, OUTCOME_IO);
	assert_int_equal(begin(w, -1), -ENOTCONN);
}

static void nothing(struct run_result *result, void *data)
{
	(void)result;
	(void)data;
}

static void test_with_too_many_calls_under_way_none_begins(void **state)
{
	struct world *w = *state;
	const struct runner_order order = {
		.program = RUN_INITD,
		.timeout_ms = 1000,
		.names = "x.service",
		.done = nothing,
	};

	stage(w, CONF, "/etc/x.conf", "x");
	while (runner_call(w->runner, &order) == 0)
		;
	assert_int_equal(begin(w, -1), -EBUSY);
}

static void test_what_nobody_waits_for_any_more_is_forgotten(void **state)
{
	struct world *w = *state;
	uint32_t ticket;

	stage(w, CONF, "/etc/x.conf", "x");
	assert_int_equal(begin(w, -1), 0);
	ticket = take_call(CONF, 0, "/bin/one", NULL);
	w->checks = checks_free(w->checks);
	say_end(w, ticket, RUN_EXITED, 0);
	assert_int_equal(w->ends, 0);
	assert_no_call();
	assert_null(checks_free(NULL));
	runner_forget(NULL, w);
}

static void test_content_that_cannot_be_sent_is_not_checked(void **state)
{
	struct world *w = *state;

	stage(w, CONF, "/etc/x.conf", "x");
	close_fd(w->staged[0].content);
	w->staged[0].content = memfd_new("unsealed");
	assert_int_equal(begin(w, -1), -EBADMSG);
	assert_no_call();
}

/* ---- secrets ---- */

static int changes_of(const struct change_row *rows, size_t count)
{
	scoped_report report = report_begin(REPORT_CHANGE);

	for (size_t i = 0; i < count; i++)
		assert_int_equal(report_add_change_row(&report, &rows[i]), 0);
	return report_seal(&report, NULL);
}

static void make_secret(struct world *w, uint32_t entry, const char *pattern)
{
	assert_int_equal(policy_list_add(&w->policy->files[entry].secrets, pattern), 0);
}

static void find(struct world *w, int changes, struct candidate_secrets *secrets)
{
	check_secrets_clear(secrets);
	assert_int_equal(check_secrets_find(w->policy, w->staged, w->count, changes, secrets), 0);
}

static void test_old_and_new_values_of_secret_nodes_are_found(void **state)
{
	static const struct change_row rows[] = {
		{ .file = 0,
		  .has_old = 1,
		  .has_new = 1,
		  .path = "/pass",
		  .old_value = "old",
		  .new_value = "new" },
		{ .file = 0,
		  .has_old = 1,
		  .has_new = 1,
		  .path = "/user",
		  .old_value = "you",
		  .new_value = "me" },
		{ .file = 1, .has_new = 1, .path = "/pass", .new_value = "no secret there" },
		{ .file = 0, .has_old = 1, .path = "/pass/x[2]", .old_value = "below" },
		{ .file = 0, .has_new = 1, .path = "/pass", .new_value = "" },
	};
	struct world *w = *state;
	scoped(check_secrets_clear) struct candidate_secrets secrets = { 0 };
	scoped_fd changes = changes_of(rows, ARRAY_SIZE(rows));

	stage(w, CONF, "/etc/x.conf", "x");
	stage(w, PLAIN, "/etc/y.conf", "y");
	find(w, changes, &secrets);
	assert_int_equal(secrets.count, 0);
	make_secret(w, CONF, "pass");
	find(w, changes, &secrets);
	assert_int_equal(secrets.count, 3);
	assert_string_equal(secrets.item[0], "old");
	assert_string_equal(secrets.item[1], "new");
	assert_string_equal(secrets.item[2], "below");
	assert_false(secrets.unknown);
}

static void test_secrets_that_cannot_be_told_are_unknown(void **state)
{
	static const struct change_row cut = {
		.has_new = 1, .cut = 1, .path = "/pass", .new_value = "begin"
	};
	struct world *w = *state;
	scoped(check_secrets_clear) struct candidate_secrets secrets = { 0 };
	scoped_fd none = changes_of(NULL, 0), changes = changes_of(&cut, 1);

	stage(w, CONF, "/etc/x.conf", "x");
	find(w, -1, &secrets);
	assert_false(secrets.unknown);
	make_secret(w, CONF, "pass");
	find(w, none, &secrets);
	assert_false(secrets.unknown);
	find(w, -1, &secrets);
	assert_true(secrets.unknown);
	find(w, changes, &secrets);
	assert_true(secrets.unknown);
	w->policy->files[CONF].unverified = true;
	find(w, none, &secrets);
	assert_true(secrets.unknown);
}

static void test_more_secrets_than_can_be_told_are_unknown(void **state)
{
	const struct change_row row = { .has_new = 1, .path = "/pass", .new_value = "x" };
	scoped_ptr struct change_row *rows = calloc(CANDIDATES_SECRETS_MAX + 1, sizeof(*rows));
	struct world *w = *state;
	scoped(check_secrets_clear) struct candidate_secrets secrets = { 0 };
	scoped_fd changes = -1;

	for (size_t i = 0; i <= CANDIDATES_SECRETS_MAX; i++)
		rows[i] = row;
	changes = changes_of(rows, CANDIDATES_SECRETS_MAX + 1);
	stage(w, CONF, "/etc/x.conf", "x");
	make_secret(w, CONF, "pass");
	find(w, changes, &secrets);
	assert_int_equal(secrets.count, CANDIDATES_SECRETS_MAX);
	assert_true(secrets.unknown);
}

static void test_a_list_that_is_none_begins_nothing(void **state)
{
	const struct change_row row = { .file = 1, .path = "/pass" };
	struct world *w = *state;
	scoped_fd beyond = changes_of(&row, 1), nonsense = memfd_of("test", "x", 1);

	stage(w, CONF, "/etc/x.conf", "x");
	assert_int_equal(begin(w, beyond), -EBADMSG);
	assert_int_equal(begin(w, nonsense), -EBADMSG);
	assert_no_call();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_files_without_a_check_need_none),
		T(test_each_line_is_asked_for_once_and_in_order),
		T(test_all_files_go_along),
		T(test_the_first_that_fails_is_the_last),
		T(test_every_other_end_lets_nothing_through),
		T(test_a_helper_that_goes_lets_nothing_through),
		T(test_with_too_many_calls_under_way_none_begins),
		T(test_what_nobody_waits_for_any_more_is_forgotten),
		T(test_content_that_cannot_be_sent_is_not_checked),
		T(test_old_and_new_values_of_secret_nodes_are_found),
		T(test_secrets_that_cannot_be_told_are_unknown),
		T(test_more_secrets_than_can_be_told_are_unknown),
		T(test_a_list_that_is_none_begins_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
