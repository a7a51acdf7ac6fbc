/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. Commits: what they would do, that they are done, that they stay.
 */
#include <string.h>

#include "cli/diff_view.h"
#include "cli/verb.h"

static const char *text_of(const struct json_object *object, const char *key)
{
	return json_string(json_get(object, key), NULL);
}

static long long number_of(const struct json_object *object, const char *key)
{
	return (long long)json_int(json_get(object, key));
}

static void print_files(const struct json_object *result)
{
	const struct json_object *files = json_get(result, "files");

	for (size_t i = 0; i < json_length(files); i++) {
		char *diff = NULL;

		if (json_get_bytes(json_get(json_at(files, i), "diff"), &diff) == 0)
			diff_print(diff);
		free(diff);
	}
}

static void print_diff(const struct cli *cli, char **argv, const struct json_object *result)
{
	struct json_object *refused = json_get(result, "refused");

	(void)argv;
	print_files(result);
	fflush(stdout);
	if (refused)
		report_refusal(cli, refused);
}

/* ---- commit ---------------------------------------------------------------------------------- */

/* Options that contradict each other; NULL: none do. */
static const char *contradiction(const struct cli *cli)
{
	if (cli->given[OPTION_DEAD_MAN] && !cli->given[OPTION_CONFIRM])
		return "--dead-man is for a commit with --confirm";
	if (cli->given[OPTION_DRY_RUN] && cli->given[OPTION_CONFIRM])
		return "what is only looked at need not be confirmed";
	if (cli->given[OPTION_PLAN] > 1)
		return "there can be one --plan";
	return NULL;
}

static void put_flag(const struct cli *cli, enum verb_option option, struct json_object *params,
		     const char *name)
{
	if (cli->given[option])
		call_put(params, name, call_memory(json_new_bool(true)));
}

static struct json_object *commit_params(const struct cli *cli)
{
	struct json_object *params = call_memory(json_new_object());

	put_flag(cli, OPTION_REBASE, params, "rebase");
	put_flag(cli, OPTION_DRY_RUN, params, "dry_run");
	put_flag(cli, OPTION_DEAD_MAN, params, "dead_man");
	if (cli->given[OPTION_PLAN])
		call_put(params, "plan", call_argument(cli->texts[0].text));
	if (cli->given[OPTION_CONFIRM])
		call_put(params, "confirm", call_memory(json_new_int(cli->given[OPTION_CONFIRM])));
	call_put(params, "progress", call_memory(json_new_bool(true)));
	return params;
}

static void progress_came(struct cli *cli, const char *method, struct json_object *params)
{
	if (strcmp(method, "config.progress") != 0)
		return;
	progress_show(cli, params);
	*(bool *)cli->notified_data = true;
}

static enum status commit(struct cli *cli, const struct verb *verb, struct json_object **ret_result)
{
	bool shown = false;
	int r;

	cli->notified = progress_came;
	cli->notified_data = &shown;
	r = call_quietly(cli, verb->method, commit_params(cli), ret_result);
	cli->notified = NULL;
	if (shown)
		progress_end();
	return r < 0 ? report_failure(cli, r) : STATUS_DONE;
}

static void print_commit(const struct json_object *result)
{
	const struct json_object *rebased = json_get(result, "rebased");
	size_t count = json_length(json_get(result, "files"));

	if (count > 0)
		printf("Saved %zu file(s)\n", count);
	for (size_t i = 0; i < json_length(rebased); i++) {
		char *file = NULL;

		if (json_get_bytes(json_at(rebased, i), &file) == 0)
			printf("merged with what somebody else wrote: %s\n", file);
		free(file);
	}
}

static enum status commit_and_ask(struct cli *cli, const struct verb *verb,
				  struct json_object **ret_result)
{
	enum status status = commit(cli, verb, ret_result);

	if (status != STATUS_DONE || !text_of(json_get(*ret_result, "confirm"), "token"))
		return status;
	print_commit(*ret_result);
	fflush(stdout);
	status = countdown_run(cli, *ret_result);
	return status == STATUS_DONE ? STATUS_PRINTED : status;
}

static enum status run_commit(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	const char *wrong = contradiction(cli);
	bool asks = cli->given[OPTION_CONFIRM] && countdown_is_possible(cli);
	int interrupts = cli->interrupts;
	enum status status;

	(void)argc;
	(void)argv;
	if (wrong)
		return report_wrong(cli, STATUS_USAGE, "%s: %s", verb->name, wrong);
	if (!asks)
		return commit(cli, verb, ret_result);
	/* they are about the commit now */
	cli->interrupts = -1;
	countdown_prepare();
	status = commit_and_ask(cli, verb, ret_result);
	cli->interrupts = interrupts;
	countdown_finish(cli);
	return status;
}

