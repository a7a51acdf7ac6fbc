/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves client-lib/: results come as their structures say, or are refused. */
#include "client_fixture.h"

#include <errno.h>
#include <string.h>

static void answer_well(struct server *server)
{
	greet(server);
	hear(server, "augeas.get");
	answer(server, server->id, "\"result\":{\"base64\":\"Yf9i\"}");
	hear(server, "{\"path\":\"/a\",\"value\":{\"base64\":\"Yf9i\"}}");
	answer(server, server->id, "\"result\":true");
	hear(server, "{\"base\":\"/a\",\"sub\":null,\"value\":null}");
	answer(server, server->id, "\"result\":7");
	hear(server, "{\"path\":\"/a\"}");
	answer(server, server->id, "\"result\":[\"/a[1]\",{\"base64\":\"/w==\"}]");
	hear(server, "{\"path\":\"/a\",\"values\":true}");
	answer(server, server->id,
	       "\"result\":[{\"path\":\"/a\",\"value\":null,\"children\":2},"
	       "{\"path\":\"/b\",\"value\":\"\",\"children\":0}]");
	hear(server, "augeas.match");
	answer(server, server->id, "\"result\":[]");
	hear(server, "augeas.span");
	answer(server, server->id,
	       "\"result\":{\"file\":\"/etc/f\",\"label\":[1,2],\"value\":[3,4],\"span\":[5,6]}");
	hear(server, "augeas.errors");
	answer(server, server->id,
	       "\"result\":[{\"file\":\"/etc/f\",\"kind\":\"parse_failed\",\"line\":3,"
	       "\"column\":0,\"reason\":\"r\"}]");
	hear(server, "config.commit");
	answer(server, server->id,
	       "\"result\":{\"changed\":true,\"files\":[{\"file\":\"/etc/f\","
	       "\"action\":\"create\"}]}");
	hear(server, "service.restart");
	answer(server, server->id,
	       "\"result\":{\"unit\":\"a.service\",\"job\":\"done\",\"load\":\"loaded\","
	       "\"active\":\"active\",\"sub\":\"running\",\"main_pid\":12,"
	       "\"main_pid_before\":11,\"result\":\"success\"}");
}

static void test_results_come_as_described(void **state)
{
	struct exm *session = ((struct world *)*state)->session;
	struct exm_file_error **errors;
	struct exm_service *service;
	struct exm_change **changes;
	struct exm_node **nodes;
	struct exm_span *span;
	char **paths;
	char *value;

	connect_to(*state, answer_well);
	assert_int_equal(exm_get(session, "/a", &value), 0);
	assert_string_equal(value, "a\377b");
	assert_int_equal(exm_set(session, "/a", value), 0);
	free(value);
	assert_int_equal(exm_setm(session, "/a", NULL, NULL), 7);
	assert_int_equal(exm_match(session, "/a", &paths), 2);
	assert_string_equal(paths[0], "/a[1]");
	assert_string_equal(paths[1], "\377");
	assert_null(paths[2]);
	free(paths);
	assert_int_equal(exm_match_nodes(session, "/a", &nodes), 2);
	assert_null(nodes[0]->value);
	assert_int_equal(nodes[0]->children, 2);
	assert_string_equal(nodes[1]->path, "/b");
	assert_string_equal(nodes[1]->value, "");
	assert_null(nodes[2]);
	free(nodes);
	assert_int_equal(exm_match(session, "/a", &paths), 0);
	assert_null(paths[0]);
	free(paths);
	assert_int_equal(exm_span(session, "/a", &span), 0);
	assert_string_equal(span->file, "/etc/f");
	assert_true(span->label[1] == 2 && span->value[0] == 3 && span->node[1] == 6);
	free(span);
	assert_int_equal(exm_errors(session, &errors), 1);
	assert_int_equal(errors[0]->line, 3);
	assert_string_equal(errors[0]->reason, "r");
	assert_null(errors[0]->lens);
	free(errors);
	assert_int_equal(exm_commit(session, &changes), 1);
	assert_string_equal(changes[0]->action, "create");
	assert_null(changes[0]->diff);
	free(changes);
	assert_int_equal(exm_service_restart(session, "a.service", &service), 0);
	assert_int_equal(service->main_pid, 12);
	assert_int_equal(service->main_pid_before, 11);
	assert_string_equal(service->sub, "running");
	free(service);
}

