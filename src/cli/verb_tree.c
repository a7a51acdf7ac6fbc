/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. The verbs that read the tree. In a script
 * they print what augtool(1) prints; match, ls and print do so anywhere.
 */
#include "cli/path.h"
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

#include "exmachina.h"

/* Bytes of a result; NULL for null, and for what no server should send. */
static char *bytes_of(const struct json_object *value)
{
	char *text = NULL;

	return value && json_get_bytes(value, &text) == 0 ? text : NULL;
}

/* get and label: within a script a missing node is an answer, not a failure. */
static enum status run_one(struct cli *cli, const struct verb *verb, int argc, char **argv,
			   struct json_object **ret_result)
{
	int r = call_quietly(cli, verb->method, call_arguments(argc, argv), ret_result);
	const struct exm_error *error = exm_last_error(cli->session);
	enum status status;

	if (r == 0)
		return STATUS_DONE;
	if (cli->script && !cli->json && error && error->code == EXM_ERROR_NO_MATCH) {
		printf("%s (o)\n", argv[0]);
		return STATUS_PRINTED;
	}
	status = report_failure(cli, r);
	return cli->script && status == STATUS_NO_NODE ? STATUS_PRINTED : status;
}

static void print_one(const struct cli *cli, char **argv, const struct json_object *result)
{
	scoped_ptr char *text = bytes_of(result);

	if (!cli->script && text)
		printf("%s\n", text);
	else if (cli->script && text)
		printf("%s = %s\n", argv[0], text);
	else if (cli->script)
		printf("%s (none)\n", argv[0]);
}

/* The nodes that an expression names, with their values. */
static enum status match(struct cli *cli, const char *expression, struct json_object **ret_nodes)
{
	struct json_object *params = call_memory(json_new_array());

	call_add(params, call_argument(expression));
	call_add(params, call_memory(json_new_bool(true)));
	return call(cli, "augeas.match", params, ret_nodes);
}

static bool has_value(const struct json_object *node, const char *wanted)
{
	scoped_ptr char *value = bytes_of(json_get(node, "value"));

	return value && strcmp(value, wanted) == 0;
}

static enum status run_match(struct cli *cli, const struct verb *verb, int argc, char **argv,
			     struct json_object **ret_result)
{
	/* augtool takes an empty value for none */
	const char *wanted = argc > 1 && *argv[1] ? argv[1] : NULL;
	scoped_json *nodes = NULL;
	scoped_json *chosen = NULL;
	enum status status;

	(void)verb;
	status = match(cli, argv[0], &nodes);
	if (status != STATUS_DONE)
		return status;
	if (!wanted || json_length(nodes) == 0) {
		*ret_result = take_ptr(nodes);
		return STATUS_DONE;
	}
	chosen = call_memory(json_new_array());
	for (size_t i = 0; i < json_length(nodes); i++)
		if (has_value(json_at(nodes, i), wanted))
			call_add(chosen, json_share(json_at(nodes, i)));
	/* nodes, but none with that value: augtool prints nothing */
	if (json_length(chosen) == 0 && !cli->json)
		return cli->script ? STATUS_PRINTED : STATUS_NO_NODE;
	*ret_result = take_ptr(chosen);
	return STATUS_DONE;
}

static void print_match(const struct cli *cli, char **argv, const struct json_object *nodes)
{
	(void)cli;
	if (json_length(nodes) == 0)
		puts("  (no matches)");
	for (size_t i = 0; i < json_length(nodes); i++) {
		const struct json_object *node = json_at(nodes, i);
		scoped_ptr char *path = bytes_of(json_get(node, "path"));
		scoped_ptr char *value = bytes_of(json_get(node, "value"));

		/* with a value to look for, that one is known */
		if (argv[1] && *argv[1])
			printf("%s\n", path ? path : "");
		else
			printf("%s = %s\n", path ? path : "", value ? value : "(none)");
	}
}

static enum status run_ls(struct cli *cli, const struct verb *verb, int argc, char **argv,
			  struct json_object **ret_result)
{
	scoped_ptr char *children = NULL;
	scoped_json *nodes = NULL;
	scoped_json *self = NULL;
	size_t length = strlen(argv[0]);
	enum status status;

