/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the verifier says of two texts, with real lenses. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/memfd.h"
#include "common/report.h"
#include "config.h"
#include "verify/verify.h"

#define HOSTS "127.0.0.1\tlocalhost\n10.0.0.1\ta\n10.0.0.2\tb bb bbb\n10.0.0.3\tc\n"
#define SSHD "Port 22\nPermitRootLogin no\nAcceptEnv LANG LC_*\nMatch User x\n  X11Forwarding no\n"

static int text_fd(const char *text)
{
	return text ? memfd_of("text", text, strlen(text)) : -1;
}

/* "=/path old>new", "+/path value" and "-/path value", one a line; a moved one has a "~" behind it.
 */
static void print_row(char **list, const struct change_row *row)
{
	static const char signs[] = {
		[CHANGE_VALUE] = '=', [CHANGE_ADDED] = '+', [CHANGE_REMOVED] = '-'
	};
	char *longer;

	assert_true(row->action < CHANGE_MAX);
	assert_true(asprintf(&longer, "%s%c%s%s%s%s%s%s\n", *list, signs[row->action], row->path,
			     row->has_old ? " " : "", row->old_value, row->has_new ? ">" : "",
			     row->new_value, row->moved ? "~" : "") > 0);
	free(*list);
	*list = longer;
}

static enum verify_verdict verdict_with(const char *lens, const char *lens_path, int before,
					int after, int result)
{
	scoped(verification_clear) struct verification verification = { 0 };

	assert_int_equal(verify_prepare(&verification, lens, lens_path), 0);
	verify_read_before(&verification, before);
	return verify_run(&verification, after, result);
}

static enum verify_verdict verdict_on(const char *lens, int before, int after, int result)
{
	return verdict_with(lens, LENS_PATH, before, after, result);
}

static enum verify_verdict run(const char *lens, const char *before, const char *after,
			       char **ret_list)
{
	scoped_fd old = text_fd(before), new = text_fd(after), result = memfd_new("result");
	enum verify_verdict verdict = verdict_on(lens, old, new, result);
	scoped_reader reader = { .rows = 0 };
	struct change_row row;
	int r;

	*ret_list = strdup("");
	if (verdict != VERIFY_DONE)
		return verdict;
	assert_int_equal(memfd_seal(result), 0);
	assert_int_equal(report_open(result, REPORT_CHANGE, &reader), 0);
	while ((r = report_next_change_row(&reader, &row)) > 0)
		print_row(ret_list, &row);
	assert_int_equal(r, 0);
	return verdict;
}

static void expect(const char *lens, const char *before, const char *after, const char *wanted)
{
	scoped_ptr char *list = NULL;

	assert_int_equal(run(lens, before, after, &list), VERIFY_DONE);
	assert_string_equal(list, wanted);
}

static void refuse(const char *lens, const char *before, const char *after,
		   enum verify_verdict wanted)
{
	scoped_ptr char *list = NULL;

	assert_int_equal(run(lens, before, after, &list), wanted);
}

static void equal_texts_change_nothing(void **state)
{
	(void)state;
	expect("Hosts.lns", HOSTS, HOSTS, "");
	expect("Sshd.lns", SSHD, SSHD, "");
}

static void a_changed_value_is_one_change(void **state)
{
	(void)state;
	expect("Hosts.lns", HOSTS,
	       "127.0.0.1\tlocalhost\n10.0.0.1\ta\n10.0.0.2\tb XX bbb\n10.0.0.3\tc\n",
	       "=/3/alias[1] bb>XX\n");
	expect("Sshd.lns", SSHD,
	       "Port 2222\nPermitRootLogin no\nAcceptEnv LANG LC_*\nMatch User x\n  X11Forwarding "
	       "no\n",
	       "=/Port 22>2222\n");
}

static void a_removed_entry_is_one_removal_and_no_renumbering(void **state)
{
	(void)state;
	expect("Hosts.lns", HOSTS, "127.0.0.1\tlocalhost\n10.0.0.2\tb bb bbb\n10.0.0.3\tc\n",
	       "-/2\n-/2/ipaddr 10.0.0.1\n-/2/canonical a\n");
}

static void an_entry_that_goes_beside_one_that_changes_is_told_apart(void **state)
{
	(void)state;
	expect("Hosts.lns", HOSTS, "127.0.0.1\tlocalhost\n10.0.0.2\tb bb XX\n10.0.0.3\tc\n",
	       "-/2\n-/2/ipaddr 10.0.0.1\n-/2/canonical a\n=/2/alias[2] bbb>XX\n");
	expect("Hosts.lns", HOSTS,
	       "127.0.0.1\tlocalhost\n10.9.9.9\tz\n10.0.0.1\ta A\n10.0.0.2\tb bb "
	       "bbb\n10.0.0.3\tc\n",
	       "+/2\n+/2/ipaddr>10.9.9.9\n+/2/canonical>z\n+/3/alias>A\n");
}

