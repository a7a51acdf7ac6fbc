/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the command line client. Reads the options in front of the verb. */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>

#include "cli/help.h"
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
	"Verbs, on the command line, in a script and in a shell:\n";

static const char after_verbs[] =
	"\n"
	"Edits of a shared session wait for 'commit'. Where the session ends with the\n"
	"call (--once), an editing verb is committed at once, and a script says 'save'.\n"
	"\n"
	"Exit status: 0 done, 1 no such node, 2 usage, 3 denied, 4 the server failed it,\n"
	"5 no server, 6 it took too long, 7 a commit was not confirmed and is taken back.\n";

static enum status show_help(void)
{
	fputs(usage, stdout);
	fputs(before_verbs, stdout);
	help_print_verbs(NULL);
	fputs(after_verbs, stdout);
	return STATUS_PRINTED;
}

static enum status show_version(void)
{
	printf("exmachina %s\n", exm_version());
	return STATUS_PRINTED;
}

void options_each(void (*show)(const char *word, void *data), void *data)
{
	for (const struct option *option = long_options; option->name; option++)
		show(option->name, data);
}

/* Is it one? */
static bool take(struct options *options, int code)
{
	switch (code) {
	case CODE_JSON:
		options->json = true;
		return true;
	case CODE_ONCE:
		options->once = true;
		return true;
	case CODE_SPAWN:
		options->spawn = true;
		return true;
	case CODE_SOCKET:
		options->socket = optarg;
		return true;
	case CODE_SECRET_FILE:
		options->secret_file = optarg;
		return true;
	case CODE_POLICY:
		options->policy = optarg;
		return true;
	case CODE_ROOT:
		options->root = optarg;
		return true;
	case CODE_USER:
		options->user = optarg;
		return true;
	case CODE_HELP:
		options->help = true;
		return true;
	case CODE_VERSION:
		options->version = true;
		return true;
	default:
		return false;
	}
}

/* The words in front of the verb: true if all of them are known. */
static bool take_all(int argc, char **argv, struct options *options)
{
	bool known = true;
	int code;

	optind = 0;
	/* '+': what follows the verb is the verb's */
	while (known && !options->help && !options->version &&
	       (code = getopt_long(argc, argv, "+", long_options, NULL)) != -1)
		known = take(options, code);
	options->verb = optind;
	return known;
}

int options_take(int count, char **words, struct options *ret_options)
{
	/* the word before the first is what a program's name is elsewhere, and not looked at */
	opterr = 0;
	return take_all(count + 1, words - 1, ret_options) ? ret_options->verb - 1 : -EINVAL;
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
	const char *wrong;

	if (!take_all(argc, argv, &options)) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	if (options.help || options.version)
		return options.help ? show_help() : show_version();
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
