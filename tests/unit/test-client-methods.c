/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves that client-lib/ has a function for each method of the engine's own table, that it asks
 * for that method, and with parameters that the table has, none of those missing that must be
 * there. Linked with the engine, for its table, and with the library as programs have it.
 */
#include "client_fixture.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "engine/method.h"

/* How one function is called for each method: X(method, call), with `s` for the session. */
#define HELPERS(X) \
	X("session.info", exm_info(s, &text)) \
	X("session.methods", exm_methods(s, &text)) \
	X("session.whatcan", exm_whatcan(s, "/files", NULL, &text)) \
	X("session.whatcan", exm_whatcan(s, NULL, "x.service", &text)) \
	X("session.ping", exm_ping(s)) \
	X("session.channel", exm_open_channel(s, &channel)) \
	X("session.bye", exm_bye(s)) \
	X("augeas.get", exm_get(s, "p", &text)) \
	X("augeas.set", exm_set(s, "p", NULL)) \
	X("augeas.setm", exm_setm(s, "p", NULL, "v")) \
	X("augeas.ensure", exm_ensure(s, "p", "v")) \
	X("augeas.ensure", exm_ensure_entry(s, "p", children, children, "x")) \
	X("augeas.ensure", exm_ensure_absent(s, "p", children)) \
	X("augeas.clear", exm_clear(s, "p")) \
	X("augeas.match", exm_match(s, "p", &texts)) \
	X("augeas.match", exm_match_nodes(s, "p", &nodes)) \
	X("augeas.insert", exm_insert(s, "p", "l", true)) \
	X("augeas.remove", exm_remove(s, "p")) \
	X("augeas.move", exm_move(s, "p", "q")) \
	X("augeas.rename", exm_rename(s, "p", "l")) \
	X("augeas.label", exm_label(s, "p", &text)) \
	X("augeas.load", exm_load(s)) \
	X("augeas.load", exm_load_anew(s, true, true)) \
	X("augeas.load_file", exm_load_file(s, "/etc/hosts")) \
	X("augeas.save", exm_save(s, NULL)) \
	X("augeas.print", exm_print(s, "p", &text)) \
	X("augeas.print", exm_print(s, NULL, &text)) \
	X("augeas.errors", exm_errors(s, &errors)) \
	X("augeas.transform", exm_transform(s, "L.lns", "/etc/x", false)) \
	X("augeas.copy", exm_copy(s, "p", "q")) \
	X("augeas.defvar", exm_defvar(s, "n", NULL)) \
	X("augeas.defnode", exm_defnode(s, "n", "p", NULL, NULL)) \
	X("augeas.text_store", exm_text_store(s, "L.lns", "n", "p")) \
	X("augeas.text_retrieve", exm_text_retrieve(s, "L.lns", "n", "p", "q")) \
	X("augeas.preview", exm_preview(s, "p", &text)) \
	X("augeas.dump", exm_dump(s, "p", &dump)) \
	X("augeas.srun", exm_srun(s, "get p", &script)) \
	X("augeas.escape_name", exm_escape_name(s, "n", &text)) \
	X("augeas.ns_attr", exm_ns_attr(s, "n", 0, &ns_node)) \
	X("augeas.ns_label", exm_ns_label(s, "n", 0, &ns_label)) \
	X("augeas.ns_value", exm_ns_value(s, "n", 0, &text)) \
	X("augeas.ns_count", exm_ns_count(s, "n")) \
	X("augeas.ns_path", exm_ns_path(s, "n", 0, &text)) \
	X("augeas.span", exm_span(s, "p", &span)) \
	X("augeas.source", exm_source(s, "p", &text)) \
	X("config.diff", exm_diff(s, &changes)) \
	X("config.commit", exm_commit(s, NULL)) \
	X("config.commit", exm_commit_with(s, &commit_options, &commit)) \
	X("config.confirm", exm_confirm(s, "t")) \
	X("config.confirm", exm_confirm_extend(s, "t", 5)) \
	X("config.confirm", exm_confirm_rollback(s, "t")) \
	X("config.confirm", exm_confirm_seconds(s)) \
	X("config.discard", exm_discard(s, NULL)) \
	X("config.history", exm_history(s, "/etc/x", 9, 5, &revisions, NULL)) \
	X("config.show", exm_show(s, 1, &revision)) \
	X("config.revert", exm_revert(s, 1, NULL)) \
	X("config.revert", exm_revert_with(s, 1, &revert_options, &commit)) \
	X("service.status", exm_service_status(s, "u", NULL)) \
	X("service.start", exm_service_start(s, "u", NULL)) \
	X("service.stop", exm_service_stop(s, "u", NULL)) \
	X("service.restart", exm_service_restart(s, "u", NULL)) \
	X("service.try_restart", exm_service_try_restart(s, "u", NULL)) \
	X("service.reload", exm_service_reload(s, "u", NULL)) \
	X("service.reload_or_restart", exm_service_reload_or_restart(s, "u", NULL)) \
	X("service.enable", exm_service_enable(s, "u", NULL)) \
	X("service.disable", exm_service_disable(s, "u", NULL)) \
	X("service.mask", exm_service_mask(s, "u", NULL)) \
	X("service.unmask", exm_service_unmask(s, "u", NULL)) \
	X("service.reset_failed", exm_service_reset_failed(s, "u", NULL)) \
	X("service.restart", exm_service_call(s, "restart", "u", &options, NULL)) \
	X("service.list", exm_service_list(s, "*", &services)) \
	X("service.log", exm_service_log(s, "u", 5, "c", &log)) \
	X("service.watch", exm_service_watch(s, "u", NULL)) \
	X("service.unwatch", exm_service_unwatch(s, "u")) \
	X("package.status", exm_package_status(s, names, &packages)) \
	X("package.install", exm_package_install(s, names, &package_options, NULL)) \
	X("package.remove", exm_package_remove(s, names, NULL, NULL)) \
	X("package.upgrade", exm_package_upgrade(s, names, NULL, NULL)) \
	X("package.update", exm_package_update(s, NULL)) \
	X("system.get", exm_system_get(s, &system)) \
	X("system.set_timezone", exm_system_set_timezone(s, "UTC", NULL)) \
	X("system.set_hostname", exm_system_set_hostname(s, "h", NULL)) \
	X("system.set_locale", exm_system_set_locale(s, names, NULL))

