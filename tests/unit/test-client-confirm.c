/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves client-lib/confirm.c: commits with options, and those that wait to be confirmed. */
#include "client_fixture.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define FILES \
	"\"files\":[{\"file\":\"/f\",\"action\":\"change\",\"diff\":\"-a\\n+b\\n\",\"changes\":[" \
	"{\"node\":\"a\",\"action\":\"changed\",\"old\":\"x\",\"new\":\"y\"}]}]"
#define SOME_ERROR(code, name) \
	"\"error\":{\"code\":" #code ",\"message\":\"no\",\"data\":{\"name\":\"" name "\"}}"

/* ---- commit ---- */

static void commit_script(struct server *server)
{
	greet(server);
	hear(server, "\"config.commit\",\"params\":{}");
	answer(server, server->id, "\"result\":{\"changed\":false,\"files\":[]}");
	hear(server, "\"config.commit\",\"params\":{\"dry_run\":true}");
	answer(server, server->id,
	       "\"result\":{\"changed\":true," FILES ",\"more\":true,\"plan\":\"p\"}");
	hear(server, "\"params\":{\"rebase\":true,\"plan\":\"p\",\"confirm\":60,"
		     "\"dead_man\":true}");
	answer(server, server->id,
	       "\"result\":{\"changed\":true," FILES ",\"more\":false,\"revision\":7,"
	       "\"rebased\":[\"/f\"],\"confirm\":{\"seconds\":60,\"token\":\"t\"}}");
	hear(server, "config.commit");
	answer(server, server->id,
	       "\"result\":{" FILES ",\"revision\":8,\"confirm\":{\"seconds\":59}}");
	hear(server, "config.commit");
	answer(server, server->id, SOME_ERROR(10, "SERVICE_FAILED"));
}

static void a_commit_is_what_its_options_say(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_commit_options options = EXM_COMMIT_OPTIONS_INIT;
	struct exm_commit *commit;

	connect_to(*state, commit_script);
	assert_int_equal(exm_commit_with(session, NULL, NULL), 0);
	options.dry_run = true;
	assert_int_equal(exm_commit_with(session, &options, &commit), 1);
	assert_string_equal(commit->plan, "p");
	assert_string_equal(commit->files[0]->diff, "-a\n+b\n");
	assert_string_equal(commit->files[0]->changes[0]->new_value, "y");
	assert_true(commit->more && commit->revision == 0 && commit->confirm_s == 0);
	assert_true(!commit->token && !commit->rebased);
	free(commit);
	options = (struct exm_commit_options)EXM_COMMIT_OPTIONS_INIT;
	options.rebase = options.dead_man = true;
	options.plan = "p";
	options.confirm_s = 60;
	assert_int_equal(exm_commit_with(session, &options, &commit), 1);
	assert_string_equal(commit->token, "t");
	assert_string_equal(commit->rebased[0], "/f");
	assert_true(commit->confirm_s == 60 && commit->revision == 7 && !commit->plan);
	assert_int_equal(exm_last_revision(session), 7);
	free(commit);
	assert_int_equal(exm_commit_with(session, NULL, &commit), 1);
	assert_true(commit->confirm_s == 59 && !commit->token && !commit->more);
	free(commit);
	assert_int_equal(exm_commit_with(session, NULL, &commit), -EREMOTEIO);
	assert_error(*state, EXM_ERROR_SERVICE_FAILED, "SERVICE_FAILED");
	assert_int_equal(exm_last_revision(session), 0);
}

