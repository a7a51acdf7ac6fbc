/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/op_file.c, the requests about files, as a hostile engine
 * would make them: only what the policy's sections allow is done, and what an
 * honest engine could not say ends the session (a negative result).
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/memfd.h"
#include "monitor/session.h"

enum { HOSTS, LISTS, READ_ONLY, ENTRIES };

struct world {
	struct root *root;
	struct policy *policy;
	struct session_host host;
	struct transaction *transaction;
	struct calls_under_way calls;
	struct session session;
	int engine; /* the engine's end of the channel */
	struct packet packet;
	size_t open;
};

static void add_entry(struct policy *policy, const char *path, const char *set)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, path, &file), 0);
	/* there is no verifier here; what it finds has tests of its own */
	file->unverified = true;
	if (set)
		assert_int_equal(policy_list_add(&file->rights[RIGHT_SET], set), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	w->policy = policy_new();
	add_entry(w->policy, "/etc/hosts", "**");
	add_entry(w->policy, "/etc/d/*.list", NULL);
	w->policy->files[LISTS].may_create = true;
	w->policy->files[LISTS].create_mode = 0644;
	w->policy->files[LISTS].may_delete = true;
	add_entry(w->policy, "/etc/d/main.list", NULL);
	w->host = (struct session_host){
		.policy = w->policy,
		.root_fd = w->root->fd,
		.state_fd = -1,
		.transaction = &w->transaction,
		.calls = &w->calls,
		.user = "unit",
	};
	w->session.host = &w->host;
	w->session.policy = w->policy;
	assert_int_equal(channel_pair(&w->session.channel, &w->engine), 0);
	root_mkdir(w->root, "/etc");
	root_mkdir(w->root, "/etc/d");
	root_write(w->root, "/etc/hosts", "old");
	root_write(w->root, "/etc/d/main.list", "main");
	root_write(w->root, "/etc/d/a.list", "a");
	root_write(w->root, "/etc/shadow", "secret");
	/* sd-journal keeps its socket from the first record on */
	audit_record(NULL, &(struct audit_event){
				   .method = "unit", .subject = "", .result = AUDIT_DONE });
	w->open = unit_open_descriptors();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	void *root = w->root;

	session_staged_clear(&w->session);
	handouts_clear(&w->session.handouts);
	assert_int_equal(unit_open_descriptors(), w->open);
	close_fd(w->session.channel);
	close_fd(w->engine);
	policy_free(w->policy);
	root_teardown(&root);
	free(w);
	return 0;
}

/* What the monitor answered; its descriptor goes to *ret_fd, or must not be there. */
static struct message answer(struct world *w, enum message_type type, int *ret_fd)
{
	struct message reply = { 0 };
	int fd = -1;

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), 1);
	assert_int_equal(reply.type, type);
	if (ret_fd)
		*ret_fd = fd;
	else
		assert_int_equal(fd, -1);
	return reply;
}

static void assert_no_answer(struct world *w)
{
	struct message reply;
	int fd;

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), -EAGAIN);
}

static enum mon_outcome do_open(struct world *w, uint32_t entry, const char *name, int *ret_fd)
{
	const struct msg_open request = { .entry = entry, .name = name };
	int none = -1;

	assert_int_equal(op_open(&w->session, &request, &none), 0);
	return answer(w, MON_OPEN_REPLY, ret_fd).open_reply.outcome;
}

/* Opened, and its descriptor thrown away. */
static enum mon_outcome open_outcome(struct world *w, uint32_t entry, const char *name)
{
	scoped_fd fd = -1;
	enum mon_outcome outcome = do_open(w, entry, name, &fd);

	assert_int_equal(fd >= 0, outcome == OUTCOME_DONE);
	return outcome;
}

static int memfd(const char *text)
{
	int fd = text ? memfd_of("unit", text, strlen(text)) : -1;

	assert_int_equal(fd >= 0, text != NULL);
	return fd;
}

static enum mon_outcome do_stage(struct world *w, uint32_t entry, const char *name,
				 const char *content)
{
	const struct msg_stage request = { .entry = entry, .name = name };
	scoped_fd fd = memfd(content);
	scoped_ptr char *logged = NULL;

	unit_capture_begin();
	assert_int_equal(op_stage(&w->session, &request, &fd), 0);
	logged = unit_capture_end();
	return answer(w, MON_STAGE_REPLY, NULL).stage_reply.outcome;
}

static struct msg_commit_reply do_commit(struct world *w, bool drop, int *ret_theirs)
{
	const struct msg_commit request = { .drop = drop };
	scoped_ptr char *logged = NULL;
	int none = -1;

