/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. What is there to be named: nodes and units as the server knows
 * them, files as this user may list them. Whatever goes wrong, there are no candidates.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/complete.h"
#include "cli/path.h"

enum { REVISIONS_SHOWN = 50 };

static struct json_object *ask(struct cli *cli, const char *method, struct json_object *params)
{
	struct json_object *result = NULL;

	if (!cli->session)
		json_free(params);
	else if (call_quietly(cli, method, params, &result) < 0)
		return NULL;
	return result;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

/* How the path of a node below begins, and what goes behind that. */
static void add_node(struct completion *completion, int base, const struct json_object *node)
{
	scoped_ptr char *path = NULL;
	scoped_ptr char *word = NULL;
	bool has_more = json_int(json_get(node, "children")) > 0;

	if (json_get_bytes(json_get(node, "path"), &path) < 0)
		return;
	if (asprintf(&word, "%.*s%s%s", base, completion->begun, path_last_label(path),
		     has_more ? "/" : "") < 0)
		word = call_memory(NULL);
	completion_add(completion, word);
}

/* What is asked for is all that is below the node above, whose path may be any expression. */
void complete_path(struct cli *cli, struct completion *completion)
{
	int base = (int)(path_last_label(completion->begun) - completion->begun);
	struct json_object *params = call_memory(json_new_array());
	scoped_ptr char *below = NULL;
	scoped_json *nodes = NULL;

	if (asprintf(&below, "%.*s*", base, completion->begun) < 0)
		below = call_memory(NULL);
	call_add(params, call_argument(below));
	call_add(params, call_memory(json_new_bool(true)));
	nodes = ask(cli, "augeas.match", params);
	for (size_t i = 0; i < json_length(nodes); i++)
		add_node(completion, base, json_at(nodes, i));
}

/* ---- what the policy names ------------------------------------------------------------------- */

static bool is_pattern(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

static void add_members(struct completion *completion, const struct json_object *list,
			const char *key)
{
	for (size_t i = 0; i < json_length(list); i++) {
		const char *name = json_string(json_get(json_at(list, i), key), NULL);

		if (name && !is_pattern(name))
			completion_add(completion, name);
	}
}

static struct json_object *policy_of(struct cli *cli)
{
	return ask(cli, "session.whatcan", NULL);
}

/* Those that are there and may be seen, and those that the policy names besides. */
void complete_units(struct cli *cli, struct completion *completion)
{
	scoped_json *units = ask(cli, "service.list", NULL);
	scoped_json *policy = policy_of(cli);

	add_members(completion, units, "unit");
	add_members(completion, json_get(policy, "services"), "unit");
	add_members(completion, json_get(policy, "logs"), "unit");
}

void complete_packages(struct cli *cli, struct completion *completion)
{
	scoped_json *policy = policy_of(cli);

	add_members(completion, json_get(policy, "packages"), "name");
}

void complete_methods(struct cli *cli, struct completion *completion)
{
	scoped_json *methods = ask(cli, "session.methods", NULL);

	add_members(completion, methods, "name");
}

void complete_revisions(struct cli *cli, struct completion *completion)
{
	struct json_object *params = call_memory(json_new_object());
	scoped_json *result = NULL;
	const struct json_object *revisions;

	call_put(params, "limit", call_memory(json_new_int(REVISIONS_SHOWN)));
	result = ask(cli, "config.history", params);
	revisions = json_get(result, "revisions");
	for (size_t i = 0; i < json_length(revisions); i++) {
		char number[32];

		snprintf(number, sizeof(number), "%lld",
			 (long long)json_int(json_get(json_at(revisions, i), "revision")));
		completion_add(completion, number);
	}
}

/* ---- files ----------------------------------------------------------------------------------- */

static void closedir_of(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static void add_file(struct completion *completion, int base, const char *name)
{
	scoped_ptr char *word = NULL;
	struct stat st;

	if (asprintf(&word, "%.*s%s/", base, completion->begun, name) < 0)
		word = call_memory(NULL);
	if (stat(word, &st) < 0)
		word[strlen(word) - 1] = '\0';
	completion_add(completion, word);
}

void complete_files(struct completion *completion)
{
	const char *slash = strrchr(completion->begun, '/');
	int base = slash ? (int)(slash + 1 - completion->begun) : 0;
	bool hidden = completion->begun[base] == '.';
	scoped_ptr char *name = call_memory(strndup(completion->begun, (size_t)base));
	scoped(closedir_of) DIR *directory = opendir(base > 0 ? name : ".");
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		if (hidden || entry->d_name[0] != '.')
			add_file(completion, base, entry->d_name);
}
