/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/monitor/op_history.c and history/history_view.c, as a hostile engine would ask: it
 * gets the files that its policy names now, and of others nothing but that there are some.
 */
#include "root_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/memfd.h"
#include "monitor/history/history.h"
#include "monitor/history/history_view.h"
#include "monitor/session.h"

enum { HOSTS, LISTS, SECRET };

struct world {
	struct root *root; /* its /s is the state directory */
	int dir;
	struct policy *policy;
	struct session_host host;
	struct session session;
	int engine; /* the engine's end of the channel */
	struct packet packet;
	mode_t mode; /* of the files of revisions */
	size_t open;
};

static struct policy_file *add_section(struct policy *policy, const char *path)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(policy, path, &file), 0);
	assert_int_equal(policy_list_add(&file->rights[RIGHT_SET], "**"), 0);
	return file;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct policy_file *file;
	void *root;

	assert_non_null(w);
	root_setup(&root);
	w->root = root;
	w->mode = S_IFREG | 0604;
	root_mkdir(w->root, "/s");
	w->policy = policy_new();
	add_section(w->policy, "/etc/hosts");
	file = add_section(w->policy, "/etc/d/*.list");
	file->may_create = true;
	file->may_delete = true;
	file = add_section(w->policy, "/etc/secret");
	assert_int_equal(policy_list_add(&file->secrets, "password"), 0);
	w->host = (struct session_host){
		.policy = w->policy,
		.root_fd = w->root->fd,
		.state_fd = openat(w->root->fd, "s", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.user = "unit",
	};
	w->dir = history_make(w->host.state_fd);
	assert_true(w->dir >= 0);
	w->session.host = &w->host;
	w->session.policy = w->policy;
	assert_int_equal(channel_pair(&w->session.channel, &w->engine), 0);
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
	close_fd(w->dir);
	close_fd(w->host.state_fd);
	close_fd(w->session.channel);
	close_fd(w->engine);
	policy_free(w->policy);
	root_teardown(&root);
	free(w);
	return 0;
}

static int memfd(const char *text)
{
	int fd = text ? memfd_of("unit", text, strlen(text)) : -1;

	assert_int_equal(fd >= 0, text != NULL);
	return fd;
}

/* A file of a revision, before and after; NULL: it did not exist. */
struct file {
	const char *path, *old, *new;
};

static int list_of_changes(void)
{
	const struct node_row row = { .file = 0,
				      .path = "/a",
				      .old_value = "",
				      .new_value = "v",
				      .has_new = 1,
				      .action = CHANGE_ADDED };
	scoped_report report = report_begin(REPORT_NODE);

	assert_int_equal(report_add_node_row(&report, &row), 0);
	return report_seal(&report, NULL);
}

static void add_revision(struct world *w, const struct file *file, size_t count)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd journal = memfd_new("journal"), changes = list_of_changes();
	int content[2 * STAGED_MAX];

	assert_int_equal(journal_entry_new(&entry), 0);
	assert_int_equal(history_next(w->dir, &entry.revision), 0);
	entry.who = client_new("unit");
	entry.who.pid = 42;
	strcpy(entry.method, "config.commit");
	for (size_t i = 0; i < count; i++) {
		entry.file[i].path = strdup(file[i].path);
		entry.file[i].section = strdup("/etc/section");
		strcpy(entry.file[i].temporary, ".tmp");
		entry.file[i].mode = w->mode;
		entry.file[i].uid = 7;
		content[2 * i] = memfd(file[i].old);
		content[2 * i + 1] = memfd(file[i].new);
		entry.count++;
	}
	assert_int_equal(journal_entry_write(journal, &entry, content, changes), 0);
	for (size_t i = 0; i < 2 * count; i++)
		close_fd(content[i]);
	assert_int_equal(history_prepare(w->dir, journal), 0);
	assert_int_equal(history_add(w->dir, entry.revision), 0);
}

#define ADD(...) \
	do { \
		const struct file files_[] = { __VA_ARGS__ }; \
		add_revision(w, files_, ARRAY_SIZE(files_)); \
	} while (0)

