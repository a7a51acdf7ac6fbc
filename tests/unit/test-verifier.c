/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/verifier.c: one that has got a text is for that text only, and none has the
 * processor for ever.
 */
#include "starter_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/memfd.h"
#include "monitor/verifier.h"

#define PATH "/etc/hosts"

/* The verifier of a test is a shell script. */
struct world {
	struct starter_ground ground;
	struct handouts handouts;
	struct verifier *verifier;
	int list;
};

static int make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	starter_ground_make(&w->ground);
	assert_int_equal(starter_new(&w->ground.spec, &w->ground.starter), 0);
	w->list = memfd_new("list");
	*state = w;
	return 0;
}

static int unmake(void **state)
{
	struct world *w = *state;

	verifier_free(w->verifier);
	handouts_clear(&w->handouts);
	starter_ground_clear(&w->ground);
	close_fd(w->list);
	free(w);
	return 0;
}

static void start(struct world *w, const char *body)
{
	starter_ground_write(&w->ground, "exmachina-verify", body);
	w->verifier = verifier_free(w->verifier);
	assert_int_equal(
		verifier_new(w->ground.starter, w->ground.event, 0, "Hosts.lns", &w->verifier), 0);
	assert_string_equal(verifier_lens(w->verifier), "Hosts.lns");
}

static const struct handout *hand_out(struct world *w, const char *path, int content)
{
	assert_int_equal(handout_set(&w->handouts, path, content), 0);
	return handout_find(&w->handouts, path);
}

static int text_fd(void)
{
	return memfd_of("text", "10.0.0.1 a\n", strlen("10.0.0.1 a\n"));
}

/* The loop that the monitor has, for so long or until the verifier has ended. */
static bool still_waits(const struct world *w, uint64_t msec)
{
	uint64_t end = clock_msec() + msec;

	while (verifier_waits(w->verifier) && clock_msec() < end)
		assert_true(sd_event_run(w->ground.event, 20000) >= 0);
	return verifier_waits(w->verifier);
}

static void one_that_reads_ahead_for_too_long_is_ended(void **state)
{
	struct world *w = *state;

	start(w, "while :; do :; done");
	assert_int_equal(verifier_give_before(w->verifier, hand_out(w, PATH, text_fd()), 100), 0);
	assert_false(still_waits(w, 60000));
}

static void one_that_only_waits_may_do_that(void **state)
{
	struct world *w = *state;

	start(w, "exec sleep 1000");
	/* more than it takes to begin, and yet it is looked at twice */
	assert_int_equal(verifier_give_before(w->verifier, hand_out(w, PATH, text_fd()), 1000), 0);
	assert_true(still_waits(w, 2300));
}

static void one_that_has_got_no_text_is_not_looked_at(void **state)
{
	struct world *w = *state;

	start(w, "while :; do :; done");
	assert_true(still_waits(w, 300));
}

static void it_is_for_the_text_that_it_has_got(void **state)
{
	struct world *w = *state;
	const struct handout *first, *other;

	start(w, "exec sleep 1000");
	first = hand_out(w, PATH, text_fd());
	other = hand_out(w, "/etc/other", -1);
	assert_true(verifier_fits(w->verifier, first));
	assert_true(verifier_fits(w->verifier, other));
	assert_int_equal(verifier_give_before(w->verifier, first, 10000), 0);
	assert_true(verifier_fits(w->verifier, first));
	assert_false(verifier_fits(w->verifier, other));
}

/* The same descriptor, once an engine has had it as its own and all were forgotten in between. */
static void what_is_handed_out_again_is_another_text(void **state)
{
	struct world *w = *state;
	const struct handout *text = hand_out(w, PATH, text_fd());
	int same = fcntl(text->content, F_DUPFD_CLOEXEC, 3);

	start(w, "exec sleep 1000");
	assert_int_equal(verifier_give_before(w->verifier, text, 10000), 0);
	handouts_clear(&w->handouts);
	assert_false(verifier_fits(w->verifier, hand_out(w, PATH, same)));
}

static void it_is_not_run_on_another_text(void **state)
{
	struct world *w = *state;
	int status;

	start(w, "exec sleep 1000");
	assert_int_equal(verifier_give_before(w->verifier, hand_out(w, PATH, text_fd()), 10000), 0);
	assert_int_equal(verifier_run(w->verifier, hand_out(w, "/etc/other", text_fd()), -1,
				      w->list, 10000, &status),
			 -EINVAL);
	assert_true(verifier_waits(w->verifier));
}

/* Each message is a packet, and each has what belongs to it. */
static const char four_packets[] =
	"for n in 1 2 3 4; do dd bs=65536 count=1 <&3 >/dev/null 2>&1; done; exit 7";

static void how_it_ends_is_told(void **state)
{
	struct world *w = *state;
	const struct handout *text = hand_out(w, PATH, text_fd());
	int status = 0;

	start(w, four_packets);
	assert_int_equal(verifier_run(w->verifier, text, -1, w->list, 60000, &status), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	start(w, four_packets);
	assert_int_equal(verifier_give_before(w->verifier, text, 10000), 0);
	assert_int_equal(verifier_run(w->verifier, text, -1, w->list, 60000, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void one_that_never_ends_is_ended(void **state)
{
	struct world *w = *state;
	int status = 0;

	start(w, "exec sleep 1000");
	assert_int_equal(verifier_run(w->verifier, hand_out(w, PATH, text_fd()), -1, w->list, 50,
				      &status),
			 -ETIMEDOUT);
	assert_true(WIFSIGNALED(status));
}

static void one_that_has_ended_gets_no_text(void **state)
{
	struct world *w = *state;
	const struct handout *text = hand_out(w, PATH, text_fd());
	int status = 0;

	start(w, "exit 5");
	assert_false(still_waits(w, 60000));
	assert_true(verifier_give_before(w->verifier, text, 10000) < 0);
	/* and tells by its status why */
	assert_int_equal(verifier_run(w->verifier, text, -1, w->list, 10000, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 5);
}

static void without_a_starter_there_is_none(void **state)
{
	struct world *w = *state;
	const int fds[] = { STDIN_FILENO };
	pid_t pid;

	/* a wrong number of descriptors ends it */
	assert_int_equal(starter_start(w->ground.starter, START_VERIFY, fds, 1, 0, &pid),
			 -ENOTCONN);
	assert_int_equal(verifier_new(w->ground.starter, w->ground.event, 0, "Hosts.lns",
				      &w->verifier),
			 -ENOTCONN);
	assert_null(w->verifier);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_reads_ahead_for_too_long_is_ended),
		TEST(one_that_only_waits_may_do_that),
		TEST(one_that_has_got_no_text_is_not_looked_at),
		TEST(it_is_for_the_text_that_it_has_got),
		TEST(what_is_handed_out_again_is_another_text),
		TEST(it_is_not_run_on_another_text),
		TEST(how_it_ends_is_told),
		TEST(one_that_never_ends_is_ended),
		TEST(one_that_has_ended_gets_no_text),
		TEST(without_a_starter_there_is_none),
	};
	int r = starter_ground_enter();

	return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
