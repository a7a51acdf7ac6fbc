/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. Reads the options in front of the verb. */
#include "cli/options.h"

#include <getopt.h>

#include "cli/verb.h"
#include "config.h"
#include "exmachina.h"

enum option_code {
	CODE_JSON = 256,
	CODE_ONCE,
	CODE_SPAWN,
	CODE_SOCKET,
	CODE_SECRET_FILE,
	CODE_POLICY,
	CODE_ROOT,
	CODE_USER,
	CODE_HELP,
	CODE_VERSION,
};

static const struct option long_options[] = {
	{ "json", no_argument, NULL, CODE_JSON },
	{ "once", no_argument, NULL, CODE_ONCE },
	{ "spawn", no_argument, NULL, CODE_SPAWN },
	{ "socket", required_argument, NULL, CODE_SOCKET },
	{ "secret-file", required_argument, NULL, CODE_SECRET_FILE },
	{ "policy", required_argument, NULL, CODE_POLICY },
	{ "root", required_argument, NULL, CODE_ROOT },
	{ "user", required_argument, NULL, CODE_USER },
	{ "help", no_argument, NULL, CODE_HELP },
	{ "version", no_argument, NULL, CODE_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: exmachina [--json] [--once] [--socket PATH] [--secret-file FILE] VERB ...\n"
	"       exmachina --spawn [--policy DIR] [--root DIR] [--user NAME] [--json] VERB ...\n";

static const char before_verbs[] =
	"\n"
	"Reads and changes system configuration, and controls services, through an\n"
	"exmachina server: the one that started this program (exmachinad -- PROGRAM),\n"
	"else the one that listens at " RUN_DIR "/socket.\n"
	"\n"
	"  --json              print results and errors as JSON\n"
	"  --socket PATH       use the server that listens there\n"
	"  --secret-file FILE  with the secret from there, not " RUN_DIR "/secret\n"
	"  --once              this call ends the session: commit its edit at once;\n"
	"                      always so with --spawn and over a socket\n"
	"  --spawn             start a server for this call alone (as root), with its\n"
	"                      options --policy DIR, --root DIR and --user NAME\n"
	"  --version, --help\n"
	"\n"
	"Verbs, on the command line and in a script:\n";

static const char after_verbs[] =
	"\n"
	"Edits of a shared session wait for 'commit'. Where the session ends with the\n"
	"call (--once), an editing verb is committed at once, and a script says 'save'.\n"
	"\n"
	"Exit status: 0 done, 1 no such node, 2 usage, 3 denied, 4 the server failed it,\n"
	"5 no server, 6 it took too long, 7 a commit was not confirmed and is taken back.\n";

enum { SUMMARY_COLUMN = 36 };

static void show_summary(int width, const char *summary)
{
	if (width < SUMMARY_COLUMN)
		printf("%*s%s\n", SUMMARY_COLUMN - width, "", summary);
	else
		printf("\n%*s%s\n", SUMMARY_COLUMN, "", summary);
}

static void show_verb_option(const char *word, const char *argument, const char *summary)
{
	show_summary(printf("      --%s%s%s", word, *argument ? " " : "", argument), summary);
}

static void show_verb(const struct verb *verb)
{
	int width = printf("  %s%s%s%s%s %s", verb->name, verb->alias ? ", " : "",
			   verb->alias ? verb->alias : "", verb->word ? " " : "",
			   verb->word ? verb->word : "", verb->arguments);

	show_summary(width, verb->summary);
	verb_options_each(verb, show_verb_option);
}

static enum status show_help(void)
{
	fputs(usage, stdout);
	fputs(before_verbs, stdout);
	verb_each(show_verb);
	fputs(after_verbs, stdout);
	return STATUS_PRINTED;
}

static enum status take(struct options *options, int code)
{
	switch (code) {
	case CODE_JSON:
		options->json = true;
		return STATUS_DONE;
	case CODE_ONCE:
		options->once = true;
		return STATUS_DONE;
	case CODE_SPAWN:
		options->spawn = true;
		return STATUS_DONE;
	case CODE_SOCKET:
		options->socket = optarg;
		return STATUS_DONE;
	case CODE_SECRET_FILE:
		options->secret_file = optarg;
		return STATUS_DONE;
	case CODE_POLICY:
		options->policy = optarg;
		return STATUS_DONE;
	case CODE_ROOT:
		options->root = optarg;
		return STATUS_DONE;
	case CODE_USER:
		options->user = optarg;
		return STATUS_DONE;
	case CODE_HELP:
		return show_help();
	case CODE_VERSION:
		printf("exmachina %s\n", exm_version());
		return STATUS_PRINTED;
	default:
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
}

static const char *contradiction(const struct options *options)
{
	if (options->spawn && (options->socket || options->secret_file))
		return "--spawn has a server of its own: no --socket, no --secret-file";
	if (!options->spawn && (options->policy || options->root || options->user))
		return "--policy, --root and --user are for the server that --spawn starts";
	return NULL;
}

enum status options_read(int argc, char **argv, struct options *ret_options)
{
	struct options options = { 0 };
	enum status status = STATUS_DONE;
	const char *wrong;
	int code;

	/* '+': what follows the verb is the verb's */
	while (status == STATUS_DONE &&
	       (code = getopt_long(argc, argv, "+", long_options, NULL)) != -1)
		status = take(&options, code);
	if (status != STATUS_DONE)
		return status;
	options.verb = optind;
	wrong = contradiction(&options);
	if (!wrong && options.verb < argc) {
		*ret_options = options;
		return STATUS_DONE;
	}
	if (wrong)
		fprintf(stderr, "exmachina: %s\n", wrong);
	else
		fputs(usage, stderr);
	return STATUS_USAGE;
}
