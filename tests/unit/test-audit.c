/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/audit/audit.c: what a record says, and what is done when it can't be written.
 */
#include "root_fixture.h"
#include "trail_fixture.h"

#include <errno.h>
#include <string.h>

#include "monitor/audit/audit.h"
#include "monitor/state.h"

struct world {
	struct root *root;
	int state_fd;
	struct audit *audit;
	struct client client;
	char *directory, *trail;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	w->state_fd = state_open(w->root->fd, "/state");
	assert_true(w->state_fd >= 0);
	assert_int_equal(audit_new(w->state_fd, true, &w->audit), 0);
	w->client = client_new("panel");
	w->client.pid = 4711;
	w->client.uid = 1000;
	snprintf(w->client.unit, sizeof(w->client.unit), "panel.service");
	w->directory = root_path(root, "/state");
	w->trail = root_path(root, "/state/audit");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	audit_free(w->audit);
	close_fd(w->state_fd);
	free(w->directory);
	free(w->trail);
	free(w);
	return root_teardown(&root);
}

static void record(const struct world *w, const char *method, const char *result,
		   const char *detail)
{
	const struct audit_event event = {
		.client = &w->client,
		.method = method,
		.subject = "ssh.service",
		.rule = "[Service ssh.service]",
		.result = result,
		.detail = detail,
		.usec = 1234,
	};

	audit_record(w->audit, &event);
}

/* The same where something is said in the log. */
static char *record_logged(const struct world *w, const char *method, const char *result)
{
	unit_capture_begin();
	record(w, method, result, "");
	return unit_capture_end();
}

static void assert_field(const struct world *w, size_t n, const char *name, const char *wanted)
{
	scoped_ptr char *value = trail_value(w->trail, n, name);

	if (!wanted)
		assert_null(value);
	else if (!value)
		fail_msg("there is no %s", name);
	else
		assert_string_equal(value, wanted);
}

static void test_a_record_has_every_field(void **state)
{
	struct world *w = *state;

	record(w, "service.restart", AUDIT_DONE, "");
	assert_field(w, 0, "MESSAGE", "service.restart of ssh.service for panel: done");
	assert_field(w, 0, "PRIORITY", "5");
	assert_field(w, 0, "SYSLOG_IDENTIFIER", "exmachinad");
	assert_field(w, 0, "EXMACHINA_SESSION", w->client.session);
	assert_field(w, 0, "EXMACHINA_USER", "panel");
	assert_field(w, 0, "EXMACHINA_PID", "4711");
	assert_field(w, 0, "EXMACHINA_UID", "1000");
	assert_field(w, 0, "EXMACHINA_UNIT", "panel.service");
	assert_field(w, 0, "EXMACHINA_METHOD", "service.restart");
	assert_field(w, 0, "EXMACHINA_SUBJECT", "ssh.service");
	assert_field(w, 0, "EXMACHINA_RULE", "[Service ssh.service]");
	assert_field(w, 0, "EXMACHINA_RESULT", "done");
	assert_field(w, 0, "EXMACHINA_DETAIL", "");
	assert_field(w, 0, "EXMACHINA_USEC", "1234");
	assert_field(w, 0, "EXMACHINA_CHANGES", NULL);
}

static void test_what_is_not_done_is_a_warning_with_its_reason(void **state)
{
	struct world *w = *state;

	record(w, "service.restart", AUDIT_FAILED, "line one\nline two");
	assert_field(w, 0, "PRIORITY", "4");
	assert_field(w, 0, "MESSAGE",
		     "service.restart of ssh.service for panel: failed: line one\nline two");
	assert_field(w, 0, "EXMACHINA_DETAIL", "line one\nline two");
}

static void test_a_client_that_is_not_known_has_no_process(void **state)
{
	const struct audit_event event = {
		.method = "policy.reload",
		.subject = "/etc",
		.result = AUDIT_DONE,
		.more = { { "EXMACHINA_MORE", "x" } },
	};
	struct world *w = *state;

	audit_record(w->audit, &event);
	assert_field(w, 0, "EXMACHINA_USER", "");
	assert_field(w, 0, "EXMACHINA_PID", NULL);
	assert_field(w, 0, "EXMACHINA_UID", NULL);
	assert_field(w, 0, "EXMACHINA_UNIT", NULL);
	assert_field(w, 0, "EXMACHINA_MORE", "x");
}