static void options_that_cannot_be_meant_are_refused(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_commit_options options = EXM_COMMIT_OPTIONS_INIT;
	struct {
		struct exm_commit_options known;
		char more;
	} newer = { .known = EXM_COMMIT_OPTIONS_INIT };
	struct exm_commit *commit;

	assert_int_equal(exm_commit_with(NULL, NULL, &commit), -EINVAL);
	options.dead_man = true;
	assert_int_equal(exm_commit_with(session, &options, &commit), -EINVAL);
	options.confirm_s = -1;
	assert_int_equal(exm_commit_with(session, &options, &commit), -EINVAL);
	options.confirm_s = 1;
	/* nobody would have the token */
	assert_int_equal(exm_commit_with(session, &options, NULL), -EINVAL);
	options.size = sizeof(options.size) - 1;
	assert_int_equal(exm_commit_with(session, &options, &commit), -EINVAL);
	newer.known.size = sizeof(newer);
	newer.more = 1;
	assert_int_equal(exm_commit_with(session, &newer.known, &commit), -EINVAL);
	newer.more = 0;
	assert_int_equal(exm_commit_with(session, &newer.known, &commit), -ENOTCONN);
	/* of a program that knows less */
	options = (struct exm_commit_options){ .size = offsetof(struct exm_commit_options, plan) };
	options.confirm_s = -1;
	assert_int_equal(exm_commit_with(session, &options, &commit), -ENOTCONN);
}

static void progress_script(struct server *server)
{
	char text[512];

	greet(server);
	hear(server, "\"params\":{\"progress\":true}");
	snprintf(text, sizeof(text),
		 "{\"jsonrpc\":\"2.0\",\"method\":\"config.progress\",\"params\":{\"id\":\"%s\","
		 "\"stage\":\"apply\",\"detail\":\"restart a.service: job\",\"percent\":null,"
		 "\"elapsed_ms\":30}}\n",
		 server->id);
	say(server, text);
	say(server, "{\"jsonrpc\":\"2.0\",\"method\":\"config.rolled_back\",\"params\":"
		    "{\"reason\":\"it was not confirmed in time\",\"restored\":true}}\n");
	answer(server, server->id, "\"result\":{\"files\":[]}");
}

static void hear_progress(void *data, const struct exm_progress *progress)
{
	int *count = data;

	assert_null(progress->verb);
	assert_null(progress->unit);
	assert_string_equal(progress->stage, "apply");
	assert_string_equal(progress->detail, "restart a.service: job");
	assert_int_equal(progress->percent, -1);
	++*count;
}

static void hear_note(void *data, const char *method, const char *params)
{
	struct exm_rolled_back *rolled_back;
	int *count = data;

	assert_string_equal(method, "config.rolled_back");
	assert_int_equal(exm_rolled_back_parse(params, &rolled_back), 0);
	assert_string_equal(rolled_back->reason, "it was not confirmed in time");
	assert_true(rolled_back->restored);
	free(rolled_back);
	++*count;
}

static void progress_goes_to_the_commit_and_a_rollback_to_the_session(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_commit_options options = EXM_COMMIT_OPTIONS_INIT;
	int progress = 0, notes = 0;

	connect_to(*state, progress_script);
	exm_set_notify(session, hear_note, &notes);
	options.progress = hear_progress;
	options.progress_data = &progress;
	assert_int_equal(exm_commit_with(session, &options, NULL), 0);
	assert_int_equal(progress, 1);
	assert_int_equal(notes, 1);
}

/* ---- confirm ---- */

#define PENDING(seconds) "\"result\":{\"pending\":true,\"seconds\":" #seconds "}"
#define SETTLED "\"result\":{\"pending\":false,\"seconds\":0"

static void confirm_script(struct server *server)
{
	greet(server);
	hear(server, "\"method\":\"config.confirm\"}");
	answer(server, server->id, PENDING(57));
	hear(server, "\"config.confirm\",\"params\":{\"token\":\"t\",\"extend\":60}");
	answer(server, server->id, PENDING(60));
	hear(server, "\"config.confirm\",\"params\":{\"token\":\"t\"}");
	answer(server, server->id, SETTLED "}");
	hear(server, "\"config.confirm\",\"params\":{\"token\":\"t\",\"rollback\":true}");
	answer(server, server->id, SETTLED ",\"restored\":true}");
	hear(server, "\"rollback\":true");
	answer(server, server->id, SETTLED ",\"restored\":false}");
	hear(server, "\"config.confirm\"");
	answer(server, server->id, SETTLED "}");
	hear(server, "\"config.confirm\"");
	answer(server, server->id, SOME_ERROR(3, "NO_MATCH"));
}