static void print_saved(const struct cli *cli, char **argv, const struct json_object *result)
{
	const struct json_object *confirm = json_get(result, "confirm");
	const char *plan = text_of(result, "plan"), *token = text_of(confirm, "token");

	(void)cli;
	(void)argv;
	if (plan) {
		print_files(result);
		printf("Plan %s\n", plan);
		return;
	}
	print_commit(result);
	if (token)
		printf("It is taken back in %lld s, unless: exmachina confirm %s\n",
		       number_of(confirm, "seconds"), token);
	else if (confirm)
		printf("It belongs to a commit that is taken back in %lld s unless confirmed\n",
		       number_of(confirm, "seconds"));
}

/* ---- confirm --------------------------------------------------------------------------------- */

static const char *misuse(const struct cli *cli, int argc)
{
	bool extend = cli->given[OPTION_EXTEND], rollback = cli->given[OPTION_ROLLBACK];

	if (extend && rollback)
		return "--extend and --rollback exclude each other";
	return argc == 0 && (extend || rollback) ? "that takes the token" : NULL;
}

static struct json_object *confirm_params(const struct cli *cli, int argc, char **argv)
{
	struct json_object *params = call_memory(json_new_object());

	if (argc > 0)
		call_put(params, "token", call_argument(argv[0]));
	if (cli->given[OPTION_EXTEND])
		call_put(params, "extend", call_memory(json_new_int(cli->given[OPTION_EXTEND])));
	put_flag(cli, OPTION_ROLLBACK, params, "rollback");
	return params;
}

/* What came of it, and what that means for whoever calls this in a script. */
static enum status run_confirm(struct cli *cli, const struct verb *verb, int argc, char **argv,
			       struct json_object **ret_result)
{
	const char *wrong = misuse(cli, argc);
	enum status status;

	if (wrong)
		return report_wrong(cli, STATUS_USAGE, "%s: %s", verb->name, wrong);
	status = call(cli, verb->method, confirm_params(cli, argc, argv), ret_result);
	if (status != STATUS_DONE)
		return status;
	if (cli->given[OPTION_ROLLBACK] && !json_boolean(json_get(*ret_result, "restored")))
		status = STATUS_FAILED;
	else if (argc == 0 && !json_boolean(json_get(*ret_result, "pending")))
		status = STATUS_NO_NODE;
	if (status == STATUS_DONE)
		return STATUS_DONE;
	if (cli->json)
		report_json(*ret_result);
	else
		report(cli, status == STATUS_FAILED
				    ? "it was taken back, but not everything is as it was before; "
				      "see the log of exmachinad"
				    : "nothing waits to be confirmed");
	return status;
}

static void print_confirmed(const struct cli *cli, char **argv, const struct json_object *result)
{
	if (cli->given[OPTION_ROLLBACK])
		puts("Taken back: the files are as they were before");
	else if (json_boolean(json_get(result, "pending")))
		printf("%lld s are left to confirm it\n", number_of(result, "seconds"));
	else if (argv[0])
		puts("The commit stays");
}

static const struct verb verbs[] = {
	{
		.name = "diff",
		.arguments = "",
		.summary = "what a commit would change",
		.options = OPTION(JSON),
		.method = "config.diff",
		.print = print_diff,
	},
	{
		.name = "commit",
		.alias = "save",
		.arguments = "",
		.summary = "write all edits, or none if one cannot be",
		.flags = VERB_SETTLES,
		.options = OPTION(DRY_RUN) | OPTION(PLAN) | OPTION(REBASE) | OPTION(CONFIRM) |
			   OPTION(DEAD_MAN) | OPTION(JSON),
		.method = "config.commit",
		.run = run_commit,
		.print = print_saved,
	},
	{
		.name = "confirm",
		.arguments = "[TOKEN]",
		.summary = "a commit that would be taken back stays",
		.most = 1,
		.flags = VERB_PRIVATE,
		.options = OPTION(EXTEND) | OPTION(ROLLBACK) | OPTION(JSON),
		.method = "config.confirm",
		.run = run_confirm,
		.print = print_confirmed,
	},
};

const struct verb *verb_commit_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
