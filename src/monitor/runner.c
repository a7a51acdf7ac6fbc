/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. Asks exmachina-run, which has more privileges than the
 * monitor and checks everything anew; what comes back is bounded by
 * message.h, and holds the output of programs.
 */
#include "monitor/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "common/log.h"
#include "monitor/policy/policy_memfd.h"
#include "monitor/runner_start.h"
#include "monitor/systemd/scope.h"
#include "monitor/systemd/service.h"

/* After its deadline the helper needs up to 12 s to end a program. */
enum { LAST_RESORT_MS = 15000, USEC_PER_MSEC = 1000 };

struct runner_call {
	LIST_ENTRY(runner_call) link;
	struct runner *runner;
	struct runner_order order; /* its names are `names` */
	char *names;
	uint32_t ticket;
	bool begun; /* a process of its own looks after it */
	sd_event_source *timer;
	int error; /* 0, or it failed before the helper had it */
	char detail[MESSAGE_TEXT_MAX + 1];
};

enum scope_state { SCOPE_NONE, SCOPE_NEEDED, SCOPE_ASKED, SCOPE_HELD };

struct runner {
	pid_t pid;   /* 0: it has ended */
	int channel; /* -1: nothing more comes */
	int root_fd;
	sd_event *event;
	sd_event_source *channel_source, *child_source;
	struct scope *scope;
	enum scope_state scope_state;
	LIST_HEAD(runner_calls, runner_call) calls;
	size_t call_count;
	uint32_t last_ticket;
};

static struct runner_call *call_free(struct runner_call *call)
{
	LIST_REMOVE(call, link);
	call->runner->call_count--;
	sd_event_source_disable_unref(call->timer);
	free(call->names);
	free(call);
	return NULL;
}

static void call_end(struct runner_call *call, struct run_result *result)
{
	runner_done *done = call->order.done;
	void *data = call->order.data;

	call_free(call);
	done(result, data);
	close_fd(result->report);
}

static void call_fail(struct runner_call *call, enum run_outcome outcome, int error,
		      const char *detail)
{
	struct run_result result = {
		.outcome = outcome,
		.error = error,
		.detail = detail,
		.output = "",
		.report = -1,
	};

	call_end(call, &result);
}

/* From the event loop, since nobody expects it now. */
static void call_fail_later(struct runner_call *call, int error, const char *what, const char *text)
{
	call->error = error;
	snprintf(call->detail, sizeof(call->detail), "%s: %s", what, text);
	/* both work on an existing source and can't fail */
	(void)sd_event_source_set_time_relative(call->timer, 0);
	(void)sd_event_source_set_enabled(call->timer, SD_EVENT_ONESHOT);
}

static int on_call_timer(sd_event_source *source, uint64_t usec, void *data)
{
	struct runner_call *call = data;
	char detail[MESSAGE_TEXT_MAX + 1];

	(void)source;
	(void)usec;
	memcpy(detail, call->detail, sizeof(detail));
	if (call->error)
		call_fail(call, RUN_CANNOT, call->error, detail);
	else
		call_fail(call, RUN_TIMEOUT, 0, "exmachina-run has not told of its end");
	return 0;
}

static void call_send(struct runner_call *call)
{
	const struct message message = {
		.type = MON_RUN_CALL,
		.run_call = {
			.ticket = call->ticket,
			.program = (uint8_t)call->order.program,
			.entry = call->order.entry,
			.verb = call->order.verb,
			.timeout_ms = call->order.timeout_ms,
			.names = call->names,
		},
	};
	int enclosed = call->order.enclosed ? *call->order.enclosed : -1;
	int r = channel_send(call->runner->channel, &message, enclosed, false);

	if (r < 0)
		call_fail_later(call, -r, "exmachina-run cannot be asked", strerror(-r));
}

/*
 * Ends all calls, or those that no process looks after yet. What done does may
 * end other calls, so the list is begun anew each time; no call can be added, since
 * the helper is gone.
 */
