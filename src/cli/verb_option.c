/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Options behind a verb, before or behind its
 * arguments. A verb whose row has none takes every word as an argument, since
 * a value may begin with '-'.
 */
#include <getopt.h>
#include <string.h>

#include "cli/verb.h"

static const struct {
	const char *word;
	const char *argument;
	int most; /* 0: yes or no; OPTION_IS_TEXT */
	const char *summary;
} options[] = {
#define X(name, word, argument, most, summary) { word, argument, most, summary },
	VERB_OPTIONS(X)
#undef X
};

enum { FIRST_CODE = 256 };

static bool has_option(const struct verb *verb, size_t option)
{
	return verb->options & (UINT32_C(1) << option);
}

void verb_options_each(const struct verb *verb,
		       void (*show)(const char *word, const char *argument, const char *summary,
				    void *data),
		       void *data)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (has_option(verb, i))
			show(options[i].word, options[i].argument, options[i].summary, data);
}

bool verb_option_takes_word(const struct verb *verb, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (has_option(verb, i) && strncmp(word, "--", 2) == 0 &&
		    strcmp(word + 2, options[i].word) == 0)
			return options[i].most != 0;
	return false;
}

static enum status take_text(struct cli *cli, const char *verb, size_t option)
{
	if (cli->text_count == CLI_TEXTS_MAX)
		return report_wrong(cli, STATUS_USAGE, "%s: --%s is there more than %d times", verb,
				    options[option].word, CLI_TEXTS_MAX);
	cli->texts[cli->text_count++] = (struct cli_text){ (enum verb_option)option, optarg };
	cli->given[option]++;
	return STATUS_DONE;
}

static enum status take(struct cli *cli, const char *verb, size_t option)
{
	unsigned long value = 1;
	char *end = NULL;

	if (options[option].most == OPTION_IS_TEXT)
		return take_text(cli, verb, option);
	if (options[option].most > 0) {
		value = optarg[0] >= '0' && optarg[0] <= '9' ? strtoul(optarg, &end, 10) : 0;
		if (value == 0 || *end || value > (unsigned long)options[option].most)
			return report_wrong(cli, STATUS_USAGE, "%s: --%s %s: %s is 1 to %d", verb,
					    options[option].word, optarg, options[option].argument,
					    options[option].most);
	}
	cli->given[option] = (int)value;
	if (option == OPTION_JSON)
		cli->json = true;
	return STATUS_DONE;
}

/* getopt_long(3) begins behind the first word, and moves the arguments to the end. */
static enum status take_all(struct cli *cli, const struct verb *verb, int *argc, char **argv,
			    const struct option *known)
{
	enum status status = STATUS_DONE;
	int code;

	optind = 0;
	opterr = 0;
	while (status == STATUS_DONE && (code = getopt_long(*argc, argv, ":", known, NULL)) != -1) {
		if (code >= FIRST_CODE) {
			status = take(cli, verb->name, (size_t)code - FIRST_CODE);
			continue;
		}
		status = report_wrong(cli, STATUS_USAGE,
				      code == ':' ? "%s: %s lacks its argument"
						  : "%s: unknown option '%s'",
				      verb->name, argv[optind - 1]);
	}
	*argc -= optind;
	return status;
}

enum status verb_options_take(struct cli *cli, const struct verb *verb, int *argc, char ***argv)
{
	struct option known[VERB_OPTION_MAX + 1] = { 0 };
	size_t count = 0;
	int words = *argc + 1;
	enum status status;

	memset(cli->given, 0, sizeof(cli->given));
	cli->text_count = 0;
	if (!verb->options)
		return STATUS_DONE;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (has_option(verb, i))
			known[count++] = (struct option){
				.name = options[i].word,
				.has_arg = options[i].most ? required_argument : no_argument,
				.val = FIRST_CODE + (int)i,
			};
	/* the verb's own last word is what the program's name is elsewhere */
	status = take_all(cli, verb, &words, *argv - 1, known);
	*argv += *argc - words;
	*argc = words;
	return status;
}
