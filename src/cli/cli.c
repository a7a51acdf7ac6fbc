/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client, unprivileged. Finds the server and hands
 * the verb on. The user is trusted with nothing but his own session.
 */
#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "cli/options.h"
#include "cli/verb.h"
#include "config.h"
#include "exmachina.h"

static void tell_engine_lost(struct cli *cli, const struct json_object *details)
{
	const char *reason = json_string(json_get(details, "reason"), NULL);
	bool edits_lost = json_boolean(json_get(details, "edits_lost"));

	report(cli, "the engine was replaced (%s)%s", reason ? reason : "unknown",
	       edits_lost ? "; edits that were not committed are lost" : "");
	if (edits_lost)
		cli->edited = false;
}

/* Where nobody waits for it, as the countdown does. */
static void tell_rolled_back(const struct cli *cli, const struct json_object *details)
{
	report(cli, "what was to be confirmed was taken back: %s",
	       json_boolean(json_get(details, "restored"))
		       ? "the files are as they were before"
		       : "not everything is as it was before, see the log of exmachinad");
}

static void notified(void *data, const char *method, const char *params)
{
	scoped_json *details = call_parse(params);
	struct cli *cli = data;

	if (strcmp(method, "session.engine_lost") == 0)
		tell_engine_lost(cli, details);
	else if (cli->notified)
		cli->notified(cli, method, details);
	else if (strcmp(method, "config.rolled_back") == 0)
		tell_rolled_back(cli, details);
}

/* The named socket; else the session of the environment; else the usual socket. */
int cli_connect(struct cli *cli)
{
	const struct options *options = cli->options;
	int r = -ENOTCONN;

	if (exm_new(&cli->session) < 0)
		call_memory(NULL);
	exm_set_notify(cli->session, notified, cli);
	cli->once = options->once;
	cli->where = "";
	if (!options->socket && !options->secret_file)
		r = exm_connect(cli->session, EXM_KEEP_ENV);
	if (r != -ENOTCONN)
		return r;
	cli->once = true;
	cli->where = options->socket ? options->socket : RUN_DIR "/socket";
	return exm_connect_socket(cli->session, options->socket, options->secret_file);
}

static enum status open_session(struct cli *cli)
{
	int r = cli_connect(cli);

	if (r == 0)
		return STATUS_DONE;
	if (r == -EREMOTEIO)
		return report_failure(cli, r);
	return report_wrong(cli, STATUS_NO_SERVER, "no session %s%s: %s",
			    *cli->where ? "with a server at " : "over EXMACHINA_FD", cli->where,
			    exm_strerror(cli->session, r));
}

static enum status run(struct cli *cli, int argc, char **argv)
{
	const struct verb *verb;
	enum status status;

	status = verb_take(cli, &argc, &argv, &verb);
	if (status == STATUS_DONE && !(verb->flags & VERB_LOCAL))
		status = open_session(cli);
	if (status == STATUS_DONE)
		status = verb_execute(cli, verb, argc, argv);
	return status;
}

/* Results that did not reach their reader are no success. */
static enum status close_output(enum status status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "exmachina: cannot write: %s\n", strerror(errno));
	return status == STATUS_DONE ? STATUS_FAILED : status;
}

int cli_main(int argc, char **argv)
{
	struct options options;
	struct cli cli = { .options = &options, .interrupts = -1 };
	enum status status;

	status = options_read(argc, argv, &options);
	if (status == STATUS_PRINTED)
		return close_output(STATUS_DONE);
	if (status != STATUS_DONE)
		return status;
	if (options.spawn)
		return spawn_server(&options, argv + options.verb);
	cli.json = options.json;
	status = run(&cli, argc - options.verb, argv + options.verb);
	cli.session = exm_free(cli.session);
	cli.interrupts = close_fd(cli.interrupts);
	return close_output(status);
}
