/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves the typed calls of client-lib/ for services, packages and the system's identity. */
#include "client_fixture.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define STATES "\"load\":\"loaded\",\"active\":\"active\",\"sub\":\"running\""

/* ---- every verb has its method --------------------------------------------------- */

static const struct {
	const char *method;
	int (*call)(struct exm *session, const char *unit, struct exm_service **ret_service);
} verbs[] = {
#define X(verb) \
	{ \
		"\"service." #verb "\",\"params\":{\"unit\":\"a\"}", exm_service_##verb \
	}
	X(status),
	X(start),
	X(stop),
	X(restart),
	X(try_restart),
	X(reload),
	X(reload_or_restart),
	X(enable),
	X(disable),
	X(mask),
	X(unmask),
	X(reset_failed),
	X(watch),
#undef X
};

static void answer_verbs(struct server *server)
{
	greet(server);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		hear(server, verbs[i].method);
		answer(server, server->id, "\"result\":{\"unit\":\"a\"," STATES "}");
	}
}

static void test_each_verb_calls_its_method(void **state)
{
	struct world *world = *state;

	connect_to(world, answer_verbs);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		struct exm_service *service;

		assert_int_equal(verbs[i].call(world->session, "a", &service), 0);
		assert_string_equal(service->active, "active");
		assert_null(service->triggered_by);
		free(service);
	}
}

/* ---- services ------------------------------------------------------------------------ */

static void answer_services(struct server *server)
{
	greet(server);
	hear(server,
	     "\"service.try_restart\",\"params\":{\"unit\":\"a\",\"timeout\":3,\"settle\":2}");
	answer(server, server->id,
	       "\"result\":{\"unit\":\"a.service\",\"manager\":\"systemd\"," STATES
	       ",\"file_state\":\"enabled\",\"result\":\"success\",\"main_pid\":12,"
	       "\"triggered_by\":[\"a.socket\",\"a.timer\"],\"job\":\"done\","
	       "\"main_pid_before\":11,\"changes\":[]}");
	hear(server, "\"service.list\",\"params\":{\"glob\":\"*\"}");
	answer(server, server->id,
	       "\"result\":[{\"unit\":\"b\",\"description\":\"B\"," STATES
	       ",\"file_state\":\"\"}]");
	hear(server, "\"service.log\",\"params\":{\"unit\":\"a\",\"lines\":5,\"after\":\"c\"}");
	answer(server, server->id,
	       "\"result\":{\"unit\":\"a.service\",\"cursor\":\"d\",\"lines\":[{\"time\":\"T\","
	       "\"priority\":6,\"pid\":9,\"identifier\":\"sh\",\"message\":{\"base64\":\"/w==\"}},"
	       "{\"time\":\"U\",\"priority\":3,\"pid\":0,\"identifier\":\"\",\"message\":\"m\"}]}");
	hear(server, "\"service.log\",\"params\":{\"unit\":\"a\"}");
	answer(server, server->id, "\"result\":{\"unit\":\"a\",\"lines\":[],\"cursor\":null}");
	hear(server, "\"service.unwatch\",\"params\":{\"unit\":\"a\"}");
	answer(server, server->id, "\"result\":true");
}

static void test_services_come_as_described(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_options options = EXM_OPTIONS_INIT;
	struct exm_service *service;
	struct exm_service **list;
	struct exm_log *log;

	connect_to(*state, answer_services);
	options.timeout_s = 3;
	options.settle_s = 2;
	assert_int_equal(exm_service_call(session, "try-restart", "a", &options, &service), 0);
	assert_string_equal(service->manager, "systemd");
	assert_string_equal(service->file_state, "enabled");
	assert_string_equal(service->triggered_by[1], "a.timer");
	assert_null(service->triggered_by[2]);
	assert_null(service->changes[0]);
	assert_null(service->description);
	assert_int_equal(service->main_pid_before, 11);
	free(service);
	assert_int_equal(exm_service_list(session, NULL, &list), 1);
	assert_string_equal(list[0]->description, "B");
	assert_null(list[1]);
	free(list);
	assert_int_equal(exm_service_log(session, "a", 5, "c", &log), 0);
	assert_string_equal(log->cursor, "d");
	assert_string_equal(log->lines[0]->message, "\377");
	assert_int_equal(log->lines[0]->priority, 6);
	assert_int_equal(log->lines[0]->pid, 9);
	assert_string_equal(log->lines[1]->message, "m");
	assert_null(log->lines[2]);
	free(log);
	assert_int_equal(exm_service_log(session, "a", 0, NULL, &log), 0);
	assert_null(log->lines[0]);
	assert_null(log->cursor);
	free(log);
	assert_int_equal(exm_service_unwatch(session, "a"), 0);
}

