/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. What shows something while it goes on: a
 * verb with its progress and its log, a log that grows, units that change.
 */
#include <errno.h>
#include <string.h>

#include "cli/service_view.h"
#include "exmachina.h"

enum {
	LOG_PERIOD_MS = 300,
	LOG_LINES_MAX = 1000, /* asked for at once; the policy may give fewer */
};

struct follow {
	struct cli *cli;
	FILE *file; /* what is shown meanwhile; standard output is for the result */
	const char *unit;
	char *cursor; /* NULL: the log may not be read */
	bool asked;   /* for the log, and not answered yet: */
	uint64_t log_call;
	bool done;
	enum status status;
	struct json_object *result;
};

static void follow_clear(struct follow *follow)
{
	free(follow->cursor);
	json_free(follow->result);
}

static struct json_object *log_params(const char *unit, int lines, const char *after)
{
	struct json_object *params = call_memory(json_new_object());

	call_put(params, "unit", call_argument(unit));
	if (lines > 0)
		call_put(params, "lines", call_memory(json_new_int(lines)));
	if (after)
		call_put(params, "after", call_argument(after));
	return params;
}

/* Shows what is new, and remembers how far that was. */
static void take_log(struct follow *follow, const struct json_object *log)
{
	const char *cursor = json_string(json_get(log, "cursor"), NULL);

	service_print_log(follow->cli, follow->file, log);
	if (!cursor)
		return;
	free(follow->cursor);
	follow->cursor = call_memory(strdup(cursor));
}

static void log_came(struct exm *session, int result, const char *json, void *data)
{
	struct follow *follow = data;
	scoped_json *log = call_parse(json);

	(void)session;
	follow->asked = false;
	if (result == 0)
		take_log(follow, log);
}

static void ended(struct exm *session, int result, const char *json, void *data)
{
	struct follow *follow = data;

	(void)session;
	follow->done = true;
	if (result == 0)
		follow->result = call_parse(json);
	else
		follow->status = report_failure(follow->cli, result);
}

static void progress_came(struct cli *cli, const char *method, struct json_object *params)
{
	const struct follow *follow = cli->notified_data;

	if (strcmp(method, "service.progress") == 0)
		service_print_progress(follow->file, params);
}

static int ask_for_log(struct follow *follow)
{
	struct json_object *params = log_params(follow->unit, LOG_LINES_MAX, follow->cursor);
	int r = exm_call_async(follow->cli->session, "service.log", call_text(params), -1, log_came,
			       follow, &follow->log_call);

	json_free(params);
	follow->asked = r == 0;
	return r;
}

/* Waits for what the session waits for, and no longer than period_ms. 0 if that is over. */
static int wait_and_process(const struct cli *cli, int period_ms)
{
	struct exm *session = cli->session;
	int timeout = exm_get_timeout(session);
	int n, r;

	if (timeout < 0 || (period_ms >= 0 && period_ms < timeout))
		timeout = period_ms;
	n = interrupt_poll(cli, exm_get_fd(session), exm_get_events(session), timeout);
	if (n < 0 && n != -EINTR)
		return n;
	r = exm_process(session);
	return r < 0 ? r : n;
}

static int follow_to_the_end(struct follow *follow)
{
	int r = 0;

	while (!follow->done && r >= 0) {
		r = wait_and_process(follow->cli, follow->cursor ? LOG_PERIOD_MS : -1);
		if (r == 0 && follow->cursor && !follow->asked && !follow->done)
			r = ask_for_log(follow);
	}
	return r;
}

/* From where on the log is new. Not being allowed to read it is no failure. */
static void begin_log(struct follow *follow)
{
	scoped_json *log = NULL;
	const char *cursor;

	if (call_quietly(follow->cli, "service.log", log_params(follow->unit, 1, NULL), &log) < 0)
		return;
	cursor = json_string(json_get(log, "cursor"), NULL);
	follow->cursor = cursor ? call_memory(strdup(cursor)) : NULL;
}

/* What was logged between the last look and the end; the policy may give it in pieces. */
static void end_log(struct follow *follow)
{
	size_t count = follow->cursor ? 1 : 0;

	while (count > 0) {
		struct json_object *params =
			log_params(follow->unit, LOG_LINES_MAX, follow->cursor);
		scoped_json *log = NULL;

		if (call_quietly(follow->cli, "service.log", params, &log) < 0)
			return;
		count = json_length(json_get(log, "lines"));
		take_log(follow, log);
	}
}

