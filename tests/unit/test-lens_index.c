/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/lens_index.c: what an engine says of lenses is taken, and remembered, if it
 * has said nothing else until its end.
 */
#include "starter_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/channel.h"
#include "monitor/lens_index.h"
#include "monitor/lens_memo.h"
#include "policy_fixture.h"

#define NAMED "/etc/named"
#define PATH "/etc/hosts"

/* The engine of a test is a shell script that sends what lies in a file. */
struct world {
	struct starter_ground ground;
	char *state;
	char *directory; /* of the policy */
	char *packet;
	int state_fd;
	struct policy *policy;
};

static int make(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	starter_ground_make(&w->ground);
	assert_int_equal(starter_new(&w->ground.spec, &w->ground.starter), 0);
	w->state = unit_directory_make();
	w->directory = unit_directory_make();
	w->packet = unit_path(w->ground.libexec, "packet");
	w->state_fd = open(w->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->state_fd >= 0);
	w->policy = assert_text_taken(w->directory, "[File " NAMED "]\nLens=Named.lns\n"
						    "[File " PATH "]\n");
	*state = w;
	return 0;
}

static int unmake(void **state)
{
	struct world *w = *state;

	policy_free(w->policy);
	close_fd(w->state_fd);
	starter_ground_clear(&w->ground);
	unit_directory_remove(w->state);
	unit_directory_remove(w->directory);
	free(w->packet);
	free(w);
	return 0;
}

/* The number that the policy gives the file. */
static uint32_t entry_of(const struct world *w, const char *path)
{
	ssize_t entry = policy_find_file(w->policy, path);

	assert_true(entry >= 0);
	return (uint32_t)entry;
}

static void write_packet(const struct world *w, const struct message *message)
{
	struct packet packet;
	size_t length;
	scoped_fd fd = open(w->packet, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(message_encode(message, packet.data, sizeof(packet.data), &length), 0);
	assert_int_equal(write(fd, packet.data, length), (ssize_t)length);
	assert_int_equal(fchmod(fd, 0644), 0);
}

/* It reads the policy, gives this answer, and does that. */
static void write_engine(const struct world *w, uint32_t entry, const char *lens, const char *then)
{
	scoped_ptr char *body = NULL;

	write_packet(w, &(struct message){ .type = MON_LENS, .lens = { entry, lens } });
	assert_true(asprintf(&body, "dd bs=65536 count=1 <&3 >/dev/null 2>&1\ncat %s >&3\n%s",
			     w->packet, then) > 0);
	starter_ground_write(&w->ground, "exmachina-engine", body);
}

static int complete(const struct world *w)
{
	const struct lens_source source = {
		.starter = w->ground.starter,
		.lens_path = w->ground.lenses,
		.state_fd = w->state_fd,
	};
	int r;

	unit_capture_begin();
	r = lens_index_complete(w->policy, &source);
	free(unit_capture_end());
	return r;
}

static const char *lens_of(const struct world *w, const char *path)
{
	const char *lens = w->policy->files[entry_of(w, path)].lens;

	return lens ? lens : "";
}

/* "": nothing. */
static void expect_remembered(const struct world *w, const char *path, const char *wanted)
{
	scoped(lens_memo_closep) struct lens_memo *memo =
		lens_memo_open(w->state_fd, w->ground.lenses, time(NULL));
	scoped_ptr char *lens = lens_memo_find(memo, path);

	assert_non_null(memo);
	assert_string_equal(lens ? lens : "", wanted);
}

static void what_it_says_is_taken_and_remembered(void **state)
{
	struct world *w = *state;
	uint32_t entry = entry_of(w, PATH);

	write_engine(w, entry, "Hosts.lns", "");
	assert_int_equal(complete(w), 0);
	assert_string_equal(lens_of(w, PATH), "Hosts.lns");
	expect_remembered(w, PATH, "Hosts.lns");
	/* what the policy says is nothing to be remembered */
	assert_string_equal(lens_of(w, NAMED), "Named.lns");
	expect_remembered(w, NAMED, "");
	/* it is not asked again */
	free(w->policy->files[entry].lens);
	w->policy->files[entry].lens = NULL;
	write_engine(w, entry, "Other.lns", "");
	assert_int_equal(complete(w), 0);
	assert_string_equal(lens_of(w, PATH), "Hosts.lns");
}

static void of_one_that_breaks_the_protocol_nothing_is_remembered(void **state)
{
	struct world *w = *state;

	write_engine(w, entry_of(w, PATH), "Evil.lns", "echo more >&3");
	assert_true(complete(w) < 0);
	expect_remembered(w, PATH, "");
}

static void of_one_that_says_it_twice_nothing_is_remembered(void **state)
{
	struct world *w = *state;
	scoped_ptr char *again = NULL;

	assert_true(asprintf(&again, "cat %s >&3", w->packet) > 0);
	write_engine(w, entry_of(w, PATH), "Evil.lns", again);
	assert_int_equal(complete(w), -EPROTO);
	expect_remembered(w, PATH, "");
}

static void what_the_policy_says_is_not_its_business(void **state)
{
	struct world *w = *state;

	write_engine(w, entry_of(w, NAMED), "Evil.lns", "");
	assert_int_equal(complete(w), -EPROTO);
	assert_string_equal(lens_of(w, NAMED), "Named.lns");
	write_engine(w, 2, "Evil.lns", "");
	assert_int_equal(complete(w), -EPROTO);
}

static void a_file_without_a_lens_is_refused(void **state)
{
	struct world *w = *state;

	write_engine(w, entry_of(w, PATH), "", "");
	assert_int_equal(complete(w), -EINVAL);
	expect_remembered(w, PATH, "");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_it_says_is_taken_and_remembered),
		TEST(of_one_that_breaks_the_protocol_nothing_is_remembered),
		TEST(of_one_that_says_it_twice_nothing_is_remembered),
		TEST(what_the_policy_says_is_not_its_business),
		TEST(a_file_without_a_lens_is_refused),
	};
	int r = starter_ground_enter();

	return r != 0 ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