#define OTHERS \
	{ \
		"/etc/shadow", "root:old", "root:new" \
	}

/* ---- asking ------------------------------------------------------------------------- */

static struct message answer(struct world *w, enum message_type type, int *ret_fd)
{
	struct message reply = { 0 };

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, ret_fd), 1);
	assert_int_equal(reply.type, type);
	return reply;
}

static void assert_no_answer(struct world *w)
{
	struct message reply;
	int fd;

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), -EAGAIN);
}

/* "REVISION/FILE PATH" for each row, one blank apart, and a '+' where there is more. */
static void assert_rows(int fd, const char *expected)
{
	scoped_reader reader = { 0 };
	struct revision_row row;
	char text[4096] = "";

	assert_int_equal(report_open(fd, REPORT_REVISION, &reader), 0);
	while (report_next_revision_row(&reader, &row) > 0) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used, "%s%d%s/%u %s", used ? " " : "",
			 (int)row.revision, row.partial ? "+" : "", row.file, row.path);
	}
	assert_string_equal(text, expected);
}

static struct msg_history_reply ask_history(struct world *w, uint64_t before, uint32_t limit,
					    const char *glob, const char *expected)
{
	const struct msg_history request = { .before = before, .limit = limit, .glob = glob };
	struct message reply;
	scoped_fd list = -1;
	int none = -1;

	assert_int_equal(op_history(&w->session, &request, &none), 0);
	reply = answer(w, MON_HISTORY_REPLY, &list);
	assert_int_equal(list >= 0, reply.history_reply.outcome == OUTCOME_DONE);
	if (list >= 0)
		assert_rows(list, expected);
	return reply.history_reply;
}

static struct msg_revision_reply ask_revision(struct world *w, uint64_t number,
					      const char *expected)
{
	const struct msg_revision request = { .revision = number };
	scoped_ptr char *logged = NULL;
	struct message reply;
	scoped_fd list = -1;
	int none = -1;

	unit_capture_begin();
	assert_int_equal(op_revision(&w->session, &request, &none), 0);
	logged = unit_capture_end();
	reply = answer(w, MON_REVISION_REPLY, &list);
	assert_int_equal(list >= 0, reply.revision_reply.outcome == OUTCOME_DONE);
	if (list >= 0)
		assert_rows(list, expected);
	return reply.revision_reply;
}

static int try_part(struct world *w, uint64_t number, uint32_t file, uint8_t part)
{
	const struct msg_part request = { .revision = number, .file = file, .part = part };
	scoped_ptr char *logged = NULL;
	int none = -1, r;

	unit_capture_begin();
	r = op_part(&w->session, &request, &none);
	logged = unit_capture_end();
	return r;
}

static struct msg_part_reply ask_part(struct world *w, uint64_t number, uint32_t file, uint8_t part,
				      const char *expected)
{
	scoped_mapping mapping = { 0 };
	struct message reply;
	scoped_fd content = -1;

	assert_int_equal(try_part(w, number, file, part), 0);
	reply = answer(w, MON_PART_REPLY, &content);
	assert_int_equal(content >= 0, expected != NULL);
	if (content < 0)
		return reply.part_reply;
	assert_int_equal(memfd_map(content, CONTENT_MAX, &mapping), 0);
	assert_int_equal(mapping.size, strlen(expected));
	assert_memory_equal(mapping.data, expected, mapping.size);
	return reply.part_reply;
}

static int try_restore(struct world *w, uint64_t number, uint32_t file)
{
	const struct msg_restore request = { .revision = number, .file = file };
	scoped_ptr char *logged = NULL;
	int none = -1, r;

	unit_capture_begin();
	r = op_restore(&w->session, &request, &none);
	logged = unit_capture_end();
	return r;
}

static struct msg_restore_reply ask_restore(struct world *w, uint64_t number, uint32_t file)
{
	int none = -1;

	assert_int_equal(try_restore(w, number, file), 0);
	return answer(w, MON_RESTORE_REPLY, &none).restore_reply;
}

static void hand_out(struct world *w, const char *path, const char *text)
{
	assert_int_equal(handout_set(&w->session.handouts, path, memfd(text)), 0);
}