static void an_added_entry_is_one_addition(void **state)
{
	(void)state;
	expect("Hosts.lns", HOSTS,
	       "10.9.9.9\tz\n127.0.0.1\tlocalhost\n10.0.0.1\ta\n10.0.0.2\tb bb bbb\n10.0.0.3\tc\n",
	       "+/1\n+/1/ipaddr>10.9.9.9\n+/1/canonical>z\n");
}

static void an_entry_of_equal_ones_goes_alone(void **state)
{
	(void)state;
	expect("Hosts.lns", "# x\n10.0.0.1 a\n# x\n10.0.0.2 b\n# x\n",
	       "10.0.0.1 a\n# x\n10.0.0.2 b\n# x\n", "-/#comment[1] x\n");
}

static void a_moved_entry_is_gone_and_new(void **state)
{
	(void)state;
	expect("Hosts.lns", "10.0.0.1 a\n10.0.0.2 b\n10.0.0.3 c\n",
	       "10.0.0.2 b\n10.0.0.3 c\n10.0.0.1 a\n",
	       "-/1~\n-/1/ipaddr 10.0.0.1~\n-/1/canonical a~\n"
	       "+/3~\n+/3/ipaddr>10.0.0.1~\n+/3/canonical>a~\n");
}

static void a_change_deep_below_has_its_whole_path(void **state)
{
	(void)state;
	expect("Sshd.lns", SSHD,
	       "Port 22\nPermitRootLogin no\nAcceptEnv LANG LC_*\nMatch User x\n  X11Forwarding "
	       "yes\n",
	       "=/Match/Settings/X11Forwarding no>yes\n");
}

static void white_space_is_no_change_of_a_node(void **state)
{
	(void)state;
	expect("Hosts.lns", "10.0.0.1 a\n", "10.0.0.1     a\n\n", "");
}

static void a_last_line_without_its_end_is_read_as_augeas_reads_it(void **state)
{
	(void)state;
	expect("Hosts.lns", "10.0.0.1 a", "10.0.0.1 a\n10.0.0.2 b\n",
	       "+/2\n+/2/ipaddr>10.0.0.2\n+/2/canonical>b\n");
	expect("Hosts.lns", "10.0.0.1 a\n", "10.0.0.1 a", "");
}

static void a_new_file_is_all_additions_and_a_removed_one_all_removals(void **state)
{
	(void)state;
	expect("Hosts.lns", NULL, "10.0.0.1 a\n", "+/1\n+/1/ipaddr>10.0.0.1\n+/1/canonical>a\n");
	expect("Hosts.lns", "10.0.0.1 a\n", NULL, "-/1\n-/1/ipaddr 10.0.0.1\n-/1/canonical a\n");
	expect("Hosts.lns", "", "", "");
}

static void labels_that_paths_would_read_otherwise_are_escaped(void **state)
{
	(void)state;
	expect("Shellvars.lns", "A=1\n", "A=1\nB=2\n", "+/B>2\n");
	expect("Sysctl.lns", "a = 1\n", "a = 1\nb/c = 2\n", "+/b\\/c>2\n");
}

static void a_text_that_is_not_the_lens_s_is_refused(void **state)
{
	(void)state;
	refuse("Hosts.lns", HOSTS, "10.0.0.1\n", VERIFY_NO_PARSE);
	refuse("Hosts.lns", "10.0.0.1\n", HOSTS, VERIFY_OLD_NO_PARSE);
	refuse("Hosts.lns", HOSTS, "10.0.0.1 a\n10.0.0.2 b\r\n\x01\n", VERIFY_NO_PARSE);
	refuse("Nosuch.lns", HOSTS, HOSTS, VERIFY_NO_LENS);
	refuse("Hosts.nosuch", HOSTS, HOSTS, VERIFY_NO_LENS);
}

static void a_text_with_a_nul_is_refused(void **state)
{
	scoped_fd old = text_fd("10.0.0.1 a\n"), result = memfd_new("result");
	scoped_fd new = memfd_of("text", "10.0.0.1 a\n\0evil\n", 17);

	(void)state;
	assert_int_equal(verdict_on("Hosts.lns", old, new, result), VERIFY_NO_PARSE);
}

