/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/history/history_changes.c: what is kept of a list, and what is not. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/report.h"
#include "monitor/history/history_changes.h"
#include "monitor/journal/journal_entry.h"

/* Two files, of which the first has the secret. */
static struct policy *policy_of(const char *secret)
{
	struct policy *policy = policy_new();
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, "/etc/a", &file), 0);
	if (secret)
		assert_int_equal(policy_list_add(&file->secrets, secret), 0);
	assert_int_equal(policy_file_add(policy, "/etc/b", &file), 0);
	return policy;
}

static const struct change_row rows[] = {
	{ .file = 0,
	  .action = CHANGE_VALUE,
	  .path = "/user/password",
	  .has_old = 1,
	  .has_new = 1,
	  .old_value = "hunter1",
	  .new_value = "hunter2" },
	{ .file = 1,
	  .action = CHANGE_ADDED,
	  .path = "/user/password",
	  .has_new = 1,
	  .new_value = "open" },
	{ .file = 0,
	  .action = CHANGE_REMOVED,
	  .path = "/user/password/of",
	  .moved = 1,
	  .has_old = 1,
	  .old_value = "hunter3" },
	{ .file = 0,
	  .action = CHANGE_ADDED,
	  .path = "/user/name",
	  .cut = 1,
	  .has_new = 1,
	  .new_value = "me" },
	{ .file = 0, .action = CHANGE_ADDED, .path = "/user/password" },
};

static int list_of(const struct change_row *row, size_t count)
{
	scoped_report report = report_begin(REPORT_CHANGE);
	int fd;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(report_add_change_row(&report, &row[i]), 0);
	fd = report_seal(&report, NULL);
	assert_true(fd >= 0);
	return fd;
}

static int keep(int list, const struct policy *policy, uint64_t counts[static 2])
{
	const struct policy_file *const files[] = { &policy->files[0], &policy->files[1] };

	return history_changes_keep(list, files, 2, counts);
}

static size_t read_all(int fd, struct node_row *row, size_t max, struct report_reader *reader)
{
	size_t count = 0;

	assert_int_equal(report_open(fd, REPORT_NODE, reader), 0);
	while (count < max && report_next_node_row(reader, &row[count]) > 0)
		count++;
	return count;
}

static void assert_hidden(const struct node_row *row)
{
	assert_int_equal(row->secret, 1);
	assert_string_equal(row->old_value, "");
	assert_string_equal(row->new_value, "");
}

static void all_is_kept_but_what_is_secret(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_of("user/password");
	scoped_fd list = list_of(rows, ARRAY_SIZE(rows)), kept = -1;
	scoped_reader reader = { 0 };
	struct node_row row[6];
	uint64_t counts[2];

	(void)state;
	kept = keep(list, policy, counts);
	assert_true(kept >= 0);
	assert_int_equal(counts[0], 4);
	assert_int_equal(counts[1], 1);
	assert_int_equal(read_all(kept, row, 6, &reader), 5);
	assert_hidden(&row[0]);
	assert_int_equal(row[0].action, CHANGE_VALUE);
	assert_int_equal(row[0].has_old && row[0].has_new, 1);
	assert_string_equal(row[0].path, "/user/password");
	assert_int_equal(row[1].secret, 0);
	assert_string_equal(row[1].new_value, "open");
	assert_int_equal(row[1].file, 1);
	assert_hidden(&row[2]);
	assert_int_equal(row[2].moved, 1);
	assert_int_equal(row[3].secret, 0);
	assert_int_equal(row[3].cut, 1);
	assert_string_equal(row[3].new_value, "me");
	/* one without a value hides none */
	assert_int_equal(row[4].secret, 0);
	assert_null(memmem(reader.mapping.data, reader.mapping.size, "hunter", 6));
}

static void what_is_secret_by_now_is_hidden_too(void **state)
{
	scoped(policy_freep) struct policy *then = policy_of(NULL), *now = policy_of("user/name");
	scoped_fd list = list_of(rows, ARRAY_SIZE(rows)), kept = -1, shown = -1;
	scoped_reader reader = { 0 };
	struct node_row row[6];
	uint64_t counts[2];

	(void)state;
	kept = keep(list, then, counts);
	shown = history_changes_of(kept, 0, &now->files[0]);
	assert_true(shown >= 0);
	assert_int_equal(read_all(shown, row, 6, &reader), 4);
	assert_string_equal(row[0].new_value, "hunter2");
	assert_hidden(&row[2]);
	/* and what was then stays so */
	close_fd(shown);
	close_fd(kept);
	report_close(&reader);
	kept = keep(list, now, counts);
	shown = history_changes_of(kept, 0, &then->files[0]);
	assert_int_equal(read_all(shown, row, 6, &reader), 4);
	assert_hidden(&row[2]);
}

static void each_file_has_its_own(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_of(NULL);
	scoped_fd list = list_of(rows, ARRAY_SIZE(rows)), kept = -1, shown = -1, none = -1;
	scoped_reader reader = { 0 }, empty = { 0 };
	struct node_row row[6];
	uint64_t counts[2];

	(void)state;
	kept = keep(list, policy, counts);
	shown = history_changes_of(kept, 1, &policy->files[1]);
	assert_int_equal(read_all(shown, row, 6, &reader), 1);
	assert_string_equal(row[0].new_value, "open");
	/* without a list there is none */
	none = history_changes_of(-1, 0, &policy->files[0]);
	assert_int_equal(read_all(none, row, 6, &empty), 0);
}

static void what_has_no_room_is_counted(void **state)
{
	scoped(policy_freep) struct policy *policy = policy_of(NULL);
	scoped_ptr char *value = unit_repeat('x', 4000);
	scoped_ptr struct change_row *row = calloc(1000, sizeof(*row));
	scoped_fd list = -1, kept = -1;
	scoped_mapping mapping = { 0 };
	uint64_t counts[2];

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		row[i] = (struct change_row){
			.action = CHANGE_ADDED, .path = "/a", .has_new = 1, .new_value = value
		};
	list = list_of(row, 1000);
	kept = keep(list, policy, counts);
	assert_int_equal(counts[0], 1000);
	assert_int_equal(memfd_map(kept, JOURNAL_CHANGES_MAX, &mapping), 0);
	assert_in_range(mapping.size, JOURNAL_CHANGES_MAX / 2, JOURNAL_CHANGES_MAX);
}

static void what_is_no_such_list_is_refused(void **state)
{
	const struct change_row stray = { .file = 2, .path = "/a" };
	scoped(policy_freep) struct policy *policy = policy_of(NULL);
	scoped_fd list = list_of(&stray, 1), noise = memfd_of("unit", "noise", 5);
	uint64_t counts[2];

	(void)state;
	assert_int_equal(keep(list, policy, counts), -EBADMSG);
	assert_int_equal(keep(noise, policy, counts), -EBADMSG);
	assert_int_equal(history_changes_of(list, 0, &policy->files[0]), -EBADMSG);
	assert_int_equal(history_changes_of(noise, 0, &policy->files[0]), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_kept_but_what_is_secret),
		cmocka_unit_test(what_is_secret_by_now_is_hidden_too),
		cmocka_unit_test(each_file_has_its_own),
		cmocka_unit_test(what_has_no_room_is_counted),
		cmocka_unit_test(what_is_no_such_list_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