static void assert_staged(const struct world *w, size_t index, const char *path,
			  const char *expected)
{
	const struct staged *staged = &w->session.staged[index];
	scoped_mapping mapping = { 0 };

	assert_true(index < w->session.staged_count);
	assert_string_equal(staged->path, path);
	assert_int_equal(staged->content >= 0, expected != NULL);
	if (!expected)
		return;
	assert_int_equal(memfd_map(staged->content, CONTENT_MAX, &mapping), 0);
	assert_int_equal(mapping.size, strlen(expected));
	assert_memory_equal(mapping.data, expected, mapping.size);
}

/* ---- looking ------------------------------------------------------------------------ */

static void only_files_of_the_policy_are_listed(void **state)
{
	struct world *w = *state;
	struct msg_history_reply reply;

	ADD({ "/etc/hosts", "old", "new" });
	ADD(OTHERS);
	ADD({ "/etc/d/a.list", NULL, "new" }, OTHERS, { "/etc/secret", "old", "new" });
	reply = ask_history(w, 0, 10, "", "3+/0 /etc/d/a.list 3+/2 /etc/secret 1/0 /etc/hosts");
	assert_int_equal(reply.next, 0);
	/* and as it is now */
	w->policy->file_count = 1;
	ask_history(w, 0, 10, "", "1/0 /etc/hosts");
	w->policy->file_count = 3;
}

static void a_glob_takes_some_of_them(void **state)
{
	struct world *w = *state;

	ADD({ "/etc/hosts", "old", "new" }, { "/etc/d/a.list", "", "x" });
	ADD({ "/etc/d/b.list", "old", "new" });
	ask_history(w, 0, 10, "/etc/d/*", "2/0 /etc/d/b.list 1/1 /etc/d/a.list");
	ask_history(w, 0, 10, "/etc/hosts", "1/0 /etc/hosts");
	ask_history(w, 0, 10, "/etc/shadow", "");
}

static void pages_follow_each_other(void **state)
{
	struct world *w = *state;
	struct msg_history_reply reply;

	for (int i = 0; i < 3; i++) {
		ADD({ "/etc/hosts", "old", "new" });
		ADD(OTHERS);
	}
	reply = ask_history(w, 0, 2, "", "5/0 /etc/hosts 3/0 /etc/hosts");
	assert_int_equal(reply.next, 3);
	reply = ask_history(w, reply.next, 2, "", "1/0 /etc/hosts");
	assert_int_equal(reply.next, 0);
	ask_history(w, 1, 2, "", "");
	ask_history(w, UINT64_MAX, REVISIONS_MAX, "",
		    "5/0 /etc/hosts 3/0 /etc/hosts 1/0 /etc/hosts");
}

static void a_limit_out_of_range_is_a_breach(void **state)
{
	static const uint32_t limits[] = { 0, REVISIONS_MAX + 1, UINT32_MAX };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		const struct msg_history request = { .limit = limits[i], .glob = "" };
		int none = -1;

		assert_int_equal(op_history(&w->session, &request, &none), -EPROTO);
	}
	assert_no_answer(w);
}

static void one_revision_is_shown_as_far_as_it_may_be_seen(void **state)
{
	struct world *w = *state;

	ADD(OTHERS);
	ADD({ "/etc/hosts", "old", "new" }, OTHERS);
	assert_int_equal(ask_revision(w, 2, "2+/0 /etc/hosts").outcome, OUTCOME_DONE);
	assert_int_equal(ask_revision(w, 1, NULL).outcome, OUTCOME_ABSENT);
}

static void a_number_that_there_is_not_is_absent(void **state)
{
	static const uint64_t numbers[] = { 0, 2, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX };
	struct world *w = *state;

	ADD({ "/etc/hosts", "old", "new" });
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_int_equal(ask_revision(w, numbers[i], NULL).outcome, OUTCOME_ABSENT);
		assert_int_equal(ask_part(w, numbers[i], 0, PART_OLD, NULL).outcome,
				 OUTCOME_ABSENT);
		assert_int_equal(ask_restore(w, numbers[i], 0).outcome, OUTCOME_ABSENT);
	}
}