static void answer_with_progress(struct server *server)
{
	char text[512];

	greet(server);
	hear(server, "\"progress\":true");
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
			 "{\"jsonrpc\":\"2.0\",\"method\":\"service.progress\",\"params\":{"
			 "\"id\":\"%s\",\"unit\":\"a\",\"verb\":\"start\",\"stage\":\"job\","
			 "\"detail\":\"activating\",\"percent\":%s,\"elapsed_ms\":%d}}\n",
			 server->id, i ? "40" : "null", 100 * i);
		say(server, text);
	}
	say(server, "{\"jsonrpc\":\"2.0\",\"method\":\"service.progress\",\"params\":"
		    "{\"id\":\"other\",\"verb\":\"start\",\"stage\":\"job\"}}\n");
	answer(server, server->id, "\"result\":{\"unit\":\"a\"," STATES "}");
	hear(server, "package.install");
	answer(server, server->id, "\"result\":{\"changed\":[]}");
}

struct heard {
	char text[256];
	int notes;
	int ends;
};

static void hear_progress(void *data, const struct exm_progress *progress)
{
	struct heard *heard = data;
	size_t used = strlen(heard->text);

	snprintf(heard->text + used, sizeof(heard->text) - used, "%s %s %s %s %d %lld; ",
		 progress->verb, progress->unit, progress->stage, progress->detail,
		 progress->percent, (long long)progress->elapsed_ms);
}

static void hear_note(void *data, const char *method, const char *params)
{
	struct heard *heard = data;

	(void)method;
	(void)params;
	heard->notes++;
}

static void hear_service(struct exm *session, int result, const struct exm_service *service,
			 void *data)
{
	struct heard *heard = data;

	(void)session;
	assert_int_equal(result, 0);
	assert_string_equal(service->sub, "running");
	heard->ends++;
}

static void hear_packages(struct exm *session, int result, const struct exm_package *const *changes,
			  void *data)
{
	struct heard *heard = data;

	(void)session;
	assert_int_equal(result, 0);
	assert_null(changes[0]);
	heard->ends++;
}

static void run(struct exm *session, const struct heard *heard, int ends)
{
	while (heard->ends < ends) {
		struct pollfd poller = { .fd = exm_get_fd(session),
					 .events = (short)exm_get_events(session) };

		assert_true(poll(&poller, 1, exm_get_timeout(session)) >= 0);
		(void)!exm_process(session);
	}
}

#define HEARD "start a job activating -1 0; start a job activating 40 100; "

static void test_progress_goes_to_its_call_and_no_other(void **state)
{
	struct world *world = *state;
	struct exm_options options = EXM_OPTIONS_INIT;
	struct heard heard = { 0 };

	connect_to(world, answer_with_progress);
	exm_set_notify(world->session, hear_note, &heard);
	options.progress = hear_progress;
	options.progress_data = &heard;
	assert_int_equal(exm_service_call(world->session, "start", "a", &options, NULL), 0);
	assert_string_equal(heard.text, HEARD);
	assert_int_equal(heard.notes, 1);
	assert_int_equal(exm_package_install(world->session, (const char *const[]){ "p", NULL },
					     &options, NULL),
			 0);
}

static void test_asynchronous_calls_are_typed_too(void **state)
{
	struct world *world = *state;
	struct exm_options options = EXM_OPTIONS_INIT;
	struct heard heard = { 0 };

	connect_to(world, answer_with_progress);
	options.progress = hear_progress;
	options.progress_data = &heard;
	assert_int_equal(exm_service_call_async(world->session, "start", "a", &options,
						hear_service, &heard, NULL),
			 0);
	run(world->session, &heard, 1);
	assert_string_equal(heard.text, HEARD);
	assert_int_equal(exm_package_call_async(world->session, "install",
						(const char *const[]){ "p", NULL }, NULL,
						hear_packages, &heard, NULL),
			 0);
	run(world->session, &heard, 2);
}

