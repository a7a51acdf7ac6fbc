/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves client-lib/history.c: what is told of commits of the past, and what no server should say.
 */
#include "client_fixture.h"

#include <errno.h>
#include <string.h>

#define CLIENT "\"client\":{\"pid\":42,\"uid\":1000,\"user\":\"panel\",\"unit\":null}"
#define FILE_OF_3 \
	"{\"file\":\"/etc/f\",\"action\":\"change\",\"section\":\"/etc/*\",\"change_count\":7"
#define REVISION_3 \
	"{\"revision\":3,\"time\":\"2026-01-02T03:04:05.000006Z\",\"method\":\"config.revert\"," \
	"\"reverts\":2,\"partial\":true," CLIENT ",\"files\":[" FILE_OF_3

static void history_script(struct server *server)
{
	greet(server);
	hear(server, "\"config.history\",\"params\":{}");
	answer(server, server->id, "\"result\":{\"revisions\":[" REVISION_3 "}]}],\"next\":3}");
	hear(server, "\"config.history\",\"params\":{\"path\":\"/etc/*\",\"below\":3,\"limit\":5}");
	answer(server, server->id, "\"result\":{\"revisions\":[],\"next\":null}");
}

static void revisions_are_listed(void **state)
{
	struct world *w = *state;
	struct exm_revision **revisions;
	int64_t next = -1;

	connect_to(w, history_script);
	assert_int_equal(exm_history(w->session, NULL, 0, 0, &revisions, &next), 1);
	assert_int_equal(next, 3);
	assert_int_equal(revisions[0]->revision, 3);
	assert_int_equal(revisions[0]->reverts, 2);
	assert_string_equal(revisions[0]->time, "2026-01-02T03:04:05.000006Z");
	assert_string_equal(revisions[0]->method, "config.revert");
	assert_true(revisions[0]->partial);
	assert_int_equal(revisions[0]->client->pid, 42);
	assert_int_equal(revisions[0]->client->uid, 1000);
	assert_string_equal(revisions[0]->client->user, "panel");
	assert_null(revisions[0]->client->unit);
	assert_string_equal(revisions[0]->files[0]->file, "/etc/f");
	assert_string_equal(revisions[0]->files[0]->section, "/etc/*");
	assert_int_equal(revisions[0]->files[0]->change_count, 7);
	assert_null(revisions[0]->files[0]->diff);
	assert_null(revisions[0]->files[0]->changes);
	assert_null(revisions[0]->files[1]);
	assert_null(revisions[1]);
	free(revisions);
	assert_int_equal(exm_history(w->session, "/etc/*", 3, 5, &revisions, &next), 0);
	assert_int_equal(next, 0);
	assert_null(revisions[0]);
	free(revisions);
}

static void show_script(struct server *server)
{
	greet(server);
	hear(server, "\"config.show\",\"params\":{\"revision\":3}");
	answer(server, server->id,
	       "\"result\":" REVISION_3 ",\"withheld\":false,\"diff\":\"-a\\n+b\\n\",\"changes\":["
	       "{\"node\":\"a\",\"action\":\"changed\",\"old\":\"x\",\"new\":null},"
	       "{\"node\":\"b\",\"action\":\"added\",\"secret\":true,\"moved\":true}],"
	       "\"more\":true}]}");
	hear(server, "\"config.show\"");
	answer(server, server->id,
	       "\"error\":{\"code\":3,\"message\":\"none\",\"data\":{\"name\":\"NO_MATCH\"}}");
}

static void one_is_shown_in_full(void **state)
{
	struct world *w = *state;
	struct exm_revision *revision;
	struct exm_revision_file *file;

	connect_to(w, show_script);
	assert_int_equal(exm_show(w->session, 3, &revision), 0);
	file = revision->files[0];
	assert_string_equal(file->diff, "-a\n+b\n");
	assert_false(file->withheld);
	assert_true(file->more);
	assert_string_equal(file->changes[0]->node, "a");
	assert_string_equal(file->changes[0]->old_value, "x");
	assert_null(file->changes[0]->new_value);
	assert_false(file->changes[0]->secret);
	assert_true(file->changes[1]->secret && file->changes[1]->moved);
	assert_null(file->changes[2]);
	free(revision);
	assert_int_equal(exm_show(w->session, 4, &revision), -EREMOTEIO);
	assert_error(w, EXM_ERROR_NO_MATCH, "NO_MATCH");
}