static void fail_calls(struct runner *runner, bool all)
{
	struct runner_call *call = LIST_FIRST(&runner->calls);

	while (call) {
		if (all || !call->begun) {
			call_fail(call, RUN_CANNOT, EPIPE,
				  "exmachina-run has ended before this did");
			call = LIST_FIRST(&runner->calls);
		} else {
			call = LIST_NEXT(call, link);
		}
	}
}

/* ---- what the helper says ---- */

static struct runner_call *find(struct runner *runner, uint32_t ticket)
{
	struct runner_call *call;

	LIST_FOREACH(call, &runner->calls, link)
	if (call->ticket == ticket)
		return call;
	return NULL;
}

static void take_progress(struct runner *runner, const struct msg_run_progress *progress)
{
	struct runner_call *call = find(runner, progress->ticket);

	if (!call)
		return;
	call->begun = true;
	if (progress->late)
		(void)sd_event_source_set_enabled(call->timer, SD_EVENT_OFF);
	if (call->order.progress)
		call->order.progress(progress, call->order.data);
}

/* One for which nobody waits any more has been answered by the last resort. */
static int take_end(struct runner *runner, const struct msg_run_end *end, int *fd)
{
	struct runner_call *call = find(runner, end->ticket);
	struct run_result result = {
		.error = end->error,
		.status = end->status,
		.detail = end->detail,
		.output = end->output,
		.report = -1,
	};

	if (end->outcome >= RUN_OUTCOME_MAX)
		return -EBADMSG;
	if (!call)
		return 0;
	result.outcome = end->outcome;
	result.report = take_fd(fd);
	call_end(call, &result);
	return 0;
}

/* 1, 0 at the end, or -errno. */
static int take_message(struct runner *runner)
{
	struct packet packet;
	struct message message;
	scoped_fd fd = -1;
	int r = channel_recv(runner->channel, false, &packet, &message, &fd);

	if (r <= 0)
		return r;
	if (message.type == MON_RUN_PROGRESS)
		take_progress(runner, &message.run_progress);
	else if (message.type == MON_RUN_END)
		r = take_end(runner, &message.run_end, &fd);
	else
		r = -EBADMSG;
	return r < 0 ? r : 1;
}

/* Everything that is there. At the end nobody is left who could say more. */
static void take_messages(struct runner *runner)
{
	int r;

	do {
		r = take_message(runner);
	} while (r > 0);
	if (r == -EAGAIN)
		return;
	if (r < 0)
		log_error("exmachina-run said what it never says: %s", strerror(-r));
	sd_event_source_disable_unref(take_ptr(runner->channel_source));
	runner->channel = close_fd(runner->channel);
	fail_calls(runner, true);
}

static int on_channel(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source;
	(void)fd;
	(void)events;
	take_messages(data);
	return 0;
}

/* The processes of its calls go on and tell of their ends by themselves. */
static int on_helper_exit(sd_event_source *source, const siginfo_t *info, void *data)
{
	struct runner *runner = data;

	(void)source;
	log_error("exmachina-run is gone (%s %d); nothing that needs it can be done until "
		  "exmachinad is started anew",
		  info->si_code == CLD_EXITED ? "status" : "signal", info->si_status);
	runner->pid = 0;
	if (runner->channel >= 0)
		take_messages(runner);
	fail_calls(runner, false);
	return 0;
}

/* ---- the scope ---- */

static void on_scope(int error, const char *text, void *data)
{
	struct runner *runner = data;
	struct runner_call *call;

	runner->scope_state = error ? SCOPE_NEEDED : SCOPE_HELD;
	LIST_FOREACH(call, &runner->calls, link)
	{
		if (call->error)
			continue;
		if (error)
			call_fail_later(call, error,
					"systemd gives exmachina-run no scope of its own", text);
		else
			call_send(call);
	}
	runner->scope = scope_free(runner->scope);
}

