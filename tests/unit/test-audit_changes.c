/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/audit/audit_changes.c: what is told of a commit, and what is not. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "monitor/audit/audit_changes.h"

#define CHANGED(path_, old, new) \
	{ \
		.action = CHANGE_VALUE, .path = (path_), .has_old = true, .has_new = true, \
		.old_value = (old), .new_value = (new) \
	}
#define ADDED(path_, new) \
	{ \
		.action = CHANGE_ADDED, .path = (path_), .has_new = true, .new_value = (new) \
	}
#define REMOVED(path_, old) \
	{ \
		.action = CHANGE_REMOVED, .path = (path_), .has_old = true, .old_value = (old) \
	}

static struct policy *policy_of(const char *secret)
{
	struct policy *policy = policy_new();
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, "/etc/x", &file), 0);
	if (secret)
		assert_int_equal(policy_list_add(&file->secrets, secret), 0);
	return policy;
}

static int read_rows(const struct change_row *rows, size_t count, const char *secret,
		     struct audit_changes *changes)
{
	scoped(policy_freep) struct policy *policy = policy_of(secret);
	const struct policy_file *const files[] = { &policy->files[0], &policy->files[0] };
	scoped_report report = report_begin(REPORT_CHANGE);
	scoped_fd fd = -1;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(report_add_change_row(&report, &rows[i]), 0);
	fd = report_seal(&report, NULL);
	assert_true(fd >= 0);
	return audit_changes_read(fd, files, 2, changes);
}

static void clear(struct audit_changes *changes)
{
	audit_changes_clear(&changes[0]);
	audit_changes_clear(&changes[1]);
}

static void assert_text(const struct audit_changes *changes, const char *text)
{
	scoped_ptr char *copy = strndup(changes->text ? changes->text : "", changes->length);

	assert_string_equal(copy, text);
}

static void assert_line(struct change_row row, const char *secret, const char *line)
{
	struct audit_changes changes[2] = { { 0 } };

	assert_int_equal(read_rows(&row, 1, secret, changes), 0);
	assert_text(&changes[0], line);
	assert_int_equal(changes[0].count, 1);
	assert_int_equal(changes[0].left_out, 0);
	clear(changes);
}

static void each_change_is_a_line(void **state)
{
	struct change_row none = CHANGED("/a", "x", "y");

	(void)state;
	assert_line((struct change_row)CHANGED("/Port", "22", "2222"), NULL,
		    "changed Port: \"22\" -> \"2222\"");
	assert_line((struct change_row)ADDED("/3/alias[2]", "x"), NULL, "added 3/alias[2]: \"x\"");
	assert_line((struct change_row)REMOVED("/3/alias", ""), NULL, "removed 3/alias: \"\"");
	assert_line((struct change_row){ .action = CHANGE_ADDED, .path = "/3" }, NULL, "added 3");
	assert_line((struct change_row){ .action = CHANGE_REMOVED, .path = "/3", .moved = true },
		    NULL, "removed 3 (moved)");
	none.has_old = false;
	assert_line(none, NULL, "changed a: none -> \"y\"");
	none = (struct change_row)CHANGED("/a", "x", "y");
	none.has_new = false;
	assert_line(none, NULL, "changed a: \"x\" -> none");
}

static void no_value_can_look_like_something_else(void **state)
{
	(void)state;
	assert_line((struct change_row)CHANGED("/a", "x\" -> \"y", "\\\n\t\x1b[2J\x7f"), NULL,
		    "changed a: \"x\\\" -> \\\"y\" -> \"\\\\\\x0a\\x09\\x1b[2J\\x7f\"");
	assert_line((struct change_row)ADDED("/a", "none\nadded b"), NULL,
		    "added a: \"none\\x0aadded b\"");
	assert_line((struct change_row)ADDED("/a", "(secret)"), NULL, "added a: \"(secret)\"");
	/* text in UTF-8 stays, what is none, and what a terminal obeys, does not */
	assert_line((struct change_row)ADDED("/a", "\xc3\xa4 \xff \xc3 \xc2\x9b"), NULL,
		    "added a: \"\xc3\xa4 \\xff \\xc3 \\xc2\\x9b\"");
	assert_line((struct change_row)ADDED("/a\\\nb", "x"), NULL, "added a\\\\x0ab: \"x\"");
}

static void secret_values_are_not_told(void **state)
{
	(void)state;
	assert_line((struct change_row)CHANGED("/password", "old", "new"), "password",
		    "changed password: (secret) -> (secret)");
	assert_line((struct change_row)ADDED("/password", "new"), "password",
		    "added password: (secret)");
	assert_line((struct change_row)REMOVED("/password[3]", "old"), "password",
		    "removed password[3]: (secret)");
	/* below one, too */
	assert_line((struct change_row)ADDED("/net[2]/key/psk", "new"), "*/key",
		    "added net[2]/key/psk: (secret)");
	assert_line((struct change_row)ADDED("/net[2]/name", "new"), "*/key",
		    "added net[2]/name: \"new\"");
	assert_line((struct change_row){ .action = CHANGE_ADDED, .path = "/password" }, "password",
		    "added password");
}

static void a_node_that_cannot_be_told_is_secret(void **state)
{
	(void)state;
	assert_line((struct change_row)ADDED("/a[x]", "v"), "password", "added a[x]: (secret)");
	assert_line((struct change_row)ADDED("/a[x]", "v"), NULL, "added a[x]: \"v\"");
}