static void parts_are_what_was_kept(void **state)
{
	struct world *w = *state;
	scoped_mapping mapping = { 0 };
	scoped_fd list = -1;

	ADD({ "/etc/hosts", "old", "new" }, { "/etc/d/a.list", NULL, "made" });
	assert_int_equal(ask_part(w, 1, 0, PART_OLD, "old").outcome, OUTCOME_DONE);
	assert_int_equal(ask_part(w, 1, 0, PART_NEW, "new").outcome, OUTCOME_DONE);
	assert_int_equal(ask_part(w, 1, 1, PART_OLD, NULL).outcome, OUTCOME_DONE);
	assert_int_equal(ask_part(w, 1, 1, PART_NEW, "made").outcome, OUTCOME_DONE);
	assert_int_equal(try_part(w, 1, 0, PART_CHANGES), 0);
	assert_int_equal(answer(w, MON_PART_REPLY, &list).part_reply.outcome, OUTCOME_DONE);
	assert_int_equal(memfd_map(list, CONTENT_MAX, &mapping), 0);
}

static void parts_of_other_files_are_a_breach(void **state)
{
	struct world *w = *state;

	ADD({ "/etc/hosts", "old", "new" }, OTHERS);
	for (uint8_t part = 0; part < PART_MAX; part++) {
		assert_int_equal(try_part(w, 1, 1, part), -EPROTO);
		assert_int_equal(try_part(w, 1, 2, part), -EPROTO);
		assert_int_equal(try_part(w, 1, UINT32_MAX, part), -EPROTO);
	}
	assert_int_equal(try_part(w, 1, 0, PART_MAX), -EPROTO);
	assert_int_equal(try_part(w, 1, 0, UINT8_MAX), -EPROTO);
	hand_out(w, "/etc/shadow", "root:new");
	assert_int_equal(try_restore(w, 1, 1), -EPROTO);
	assert_int_equal(try_restore(w, 1, 2), -EPROTO);
	assert_no_answer(w);
}

static void the_bytes_of_a_file_with_secrets_are_withheld(void **state)
{
	struct world *w = *state;
	scoped_fd list = -1;

	ADD({ "/etc/secret", "password old", "password new" });
	assert_int_equal(ask_part(w, 1, 0, PART_OLD, NULL).outcome, OUTCOME_DENIED);
	assert_int_equal(ask_part(w, 1, 0, PART_NEW, NULL).outcome, OUTCOME_DENIED);
	assert_int_equal(try_part(w, 1, 0, PART_CHANGES), 0);
	assert_int_equal(answer(w, MON_PART_REPLY, &list).part_reply.outcome, OUTCOME_DONE);
	/* and yet they can come back */
	hand_out(w, "/etc/secret", "password new");
	assert_int_equal(ask_restore(w, 1, 0).outcome, OUTCOME_DONE);
	assert_staged(w, 0, "/etc/secret", "password old");
}

/* ---- bringing back ------------------------------------------------------------------ */

static void the_old_bytes_are_staged_where_nothing_has_changed_since(void **state)
{
	struct world *w = *state;

	ADD({ "/etc/hosts", "old", "new" }, { "/etc/d/a.list", NULL, "made" },
	    { "/etc/d/b.list", "gone", NULL });
	hand_out(w, "/etc/hosts", "new");
	hand_out(w, "/etc/d/a.list", "made");
	hand_out(w, "/etc/d/b.list", NULL);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(ask_restore(w, 1, i).outcome, OUTCOME_DONE);
	assert_staged(w, 0, "/etc/hosts", "old");
	assert_staged(w, 1, "/etc/d/a.list", NULL);
	assert_staged(w, 2, "/etc/d/b.list", "gone");
	assert_null(w->session.staged[0].former);
	assert_non_null(w->session.staged[2].former);
	assert_int_equal(w->session.staged[2].former->mode, S_IFREG | 0604);
	assert_int_equal(w->session.staged[2].former->uid, 7);
	assert_int_equal(w->session.staged[2].entry, LISTS);
}