static void what_waits_is_kept_extended_or_taken_back(void **state)
{
	struct exm *session = ((struct world *)*state)->session;

	connect_to(*state, confirm_script);
	assert_int_equal(exm_confirm_seconds(session), 57);
	assert_int_equal(exm_confirm_extend(session, "t", 60), 60);
	assert_int_equal(exm_confirm(session, "t"), 0);
	assert_int_equal(exm_confirm_rollback(session, "t"), 1);
	assert_int_equal(exm_confirm_rollback(session, "t"), 0);
	assert_int_equal(exm_confirm_seconds(session), 0);
	assert_int_equal(exm_confirm(session, "t"), -EREMOTEIO);
	assert_error(*state, EXM_ERROR_NO_MATCH, "NO_MATCH");
}

static const char *const bad[] = {
	"\"result\":null",
	"\"result\":[]",
	"\"result\":{}",
	"\"result\":{\"pending\":1,\"seconds\":-1,\"restored\":0}",
	"\"result\":{\"pending\":null,\"seconds\":\"9\",\"files\":[],\"confirm\":{\"token\":1}}",
	"\"result\":{\"seconds\":1,\"files\":[{\"file\":\"/f\",\"action\":\"x\",\"changes\":[1]}]}",
};

static void bad_script(struct server *server)
{
	greet(server);
	for (size_t i = 0; i < 5 * ARRAY_SIZE(bad); i++) {
		hear(server, "config.");
		answer(server, server->id, bad[i / 5]);
	}
}

static void what_no_server_should_say_is_refused(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_rolled_back *rolled_back;
	struct exm_commit *commit;

	connect_to(*state, bad_script);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(exm_confirm(session, "t"), -EBADMSG);
		assert_int_equal(exm_confirm_extend(session, "t", 1), -EBADMSG);
		assert_int_equal(exm_confirm_rollback(session, "t"), -EBADMSG);
		assert_int_equal(exm_confirm_seconds(session), -EBADMSG);
		assert_int_equal(exm_commit_with(session, NULL, &commit), -EBADMSG);
	}
	assert_int_equal(exm_rolled_back_parse("{}", &rolled_back), -EBADMSG);
	assert_int_equal(exm_rolled_back_parse("{\"reason\":\"x\",\"restored\":1}", &rolled_back),
			 -EBADMSG);
}

static void what_cannot_be_asked_is_not(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_rolled_back *rolled_back;

	assert_int_equal(exm_confirm(NULL, "t"), -EINVAL);
	assert_int_equal(exm_confirm(session, NULL), -EINVAL);
	assert_int_equal(exm_confirm_extend(session, "t", 0), -EINVAL);
	assert_int_equal(exm_confirm_extend(session, NULL, 1), -EINVAL);
	assert_int_equal(exm_confirm_rollback(session, NULL), -EINVAL);
	assert_int_equal(exm_confirm_seconds(NULL), -EINVAL);
	assert_int_equal(exm_rolled_back_parse(NULL, &rolled_back), -EINVAL);
	assert_int_equal(exm_rolled_back_parse("{}", NULL), -EINVAL);
	assert_int_equal(exm_rolled_back_parse("{", &rolled_back), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLIENT_TEST(a_commit_is_what_its_options_say),
		CLIENT_TEST(options_that_cannot_be_meant_are_refused),
		CLIENT_TEST(progress_goes_to_the_commit_and_a_rollback_to_the_session),
		CLIENT_TEST(what_waits_is_kept_extended_or_taken_back),
		CLIENT_TEST(what_no_server_should_say_is_refused),
		CLIENT_TEST(what_cannot_be_asked_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