	(void)verb;
	(void)argc;
	if (asprintf(&children, "%s%s*", argv[0], length && argv[0][length - 1] == '/' ? "" : "/") <
	    0)
		children = call_memory(NULL);
	status = match(cli, children, &nodes);
	if (status == STATUS_DONE && json_length(nodes) == 0 && !cli->script) {
		/* no children, or no such node? */
		status = match(cli, argv[0], &self);
		if (status == STATUS_DONE && json_length(self) == 0)
			return report_no_node(cli, argv[0]);
	}
	if (status == STATUS_DONE)
		*ret_result = take_ptr(nodes);
	return status;
}

static void print_ls(const struct cli *cli, char **argv, const struct json_object *nodes)
{
	(void)cli;
	(void)argv;
	for (size_t i = 0; i < json_length(nodes); i++) {
		const struct json_object *node = json_at(nodes, i);
		scoped_ptr char *path = bytes_of(json_get(node, "path"));
		scoped_ptr char *value = bytes_of(json_get(node, "value"));

		printf("%s%s= %s\n", path ? path_last_label(path) : "",
		       json_int(json_get(node, "children")) > 0 ? "/ " : " ",
		       value ? value : "(none)");
	}
}

static enum status run_print(struct cli *cli, const struct verb *verb, int argc, char **argv,
			     struct json_object **ret_result)
{
	enum status status =
		call(cli, verb->method, argc ? call_arguments(argc, argv) : NULL, ret_result);
	const char *text = json_string(*ret_result, NULL);

	if (status == STATUS_DONE && argc && text && !*text && !cli->script)
		return report_no_node(cli, argv[0]);
	return status;
}

static void print_text(const struct cli *cli, char **argv, const struct json_object *result)
{
	scoped_ptr char *text = bytes_of(result);

	(void)cli;
	(void)argv;
	if (text)
		fputs(text, stdout);
}

static void print_source(const struct cli *cli, char **argv, const struct json_object *result)
{
	scoped_ptr char *text = bytes_of(result);

	(void)cli;
	(void)argv;
	if (text)
		printf("%s\n", text);
}

static long long edge(const struct json_object *span, const char *key, size_t index)
{
	return json_int(json_at(json_get(span, key), index));
}

static void print_span(const struct cli *cli, char **argv, const struct json_object *span)
{
	scoped_ptr char *file = bytes_of(json_get(span, "file"));

	(void)cli;
	(void)argv;
	printf("%s label=(%lld:%lld) value=(%lld:%lld) span=(%lld,%lld)\n", file ? file : "",
	       edge(span, "label", 0), edge(span, "label", 1), edge(span, "value", 0),
	       edge(span, "value", 1), edge(span, "span", 0), edge(span, "span", 1));
}

static const struct verb verbs[] = {
	{
		.name = "get",
		.arguments = "PATH",
		.summary = "the value of a node",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.method = "augeas.get",
		.run = run_one,
		.print = print_one,
	},
	{
		.name = "match",
		.arguments = "EXPR [VALUE]",
		.summary = "the nodes that EXPR names",
		.least = 1,
		.most = 2,
		.paths = ARGUMENT(0),
		.flags = VERB_FINDS,
		.method = "augeas.match",
		.run = run_match,
		.print = print_match,
	},
	{
		.name = "ls",
		.arguments = "PATH",
		.summary = "the children of a node",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.method = "augeas.match",
		.run = run_ls,
		.print = print_ls,
	},
	{
		.name = "print",
		.arguments = "[EXPR]",
		.summary = "nodes and all below them",
		.most = 1,
		.paths = ARGUMENT(0),
		.method = "augeas.print",
		.run = run_print,
		.print = print_text,
	},
	{
		.name = "label",
		.arguments = "PATH",
		.summary = "the label of a node",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.method = "augeas.label",
		.run = run_one,
		.print = print_one,
	},
	{
		.name = "span",
		.arguments = "PATH",
		.summary = "where in its file a node is",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.method = "augeas.span",
		.print = print_span,
	},
	{
		.name = "preview",
		.arguments = "PATH",
		.summary = "the text that a commit would write",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.method = "augeas.preview",
		.print = print_text,
	},
	{
		.name = "source",
		.arguments = "PATH",
		.summary = "the file that a node comes from",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.method = "augeas.source",
		.print = print_source,
	},
};

const struct verb *verb_tree_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