static void test_changes_are_told_with_what_was_left_out(void **state)
{
	char text[] = "added a\nadded b";
	struct audit_changes changes = { .text = text, .length = strlen(text), .count = 2 };
	struct audit_event event = { .method = "config.commit",
				     .subject = "/etc/x",
				     .result = AUDIT_DONE,
				     .changes = &changes };
	struct world *w = *state;

	trail_hash("", 0, changes.hash);
	audit_record(w->audit, &event);
	changes.left_out = 7;
	changes.count = 9;
	audit_record(w->audit, &event);
	assert_field(w, 0, "EXMACHINA_CHANGES", text);
	assert_field(w, 0, "EXMACHINA_CHANGES_COUNT", "2");
	assert_field(w, 0, "EXMACHINA_CHANGES_LEFT_OUT", NULL);
	assert_field(w, 0, "EXMACHINA_CHANGES_SHA256", NULL);
	assert_field(w, 1, "EXMACHINA_CHANGES_COUNT", "9");
	assert_field(w, 1, "EXMACHINA_CHANGES_LEFT_OUT", "7");
	assert_field(w, 1, "EXMACHINA_CHANGES_SHA256", changes.hash);
}

static void test_the_largest_record_is_within_its_bound(void **state)
{
	scoped_ptr char *subject = unit_repeat('\1', MESSAGE_NAME_MAX);
	scoped_ptr char *detail = unit_repeat('\1', MESSAGE_TEXT_MAX);
	struct audit_event event = { .method = "service.reload_or_restart",
				     .subject = subject,
				     .rule = detail,
				     .result = AUDIT_FAILED,
				     .detail = detail };
	struct world *w = *state;
	size_t size;

	event.client = &w->client;
	audit_record(w->audit, &event);
	(void)trail_record_at(w->trail, 0, &size);
	assert_true(size < AUDIT_RECORD_SIZE);
}

static void test_what_had_to_be_put_in_order_is_a_record_of_its_own(void **state)
{
	struct world *w = *state;
	scoped_ptr char *log = NULL;
	FILE *file;

	record(w, "service.start", AUDIT_DONE, "");
	file = fopen(w->trail, "ae");
	assert_true(fputs("half", file) >= 0);
	assert_int_equal(fclose(file), 0);
	log = record_logged(w, "service.stop", AUDIT_DONE);
	assert_non_null(strstr(log, "the audit trail was put in order: 4 bytes"));
	assert_int_equal(trail_count(w->trail), 3);
	assert_field(w, 1, "EXMACHINA_METHOD", "audit.repair");
	assert_field(w, 1, "EXMACHINA_TORN", "half");
	assert_field(w, 2, "EXMACHINA_METHOD", "service.stop");
	assert_string_equal(trail_verdict_of(w->directory).text, "");
}

static void test_a_record_that_could_not_be_written_is_loud_and_told_later(void **state)
{
	struct world *w = *state;
	scoped_ptr char *first = NULL, *second = NULL;

	assert_int_equal(chmod(w->trail, 0644), 0);
	first = record_logged(w, "service.restart", AUDIT_DONE);
	assert_non_null(strstr(first, "service.restart of ssh.service for panel: done: it is not "
				      "in the audit trail: a file of it is not root's alone"));
	second = record_logged(w, "service.stop", AUDIT_DENIED);
	assert_non_null(strstr(second, "service.stop"));
	assert_int_equal(trail_count(w->trail), 0);
	assert_int_equal(chmod(w->trail, 0600), 0);
	record(w, "service.start", AUDIT_DONE, "");
	assert_int_equal(trail_count(w->trail), 2);
	assert_field(w, 0, "EXMACHINA_METHOD", "audit.lost");
	assert_field(w, 0, "EXMACHINA_DETAIL",
		     "2 records are missing before this one: a file of it is not root's alone: a "
		     "regular file of one name, with mode 0600");
	assert_field(w, 1, "EXMACHINA_METHOD", "service.start");
	record(w, "service.start", AUDIT_DONE, "");
	assert_int_equal(trail_count(w->trail), 3);
}

