/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: a script of augtool(1), line by line up to the first that fails. The script
 * is the client's; nothing of it is done but by calls of methods.
 */
#include <errno.h>
#include <string.h>

#include "common/script.h"
#include "engine/engine.h"
#include "engine/rpc.h"
#include "engine/srun.h"

static void srun_forget(struct srun *srun)
{
	srun->last.result = json_free(srun->last.result);
	srun->last.error = json_free(srun->last.error);
}

int srun_call(struct srun *srun, const char *name, const struct arguments *arguments)
{
	const struct method *method = method_find(name);
	struct engine *engine = srun->call->engine;
	struct call call = { .engine = engine, .method = name, .slot = -1 };

	srun_forget(srun);
	call.captured = &srun->last;
	if (!(method->flags & METHOD_READS))
		tree_changed(engine->tree);
	stream_beat(&engine->stream);
	method->handler(&call, arguments);
	return srun->last.error ? -1 : 0;
}

static void words_clear(struct srun_words *words)
{
	for (size_t i = 0; i < SRUN_WORDS_MAX; i++)
		free(words->word[i]);
}

/* "/files/etc/" is "/files/etc"; as Augeas has it, blanks at the end go too, and nothing is left of
 * "//". */
static void cut_slashes(char *path)
{
	size_t length = strlen(path);

	if (strcmp(path, "/") == 0)
		return;
	while (length > 0 && strchr("/ \t\n\v\f\r", path[length - 1]))
		path[--length] = '\0';
}

static int read_words(struct srun *srun, const struct srun_command *command, const char *line,
		      struct srun_words *words)
{
	scoped_ptr char *rest = NULL;
	int r = 1;

	for (size_t i = 0; i < SRUN_WORDS_MAX && command->words[i].kind != WORD_NONE; i++) {
		bool is_path = command->words[i].kind == WORD_PATH;

		if (r > 0)
			r = script_word(&line, is_path, &words->word[i], &srun->problem);
		if (r < 0)
			return -1;
		if (r == 0 && !command->words[i].optional)
			srun->problem = "there are not enough arguments";
		else if (r > 0 && is_path)
			cut_slashes(words->word[i]);
	}
	if (r > 0 && !srun->problem && script_word(&line, false, &rest, &srun->problem) > 0)
		srun->problem = "there are too many arguments";
	return srun->problem ? -1 : 0;
}

static int call_with_words(struct srun *srun, const struct srun_command *command,
			   const struct srun_words *words)
{
	struct arguments a = { 0 };

	for (size_t i = 0; i < SRUN_WORDS_MAX && command->words[i].kind != WORD_NONE; i++)
		*(char **)(void *)((char *)&a + command->words[i].offset) = words->word[i];
	return srun_call(srun, command->method, &a);
}

/* An edit that was denied is an error of any command, and so is what has a name. */
static bool is_borne(const struct srun_command *command, const struct json_object *error)
{
	const struct json_object *data = json_get(error, "data");
	const char *augeas = json_string(json_get(data, "augeas"), NULL);
	int64_t code = json_int(json_get(error, "code"));

	if (!command->is_borne || !error)
		return false;
	return augeas ? strcmp(augeas, "NOERROR") == 0 : code == EXM_ERROR_PARSE_FAILED;
}

/* 0, or -1 with what is wrong in srun. */
static int run_line(struct srun *srun, const char *line)
{
	scoped(words_clear) struct srun_words words = { 0 };
	const struct srun_command *command;
	scoped_ptr char *name = NULL;
	int r = script_word(&line, false, &name, &srun->problem);

	if (r <= 0)
		return r;
	command = srun_find(name);
	if (!command) {
		srun->problem = "there is no such command";
		srun->unknown = take_ptr(name);
		return -1;
	}
	if (read_words(srun, command, line, &words) < 0)
		return -1;
	r = command->run ? command->run(srun, command, &words)
			 : call_with_words(srun, command, &words);
	if (r < 0 && is_borne(command, srun->last.error)) {
		srun_forget(srun);
		r = 1;
	}
	if (r == 0 && command->print)
		command->print(srun, &words, srun->last.result);
	return r < 0 ? -1 : 0;
}

struct script {
	const char *at;
	char *line; /* the one that is run */
	int number, commands;
};

static int run_lines(struct srun *srun, struct script *script)
{
	while (*script->at && !srun->quit) {
		size_t length = strcspn(script->at, "\n");

		free(script->line);
		script->line = strndup(script->at, length);
		script->number++;
		script->at += length + (script->at[length] == '\n');
		if (!script->line || fflush(srun->out) != 0)
			return call_no_memory(srun->call);
		if (ftell(srun->out) > RPC_ANSWER_MAX) {
			srun->problem = "the script prints too much";
			return -1;
		}
		if (script_line_is_empty(script->line))
			continue;
		if (run_line(srun, script->line) < 0)
			return -1;
		script->commands++;
	}
	return 0;
}

/* With the command's own error, if it had one. */
static int not_run(struct srun *srun, const struct script *script, const char *output)
{
	struct json_object *error = srun->last.error, *data;
	int code = error ? (int)json_int(json_get(error, "code")) : EXM_ERROR_BAD_VALUE;
	const char *text = json_string(json_get(error, "message"), NULL), *augeas;

	data = error ? json_share(json_get(error, "data")) : json_new_object();
	/* what has no name of its own is an error of the command */
	augeas = json_string(json_get(data, "augeas"), NULL);
	if (!error || (augeas && strcmp(augeas, "NOERROR") == 0))
		json_put(data, "augeas", json_new_string("ECMDRUN"));
	if (srun->unknown)
		json_put(data, "command", json_new_bytes(srun->unknown));
	json_put(data, "script_line", json_new_int(script->number));
	json_put(data, "commands", json_new_int(script->commands));
	json_put(data, "output", json_new_bytes(output));
	srun->call->recorded = true;
	return call_error(srun->call, code, data, "line %d: %s", script->number,
			  text            ? text
			  : srun->problem ? srun->problem
					  : "there is not enough memory for it");
}

int augeas_srun(struct call *call, const struct arguments *a)
{
	struct script script = { .at = a->script };
	struct srun srun = { .call = call };
	scoped_ptr char *output = NULL;
	struct json_object *result;
	size_t size = 0;
	int r;

	srun.out = open_memstream(&output, &size);
	if (!srun.out)
		return call_no_memory(call);
	r = run_lines(&srun, &script);
	if (fclose(srun.out) != 0 || !output)
		r = call->answered ? r : call_no_memory(call);
	if (r < 0 && !call->answered)
		not_run(&srun, &script, output);
	srun_forget(&srun);
	free(srun.unknown);
	free(script.line);
	if (r < 0)
		return -1;
	result = json_new_object();
	json_put(result, "output", json_new_bytes(output));
	json_put(result, "commands", json_new_int(script.commands));
	json_put(result, "quit", json_new_bool(srun.quit));
	return call_result(call, result);
}
