/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Calls any method through the library, with
 * JSON on both sides, so that --json can print what the server said.
 */
#include <errno.h>
#include <string.h>

#include "cli/cli.h"
#include "exmachina.h"

enum { RESULT_DEPTH = 100 };

void *call_memory(void *memory)
{
	if (memory)
		return memory;
	fputs("exmachina: out of memory\n", stderr);
	exit(STATUS_FAILED);
}

const char *call_text(struct json_object *value)
{
	const char *text = json_text(value, NULL);

	if (!text)
		call_memory(NULL);
	return text;
}

struct json_object *call_argument(const char *text)
{
	return call_memory(json_new_bytes(text));
}

void call_add(struct json_object *params, struct json_object *value)
{
	if (json_append(params, value) < 0)
		call_memory(NULL);
}

void call_put(struct json_object *params, const char *name, struct json_object *value)
{
	if (json_put(params, name, value) < 0)
		call_memory(NULL);
}

struct json_object *call_parse(const char *text)
{
	struct json_object *value = NULL;
	struct json_error where;

	if (text && json_parse(text, strlen(text), RESULT_DEPTH, &value, &where) == -ENOMEM)
		call_memory(NULL);
	return value;
}

struct json_object *call_arguments(int argc, char *const *argv)
{
	struct json_object *params = call_memory(json_new_array());

	for (int i = 0; i < argc; i++)
		call_add(params, call_argument(argv[i]));
	return params;
}

int call_quietly(struct cli *cli, const char *method, struct json_object *params,
		 struct json_object **ret_result)
{
	scoped_ptr char *answer = NULL;
	struct json_error where;
	int r;

	r = exm_call(cli->session, method, params ? call_text(params) : NULL, &answer);
	json_free(params);
	if (r < 0)
		return r;
	return json_parse(answer, strlen(answer), RESULT_DEPTH, ret_result, &where);
}

enum status call(struct cli *cli, const char *method, struct json_object *params,
		 struct json_object **ret_result)
{
	int r = call_quietly(cli, method, params, ret_result);

	return r < 0 ? report_failure(cli, r) : STATUS_DONE;
}