static enum status follow_call(struct follow *follow, const char *method,
			       struct json_object *params)
{
	struct cli *cli = follow->cli;
	uint64_t number = 0;
	int r;

	begin_log(follow);
	/* an error tells the same lines again */
	cli->log_shown = follow->cursor;
	r = exm_call_async(cli->session, method, call_text(params), -1, ended, follow, &number);
	if (r == 0)
		r = follow_to_the_end(follow);
	if (follow->asked)
		(void)exm_cancel(cli->session, follow->log_call);
	if (!follow->done) {
		(void)exm_cancel(cli->session, number);
		return report_failure(cli, r);
	}
	end_log(follow);
	return follow->status;
}

enum status service_follow(struct cli *cli, const char *method, struct json_object *params,
			   struct json_object **ret_result)
{
	scoped(follow_clear) struct follow follow = {
		.cli = cli,
		.file = cli->json ? stderr : stdout,
		.unit = json_string(json_get(params, "unit"), NULL),
	};
	enum status status;
	int r = exm_lock(cli->session);

	if (r < 0) {
		json_free(params);
		return report_failure(cli, r);
	}
	call_put(params, "progress", call_memory(json_new_bool(true)));
	cli->notified = progress_came;
	cli->notified_data = &follow;
	status = follow_call(&follow, method, params);
	cli->notified = NULL;
	json_free(params);
	(void)exm_unlock(cli->session);
	*ret_result = take_ptr(follow.result);
	return status;
}

enum status service_run_log(struct cli *cli, const struct verb *verb, int argc, char **argv,
			    struct json_object **ret_result)
{
	scoped(follow_clear) struct follow follow = { .cli = cli, .file = stdout, .unit = argv[0] };
	enum status status;
	int lines = cli->given[OPTION_LINES];

	(void)argc;
	status = call(cli, verb->method, log_params(argv[0], lines, NULL), ret_result);
	if (status != STATUS_DONE || (cli->json && !cli->given[OPTION_FOLLOW]))
		return status;
	take_log(&follow, *ret_result);
	while (status == STATUS_DONE && cli->given[OPTION_FOLLOW] && !ferror(stdout)) {
		scoped_json *log = NULL;

		/* not while the session is kept from others */
		if (interrupt_poll(cli, -1, 0, LOG_PERIOD_MS) == -ECANCELED)
			break;
		status = call(cli, verb->method, log_params(argv[0], LOG_LINES_MAX, follow.cursor),
			      &log);
		if (status == STATUS_DONE)
			take_log(&follow, log);
	}
	return status == STATUS_DONE ? STATUS_PRINTED : status;
}

static void show_change(const struct cli *cli, struct json_object *unit)
{
	if (cli->json)
		report_json(unit);
	else
		service_print(cli, NULL, unit);
	fflush(stdout);
}

static void change_came(struct cli *cli, const char *method, struct json_object *params)
{
	if (strcmp(method, "service.changed") == 0)
		show_change(cli, params);
}

static enum status watch(struct cli *cli, const char *method, const char *name)
{
	struct json_object *params = call_memory(json_new_object());
	scoped_json *unit = NULL;
	enum status status;

	call_put(params, "unit", call_argument(name));
	status = call(cli, method, params, &unit);
	if (status == STATUS_DONE)
		show_change(cli, unit);
	return status;
}

/* For what comes after it, where the program goes on. */
static void unwatch(struct cli *cli, int count, char **names)
{
	for (int i = 0; i < count; i++) {
		scoped_json *result = NULL;

		if (call_quietly(cli, "service.unwatch", call_arguments(1, names + i), &result) < 0)
			return;
	}
}

enum status service_run_watch(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result)
{
	enum status status = STATUS_DONE;
	int r = exm_lock(cli->session), watched = 0;

	(void)ret_result;
	if (r < 0)
		return report_failure(cli, r);
	cli->notified = change_came;
	while (watched < argc && status == STATUS_DONE) {
		status = watch(cli, verb->method, argv[watched]);
		watched += status == STATUS_DONE;
	}
	while (status == STATUS_DONE && r >= 0 && !ferror(stdout))
		r = wait_and_process(cli, -1);
	cli->notified = NULL;
	if (cli->shell)
		unwatch(cli, watched, argv);
	(void)exm_unlock(cli->session);
	if (status != STATUS_DONE)
		return status;
	return r < 0 && r != -ECANCELED ? report_failure(cli, r) : STATUS_PRINTED;
}