static void what_is_not_known_of_a_file_is_left_to_the_policy(void **state)
{
	struct world *w = *state;

	w->mode = 0;
	ADD({ "/etc/d/b.list", "gone", NULL });
	hand_out(w, "/etc/d/b.list", NULL);
	assert_int_equal(ask_restore(w, 1, 0).outcome, OUTCOME_DONE);
	assert_staged(w, 0, "/etc/d/b.list", "gone");
	assert_null(w->session.staged[0].former);
}

static void what_is_something_else_now_is_a_conflict(void **state)
{
	struct world *w = *state;
	struct msg_restore_reply reply;

	ADD({ "/etc/hosts", "old", "new" }, { "/etc/d/a.list", NULL, "made" });
	hand_out(w, "/etc/hosts", "newer");
	hand_out(w, "/etc/d/a.list", NULL);
	reply = ask_restore(w, 1, 0);
	assert_int_equal(reply.outcome, OUTCOME_CONFLICT);
	assert_int_equal(reply.same, 0);
	reply = ask_restore(w, 1, 1);
	assert_int_equal(reply.outcome, OUTCOME_CONFLICT);
	assert_int_equal(reply.same, 1);
	hand_out(w, "/etc/hosts", "old");
	reply = ask_restore(w, 1, 0);
	assert_int_equal(reply.same, 1);
	hand_out(w, "/etc/hosts", NULL);
	reply = ask_restore(w, 1, 0);
	assert_int_equal(reply.outcome, OUTCOME_CONFLICT);
	assert_int_equal(reply.same, 0);
	assert_int_equal(w->session.staged_count, 0);
}

static void what_the_section_does_not_permit_is_denied(void **state)
{
	struct world *w = *state;

	ADD({ "/etc/hosts", NULL, "new" }, { "/etc/secret", "old", NULL });
	hand_out(w, "/etc/hosts", "new");
	hand_out(w, "/etc/secret", NULL);
	assert_int_equal(ask_restore(w, 1, 0).outcome, OUTCOME_DENIED);
	assert_int_equal(ask_restore(w, 1, 1).outcome, OUTCOME_DENIED);
	assert_int_equal(w->session.staged_count, 0);
}

static void what_was_not_handed_out_or_is_staged_is_a_breach(void **state)
{
	struct world *w = *state;

	ADD({ "/etc/hosts", "old", "new" });
	assert_int_equal(try_restore(w, 1, 0), -EPROTO);
	hand_out(w, "/etc/hosts", "new");
	assert_int_equal(ask_restore(w, 1, 0).outcome, OUTCOME_DONE);
	assert_int_equal(try_restore(w, 1, 0), -EPROTO);
}

/* ---- what is damaged ---------------------------------------------------------------- */

static void what_is_no_whole_revision_of_roots_is_passed_over_and_told(void **state)
{
	struct world *w = *state;
	scoped_ptr char *torn = root_path(w->root, "/s/history/2"),
			*open_one = root_path(w->root, "/s/history/3"),
			*renamed = root_path(w->root, "/s/history/9"),
			*huge = root_path(w->root, "/s/history/4"),
			*five = root_path(w->root, "/s/history/5"),
			*six = root_path(w->root, "/s/history/6");

	for (int i = 0; i < 6; i++)
		ADD({ "/etc/hosts", "old", "new" });
	assert_int_equal(truncate(torn, root_stat(w->root, "/s/history/2").st_size - 1), 0);
	assert_int_equal(chmod(open_one, 0660), 0);
	assert_int_equal(truncate(huge, INT64_C(1) << 40), 0);
	assert_int_equal(unlink(five), 0);
	root_symlink(w->root, "1", "/s/history/5");
	root_symlink(w->root, "/dev/zero", "/s/history/7");
	ask_history(w, 0, 10, "", "6/0 /etc/hosts 1/0 /etc/hosts");
	for (uint64_t i = 2; i <= 5; i++) {
		struct msg_revision_reply reply = ask_revision(w, i, NULL);

		assert_int_equal(reply.outcome, OUTCOME_IO);
		assert_int_equal(ask_part(w, i, 0, PART_OLD, NULL).outcome, OUTCOME_IO);
		assert_int_equal(ask_restore(w, i, 0).outcome, OUTCOME_IO);
	}
	/* one under another's name */
	assert_int_equal(rename(six, renamed), 0);
	assert_int_equal(ask_revision(w, 9, NULL).outcome, OUTCOME_IO);
}