	unit_capture_begin();
	assert_int_equal(op_commit(&w->session, &request, &none), 0);
	logged = unit_capture_end();
	assert_int_equal(w->session.staged_count, 0);
	return answer(w, MON_COMMIT_REPLY, ret_theirs).commit_reply;
}

static void assert_bytes(int fd, const char *expected)
{
	scoped_mapping mapping = { 0 };

	assert_int_equal(memfd_map(fd, CONTENT_MAX, &mapping), 0);
	assert_int_equal(mapping.size, strlen(expected));
	assert_memory_equal(mapping.data, expected, mapping.size);
}

/* ---- open and list ------------------------------------------------------------------------- */

static void test_a_file_of_the_policy_is_handed_out_sealed(void **state)
{
	struct world *w = *state;
	scoped_fd fd = -1, other = -1;

	assert_int_equal(do_open(w, HOSTS, "", &fd), OUTCOME_DONE);
	assert_bytes(fd, "old");
	assert_int_equal(do_open(w, LISTS, "a.list", &other), OUTCOME_DONE);
	assert_bytes(other, "a");
}

static void test_an_absent_file_is_handed_out_as_absent(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/etc/hosts");

	assert_int_equal(open_outcome(w, LISTS, "none.list"), OUTCOME_ABSENT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_outcome(w, HOSTS, ""), OUTCOME_ABSENT);
}

static void test_what_is_not_plain_is_not_handed_out(void **state)
{
	struct world *w = *state;
	scoped_ptr char *dir = root_path(w->root, "/etc/d"), *moved = root_path(w->root, "/etc/e");

	root_symlink(w->root, "../shadow", "/etc/d/link.list");
	root_mkdir(w->root, "/etc/d/dir.list");
	assert_int_equal(open_outcome(w, LISTS, "link.list"), OUTCOME_NOT_PLAIN);
	assert_int_equal(open_outcome(w, LISTS, "dir.list"), OUTCOME_NOT_PLAIN);
	assert_int_equal(rename(dir, moved), 0);
	root_symlink(w->root, "e", "/etc/d");
	assert_int_equal(open_outcome(w, LISTS, "a.list"), OUTCOME_NOT_PLAIN);
	/* so that it cannot be staged either */
	assert_null(handout_find(&w->session.handouts, "/etc/d/link.list"));
}

static void test_more_files_than_are_remembered_are_not_handed_out(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < HANDOUTS_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%zu.list", i);
		assert_int_equal(open_outcome(w, LISTS, name), OUTCOME_ABSENT);
	}
	assert_int_equal(open_outcome(w, LISTS, "more.list"), OUTCOME_LIMIT);
	assert_int_equal(open_outcome(w, HOSTS, ""), OUTCOME_LIMIT);
}

static void test_opening_what_is_no_file_of_the_entry_ends_the_session(void **state)
{
	static const struct {
		uint32_t entry;
		const char *name;
	} requests[] = {
		{ ENTRIES, "" },
		{ UINT32_MAX, "" },
		{ HOSTS, "x" },
		{ HOSTS, "/etc/hosts" },
		{ HOSTS, "../shadow" },
		{ LISTS, "" },
		{ LISTS, "../shadow" },
		{ LISTS, "../d/a.list" },
		{ LISTS, "./a.list" },
		{ LISTS, "/etc/d/a.list" },
		{ LISTS, "a.list/" },
		{ LISTS, "x/a.list" },
		{ LISTS, ".list" },
		{ LISTS, "a.conf" },
		{ LISTS, "a\n.list" },
		/* which the stricter section governs */
		{ LISTS, "main.list" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		uint32_t entry = requests[i].entry;
		const char *name = requests[i].name;
		const struct msg_open open = { .entry = entry, .name = name };
		const struct msg_stage stage = { .entry = entry, .name = name };
		int fd = -1;

		if (op_open(&w->session, &open, &fd) >= 0)
			fail_msg("%u '%s' is opened", entry, name);
		assert_true(op_stage(&w->session, &stage, &fd) < 0);
		assert_no_answer(w);
	}
	assert_int_equal(w->session.handouts.count, 0);
}

static void test_the_names_of_an_entry_are_listed(void **state)
{
	static const struct msg_list request = { .entry = LISTS };
	struct world *w = *state;
	scoped_mapping names = { 0 };
	struct msg_list_reply reply;
	scoped_fd fd = -1;
	int none = -1;

	assert_int_equal(op_list(&w->session, &request, &none), 0);
	reply = answer(w, MON_LIST_REPLY, &fd).list_reply;
	assert_int_equal(reply.outcome, OUTCOME_DONE);
	assert_int_equal(reply.count, 1);
	assert_int_equal(memfd_map(fd, CONTENT_MAX, &names), 0);
	assert_int_equal(names.size, sizeof("a.list"));
	assert_memory_equal(names.data, "a.list", sizeof("a.list"));
}

static void test_listing_what_has_no_wildcard_ends_the_session(void **state)
{
	static const uint32_t entries[] = { HOSTS, READ_ONLY, ENTRIES, UINT32_MAX };
	struct world *w = *state;
	int none = -1;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		const struct msg_list request = { .entry = entries[i] };

		assert_true(op_list(&w->session, &request, &none) < 0);
	}
	assert_no_answer(w);
}