static const char *const asked[] = {
#define X(method, call) method,
	HELPERS(X)
#undef X
};

/* exm_connect() asks for these. */
static const char *const connecting[] = { "session.hello", "session.authenticate" };

static bool is_among(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* ---- the server ------------------------------------------------------------------- */

struct check {
	const struct method *method;
	unsigned int known;
};

static int check_param(const char *key, struct json_object *value, void *data)
{
	struct check *check = data;

	(void)value;
	for (size_t i = 0; i < METHOD_PARAMS_MAX; i++) {
		const struct method_param *param = &check->method->params[i];

		if (param->parameter == PARAM_none ||
		    strcmp(key, parameter_name(param->parameter)) != 0)
			continue;
		check->known |= 1u << i;
		return 0;
	}
	fprintf(stderr, "%s has no parameter %s\n", check->method->name, key);
	return -1;
}

static bool is_complete(const struct check *check)
{
	for (size_t i = 0; i < METHOD_PARAMS_MAX; i++)
		if (check->method->params[i].required && !(check->known & 1u << i)) {
			fprintf(stderr, "%s: parameter %s is missing\n", check->method->name,
				parameter_name(check->method->params[i].parameter));
			return false;
		}
	return true;
}

/* What of each method's parameters some function gives. */
static unsigned int given[128];

static void check_request(const struct server *server, const char *method)
{
	struct check check = { .method = method_find(method) };
	scoped_json *request = NULL;
	struct json_error error;
	const char *text;

	if (!check.method ||
	    json_parse(server->line, strlen(server->line), 64, &request, &error) < 0)
		_exit(10);
	text = json_string(json_get(request, "method"), NULL);
	if (!text || strcmp(text, method) != 0) {
		fprintf(stderr, "%s is asked for in place of %s\n", text, method);
		_exit(11);
	}
	if (json_each(json_get(request, "params"), check_param, &check) < 0 || !is_complete(&check))
		_exit(12);
	given[check.method - methods] |= check.known;
}

/* Verbs of services and packages have the same options each, which one of them is tried with. */
static bool is_tried_elsewhere(const char *method)
{
	return (strncmp(method, "service.", 8) == 0 && strcmp(method, "service.restart") != 0 &&
		strcmp(method, "service.log") != 0) ||
	       (strncmp(method, "package.", 8) == 0 && strcmp(method, "package.install") != 0);
}

static void check_given(const struct method *m)
{
	for (size_t i = 0; i < METHOD_PARAMS_MAX && m->params[i].parameter != PARAM_none; i++)
		if (!(given[m - methods] & 1u << i)) {
			fprintf(stderr, "no function gives %s its parameter %s\n", m->name,
				parameter_name(m->params[i].parameter));
			_exit(13);
		}
}

static void check_all(struct server *server)
{
	greet(server);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		hear(server, "");
		check_request(server, asked[i]);
		answer(server, server->id, "\"error\":{\"code\":2,\"message\":\"no\"}");
	}
	for (const struct method *m = methods; m->name; m++)
		if (!is_among(m->name, connecting, ARRAY_SIZE(connecting)) &&
		    !is_tried_elsewhere(m->name))
			check_given(m);
}