/* Calls wait until it is there. */
static void need_scope(struct runner *runner, struct runner_call *call)
{
	int r = 0;

	if (runner->scope_state == SCOPE_NEEDED)
		r = scope_new(runner->event, runner->root_fd, runner->pid, on_scope, runner,
			      &runner->scope);
	if (r < 0)
		call_fail_later(call, -r, "systemd cannot be asked for a scope", strerror(-r));
	else
		runner->scope_state = SCOPE_ASKED;
}

/* ---- the life of it ---- */

int runner_start(int root_fd, bool to_syslog, const struct policy *policy,
		 struct runner **ret_runner)
{
	struct runner *runner = calloc(1, sizeof(*runner));
	int r;

	if (!runner)
		return -ENOMEM;
	runner->root_fd = root_fd;
	LIST_INIT(&runner->calls);
	r = runner_start_helper(root_fd, to_syslog, &runner->channel, &runner->pid);
	if (r == 0)
		r = runner_set_policy(runner, policy);
	if (r < 0) {
		log_error("exmachina-run cannot be started: %s", strerror(-r));
		runner_free(runner);
		return r;
	}
	*ret_runner = runner;
	return 0;
}

struct runner *runner_free(struct runner *runner)
{
	if (!runner)
		return NULL;
	while (!LIST_EMPTY(&runner->calls))
		call_free(LIST_FIRST(&runner->calls));
	scope_free(runner->scope);
	sd_event_source_disable_unref(runner->channel_source);
	sd_event_source_disable_unref(runner->child_source);
	sd_event_unref(runner->event);
	close_fd(runner->channel);
	free(runner);
	return NULL;
}

int runner_attach(struct runner *runner, sd_event *event)
{
	int r;

	runner->event = sd_event_ref(event);
	if (service_is_systemd(runner->root_fd))
		runner->scope_state = SCOPE_NEEDED;
	r = sd_event_add_io(event, &runner->channel_source, runner->channel, EPOLLIN, on_channel,
			    runner);
	if (r >= 0)
		r = sd_event_add_child(event, &runner->child_source, runner->pid, WEXITED,
				       on_helper_exit, runner);
	return r < 0 ? r : 0;
}

bool runner_is_there(const struct runner *runner)
{
	return runner && runner->pid > 0 && runner->channel >= 0;
}

int runner_set_policy(struct runner *runner, const struct policy *policy)
{
	const struct message message = { .type = MON_RUN_POLICY };
	scoped_fd fd = policy_to_memfd(policy);

	if (fd < 0)
		return fd;
	return channel_send(runner->channel, &message, fd, false);
}

int runner_call(struct runner *runner, const struct runner_order *order)
{
	struct runner_call *call;
	int r;

	if (!runner_is_there(runner))
		return -ENOTCONN;
	if (runner->call_count >= (order->entry == UINT32_MAX ? JOBS_MAX + 1 : JOBS_MAX))
		return -EBUSY;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->runner = runner;
	call->order = *order;
	call->order.names = call->names = strdup(order->names);
	call->ticket = ++runner->last_ticket;
	LIST_INSERT_HEAD(&runner->calls, call, link);
	runner->call_count++;
	r = call->names ? sd_event_add_time_relative(
				  runner->event, &call->timer, CLOCK_MONOTONIC,
				  ((uint64_t)order->timeout_ms + LAST_RESORT_MS) * USEC_PER_MSEC, 0,
				  on_call_timer, call)
			: -ENOMEM;
	if (r < 0) {
		call_free(call);
		return r;
	}
	if (runner->scope_state == SCOPE_NEEDED || runner->scope_state == SCOPE_ASKED)
		need_scope(runner, call);
	else
		call_send(call);
	return 0;
}

void runner_forget(struct runner *runner, const void *data)
{
	struct runner_call *call = runner ? LIST_FIRST(&runner->calls) : NULL;

	while (call) {
		struct runner_call *next = LIST_NEXT(call, link);

		if (call->order.data == data)
			call_free(call);
		call = next;
	}
}