/* ---- stage and commit ------------------------------------------------------------------------ */

static void test_what_was_handed_out_is_changed(void **state)
{
	struct world *w = *state;

	open_outcome(w, HOSTS, "");
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	assert_root_content(w->root, "/etc/hosts", "old");
	assert_int_equal(do_commit(w, false, NULL).outcome, OUTCOME_DONE);
	assert_root_content(w->root, "/etc/hosts", "new");
}

static void test_what_cannot_be_verified_is_not_written(void **state)
{
	struct world *w = *state;
	const struct identity nobody = { .uid = 65534, .gid = 65534 };
	const struct starter_spec spec = {
		.libexec = "/nowhere",
		.lens_path = "/usr/share",
		.reader = &nobody,
	};

	w->policy->files[HOSTS].unverified = false;
	w->policy->files[HOSTS].lens = strdup("Hosts.lns");
	w->policy->timeout_ms = 60000;
	assert_int_equal(starter_new(&spec, &w->host.starter), 0);
	assert_true(sd_event_new(&w->host.event) >= 0);
	open_outcome(w, HOSTS, "");
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	assert_int_equal(do_commit(w, false, NULL).outcome, OUTCOME_IO);
	assert_root_content(w->root, "/etc/hosts", "old");
	sd_event_unref(w->host.event);
	starter_free(w->host.starter);
}

static void test_what_may_be_created_and_removed_is(void **state)
{
	struct world *w = *state;

	open_outcome(w, LISTS, "new.list");
	open_outcome(w, LISTS, "a.list");
	assert_int_equal(do_stage(w, LISTS, "new.list", "n"), OUTCOME_DONE);
	assert_int_equal(do_stage(w, LISTS, "a.list", NULL), OUTCOME_DONE);
	assert_int_equal(do_commit(w, false, NULL).outcome, OUTCOME_DONE);
	assert_root_content(w->root, "/etc/d/new.list", "n");
	assert_root_content(w->root, "/etc/d/a.list", NULL);
}

static void test_what_the_section_does_not_allow_is_denied(void **state)
{
	struct world *w = *state;
	scoped_ptr char *hosts = root_path(w->root, "/etc/hosts");

	open_outcome(w, READ_ONLY, "");
	open_outcome(w, LISTS, "a.list");
	open_outcome(w, HOSTS, "");
	assert_int_equal(do_stage(w, READ_ONLY, "", "new"), OUTCOME_DENIED);
	assert_int_equal(do_stage(w, READ_ONLY, "", NULL), OUTCOME_DENIED);
	assert_int_equal(do_stage(w, LISTS, "a.list", "changed"), OUTCOME_DENIED);
	assert_int_equal(do_stage(w, HOSTS, "", NULL), OUTCOME_DENIED);
	assert_int_equal(unlink(hosts), 0);
	open_outcome(w, HOSTS, "");
	assert_int_equal(do_stage(w, HOSTS, "", "created"), OUTCOME_DENIED);
	assert_int_equal(do_commit(w, false, NULL).outcome, OUTCOME_DONE);
	assert_root_content(w->root, "/etc/d/main.list", "main");
	assert_root_content(w->root, "/etc/d/a.list", "a");
	assert_root_content(w->root, "/etc/hosts", NULL);
}

static void test_staged_files_can_be_dropped(void **state)
{
	struct world *w = *state;

	open_outcome(w, HOSTS, "");
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	assert_int_equal(do_commit(w, true, NULL).outcome, OUTCOME_DONE);
	assert_int_equal(do_commit(w, false, NULL).outcome, OUTCOME_DONE);
	assert_root_content(w->root, "/etc/hosts", "old");
}

static void test_a_conflict_shows_the_other_side(void **state)
{
	struct world *w = *state;
	struct msg_commit_reply reply;
	scoped_fd theirs = -1;

	open_outcome(w, HOSTS, "");
	root_write(w->root, "/etc/hosts", "theirs");
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	reply = do_commit(w, false, &theirs);
	assert_int_equal(reply.outcome, OUTCOME_CONFLICT);
	assert_int_equal(reply.index, 0);
	assert_bytes(theirs, "theirs");
	assert_root_content(w->root, "/etc/hosts", "theirs");
}