/* ---- the client ------------------------------------------------------------------- */

static void on_progress(void *data, const struct exm_progress *progress)
{
	(void)data;
	(void)progress;
}

static void assert_refused(const char *call, int r)
{
	if (r != -EREMOTEIO)
		fail_msg("%s returned %d", call, r);
}

/* What it does is what the server checks; here only that it was asked at all. */
static void call_all(struct exm *s)
{
	static const char *const names[] = { "a", NULL };
	static const struct exm_child children[] = {
		{ "k", "v", EXM_CHILD_VALUE },
		{ NULL, NULL, EXM_CHILD_VALUE },
	};
	const struct exm_commit_options commit_options = {
		.size = sizeof(commit_options),
		.rebase = true,
		.dry_run = true,
		.plan = "p",
		.confirm_s = 5,
		.dead_man = true,
		.progress = on_progress,
	};
	const struct exm_commit_options revert_options = {
		.size = sizeof(revert_options),
		.dry_run = true,
		.confirm_s = 5,
		.dead_man = true,
		.progress = on_progress,
	};
	const struct exm_options package_options = { .size = sizeof(package_options),
						     .timeout_s = 5,
						     .progress = on_progress };
	const struct exm_options options = {
		.size = sizeof(options), .timeout_s = 5, .settle_s = 1, .progress = on_progress
	};
	char *text, **texts;
	struct exm_node **nodes;
	struct exm_file_error **errors;
	struct exm_dump_node **dump;
	struct exm_script *script;
	struct exm_ns_node *ns_node;
	struct exm_ns_label *ns_label;
	struct exm_span *span;
	struct exm_change **changes;
	struct exm_commit *commit;
	struct exm_revision **revisions, *revision;
	struct exm_service **services;
	struct exm_package **packages;
	struct exm_log *log;
	struct exm *channel;
	struct exm_system *system;

#define X(method, call) assert_refused(#call, call);
	HELPERS(X)
#undef X
}

static void test_each_function_asks_for_its_method_with_parameters_that_it_has(void **state)
{
	struct world *world = *state;

	connect_to(world, check_all);
	call_all(world->session);
}

static void test_each_method_of_the_engine_has_a_function(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct method *m = methods; m->name; m++, count++)
		if (!is_among(m->name, asked, ARRAY_SIZE(asked)) &&
		    !is_among(m->name, connecting, ARRAY_SIZE(connecting)))
			fail_msg("libexmachina has no function for %s", m->name);
	assert_in_range(count, 60, ARRAY_SIZE(given));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CLIENT_TEST(test_each_function_asks_for_its_method_with_parameters_that_it_has),
		cmocka_unit_test(test_each_method_of_the_engine_has_a_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