static int ready_logged(struct world *w, size_t size, char **ret_log)
{
	int r;

	unit_capture_begin();
	r = audit_ready(w->audit, size);
	*ret_log = unit_capture_end();
	return r;
}

static void test_nothing_may_begin_that_cannot_be_recorded(void **state)
{
	struct world *w = *state;
	scoped_ptr char *log = NULL, *quiet = NULL;

	assert_int_equal(chmod(w->trail, 0644), 0);
	assert_int_equal(ready_logged(w, 0, &log), -EPERM);
	assert_non_null(strstr(log, "nothing is done, since the audit trail cannot be written"));
	assert_int_equal(chmod(w->trail, 0600), 0);
	assert_int_equal(ready_logged(w, 0, &quiet), 0);
	assert_string_equal(quiet, "");
	assert_int_equal(trail_count(w->trail), 0);
}

static void test_in_the_journal_alone_nothing_is_written_or_refused(void **state)
{
	struct world *w = *state;
	scoped_ptr char *log = NULL;
	struct audit *journal = NULL;

	audit_set_file(w->audit, false);
	assert_int_equal(chmod(w->trail, 0644), 0);
	assert_int_equal(ready_logged(w, 0, &log), 0);
	record(w, "service.start", AUDIT_DONE, "");
	assert_int_equal(trail_count(w->trail), 0);
	assert_int_equal(audit_new(-1, false, &journal), 0);
	assert_int_equal(audit_ready(journal, 0), 0);
	audit_free(journal);
	/* nor without any audit */
	assert_int_equal(audit_ready(NULL, 0), 0);
	audit_record(NULL,
		     &(struct audit_event){ .method = "x", .subject = "", .result = AUDIT_DONE });
	audit_sync(NULL);
}

static void test_a_file_that_cannot_be_written_is_noticed_at_once(void **state)
{
	struct world *w = *state;
	struct audit *other = NULL;
	scoped_ptr char *log = NULL;

	assert_int_equal(unlink(w->trail), 0);
	root_symlink(w->root, "/tmp/x", "/state/audit");
	unit_capture_begin();
	assert_int_equal(audit_new(w->state_fd, true, &other), -ELOOP);
	assert_int_equal(audit_new(-1, true, &other), -ENOENT);
	assert_int_equal(audit_probe(w->audit), -ELOOP);
	log = unit_capture_end();
	assert_null(other);
	assert_non_null(strstr(log, "the audit trail cannot be written: a file of it is a symbolic "
				    "link"));
	assert_non_null(strstr(log, "there is no state directory"));
}

static void test_a_flood_of_denials_pushes_nothing_out(void **state)
{
	enum { FLOOD = 5000 };
	struct world *w = *state;
	size_t count;
	scoped_ptr char *detail = NULL;

	for (int i = 0; i < FLOOD; i++)
		record(w, "service.stop", AUDIT_DENIED, "");
	count = trail_count(w->trail);
	assert_true(count >= 200 && count < 300);
	/* what was done is recorded all the same, and before it how many were not */
	record(w, "service.start", AUDIT_DONE, "");
	assert_int_equal(trail_count(w->trail), count + 2);
	assert_field(w, count, "EXMACHINA_METHOD", "audit.omitted");
	assert_field(w, count + 1, "EXMACHINA_METHOD", "service.start");
	detail = trail_value(w->trail, count, "EXMACHINA_DETAIL");
	assert_int_equal(strtoul(detail, NULL, 10), FLOOD - count);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_record_has_every_field),
		TEST(test_what_is_not_done_is_a_warning_with_its_reason),
		TEST(test_a_client_that_is_not_known_has_no_process),
		TEST(test_changes_are_told_with_what_was_left_out),
		TEST(test_the_largest_record_is_within_its_bound),
		TEST(test_what_had_to_be_put_in_order_is_a_record_of_its_own),
		TEST(test_a_record_that_could_not_be_written_is_loud_and_told_later),
		TEST(test_nothing_may_begin_that_cannot_be_recorded),
		TEST(test_in_the_journal_alone_nothing_is_written_or_refused),
		TEST(test_a_file_that_cannot_be_written_is_noticed_at_once),
		TEST(test_a_flood_of_denials_pushes_nothing_out),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