static void answer_ensure(struct server *server)
{
	greet(server);
	hear(server, "augeas.ensure\",\"params\":{\"path\":\"/a\",\"value\":null}");
	answer(server, server->id, "\"result\":{\"changed\":true,\"path\":\"/a\",\"removed\":0}");
	hear(server, "\"params\":{\"path\":\"/a\",\"value\":\"b\"}");
	answer(server, server->id, "\"result\":{\"changed\":false,\"path\":\"/a\",\"removed\":0}");
	hear(server,
	     "\"params\":{\"path\":\"/a/*\",\"where\":{\"k\":\"v\"},\"match\":{\"x\":[\"1\","
	     "null],\"y\":true,\"z\":false,\".\":null},\"ahead_of\":\"Match\"}");
	answer(server, server->id, "\"result\":{\"changed\":true,\"path\":\"/a/1\",\"removed\":0}");
	hear(server, "\"params\":{\"path\":\"/a/*\"}");
	answer(server, server->id, "\"result\":{\"changed\":3}");
	hear(server, "\"params\":{\"path\":\"/a\",\"where\":{\"k\":\"v\"},\"absent\":true}");
	answer(server, server->id, "\"result\":{\"changed\":true,\"path\":null,\"removed\":4}");
	hear(server, "\"params\":{\"path\":\"/a\",\"absent\":true}");
	answer(server, server->id, "\"result\":[]");
}

static void test_wanted_nodes_are_said_as_described(void **state)
{
	static const struct exm_child where[] = { { "k", "v", EXM_CHILD_VALUE }, { 0 } };
	static const struct exm_child match[] = {
		{ "x", "1", EXM_CHILD_VALUE },  { "x", NULL, EXM_CHILD_VALUE },
		{ "y", NULL, EXM_CHILD_SOME },  { "z", NULL, EXM_CHILD_ABSENT },
		{ ".", NULL, EXM_CHILD_VALUE }, { 0 },
	};
	static const struct exm_child twice[] = {
		{ "x", "1", EXM_CHILD_VALUE },
		{ "y", "1", EXM_CHILD_VALUE },
		{ "x", "2", EXM_CHILD_VALUE },
		{ 0 },
	};
	static const struct exm_child mixed[] = {
		{ "x", "1", EXM_CHILD_VALUE },
		{ "x", NULL, EXM_CHILD_ABSENT },
		{ 0 },
	};
	struct exm *session = ((struct world *)*state)->session;

	connect_to(*state, answer_ensure);
	assert_int_equal(exm_ensure(session, "/a", NULL), 1);
	assert_int_equal(exm_ensure(session, "/a", "b"), 0);
	assert_int_equal(exm_ensure_entry(session, "/a/*", where, match, "Match"), 1);
	assert_int_equal(exm_ensure_entry(session, "/a/*", NULL, NULL, NULL), -EBADMSG);
	assert_int_equal(exm_ensure_absent(session, "/a", where), 4);
	assert_int_equal(exm_ensure_absent(session, "/a", NULL), -EBADMSG);
	assert_int_equal(exm_ensure_entry(session, "/a", twice, NULL, NULL), -EINVAL);
	assert_int_equal(exm_ensure_entry(session, "/a", mixed, NULL, NULL), -EINVAL);
	assert_int_equal(exm_ensure_entry(session, NULL, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(exm_ensure_absent(session, NULL, NULL), -EINVAL);
	assert_int_equal(exm_ensure(NULL, "/a", NULL), -EINVAL);
}

static const char *const bad_results[] = {
	"\"result\":3.5",
	"\"result\":{\"base64\":\"###\"}",
	"\"result\":[1]",
	"\"result\":{\"base64\":\"AA==\"}",
	"\"nothing\":0",
	"\"error\":{}",
	"\"error\":{\"code\":\"x\",\"message\":\"y\"}",
	"\"error\":3",
};
static const char *const bad_nodes[] = {
	"\"result\":null",
	"\"result\":{}",
	"\"result\":[null]",
	"\"result\":[\"/a\"]",
	"\"result\":[{\"path\":\"/a\"}]",
	"\"result\":[{\"path\":3,\"children\":0}]",
	"\"result\":[{\"path\":\"/a\",\"children\":-1}]",
	"\"result\":[{\"path\":\"/a\",\"children\":4294967296}]",
	"\"result\":[{\"path\":\"/a\",\"children\":0},{}]",
};

static void answer_badly(struct server *server)
{
	greet(server);
	for (size_t i = 0; i < ARRAY_SIZE(bad_results); i++) {
		hear(server, "augeas.get");
		answer(server, server->id, bad_results[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_nodes); i++) {
		hear(server, "augeas.match");
		answer(server, server->id, bad_nodes[i]);
	}
}

static void test_results_that_are_not_as_described_are_refused(void **state)
{
	struct world *world = *state;
	struct exm_node **nodes = NULL;
	char *value = NULL;

	connect_to(world, answer_badly);
	for (size_t i = 0; i < ARRAY_SIZE(bad_results); i++)
		assert_int_equal(exm_get(world->session, "/a", &value), -EBADMSG);
	assert_null(value);
	for (size_t i = 0; i < ARRAY_SIZE(bad_nodes); i++)
		assert_int_equal(exm_match_nodes(world->session, "/a", &nodes), -EBADMSG);
	assert_null(nodes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CLIENT_TEST(test_results_come_as_described),
		CLIENT_TEST(test_wanted_nodes_are_said_as_described),
		CLIENT_TEST(test_results_that_are_not_as_described_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
