/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. The verbs that change the tree; the server keeps the edits. */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

/* set PATH VALUE [PATH VALUE]..., or PATH alone for no value, as augtool has it. */
static enum status run_set(struct cli *cli, const struct verb *verb, int argc, char **argv,
			   struct json_object **ret_result)
{
	enum status status = STATUS_DONE;

	for (int i = 0; i < argc && status == STATUS_DONE; i += 2) {
		struct json_object *params = call_arguments(1, argv + i);

		call_add(params, i + 1 < argc ? call_argument(argv[i + 1]) : NULL);
		*ret_result = json_free(*ret_result);
		status = call(cli, verb->method, params, ret_result);
	}
	return status;
}

static enum status run_setm(struct cli *cli, const struct verb *verb, int argc, char **argv,
			    struct json_object **ret_result)
{
	struct json_object *params = call_arguments(argc, argv);

	if (argc == 2)
		call_add(params, NULL);
	return call(cli, verb->method, params, ret_result);
}

static const char *const before_or_after[] = { "before", "after", NULL };
static const char *const incl_or_excl[] = { "incl", "excl", NULL };

static enum status run_insert(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	struct json_object *params = call_arguments(1, argv + 2);

	(void)argc;
	call_add(params, call_argument(argv[0]));
	call_add(params, call_memory(json_new_bool(strcmp(argv[1], "before") == 0)));
	return call(cli, verb->method, params, ret_result);
}

static enum status run_transform(struct cli *cli, const struct verb *verb, int argc, char **argv,
				 struct json_object **ret_result)
{
	scoped_ptr char *lens = NULL;
	struct json_object *params;

	(void)argc;
	/* a module alone means its lens of the usual name */
	if (asprintf(&lens, "%s%s", argv[0], strchr(argv[0], '.') ? "" : ".lns") < 0)
		lens = call_memory(NULL);
	params = call_arguments(1, &lens);
	call_add(params, call_argument(argv[2]));
	call_add(params, call_memory(json_new_bool(strcmp(argv[1], "excl") == 0)));
	return call(cli, verb->method, params, ret_result);
}

static void print_rm(const struct cli *cli, char **argv, const struct json_object *count)
{
	(void)cli;
	printf("rm : %s %lld\n", argv[0], (long long)json_int(count));
}

static void print_rename(const struct cli *cli, char **argv, const struct json_object *count)
{
	(void)cli;
	printf("rename : %s to %s %lld\n", argv[0], argv[1], (long long)json_int(count));
}

static const struct verb verbs[] = {
	{
		.name = "set",
		.arguments = "PATH VALUE [PATH VALUE]...",
		.summary = "set the value of a node, made if missing",
		.least = 1,
		.most = VERB_MANY,
		.paths = EVERY_OTHER,
		.flags = VERB_EDITS | VERB_PAIRS,
		.method = "augeas.set",
		.run = run_set,
	},
	{
		.name = "setm",
		.arguments = "BASE SUB [VALUE]",
		.summary = "set SUB below each node that BASE names",
		.least = 2,
		.most = 3,
		.paths = ARGUMENT(0) | ARGUMENT(1),
		.flags = VERB_EDITS,
		.method = "augeas.setm",
		.run = run_setm,
	},
	{
		.name = "clear",
		.arguments = "PATH",
		.summary = "take the value of a node away",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.flags = VERB_EDITS,
		.method = "augeas.clear",
	},
	{
		.name = "rm",
		.arguments = "EXPR",
		.summary = "remove nodes and all below them",
		.least = 1,
		.most = 1,
		.paths = ARGUMENT(0),
		.flags = VERB_EDITS,
		.method = "augeas.remove",
		.print = print_rm,
	},
	{
		.name = "insert",
		.alias = "ins",
		.arguments = "LABEL before|after PATH",
		.summary = "add a node beside another",
		.least = 3,
		.most = 3,
		.paths = ARGUMENT(2),
		.flags = VERB_EDITS,
		.choice = before_or_after,
		.choice_at = 1,
		.method = "augeas.insert",
		.run = run_insert,
	},
	{
		.name = "mv",
		.alias = "move",
		.arguments = "PATH DESTINATION",
		.summary = "move a node and all below it",
		.least = 2,
		.most = 2,
		.paths = ARGUMENT(0) | ARGUMENT(1),
		.flags = VERB_EDITS,
		.method = "augeas.move",
	},
	{
		.name = "cp",
		.alias = "copy",
		.arguments = "PATH DESTINATION",
		.summary = "copy a node and all below it",
		.least = 2,
		.most = 2,
		.paths = ARGUMENT(0) | ARGUMENT(1),
		.flags = VERB_EDITS,
		.method = "augeas.copy",
	},
	{
		.name = "defvar",
		.arguments = "NAME EXPR",
		.summary = "have $NAME stand for nodes",
		.least = 2,
		.most = 2,
		.paths = ARGUMENT(1),
		.method = "augeas.defvar",
	},
	{
		.name = "defnode",
		.arguments = "NAME EXPR [VALUE]",
		.summary = "have $NAME stand for nodes, one made if missing",
		.least = 2,
		.most = 3,
		.paths = ARGUMENT(1),
		.flags = VERB_EDITS,
		.method = "augeas.defnode",
	},
	{
		.name = "store",
		.arguments = "LENS NODE PATH",
		.summary = "make a tree of a node's text",
		.least = 3,
		.most = 3,
		.paths = ARGUMENT(1) | ARGUMENT(2),
		.method = "augeas.text_store",
	},
	{
		.name = "retrieve",
		.arguments = "LENS NODE PATH DESTINATION",
		.summary = "make a text of a tree",
		.least = 4,
		.most = 4,
		.paths = ARGUMENT(1) | ARGUMENT(2) | ARGUMENT(3),
		.flags = VERB_EDITS,
		.method = "augeas.text_retrieve",
	},
	{
		.name = "load-file",
		.arguments = "FILE",
		.summary = "read a file anew, without the edits in it",
		.least = 1,
		.most = 1,
		.names = NAMES_FILES,
		.method = "augeas.load_file",
	},
	{
		.name = "rename",
		.arguments = "EXPR LABEL",
		.summary = "give nodes another label",
		.least = 2,
		.most = 2,
		.paths = ARGUMENT(0),
		.flags = VERB_EDITS,
		.method = "augeas.rename",
		.print = print_rename,
	},
	{
		.name = "transform",
		.arguments = "LENS incl|excl FILE",
		.summary = "have a file read with a lens, or not",
		.least = 3,
		.most = 3,
		.choice = incl_or_excl,
		.choice_at = 1,
		.method = "augeas.transform",
		.run = run_transform,
	},
};

const struct verb *verb_edit_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