static void test_a_notification_can_be_read_as_a_service(void **state)
{
	struct exm_service *service = NULL;

	(void)state;
	assert_int_equal(
		exm_service_parse("{\"unit\":\"a\",\"load\":\"loaded\",\"active\":\"failed\","
				  "\"sub\":\"failed\",\"exit_status\":7,\"main_pid\":0}",
				  &service),
		0);
	assert_int_equal(service->exit_status, 7);
	free(service);
	service = NULL;
	assert_int_equal(exm_service_parse("{\"unit\":3}", &service), -EBADMSG);
	assert_int_equal(exm_service_parse("[", &service), -EINVAL);
	assert_int_equal(exm_service_parse(NULL, &service), -EINVAL);
	assert_null(service);
}

/* ---- options that are older or newer than the library ----------------------------------- */

struct newer_options {
	struct exm_options options;
	int more;
};

static void answer_one_with_timeout(struct server *server)
{
	greet(server);
	for (int i = 0; i < 2; i++) {
		hear(server, "{\"unit\":\"a\",\"timeout\":7}");
		answer(server, server->id, "\"result\":{\"unit\":\"a\"," STATES "}");
	}
}

static void test_options_of_other_versions_keep_their_meaning(void **state)
{
	struct world *world = *state;
	struct newer_options newer = { .options = EXM_OPTIONS_INIT };
	struct exm_options older = EXM_OPTIONS_INIT;

	connect_to(world, answer_one_with_timeout);
	newer.options.size = sizeof(newer);
	newer.options.timeout_s = 7;
	assert_int_equal(exm_service_call(world->session, "stop", "a", &newer.options, NULL), 0);
	older.size = offsetof(struct exm_options, settle_s);
	older.timeout_s = 7;
	older.settle_s = 99; /* not its member */
	assert_int_equal(exm_service_call(world->session, "stop", "a", &older, NULL), 0);
	newer.more = 1;
	assert_int_equal(exm_service_call(world->session, "stop", "a", &newer.options, NULL),
			 -EINVAL);
}