static void bytes_that_have_changed_are_not_given(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/s/history/1");
	off_t at;
	int fd;

	ADD({ "/etc/hosts", "old", "new" });
	at = root_stat(w->root, "/s/history/1").st_size;
	fd = open(path, O_RDWR | O_CLOEXEC);
	/* the first bytes behind the header are those of the old side */
	for (off_t i = at - 1; i > 0; i--) {
		char bytes[6];

		assert_true(pread(fd, bytes, 6, i) > 0);
		if (memcmp(bytes, "oldnew", 6) == 0) {
			assert_int_equal(pwrite(fd, "O", 1, i), 1);
			break;
		}
	}
	close(fd);
	assert_int_equal(ask_revision(w, 1, "1/0 /etc/hosts").outcome, OUTCOME_DONE);
	assert_int_equal(ask_part(w, 1, 0, PART_OLD, NULL).outcome, OUTCOME_IO);
	ask_part(w, 1, 0, PART_NEW, "new");
	hand_out(w, "/etc/hosts", "new");
	assert_int_equal(ask_restore(w, 1, 0).outcome, OUTCOME_IO);
	assert_int_equal(w->session.staged_count, 0);
}

static void without_a_state_directory_that_is_said(void **state)
{
	struct world *w = *state;
	int state_fd = w->host.state_fd;

	w->host.state_fd = -1;
	assert_int_equal(ask_history(w, 0, 10, "", NULL).outcome, OUTCOME_NO_STATE);
	assert_int_equal(ask_revision(w, 1, NULL).outcome, OUTCOME_NO_STATE);
	assert_int_equal(ask_part(w, 1, 0, PART_OLD, NULL).outcome, OUTCOME_NO_STATE);
	assert_int_equal(ask_restore(w, 1, 0).outcome, OUTCOME_NO_STATE);
	w->host.state_fd = state_fd;
}

static void where_nothing_was_ever_kept_there_is_nothing(void **state)
{
	struct world *w = *state;
	scoped_ptr char *path = root_path(w->root, "/s/history");

	assert_int_equal(rmdir(path), 0);
	assert_int_equal(ask_history(w, 0, 10, "", "").outcome, OUTCOME_DONE);
	assert_int_equal(ask_revision(w, 1, NULL).outcome, OUTCOME_ABSENT);
	assert_root_count(w->root, "/s", 0);
	/* one that is not root's alone */
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(ask_history(w, 0, 10, "", NULL).outcome, OUTCOME_IO);
	assert_int_equal(ask_history(w, 0, 10, "", NULL).error, EPERM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_files_of_the_policy_are_listed),
		TEST(a_glob_takes_some_of_them),
		TEST(pages_follow_each_other),
		TEST(a_limit_out_of_range_is_a_breach),
		TEST(one_revision_is_shown_as_far_as_it_may_be_seen),
		TEST(a_number_that_there_is_not_is_absent),
		TEST(parts_are_what_was_kept),
		TEST(parts_of_other_files_are_a_breach),
		TEST(the_bytes_of_a_file_with_secrets_are_withheld),
		TEST(the_old_bytes_are_staged_where_nothing_has_changed_since),
		TEST(what_is_not_known_of_a_file_is_left_to_the_policy),
		TEST(what_is_something_else_now_is_a_conflict),
		TEST(what_the_section_does_not_permit_is_denied),
		TEST(what_was_not_handed_out_or_is_staged_is_a_breach),
		TEST(what_is_no_whole_revision_of_roots_is_passed_over_and_told),
		TEST(bytes_that_have_changed_are_not_given),
		TEST(without_a_state_directory_that_is_said),
		TEST(where_nothing_was_ever_kept_there_is_nothing),
	};
	int r = root_enter();

	return r ? r : cmocka_run_group_tests(tests, NULL, NULL);
}
