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

struct waiting {
	bool done;
	int result;
	struct json_object *value;
};

static int parse_answer(const char *answer, struct json_object **ret_value)
{
	struct json_error where;

	return json_parse(answer, strlen(answer), RESULT_DEPTH, ret_value, &where);
}

static void answered(struct exm *session, int result, const char *json, void *data)
{
	struct waiting *waiting = data;

	(void)session;
	waiting->done = true;
	waiting->result = result < 0 ? result : parse_answer(json, &waiting->value);
}

static int wait_for(const struct cli *cli, const struct waiting *waiting)
{
	struct exm *session = cli->session;
	int r = 0;

	while (!waiting->done && r >= 0) {
		r = interrupt_poll(cli, exm_get_fd(session), exm_get_events(session),
				   exm_get_timeout(session));
		if (r >= 0 || r == -EINTR)
			r = exm_process(session);
	}
	return waiting->done ? waiting->result : r;
}

/* What is interrupted is forgotten here, and done by the server all the same. */
static int call_until_interrupted(const struct cli *cli, const char *method, const char *params,
				  struct json_object **ret_result)
{
	struct waiting waiting = { .done = false };
	uint64_t number = 0;
	int locked = exm_lock(cli->session), r;

	if (locked < 0 && locked != -EALREADY)
		return locked;
	r = exm_call_async(cli->session, method, params, -1, answered, &waiting, &number);
	if (r == 0)
		r = wait_for(cli, &waiting);
	if (r < 0 && !waiting.done)
		(void)exm_cancel(cli->session, number);
	if (locked == 0)
		(void)exm_unlock(cli->session);
	if (r < 0)
		return r;
	*ret_result = waiting.value;
	return 0;
}

static int call_plainly(const struct cli *cli, const char *method, const char *params,
			struct json_object **ret_result)
{
	scoped_ptr char *answer = NULL;
	int r = exm_call(cli->session, method, params, &answer);

	return r < 0 ? r : parse_answer(answer, ret_result);
}

int call_quietly(struct cli *cli, const char *method, struct json_object *params,
		 struct json_object **ret_result)
{
	const char *text = params ? call_text(params) : NULL;
	int r;

	if (cli->interrupts < 0)
		r = call_plainly(cli, method, text, ret_result);
	else
		r = call_until_interrupted(cli, method, text, ret_result);
	json_free(params);
	return r;
}

bool call_finds_edits(struct cli *cli)
{
	scoped_json *info = NULL;

	return call_quietly(cli, "session.info", NULL, &info) == 0 &&
	       json_length(json_get(info, "pending")) > 0;
}

enum status call(struct cli *cli, const char *method, struct json_object *params,
		 struct json_object **ret_result)
{
	int r = call_quietly(cli, method, params, ret_result);

	return r < 0 ? report_failure(cli, r) : STATUS_DONE;
}
