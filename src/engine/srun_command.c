/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: the commands of augtool(1) as methods. The words are the client's. */
#include <stddef.h>
#include <string.h>

#include "engine/srun.h"
#include "engine/tree.h"

bool srun_is_unread(struct srun *srun)
{
	int64_t code = json_int(json_get(srun->last.error, "code"));

	if (code != EXM_ERROR_PARSE_FAILED && code != EXM_ERROR_IO)
		return false;
	srun->last.error = json_free(srun->last.error);
	return true;
}

static int run_get(struct srun *srun, const struct srun_command *command,
		   const struct srun_words *words)
{
	const struct arguments a = { .path = words->word[0] };

	if (srun_call(srun, command->method, &a) == 0)
		return 0;
	if (json_int(json_get(srun->last.error, "code")) == EXM_ERROR_NO_MATCH)
		srun->last.error = json_free(srun->last.error);
	else if (!srun_is_unread(srun))
		return -1;
	fprintf(srun->out, "%s (o)\n", words->word[0]);
	return 1;
}

static int match(struct srun *srun, const char *path, bool values)
{
	const struct arguments a = { .path = (char *)(uintptr_t)path, .values = values };

	return srun_call(srun, "augeas.match", &a) < 0 && !srun_is_unread(srun) ? -1 : 0;
}

static int run_match(struct srun *srun, const struct srun_command *command,
		     const struct srun_words *words)
{
	(void)command;
	return match(srun, words->word[0], true);
}

static int run_count(struct srun *srun, const struct srun_command *command,
		     const struct srun_words *words)
{
	(void)command;
	return match(srun, words->word[0], false);
}

static int run_ls(struct srun *srun, const struct srun_command *command,
		  const struct srun_words *words)
{
	size_t length = strlen(words->word[0]);
	scoped_ptr char *below = NULL;
	bool has_slash = length > 0 && words->word[0][length - 1] == '/';

	(void)command;
	if (asprintf(&below, "%s%s*", words->word[0], has_slash ? "" : "/") < 0)
		return call_no_memory(srun->call);
	return match(srun, below, true);
}

static char all_path[] = "/*";

static int run_print(struct srun *srun, const struct srun_command *command,
		     const struct srun_words *words)
{
	const struct arguments a = { .path = words->word[0] ? words->word[0] : all_path };

	return srun_call(srun, command->method, &a) < 0 && !srun_is_unread(srun) ? -1 : 0;
}

static int run_touch(struct srun *srun, const struct srun_command *command,
		     const struct srun_words *words)
{
	const struct arguments a = { .path = words->word[0] };

	if (match(srun, words->word[0], false) < 0)
		return -1;
	return json_length(srun->last.result) > 0 ? 0 : srun_call(srun, command->method, &a);
}

static int run_clearm(struct srun *srun, const struct srun_command *command,
		      const struct srun_words *words)
{
	const struct arguments a = { .base = words->word[0], .sub = words->word[1] };

	return srun_call(srun, command->method, &a);
}

/* Which of two words it is: 0 or 1; -1 with the problem. */
static int choice(struct srun *srun, const char *word, const char *first, const char *second,
		  const char *problem)
{
	if (strcmp(word, first) == 0)
		return 0;
	if (strcmp(word, second) == 0)
		return 1;
	srun->problem = problem;
	return -1;
}

static int run_insert(struct srun *srun, const struct srun_command *command,
		      const struct srun_words *words)
{
	struct arguments a = { .label = words->word[0], .path = words->word[2] };
	int where = choice(srun, words->word[1], "after", "before",
			   "the <WHERE> argument must be either 'before' or 'after'");

	a.before = where == 1;
	a.given = UINT64_C(1) << PARAM_before;
	return where < 0 ? -1 : srun_call(srun, command->method, &a);
}

static int run_load_file(struct srun *srun, const struct srun_command *command,
			 const struct srun_words *words)
{
	const struct arguments a = { .file = words->word[0] };

	return srun_call(srun, command->method, &a) < 0 && !srun_is_unread(srun) ? -1 : 0;
}

static int run_transform(struct srun *srun, const struct srun_command *command,
			 const struct srun_words *words)
{
	struct arguments a = { .lens = words->word[0], .file = words->word[2] };
	int excludes = choice(srun, words->word[1], "incl", "excl",
			      "the <FILTER> argument must be either 'incl' or 'excl'");

	a.exclude = excludes == 1;
	return excludes < 0 ? -1 : srun_call(srun, command->method, &a);
}

static char context_path[] = TREE_CONTEXT;

static int run_context(struct srun *srun, const struct srun_command *command,
		       const struct srun_words *words)
{
	const struct arguments get = { .path = context_path };
	const struct arguments set = { .path = context_path, .value = words->word[0] };

	(void)command;
	if (words->word[0])
		return srun_call(srun, "augeas.set", &set) < 0 ? -1 : 1;
	return srun_call(srun, "augeas.get", &get);
}

static int run_defnode(struct srun *srun, const struct srun_command *command,
		       const struct srun_words *words)
{
	/* an empty value is none here */
	const struct arguments a = { .name = words->word[0],
				     .expression = words->word[1],
				     .value = words->word[2] && *words->word[2] ? words->word[2]
										: NULL };

	return srun_call(srun, command->method, &a);
}

static int run_save(struct srun *srun, const struct srun_command *command,
		    const struct srun_words *words)
{
	const struct arguments a = { 0 };

	(void)words;
	if (srun_call(srun, command->method, &a) < 0)
		return -1;
	return match(srun, TREE_SAVED, false);
}

