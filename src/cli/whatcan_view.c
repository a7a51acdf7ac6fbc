/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. The answer is the server's, and the words in it are those of
 * the policy, which is root's; a path in it is what the user has written himself.
 */
#include "cli/whatcan_view.h"

#include <string.h>

/* Texts of the answer need not be UTF-8; null is "". Without memory the program ends. */
static char *bytes_of(const struct json_object *value)
{
	char *text = NULL;

	return value && json_get_bytes(value, &text) == 0 ? text : call_memory(strdup(""));
}

static void print_row(const char *word, const char *text)
{
	printf("  %-17s %s\n", word, text);
}

static void print_text(const char *word, const struct json_object *value)
{
	scoped_ptr char *text = bytes_of(value);

	if (*text)
		print_row(word, text);
}

/* A list on one line, behind some text; nothing for an empty one. */
static void print_words(const char *word, const char *before, const struct json_object *list)
{
	for (size_t i = 0; i < json_length(list); i++) {
		scoped_ptr char *text = bytes_of(json_at(list, i));

		if (i == 0)
			printf("  %-17s %s%s", word, before, text);
		else
			printf(" %s", text);
	}
	if (json_length(list) > 0)
		putchar('\n');
}

static void print_values(const struct json_object *values, bool with_node)
{
	for (size_t i = 0; i < json_length(values); i++) {
		const struct json_object *value = json_at(values, i);
		scoped_ptr char *node = bytes_of(json_get(value, "node"));
		scoped_ptr char *matches = bytes_of(json_get(value, "matches"));

		printf("  %-17s %s%s%s\n", "value", with_node ? node : "", with_node ? " " : "",
		       matches);
	}
}

/* ---- all of it -------------------------------------------------------------------- */

static void print_heading(const char *kind, const struct json_object *name)
{
	scoped_ptr char *text = bytes_of(name);

	printf("[%s %s]\n", kind, text);
}

static void print_file(const struct json_object *file)
{
	static const char *const lists[] = { "set", "insert", "remove", "deny", "secrets" };

	print_heading("File", json_get(file, "path"));
	print_text("lens", json_get(file, "lens"));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		print_words(lists[i], "", json_get(file, lists[i]));
	print_values(json_get(file, "values"), true);
	if (json_boolean(json_get(file, "create")))
		print_row("create", "yes");
	if (json_boolean(json_get(file, "delete")))
		print_row("delete", "yes");
	if (!json_boolean(json_get(file, "verified")))
		print_row("verified", "no");
	if (json_boolean(json_get(file, "other_lens")))
		print_row("other_lens", "yes");
}

static void print_all(const struct json_object *policy)
{
	const struct json_object *files = json_get(policy, "files");
	const struct json_object *services = json_get(policy, "services");
	const struct json_object *logs = json_get(policy, "logs");
	const struct json_object *packages = json_get(policy, "packages");
	const struct json_object *system = json_get(policy, "system");

	for (size_t i = 0; i < json_length(files); i++)
		print_file(json_at(files, i));
	for (size_t i = 0; i < json_length(services); i++) {
		print_heading("Service", json_get(json_at(services, i), "unit"));
		print_words("allow", "", json_get(json_at(services, i), "verbs"));
	}
	for (size_t i = 0; i < json_length(logs); i++) {
		print_heading("Log", json_get(json_at(logs, i), "unit"));
		printf("  %-17s %lld\n", "lines",
		       (long long)json_int(json_get(json_at(logs, i), "lines")));
	}
	for (size_t i = 0; i < json_length(packages); i++) {
		print_heading("Package", json_get(json_at(packages, i), "name"));
		print_words("allow", "", json_get(json_at(packages, i), "verbs"));
	}
	if (system) {
		puts("[System]");
		print_words("allow", "", json_get(system, "items"));
	}
}

/* ---- one path or unit ----------------------------------------------------------------- */