static void test_options_that_make_no_sense_are_refused(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	const char *const names[] = { "p", NULL };
	struct exm_options options = EXM_OPTIONS_INIT;
	struct exm_log *log;

	connect_to(*state, greet);
	options.timeout_s = -1;
	assert_int_equal(exm_service_call(session, "stop", "a", &options, NULL), -EINVAL);
	options.timeout_s = 0;
	options.settle_s = -1;
	assert_int_equal(exm_service_call(session, "stop", "a", &options, NULL), -EINVAL);
	options.settle_s = 1;
	assert_int_equal(exm_package_install(session, names, &options, NULL), -EINVAL);
	options.size = 0;
	assert_int_equal(exm_service_call(session, "stop", "a", &options, NULL), -EINVAL);
	assert_int_equal(exm_service_call(session, NULL, "a", NULL, NULL), -EINVAL);
	assert_int_equal(exm_service_call(session, "stop", NULL, NULL, NULL), -EINVAL);
	assert_int_equal(exm_service_call_async(session, "stop", "a", NULL, NULL, NULL, NULL),
			 -EINVAL);
	assert_int_equal(exm_service_log(session, "a", -1, NULL, &log), -EINVAL);
	assert_int_equal(exm_service_log(session, "a", 1, NULL, NULL), -EINVAL);
	assert_int_equal(exm_package_install(session, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(exm_package_status(session, NULL, NULL), -EINVAL);
	assert_int_equal(exm_system_set_hostname(session, NULL, NULL), -EINVAL);
	assert_int_equal(exm_system_set_locale(session, NULL, NULL), -EINVAL);
	assert_int_equal(exm_system_get(session, NULL), -EINVAL);
}

/* ---- packages and identity ----------------------------------------------------------------- */

static void answer_packages(struct server *server)
{
	greet(server);
	hear(server, "\"package.status\",\"params\":{\"names\":[\"p\",\"-q\"]}");
	answer(server, server->id,
	       "\"result\":[{\"name\":\"p\",\"state\":\"installed\",\"version\":\"1\","
	       "\"candidate\":null},{\"name\":\"-q\",\"state\":\"not-installed\","
	       "\"version\":null,\"candidate\":\"2\"}]");
	hear(server, "\"package.upgrade\",\"params\":{}");
	answer(server, server->id,
	       "\"result\":{\"changed\":[{\"name\":\"p\",\"action\":\"upgraded\","
	       "\"before\":\"1\",\"version\":\"2\"}]}");
	hear(server, "package.update");
	answer(server, server->id, "\"result\":{\"changed\":[]}");
	hear(server, "package.remove");
	answer(server, server->id, "\"result\":{\"changed\":[{\"name\":3}]}");
}

static void test_packages_come_as_described(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	const char *const names[] = { "p", "-q", NULL };
	struct exm_package **packages = NULL;

	connect_to(*state, answer_packages);
	assert_int_equal(exm_package_status(session, names, &packages), 2);
	assert_string_equal(packages[0]->version, "1");
	assert_null(packages[0]->candidate);
	assert_string_equal(packages[1]->candidate, "2");
	free(packages);
	assert_int_equal(exm_package_upgrade(session, NULL, NULL, &packages), 1);
	assert_string_equal(packages[0]->before, "1");
	assert_string_equal(packages[0]->action, "upgraded");
	free(packages);
	assert_int_equal(exm_package_update(session, NULL), 0);
	packages = NULL;
	assert_int_equal(exm_package_remove(session, names, NULL, &packages), -EBADMSG);
	assert_null(packages);
}

#define IDENTITY \
	"\"result\":{\"hostname\":\"h\",\"timezone\":\"Europe/Berlin\",\"via\":\"files\"," \
	"\"locale\":{\"LANG\":\"C.UTF-8\",\"LC_TIME\":\"de_DE.UTF-8\"}}"

static void answer_identity(struct server *server)
{
	static const char *const requests[] = {
		"\"system.get\"}",
		"\"system.set_timezone\",\"params\":{\"timezone\":\"Europe/Berlin\"}",
		"\"system.set_hostname\",\"params\":{\"hostname\":\"h\"}",
		"\"system.set_locale\",\"params\":{\"locale\":[\"LANG=C.UTF-8\",\"LC_TIME=x\"]}",
	};

	greet(server);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		hear(server, requests[i]);
		answer(server, server->id, IDENTITY);
	}
	hear(server, "system.get");
	answer(server, server->id, "\"result\":{\"hostname\":\"h\",\"locale\":{\"LANG\":3}}");
	hear(server, "system.get");
	answer(server, server->id, "\"result\":{\"hostname\":\"h\",\"locale\":[]}");
}

static void test_the_identity_comes_as_described(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	const char *const locale[] = { "LANG=C.UTF-8", "LC_TIME=x", NULL };
	struct exm_system *identity = NULL;

	connect_to(*state, answer_identity);
	assert_int_equal(exm_system_get(session, &identity), 0);
	assert_string_equal(identity->timezone, "Europe/Berlin");
	assert_string_equal(identity->locale[0], "LANG=C.UTF-8");
	assert_string_equal(identity->locale[1], "LC_TIME=de_DE.UTF-8");
	assert_null(identity->locale[2]);
	free(identity);
	assert_int_equal(exm_system_set_timezone(session, "Europe/Berlin", NULL), 0);
	assert_int_equal(exm_system_set_hostname(session, "h", NULL), 0);
	assert_int_equal(exm_system_set_locale(session, locale, &identity), 0);
	assert_string_equal(identity->hostname, "h");
	free(identity);
	identity = NULL;
	assert_int_equal(exm_system_get(session, &identity), -EBADMSG);
	assert_int_equal(exm_system_get(session, &identity), -EBADMSG);
	assert_null(identity);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CLIENT_TEST(test_each_verb_calls_its_method),
		CLIENT_TEST(test_services_come_as_described),
		CLIENT_TEST(test_progress_goes_to_its_call_and_no_other),
		CLIENT_TEST(test_asynchronous_calls_are_typed_too),
		cmocka_unit_test(test_a_notification_can_be_read_as_a_service),
		CLIENT_TEST(test_options_of_other_versions_keep_their_meaning),
		CLIENT_TEST(test_options_that_make_no_sense_are_refused),
		CLIENT_TEST(test_packages_come_as_described),
		CLIENT_TEST(test_the_identity_comes_as_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