static int run_quit(struct srun *srun, const struct srun_command *command,
		    const struct srun_words *words)
{
	(void)command;
	(void)words;
	srun->quit = true;
	return 0;
}

static int run_help(struct srun *srun, const struct srun_command *command,
		    const struct srun_words *words);

#define PATH(member) \
	{ \
		WORD_PATH, false, offsetof(struct arguments, member) \
	}
#define PATH_OPTIONAL(member) \
	{ \
		WORD_PATH, true, offsetof(struct arguments, member) \
	}
#define TEXT(member) \
	{ \
		WORD_TEXT, false, offsetof(struct arguments, member) \
	}
#define TEXT_OPTIONAL(member) \
	{ \
		WORD_TEXT, true, offsetof(struct arguments, member) \
	}
/* of one that has a run() of its own */
#define WORD \
	{ \
		WORD_TEXT, false, 0 \
	}

static const struct srun_command commands[] = {
	{ "get", NULL, "augeas.get", { PATH(path) }, false, run_get, srun_print_one },
	{ "label", NULL, "augeas.label", { PATH(path) }, false, run_get, srun_print_one },
	{ "match",
	  NULL,
	  NULL,
	  { PATH(path), TEXT_OPTIONAL(value) },
	  false,
	  run_match,
	  srun_print_match },
	{ "count", NULL, NULL, { PATH(path) }, false, run_count, srun_print_count },
	{ "ls", NULL, NULL, { PATH(path) }, false, run_ls, srun_print_ls },
	{ "print",
	  NULL,
	  "augeas.print",
	  { PATH_OPTIONAL(path) },
	  false,
	  run_print,
	  srun_print_text },
	{ "span", NULL, "augeas.span", { PATH(path) }, false, NULL, srun_print_span },
	{ "source", NULL, "augeas.source", { PATH(path) }, false, NULL, srun_print_line },
	{ "preview", NULL, "augeas.preview", { PATH(path) }, false, NULL, srun_print_text },
	{ "set", NULL, "augeas.set", { PATH(path), TEXT_OPTIONAL(value) }, false, NULL, NULL },
	{ "setm",
	  NULL,
	  "augeas.setm",
	  { PATH(base), PATH(sub), TEXT_OPTIONAL(value) },
	  true,
	  NULL,
	  NULL },
	{ "clear", NULL, "augeas.clear", { PATH(path) }, false, NULL, NULL },
	{ "clearm", NULL, "augeas.setm", { PATH(base), PATH(sub) }, true, run_clearm, NULL },
	{ "touch", NULL, "augeas.clear", { PATH(path) }, false, run_touch, NULL },
	{ "ins", "insert", "augeas.insert", { WORD, WORD, PATH(path) }, true, run_insert, NULL },
	{ "mv", "move", "augeas.move", { PATH(source), PATH(destination) }, false, NULL, NULL },
	{ "cp", "copy", "augeas.copy", { PATH(source), PATH(destination) }, false, NULL, NULL },
	{ "rename",
	  NULL,
	  "augeas.rename",
	  { PATH(path), TEXT(label) },
	  false,
	  NULL,
	  srun_print_rename },
	{ "rm", NULL, "augeas.remove", { PATH(path) }, false, NULL, srun_print_rm },
	{ "defvar", NULL, "augeas.defvar", { TEXT(name), PATH(expression) }, false, NULL, NULL },
	{ "defnode",
	  NULL,
	  "augeas.defnode",
	  { TEXT(name), PATH(expression), TEXT_OPTIONAL(value) },
	  false,
	  run_defnode,
	  NULL },
	{ "store",
	  NULL,
	  "augeas.text_store",
	  { TEXT(lens), PATH(source), PATH(path) },
	  true,
	  NULL,
	  NULL },
	{ "retrieve",
	  NULL,
	  "augeas.text_retrieve",
	  { TEXT(lens), PATH(source), PATH(path), PATH(destination) },
	  true,
	  NULL,
	  NULL },
	{ "transform", NULL, "augeas.transform", { WORD, WORD, WORD }, false, run_transform, NULL },
	{ "load-file", NULL, "augeas.load_file", { PATH(file) }, false, run_load_file, NULL },
	{ "load", NULL, "augeas.load", { { 0 } }, false, NULL, NULL },
	{ "save", NULL, "augeas.save", { { 0 } }, false, run_save, srun_print_saved },
	{ "context", NULL, NULL, { PATH_OPTIONAL(path) }, false, run_context, srun_print_line },
	{ "errors", NULL, "augeas.match", { { 0 } }, false, srun_errors, NULL },
	{ "info", NULL, "augeas.match", { { 0 } }, false, srun_info, NULL },
	{ "dump-xml", NULL, "augeas.dump", { PATH_OPTIONAL(path) }, false, srun_dump_xml, NULL },
	{ "help", NULL, NULL, { { WORD_TEXT, true, 0 } }, false, run_help, NULL },
	{ "quit", NULL, NULL, { { 0 } }, false, run_quit, NULL },
	{ 0 },
};

static int run_help(struct srun *srun, const struct srun_command *command,
		    const struct srun_words *words)
{
	const char *wanted = words->word[0];

	(void)command;
	if (wanted && !srun_find(wanted)) {
		srun->problem = "there is no such command";
		return -1;
	}
	for (const struct srun_command *c = commands; c->name; c++)
		if (!wanted || srun_find(wanted) == c)
			fprintf(srun->out, "%s%s%s\n", c->name, c->alias ? ", " : "",
				c->alias ? c->alias : "");
	return 0;
}

const struct srun_command *srun_find(const char *name)
{
	for (const struct srun_command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0 || (c->alias && strcmp(c->alias, name) == 0))
			return c;
	return NULL;
}
