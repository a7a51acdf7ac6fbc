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

static void tell_engine_lost(const struct cli *cli, const struct json_object *details)
{
	const char *reason;

	reason = json_string(json_get(details, "reason"), NULL);
	report(cli, "the engine was replaced (%s)%s", reason ? reason : "unknown",
	       json_boolean(json_get(details, "edits_lost"))
		       ? "; edits that were not committed are lost"
		       : "");
}

static void notified(void *data, const char *method, const char *params)
{
	scoped_json *details = call_parse(params);
	struct cli *cli = data;

	if (strcmp(method, "session.engine_lost") == 0)
		tell_engine_lost(cli, details);
	else if (cli->notified)
		cli->notified(cli, method, details);
}

/* where: the socket, or "" */
static enum status no_server(const struct cli *cli, const char *where, int result)
{
	if (result == -EREMOTEIO)
		return report_failure(cli, result);
	report(cli, "no session %s%s: %s", *where ? "with a server at " : "over EXMACHINA_FD",
	       where, exm_strerror(cli->session, result));
	return STATUS_NO_SERVER;
}

/* The named socket; else the session of the environment; else the usual socket. */
static enum status open_session(struct cli *cli, const struct options *options)
{
	const char *where = "";
	int r = -ENOTCONN;

	if (exm_new(&cli->session) < 0)
		call_memory(NULL);
	exm_set_notify(cli->session, notified, cli);
	if (!options->socket && !options->secret_file)
		r = exm_connect(cli->session, EXM_KEEP_ENV);
	if (r == -ENOTCONN) {
		cli->once = true;
		where = options->socket ? options->socket : RUN_DIR "/socket";
		r = exm_connect_socket(cli->session, options->socket, options->secret_file);
	}
	return r < 0 ? no_server(cli, where, r) : STATUS_DONE;
}

static enum status run(struct cli *cli, const struct options *options, int argc, char **argv)
{
	const struct verb *verb;
	enum status status;

	status = verb_take(cli, &argc, &argv, &verb);
	if (status == STATUS_DONE && !(verb->flags & VERB_LOCAL))
		status = open_session(cli, options);
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
	struct cli cli = { 0 };
	enum status status;

	status = options_read(argc, argv, &options);
	if (status == STATUS_PRINTED)
		return close_output(STATUS_DONE);
	if (status != STATUS_DONE)
		return status;
	if (options.spawn)
		return spawn_server(&options, argv + options.verb);
	cli.json = options.json;
	cli.once = options.once;
	status = run(&cli, &options, argc - options.verb, argv + options.verb);
	cli.session = exm_free(cli.session);
	return close_output(status);
}