/* "yes", and on which condition; or "no", and what that lacks. */
static void print_verdict(const char *action, const struct json_object *verdict)
{
	const struct json_object *below = json_get(verdict, "unless_below");
	scoped_ptr char *key = bytes_of(json_get(verdict, "key"));
	scoped_ptr char *rule = bytes_of(json_get(verdict, "rule"));
	bool is_section = strcmp(key, rule) == 0;

	if (json_boolean(json_get(verdict, "alone")))
		printf("  %-17s yes, as the only one of its label; another would need %s\n", action,
		       rule);
	else if (json_length(below) > 0)
		print_words(action, "yes, unless a node below it is one of Deny=", below);
	else if (json_boolean(json_get(verdict, "allowed")))
		print_row(action, "yes");
	else if (!*rule)
		print_row(action, "no, and nothing could allow it");
	else if (strcmp(key, "Deny") == 0)
		printf("  %-17s no, because of %s\n", action, rule);
	else
		printf("  %-17s no, it would need %s%s%s\n", action, is_section ? "a " : "", rule,
		       is_section ? " section" : "");
}

static bool is_verdict(const struct json_object *value)
{
	return json_kind(value) == JSON_OBJECT && json_has(value, "allowed");
}

static int print_member(const char *key, struct json_object *value, void *data)
{
	bool *of_node = data;

	if (is_verdict(value))
		print_verdict(*of_node && strcmp(key, "create") == 0 ? "create the file" : key,
			      value);
	else if (json_kind(value) == JSON_OBJECT)
		(void)json_each(value, print_member, data);
	return 0;
}

/* The nodes above that have to be there, unless they may be added too. */
static void print_parents(const struct json_object *parents)
{
	for (size_t i = 0; i < json_length(parents); i++) {
		scoped_ptr char *node = bytes_of(json_get(json_at(parents, i), "node"));
		scoped_ptr char *action = NULL;

		if (asprintf(&action, "insert %s", node) < 0)
			action = call_memory(NULL);
		print_verdict(action, json_at(parents, i));
	}
}

static void print_one(const struct json_object *answer)
{
	bool is_unit = json_has(answer, "unit"), of_node = json_has(answer, "set");
	scoped_ptr char *name = bytes_of(json_get(answer, is_unit ? "unit" : "path"));
	scoped_ptr char *section = bytes_of(json_get(answer, "section"));

	puts(name);
	print_row("section", *section ? section : "none");
	print_text("lens", json_get(answer, "lens"));
	if (json_boolean(json_get(answer, "secret")))
		print_row("secret", json_has(answer, "set") ? "yes" : "some of its nodes");
	(void)json_each(answer, print_member, &of_node);
	print_parents(json_get(answer, "parents"));
	print_values(json_get(answer, "values"), false);
}

void whatcan_print(const struct cli *cli, char **argv, const struct json_object *answer)
{
	(void)cli;
	(void)argv;
	if (json_has(answer, "files"))
		print_all(answer);
	else
		print_one(answer);
}

/* ---- the verb ----------------------------------------------------------------------------- */

static int find_allowed(const char *key, struct json_object *value, void *data)
{
	(void)key;
	if (is_verdict(value))
		return json_boolean(json_get(value, "allowed"));
	return json_kind(value) == JSON_OBJECT ? json_each(value, find_allowed, data) : 0;
}

/* That nothing is allowed is an answer, but scripts of the shell want to see it in the status. */
enum status whatcan_run(struct cli *cli, const struct verb *verb, int argc, char **argv,
			struct json_object **ret_result)
{
	struct json_object *params = call_memory(json_new_object());
	scoped_json *answer = NULL;
	enum status status;

	if (argc > 0)
		call_put(params, argv[0][0] == '/' ? "path" : "unit", call_argument(argv[0]));
	status = call(cli, verb->method, params, &answer);
	if (status != STATUS_DONE)
		return status;
	if (argc == 0 || cli->script || json_each(answer, find_allowed, NULL)) {
		*ret_result = take_ptr(answer);
		return STATUS_DONE;
	}
	if (cli->json)
		report_json(answer);
	else
		whatcan_print(cli, argv, answer);
	return STATUS_DENIED;
}
