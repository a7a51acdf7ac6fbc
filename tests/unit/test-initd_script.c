/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/initd/initd_script.c: what is read from scripts, process ID files and links.
 */
#include "root_fixture.h"

#include <errno.h>
#include <string.h>

#include "monitor/initd/initd_script.h"

static int setup(void **state)
{
	int r = root_setup(state);
	static const char *const places[] = { "/etc",   "/etc/init.d", "/run",
					      "/run/x", "/etc/rc2.d",  "/etc/rc0.d" };

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++)
		root_mkdir(*state, places[i]);
	return r;
}

static struct initd_script read_text(const struct root *root, const char *text)
{
	struct initd_script script;

	root_write(root, "/etc/init.d/x", text);
	assert_int_equal(initd_script_read(root->fd, "x", &script), 0);
	return script;
}

static void test_only_services_have_scripts(void **state)
{
	static const char *const wrong[] = { "x",       "x.socket",    ".service",    "",
					     "service", "a/b.service", "../x.service" };
	char name[INITD_NAME_SIZE];

	(void)state;
	assert_true(initd_script_name("x.service", name));
	assert_string_equal(name, "x");
	assert_true(initd_script_name("a.b@c.service", name));
	assert_string_equal(name, "a.b@c");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(initd_script_name(wrong[i], name));
}

static void test_a_name_of_300_bytes_has_no_script(void **state)
{
	char unit[320], name[INITD_NAME_SIZE];

	(void)state;
	memset(unit, 'x', sizeof(unit));
	strcpy(unit + 300, ".service");
	assert_false(initd_script_name(unit, name));
}

static void test_what_is_no_script_is_an_error(void **state)
{
	const struct root *root = *state;
	struct initd_script script;

	assert_int_equal(initd_script_read(root->fd, "missing", &script), -ENOENT);
	root_mkdir(root, "/etc/init.d/directory");
	assert_int_equal(initd_script_read(root->fd, "directory", &script), -EINVAL);
	assert_int_equal(initd_script_read(root->fd, ".", &script), -EINVAL);
}

static void test_a_status_action_is_seen(void **state)
{
	static const char *const with[] = { "case $1 in\nstatus)", "start|status)", "\"status\")",
					    "status | stop)",
					    "#!/usr/bin/env /lib/init/init-d-script" };
	static const char *const without[] = { "",          "exit_status)", "echo status",
					       "mystatus)", "statusall)",   "Usage: {start|stop}" };

	for (size_t i = 0; i < ARRAY_SIZE(with); i++)
		assert_true(read_text(*state, with[i]).has_status);
	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		assert_false(read_text(*state, without[i]).has_status);
}

static void test_the_paths_of_process_id_files_are_found(void **state)
{
	struct initd_script script =
		read_text(*state, "# pidfile: /run/a.pid\nP=\"/var/run/b/c.pid\"\n"
				  "--pidfile=/run/d.pid;");

	assert_int_equal(script.pidfile_count, 3);
	assert_string_equal(script.pidfiles[0], "/run/a.pid");
	assert_string_equal(script.pidfiles[1], "/var/run/b/c.pid");
	assert_string_equal(script.pidfiles[2], "/run/d.pid");
}

static void test_paths_that_only_the_shell_knows_are_not_taken(void **state)
{
	assert_int_equal(read_text(*state, "P=/run/$NAME.pid Q=$DIR/x.pid R=${DIR}/x.pid\n"
					   "S=run/x.pid T=/run/x.pidfile U=.pid")
				 .pidfile_count,
			 0);
}

static void test_no_more_paths_are_kept_than_there_is_room_for(void **state)
{
	char text[4096] = "";

	for (int i = 0; i < 100; i++)
		strcat(text, "/run/a.pid ");
	assert_int_equal(read_text(*state, text).pidfile_count, INITD_PIDFILES_MAX);
}

static void test_a_living_process_is_found_by_each_file(void **state)
{
	static const char *const files[] = { "/run/x.pid", "/run/x/x.pid", "/run/other.pid" };
	struct initd_script script = read_text(*state, "/run/other.pid");
	char pid[16];

	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct root *root = *state;
		scoped_ptr char *path = root_path(root, files[i]);

		assert_int_equal(initd_script_main_pid(root->fd, "x", &script), 0);
		root_write(root, files[i], pid);
		assert_int_equal(initd_script_main_pid(root->fd, "x", &script), getpid());
		assert_int_equal(unlink(path), 0);
	}
}

static void test_what_names_no_living_process_counts_for_nothing(void **state)
{
	static const char *const texts[] = { "",   "0",          "1",
					     "-1", "2147483647", "99999999999999",
					     "no", "\n",         "0x10" };
	struct initd_script script = { 0 };
	const struct root *root = *state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		root_write(root, "/run/x.pid", texts[i]);
		assert_int_equal(initd_script_main_pid(root->fd, "x", &script), 0);
	}
}

static void test_a_link_out_of_the_root_is_not_followed(void **state)
{
	struct initd_script script = { 0 };
	const struct root *root = *state;

	root_symlink(root, "/proc/self/stat", "/run/x.pid");
	assert_int_equal(initd_script_main_pid(root->fd, "x", &script), 0);
}

static void test_links_tell_whether_it_is_enabled_and_what_changed(void **state)
{
	char before[INITD_LINKS_SIZE], after[INITD_LINKS_SIZE], changes[MESSAGE_CHANGES_MAX + 1];
	const struct root *root = *state;

	root_write(root, "/etc/rc0.d/K01x", "");
	root_write(root, "/etc/rc2.d/S01xx", "");
	root_write(root, "/etc/rc2.d/Sabx", "");
	initd_script_links(root->fd, "x", before);
	assert_string_equal(before, "/etc/rc0.d/K01x\n");
	assert_false(initd_links_enabled(before));
	root_write(root, "/etc/rc2.d/S01x", "");
	initd_script_links(root->fd, "x", after);
	assert_true(initd_links_enabled(after));
	initd_links_compare(before, after, changes);
	assert_string_equal(changes, "symlink /etc/rc2.d/S01x");
	initd_links_compare(after, before, changes);
	assert_string_equal(changes, "unlink /etc/rc2.d/S01x");
	initd_links_compare(after, after, changes);
	assert_string_equal(changes, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, root_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_only_services_have_scripts),
		TEST(test_a_name_of_300_bytes_has_no_script),
		TEST(test_what_is_no_script_is_an_error),
		TEST(test_a_status_action_is_seen),
		TEST(test_the_paths_of_process_id_files_are_found),
		TEST(test_paths_that_only_the_shell_knows_are_not_taken),
		TEST(test_no_more_paths_are_kept_than_there_is_room_for),
		TEST(test_a_living_process_is_found_by_each_file),
		TEST(test_what_names_no_living_process_counts_for_nothing),
		TEST(test_a_link_out_of_the_root_is_not_followed),
		TEST(test_links_tell_whether_it_is_enabled_and_what_changed),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
