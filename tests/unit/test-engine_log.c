/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/engine_log.c: what an engine says reaches the log bounded, marked and escaped.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/engine_log.h"

struct fixture {
	sd_event *event;
	struct engine_log *log;
	int engine; /* the engine's end */
};

static int make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || sd_event_new(&f->event) < 0 || engine_log_new(f->event, &f->log, &f->engine) < 0)
		return -1;
	engine_log_name(f->log, "engine", 42);
	unsetenv("JOURNAL_STREAM"); /* priorities would stand in front */
	log_open("exmachinad", LOG_TO_STDERR);
	*state = f;
	return 0;
}

static int unmake(void **state)
{
	struct fixture *f = *state;

	engine_log_free(f->log);
	close_fd(f->engine);
	sd_event_unref(f->event);
	free(f);
	return 0;
}

static void say(struct fixture *f, const char *text, size_t length)
{
	assert_int_equal(write(f->engine, text, length), length);
}

/* What came of it, once the event loop has had its turns. */
static char *heard(struct fixture *f)
{
	unit_capture_begin();
	while (sd_event_run(f->event, 0) > 0)
		;
	return unit_capture_end();
}

static void a_line_is_marked_as_the_engines(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *text = NULL;

	say(f, "exmachina-engine: cannot start: why\n", 36);
	text = heard(f);
	assert_string_equal(text, "exmachinad: engine 42: cannot start: why\n");
}

static void half_a_line_waits_for_its_end(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *first = NULL, *second = NULL;

	say(f, "one\ntw", 6);
	first = heard(f);
	assert_string_equal(first, "exmachinad: engine 42: one\n");
	say(f, "o\n", 2);
	second = heard(f);
	assert_string_equal(second, "exmachinad: engine 42: two\n");
}

static void it_cannot_look_like_the_daemons_own(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *text = NULL;

	say(f, "x\r\x1b[2Jexmachinad: client authenticated\0y\n", 42);
	text = heard(f);
	assert_string_equal(
		text, "exmachinad: engine 42: x\\x0d\\x1b[2Jexmachinad: client authenticatedy\n");
}

static void a_line_without_end_is_cut(void **state)
{
	struct fixture *f = *state;
	char line[3000];
	scoped_ptr char *text = NULL;
	size_t lines = 0;

	memset(line, 'x', sizeof(line));
	say(f, line, sizeof(line));
	text = heard(f);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	assert_int_equal(lines, sizeof(line) / 511);
}

static void too_many_lines_are_dropped_and_that_is_told_once(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *text = NULL, *more = NULL;
	const char *told;

	for (int i = 0; i < 200; i++)
		say(f, "again\n", 6);
	text = heard(f);
	told = strstr(text, "says too much");
	assert_non_null(told);
	assert_null(strstr(told, "again"));
	say(f, "again\n", 6);
	more = heard(f);
	assert_string_equal(more, "");
}

static void what_is_left_at_the_end_is_told(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *text = NULL;

	say(f, "last words\nand half", 19);
	f->engine = close_fd(f->engine);
	unit_capture_begin();
	f->log = engine_log_free(f->log);
	text = unit_capture_end();
	assert_string_equal(text,
			    "exmachinad: engine 42: last words\nexmachinad: engine 42: and half\n");
}

static void an_engine_that_is_gone_keeps_nobody_busy(void **state)
{
	struct fixture *f = *state;
	scoped_ptr char *text = NULL;

	f->engine = close_fd(f->engine);
	text = heard(f);
	assert_string_equal(text, "");
	assert_int_equal(sd_event_run(f->event, 0), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_marked_as_the_engines),
		TEST(half_a_line_waits_for_its_end),
		TEST(it_cannot_look_like_the_daemons_own),
		TEST(a_line_without_end_is_cut),
		TEST(too_many_lines_are_dropped_and_that_is_told_once),
		TEST(what_is_left_at_the_end_is_told),
		TEST(an_engine_that_is_gone_keeps_nobody_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