static void test_a_conflict_with_a_removal_shows_nothing(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/etc/hosts");

	open_outcome(w, HOSTS, "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	assert_int_equal(do_commit(w, false, NULL).outcome, OUTCOME_CONFLICT);
}

static void test_a_failure_tells_its_step_and_error(void **state)
{
	struct world *w = *state;
	struct msg_commit_reply reply;
	scoped_ptr char *path = root_path(w->root, "/etc/hosts");

	open_outcome(w, HOSTS, "");
	assert_int_equal(unlink(path), 0);
	root_symlink(w->root, "shadow", "/etc/hosts");
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	reply = do_commit(w, false, NULL);
	assert_int_equal(reply.outcome, OUTCOME_NOT_PLAIN);
	assert_int_equal(reply.error, ELOOP);
	assert_string_equal(reply.step, "look at the file");
	assert_root_content(w->root, "/etc/shadow", "secret");
}

static void test_staging_what_was_not_handed_out_ends_the_session(void **state)
{
	static const struct msg_stage request = { .entry = HOSTS, .name = "" };
	static const struct msg_forget forget; /* no fields */
	struct world *w = *state;
	scoped_fd fd = memfd("new");
	int none = -1;

	assert_true(op_stage(&w->session, &request, &fd) < 0);
	open_outcome(w, HOSTS, "");
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	assert_int_equal(op_forget(&w->session, &forget, &none), 0);
	assert_int_equal(w->session.staged_count, 0);
	assert_true(op_stage(&w->session, &request, &fd) < 0);
	assert_no_answer(w);
}

static void test_staging_the_same_file_twice_ends_the_session(void **state)
{
	static const struct msg_stage request = { .entry = HOSTS, .name = "" };
	struct world *w = *state;
	scoped_fd fd = memfd("newer");

	open_outcome(w, HOSTS, "");
	assert_int_equal(do_stage(w, HOSTS, "", "new"), OUTCOME_DONE);
	assert_true(op_stage(&w->session, &request, &fd) < 0);
}

static void test_staging_what_is_no_sealed_memfd_ends_the_session(void **state)
{
	static const struct msg_stage request = { .entry = HOSTS, .name = "" };
	struct world *w = *state;
	scoped_fd open_memfd = memfd_new("unit"), file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	scoped_fd large = memfd_new("unit");

	assert_int_equal(ftruncate(large, CONTENT_MAX + 1), 0);
	assert_int_equal(memfd_seal(large), 0);
	open_outcome(w, HOSTS, "");
	assert_true(op_stage(&w->session, &request, &open_memfd) < 0);
	assert_true(op_stage(&w->session, &request, &file) < 0);
	assert_true(op_stage(&w->session, &request, &large) < 0);
	assert_int_equal(w->session.staged_count, 0);
}

static void test_more_files_than_may_be_staged_are_refused(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i <= STAGED_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%zu.list", i);
		assert_int_equal(open_outcome(w, LISTS, name), OUTCOME_ABSENT);
		assert_int_equal(do_stage(w, LISTS, name, "x"),
				 i < STAGED_MAX ? OUTCOME_DONE : OUTCOME_LIMIT);
	}
}

static void test_a_commit_that_is_neither_yes_nor_no_ends_the_session(void **state)
{
	static const struct msg_commit request = { .drop = 2 };
	struct world *w = *state;
	int none = -1;

	assert_true(op_commit(&w->session, &request, &none) < 0);
	assert_no_answer(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_of_the_policy_is_handed_out_sealed),
		TEST(test_an_absent_file_is_handed_out_as_absent),
		TEST(test_what_is_not_plain_is_not_handed_out),
		TEST(test_more_files_than_are_remembered_are_not_handed_out),
		TEST(test_opening_what_is_no_file_of_the_entry_ends_the_session),
		TEST(test_the_names_of_an_entry_are_listed),
		TEST(test_listing_what_has_no_wildcard_ends_the_session),
		TEST(test_what_was_handed_out_is_changed),
		TEST(test_what_cannot_be_verified_is_not_written),
		TEST(test_what_may_be_created_and_removed_is),
		TEST(test_what_the_section_does_not_allow_is_denied),
		TEST(test_staged_files_can_be_dropped),
		TEST(test_a_conflict_shows_the_other_side),
		TEST(test_a_conflict_with_a_removal_shows_nothing),
		TEST(test_a_failure_tells_its_step_and_error),
		TEST(test_staging_what_was_not_handed_out_ends_the_session),
		TEST(test_staging_the_same_file_twice_ends_the_session),
		TEST(test_staging_what_is_no_sealed_memfd_ends_the_session),
		TEST(test_more_files_than_may_be_staged_are_refused),
		TEST(test_a_commit_that_is_neither_yes_nor_no_ends_the_session),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