static void changes_go_to_their_files(void **state)
{
	struct change_row rows[] = { CHANGED("/a", "1", "2"), CHANGED("/b", "3", "4"),
				     CHANGED("/c", "5", "6") };
	struct audit_changes changes[2] = { { 0 } };

	(void)state;
	rows[1].file = 1;
	assert_int_equal(read_rows(rows, 3, NULL, changes), 0);
	assert_text(&changes[0], "changed a: \"1\" -> \"2\"\nchanged c: \"5\" -> \"6\"");
	assert_text(&changes[1], "changed b: \"3\" -> \"4\"");
	assert_int_equal(changes[0].count, 2);
	assert_int_equal(changes[1].count, 1);
	clear(changes);
}

static void a_file_that_there_is_not_is_refused(void **state)
{
	struct change_row row = CHANGED("/a", "1", "2");
	struct audit_changes changes[2] = { { 0 } };

	(void)state;
	row.file = 2;
	assert_int_equal(read_rows(&row, 1, NULL, changes), -EBADMSG);
	clear(changes);
}

static void no_change_is_an_empty_list(void **state)
{
	struct audit_changes changes[2] = { { 0 } };

	(void)state;
	assert_int_equal(read_rows(NULL, 0, NULL, changes), 0);
	assert_null(changes[0].text);
	assert_int_equal(changes[0].count, 0);
	clear(changes);
}

/* The hash is that of the lines in full, so that one list has one hash. */
static void a_long_list_is_cut_counted_and_hashed(void **state)
{
	enum { MANY = 10000 };
	scoped_ptr struct change_row *rows = calloc(MANY, sizeof(*rows));
	struct audit_changes changes[2] = { { 0 } };
	char names[MANY][16], wanted[TRAIL_HASH_SIZE], *all = NULL;
	size_t size;
	FILE *file = open_memstream(&all, &size);

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "/%d", i);
		rows[i] = (struct change_row)ADDED(names[i], "value");
		fprintf(file, "added %d: \"value\"\n", i);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(read_rows(rows, MANY, NULL, changes), 0);
	assert_true(changes[0].length <= AUDIT_CHANGES_SIZE);
	assert_true(changes[0].length > AUDIT_CHANGES_SIZE - 32);
	assert_int_equal(changes[0].count, MANY);
	assert_memory_equal(changes[0].text, all, changes[0].length);
	{
		uint64_t shown = 1;

		for (size_t i = 0; i < changes[0].length; i++)
			shown += changes[0].text[i] == '\n';
		assert_int_equal(changes[0].left_out, MANY - shown);
	}
	trail_hash(all, size, wanted);
	assert_string_equal(changes[0].hash, wanted);
	free(all);
	clear(changes);
}

static void a_long_value_is_cut_but_hashed_in_full(void **state)
{
	scoped_ptr char *a = unit_repeat('a', 3000), *b = strdup(a);
	struct audit_changes changes[2] = { { 0 } }, other[2] = { { 0 } };
	struct change_row row = CHANGED("/x", a, "y");

	(void)state;
	assert_int_equal(read_rows(&row, 1, NULL, changes), 0);
	assert_true(changes[0].cut);
	assert_true(changes[0].length < 2 * AUDIT_CHANGE_SHOWN);
	assert_non_null(memmem(changes[0].text, changes[0].length, "a\"... -> \"y\"", 12));
	b[2999] = 'b';
	row.old_value = b;
	assert_int_equal(read_rows(&row, 1, NULL, other), 0);
	assert_int_equal(changes[0].length, other[0].length);
	assert_string_not_equal(changes[0].hash, other[0].hash);
	clear(changes);
	clear(other);
}

static void a_long_secret_leaves_no_trace_in_the_hash(void **state)
{
	scoped_ptr char *a = unit_repeat('a', 3000);
	struct audit_changes changes[2] = { { 0 } }, other[2] = { { 0 } };
	struct change_row row = ADDED("/password", a);

	(void)state;
	assert_int_equal(read_rows(&row, 1, "password", changes), 0);
	row.new_value = "b";
	assert_int_equal(read_rows(&row, 1, "password", other), 0);
	assert_string_equal(changes[0].hash, other[0].hash);
	assert_text(&changes[0], "added password: (secret)");
	clear(changes);
	clear(other);
}

/* All at its longest: no line is longer than the room for it. */
static void the_longest_line_fits(void **state)
{
	scoped_ptr char *odd = unit_repeat('\1', REPORT_TEXT_MAX);
	scoped_ptr char *path = unit_repeat('\2', REPORT_TEXT_MAX);
	struct audit_changes changes[2] = { { 0 } };
	struct change_row row = CHANGED(path, odd, odd);

	(void)state;
	row.moved = row.cut = true;
	assert_int_equal(read_rows(&row, 1, NULL, changes), 0);
	assert_true(changes[0].cut);
	assert_int_equal(changes[0].left_out, 0);
	assert_non_null(memmem(changes[0].text, changes[0].length, "\"... (moved)", 12));
	clear(changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_a_line),
		cmocka_unit_test(no_value_can_look_like_something_else),
		cmocka_unit_test(secret_values_are_not_told),
		cmocka_unit_test(a_node_that_cannot_be_told_is_secret),
		cmocka_unit_test(changes_go_to_their_files),
		cmocka_unit_test(a_file_that_there_is_not_is_refused),
		cmocka_unit_test(no_change_is_an_empty_list),
		cmocka_unit_test(a_long_list_is_cut_counted_and_hashed),
		cmocka_unit_test(a_long_value_is_cut_but_hashed_in_full),
		cmocka_unit_test(a_long_secret_leaves_no_trace_in_the_hash),
		cmocka_unit_test(the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
