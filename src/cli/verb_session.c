/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs about services, the session, and any method. */
#include <errno.h>
#include <string.h>

#include "cli/verb.h"
#include "common/service_verb.h"
#include "exmachina.h"

#define X(name, word, kind, method) word,
static const char *const service_verbs[] = { SERVICE_VERBS(X) NULL };
#undef X

static enum status run_service(struct cli *cli, const struct verb *verb, int argc, char **argv,
			       struct json_object **ret_result)
{
	char method[64];

	(void)verb;
	snprintf(method, sizeof(method), "service.%s", argv[0]);
	return call(cli, method, call_arguments(argc - 1, argv + 1), ret_result);
}

static void print_service(const struct cli *cli, char **argv, const struct json_object *result)
{
	const char *active = json_string(json_get(result, "active"), NULL);
	const char *sub = json_string(json_get(result, "sub"), NULL);
	const char *load = json_string(json_get(result, "load"), NULL);
	const char *how = json_string(json_get(result, "result"), NULL);
	int64_t pid = json_int(json_get(result, "main_pid"));
	int64_t before = json_int(json_get(result, "main_pid_before"));

	(void)cli;
	printf("%s: %s (%s)", argv[1], active ? active : "unknown", sub ? sub : "unknown");
	if (load && strcmp(load, "loaded") != 0)
		printf(", %s", load);
	if (pid > 0)
		printf(", main PID %lld", (long long)pid);
	if (before > 0 && before != pid)
		printf(", before %lld", (long long)before);
	if (how && *how && strcmp(how, "success") != 0)
		printf(", result %s", how);
	putchar('\n');
}

static void print_pretty(const struct cli *cli, char **argv, const struct json_object *result)
{
	struct json_object *mutable = json_share((struct json_object *)(uintptr_t)result);
	const char *text = json_text_pretty(mutable);

	(void)cli;
	(void)argv;
	puts(text ? text : "");
	json_free(mutable);
}

static void print_methods(const struct cli *cli, char **argv, const struct json_object *methods)
{
	(void)cli;
	(void)argv;
	for (size_t i = 0; i < json_length(methods); i++) {
		const struct json_object *method = json_at(methods, i);
		const struct json_object *params = json_get(method, "parameters");
		const char *name = json_string(json_get(method, "name"), NULL);

		fputs(name ? name : "", stdout);
		for (size_t k = 0; k < json_length(params); k++) {
			const struct json_object *param = json_at(params, k);
			bool required = json_boolean(json_get(param, "required"));
			const char *word = json_string(json_get(param, "name"), NULL);
			const char *type = json_string(json_get(param, "type"), NULL);

			printf(required ? " %s:%s" : " [%s:%s]", word ? word : "",
			       type ? type : "");
		}
		putchar('\n');
	}
}

static void print_ping(const struct cli *cli, char **argv, const struct json_object *result)
{
	const char *pong = json_string(result, NULL);

	(void)cli;
	(void)argv;
	puts(pong ? pong : "");
}

static enum status run_call(struct cli *cli, const struct verb *verb, int argc, char **argv,
			    struct json_object **ret_result)
{
	scoped_ptr char *answer = NULL;
	int r = exm_call(cli->session, argv[0], argc > 1 ? argv[1] : NULL, &answer);

	(void)verb;
	(void)ret_result;
	if (r == -EINVAL) {
		report(cli, "call: the parameters are not a JSON object or array");
		return STATUS_USAGE;
	}
	if (r < 0)
		return report_failure(cli, r);
	puts(answer);
	return STATUS_PRINTED;
}

static const struct verb verbs[] = {
	{
		.name = "service",
		.arguments = "status|start|stop|restart|reload UNIT",
		.summary = "control a service",
		.least = 2,
		.most = 2,
		.choice = service_verbs,
		.run = run_service,
		.print = print_service,
	},
	{
		.name = "info",
		.arguments = "",
		.summary = "the session and its server",
		.method = "session.info",
		.print = print_pretty,
	},
	{
		.name = "methods",
		.arguments = "",
		.summary = "what can be called, with parameters",
		.method = "session.methods",
		.print = print_methods,
	},
	{
		.name = "ping",
		.arguments = "",
		.summary = "does the server answer?",
		.method = "session.ping",
		.print = print_ping,
	},
	{
		.name = "call",
		.arguments = "METHOD [JSON]",
		.summary = "any method, with its parameters",
		.least = 1,
		.most = 2,
		.run = run_call,
	},
};

const struct verb *verb_session_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