#define CHANGED "\"result\":{\"changed\":true,\"files\":[{\"file\":\"/f\",\"action\":\"change\"}]"

static void revert_script(struct server *server)
{
	greet(server);
	hear(server, "\"config.revert\",\"params\":{\"revision\":3}");
	answer(server, server->id, CHANGED ",\"revision\":9,\"reverts\":3}");
	hear(server, "\"config.diff\"");
	answer(server, server->id, "\"result\":{\"files\":[]}");
	hear(server, "\"config.commit\"");
	answer(server, server->id, CHANGED ",\"revision\":10}");
	hear(server, "\"config.revert\"");
	answer(server, server->id,
	       "\"error\":{\"code\":8,\"message\":\"no\",\"data\":{\"name\":\"CONFLICT\"}}");
	hear(server, "\"config.revert\"");
	answer(server, server->id, CHANGED "}");
}

static void a_revert_is_a_commit_and_its_number_is_told(void **state)
{
	struct world *w = *state;
	struct exm_change **changes;

	connect_to(w, revert_script);
	assert_int_equal(exm_last_revision(w->session), 0);
	assert_int_equal(exm_revert(w->session, 3, &changes), 1);
	assert_string_equal(changes[0]->file, "/f");
	free(changes);
	assert_int_equal(exm_last_revision(w->session), 9);
	assert_int_equal(exm_diff(w->session, &changes), 0);
	free(changes);
	assert_int_equal(exm_last_revision(w->session), 9);
	assert_int_equal(exm_commit(w->session, NULL), 1);
	assert_int_equal(exm_last_revision(w->session), 10);
	/* one that failed, and one that is not kept, have none */
	assert_int_equal(exm_revert(w->session, 3, NULL), -EREMOTEIO);
	assert_error(w, EXM_ERROR_CONFLICT, "CONFLICT");
	assert_int_equal(exm_last_revision(w->session), 0);
	assert_int_equal(exm_revert(w->session, 3, NULL), 1);
	assert_int_equal(exm_last_revision(w->session), 0);
}

static const char *const bad[] = {
	"\"result\":null",
	"\"result\":{\"revisions\":{}}",
	"\"result\":{\"revisions\":[{}]}",
	"\"result\":{\"revisions\":[" REVISION_3 ",\"withheld\":1}]}]}",
	"\"result\":{\"revisions\":[" REVISION_3 ",\"changes\":[{}]}]}]}",
	"\"result\":{\"revisions\":[" REVISION_3 "},null]}]}",
	"\"result\":{\"revisions\":[{\"revision\":1,\"method\":\"m\",\"client\":[],\"files\":[]}]}",
	"\"result\":{\"revisions\":[{\"revision\":1,\"method\":\"m\",\"client\":{},\"files\":[]}]}",
	"\"result\":{\"revisions\":[{\"revision\":\"1\",\"method\":\"m\"," CLIENT
	",\"files\":[]}]}",
};

static void bad_script(struct server *server)
{
	greet(server);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		hear(server, "config.history");
		answer(server, server->id, bad[i]);
	}
	hear(server, "config.show");
	answer(server, server->id, "\"result\":[]");
}

static void what_no_server_should_say_is_refused(void **state)
{
	struct world *w = *state;
	struct exm_revision **revisions, *revision;

	connect_to(w, bad_script);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(exm_history(w->session, NULL, 0, 0, &revisions, NULL), -EBADMSG);
	assert_int_equal(exm_show(w->session, 1, &revision), -EBADMSG);
}

static void what_cannot_be_asked_is_not(void **state)
{
	struct world *w = *state;
	struct exm_revision **revisions, *revision;

	assert_int_equal(exm_history(NULL, NULL, 0, 0, &revisions, NULL), -EINVAL);
	assert_int_equal(exm_history(w->session, NULL, 0, 0, NULL, NULL), -EINVAL);
	assert_int_equal(exm_show(NULL, 1, &revision), -EINVAL);
	assert_int_equal(exm_show(w->session, 1, NULL), -EINVAL);
	assert_int_equal(exm_revert(NULL, 1, NULL), -EINVAL);
	assert_int_equal(exm_last_revision(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLIENT_TEST(revisions_are_listed),
		CLIENT_TEST(one_is_shown_in_full),
		CLIENT_TEST(a_revert_is_a_commit_and_its_number_is_told),
		CLIENT_TEST(what_no_server_should_say_is_refused),
		CLIENT_TEST(what_cannot_be_asked_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