static void an_unsealed_text_is_refused(void **state)
{
	scoped_fd old = text_fd("10.0.0.1 a\n"), new = memfd_new("text"),
		  result = memfd_new("result");

	(void)state;
	assert_int_equal(verdict_on("Hosts.lns", old, new, result), VERIFY_NO_PARSE);
}

/* n entries; entry `other` has another name, and entry `gone` is left out. */
static char *many_hosts(int n, int other, int gone)
{
	char *text = malloc((size_t)n * 40 + 1), *at = text;

	assert_non_null(text);
	for (int i = 0; i < n; i++)
		if (i != gone)
			at += sprintf(at, "10.%d.%d.%d\t%s%d\n", i >> 16, i >> 8 & 255, i & 255,
				      i == other ? "x" : "h", i);
	*at = '\0';
	return text;
}

static void one_forbidden_node_among_thousands_is_seen(void **state)
{
	scoped_ptr char *before = many_hosts(3000, -1, -1), *after = many_hosts(3000, 1234, 17);

	(void)state;
	expect("Hosts.lns", before, after,
	       "-/18\n-/18/ipaddr 10.0.0.17\n-/18/canonical h17\n=/1234/canonical h1234>x1234\n");
}

static void a_text_of_which_all_is_different_is_told_in_full(void **state)
{
	scoped_ptr char *before = many_hosts(50, -1, -1), *after = strdup("192.168.0.1 q\n");
	scoped_ptr char *list = NULL;
	size_t lines = 0;

	(void)state;
	assert_int_equal(run("Hosts.lns", before, after, &list), VERIFY_DONE);
	for (const char *p = list; *p; p++)
		lines += *p == '\n';
	/* 49 entries of three nodes are gone, and one has two other values */
	assert_int_equal(lines, 49 * 3 + 2);
}

static void a_number_that_is_a_key_is_no_place(void **state)
{
	(void)state;
	/* an inittab's id may be a number that does not count anything */
	expect("Inittab.lns", "7:2345:respawn:/sbin/a\n", "8:2345:respawn:/sbin/a\n",
	       "-/7\n-/7/runlevels 2345\n-/7/action respawn\n-/7/process /sbin/a\n"
	       "+/8\n+/8/runlevels>2345\n+/8/action>respawn\n+/8/process>/sbin/a\n");
}

static void a_text_with_nodes_below_one_without_a_name_is_refused(void **state)
{
	static const char named[] = "port 1194\n", more[] = "port 1194\ndev tun\n",
			  nameless[] = "port 1194\nstatic-challenge \"a b\" 1\n";

	(void)state;
	expect("OpenVPN.lns", named, more, "+/dev>tun\n");
	refuse("OpenVPN.lns", named, nameless, VERIFY_NO_NAME);
	refuse("OpenVPN.lns", nameless, named, VERIFY_NO_NAME);
	refuse("OpenVPN.lns", nameless, nameless, VERIFY_NO_NAME);
	refuse("OpenVPN.lns", "no option\n", named, VERIFY_OLD_NO_PARSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_texts_change_nothing),
		cmocka_unit_test(a_changed_value_is_one_change),
		cmocka_unit_test(a_removed_entry_is_one_removal_and_no_renumbering),
		cmocka_unit_test(an_entry_that_goes_beside_one_that_changes_is_told_apart),
		cmocka_unit_test(an_added_entry_is_one_addition),
		cmocka_unit_test(an_entry_of_equal_ones_goes_alone),
		cmocka_unit_test(a_moved_entry_is_gone_and_new),
		cmocka_unit_test(a_change_deep_below_has_its_whole_path),
		cmocka_unit_test(white_space_is_no_change_of_a_node),
		cmocka_unit_test(a_last_line_without_its_end_is_read_as_augeas_reads_it),
		cmocka_unit_test(a_new_file_is_all_additions_and_a_removed_one_all_removals),
		cmocka_unit_test(labels_that_paths_would_read_otherwise_are_escaped),
		cmocka_unit_test(a_text_that_is_not_the_lens_s_is_refused),
		cmocka_unit_test(a_text_with_a_nul_is_refused),
		cmocka_unit_test(an_unsealed_text_is_refused),
		cmocka_unit_test(one_forbidden_node_among_thousands_is_seen),
		cmocka_unit_test(a_text_of_which_all_is_different_is_told_in_full),
		cmocka_unit_test(a_number_that_is_a_key_is_no_place),
		cmocka_unit_test(a_text_with_nodes_below_one_without_a_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
