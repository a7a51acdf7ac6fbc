/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program. Drives the monitor's service module against a real systemd:
 *
 *   service_probe ROOT VERB UNIT [TIMEOUT_MS [COUNT]]
 *   service_probe ROOT -
 *
 * The first form makes COUNT calls at once (1). The second one reads calls, a line
 * "VERB UNIT [TIMEOUT_MS [SETTLE_MS [pair] [progress]]]" each, from standard input
 * and makes each as it comes. All fields of each result are printed as NAME=VALUE,
 * a line of the log or of the changes with "log=" or "change=" in front, an empty
 * line after each result; progress is "progress=TICKET STAGE DETAIL". Exit status: 0 if all calls
 * ended with JOB_DONE, 1 if not, 2 for wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/systemd/service.h"

enum { DEFAULT_TIMEOUT = 30000 };

struct probe {
	sd_event *event;
	struct service *service;
	unsigned int open, calls;
	bool input_open, failed;
	char line[1024];
	size_t used;
};

static const char *outcome_name(uint8_t outcome)
{
	static const char *const names[JOB_MAX] = {
		[JOB_DONE] = "DONE",       [JOB_DENIED] = "DENIED",
		[JOB_NO_UNIT] = "NO_UNIT", [JOB_FAILED] = "FAILED",
		[JOB_TIMEOUT] = "TIMEOUT", [JOB_UNAVAILABLE] = "UNAVAILABLE",
		[JOB_BUSY] = "BUSY",       [JOB_BAD_VALUE] = "BAD_VALUE",
	};

	return outcome < JOB_MAX ? names[outcome] : "?";
}

static void print_lines(const char *name, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("%s=%.*s\n", name, (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void leave_when_done(struct probe *probe)
{
	if (probe->open == 0 && !probe->input_open)
		sd_event_exit(probe->event, probe->failed ? 1 : 0);
}

static void on_done(const struct msg_job *result, void *data)
{
	struct probe *probe = data;

	printf("ticket=%u\noutcome=%s\nerror=%d\nmanager=%s\njob_result=%s\nload_state=%s\n"
	       "active_state=%s\nsub_state=%s\nfile_state=%s\nresult=%s\nmain_pid_before=%u\n"
	       "main_pid=%u\nexit_status=%d\ntriggered_by=%s\ndetail=%s\n",
	       result->ticket, outcome_name(result->outcome), result->error, result->manager,
	       result->job_result, result->load_state, result->active_state, result->sub_state,
	       result->file_state, result->result, result->main_pid_before, result->main_pid,
	       result->exit_status, result->triggered_by, result->detail);
	print_lines("change", result->changes);
	print_lines("log", result->log);
	printf("\n");
	fflush(stdout);
	if (result->outcome != JOB_DONE)
		probe->failed = true;
	probe->open--;
	leave_when_done(probe);
}

static void on_progress(const struct msg_progress *progress, void *data)
{
	(void)data;
	printf("progress=%u %s %s\n", progress->ticket, progress->stage, progress->detail);
	fflush(stdout);
}

static int verb_of(const char *word)
{
	for (unsigned int verb = 0; verb < SERVICE_VERB_MAX; verb++)
		if (strcmp(service_verb_word(verb), word) == 0)
			return (int)verb;
	return -EINVAL;
}

static unsigned long number(const char *text, unsigned long otherwise)
{
	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void call(struct probe *probe, const char *word, struct service_order *order)
{
	int verb = verb_of(word), r = verb;

	order->ticket = probe->calls++;
	order->verb = verb < 0 ? 0 : (enum service_verb)verb;
	order->done = on_done;
	order->data = probe;
	if (verb >= 0)
		r = service_call(probe->service, order);
	if (r < 0) {
		printf("refused=%s\n\n", strerror(-r));
		fflush(stdout);
		probe->failed = true;
	} else {
		probe->open++;
	}
}

static void call_line(struct probe *probe, char *line)
{
	struct service_order order = { .pair = false };
	char *save = NULL;
	const char *word = strtok_r(line, " ", &save), *option;

	order.unit = strtok_r(NULL, " ", &save);
	order.timeout_ms = (uint32_t)number(strtok_r(NULL, " ", &save), DEFAULT_TIMEOUT);
	order.settle_ms = (uint32_t)number(strtok_r(NULL, " ", &save), 0);
	while ((option = strtok_r(NULL, " ", &save)) != NULL) {
		if (strcmp(option, "pair") == 0)
			order.pair = true;
		if (strcmp(option, "progress") == 0)
			order.progress = on_progress;
	}
	if (word && order.unit)
		call(probe, word, &order);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct probe *probe = data;
	ssize_t n = read(fd, probe->line + probe->used, sizeof(probe->line) - probe->used - 1);
	char *end;

	(void)events;
	if (n <= 0) {
		sd_event_source_disable_unref(source);
		probe->input_open = false;
		leave_when_done(probe);
		return 0;
	}
	probe->used += (size_t)n;
	probe->line[probe->used] = '\0';
	while ((end = strchr(probe->line, '\n')) != NULL) {
		*end = '\0';
		call_line(probe, probe->line);
		probe->used -= (size_t)(end + 1 - probe->line);
		memmove(probe->line, end + 1, probe->used + 1);
	}
	return 0;
}

static int begin(struct probe *probe, int argc, char **argv)
{
	unsigned long count = argc > 5 ? strtoul(argv[5], NULL, 10) : 1;
	sd_event_source *source;
	int r;

	r = sd_event_new(&probe->event);
	if (r >= 0)
		r = service_new(probe->event, argv[1], &probe->service);
	if (r < 0)
		return r;
	if (argc == 3) {
		probe->input_open = true;
		return sd_event_add_io(probe->event, &source, STDIN_FILENO, EPOLLIN, on_input,
				       probe);
	}
	for (unsigned long i = 0; i < count; i++)
		call(probe, argv[2],
		     &(struct service_order){
			     .unit = argv[3],
			     .timeout_ms =
				     (uint32_t)number(argc > 4 ? argv[4] : NULL, DEFAULT_TIMEOUT),
		     });
	leave_when_done(probe);
	return 0;
}

int main(int argc, char **argv)
{
	struct probe probe = { .open = 0 };
	int r;

	if (argc < 3 || argc > 6 || (argc == 3) != (strcmp(argv[2], "-") == 0) ||
	    (argc > 3 && verb_of(argv[2]) < 0)) {
		fprintf(stderr, "usage: service_probe ROOT VERB UNIT [TIMEOUT_MS [COUNT]]\n"
				"       service_probe ROOT -\n");
		return 2;
	}
	r = begin(&probe, argc, argv);
	if (r >= 0)
		r = sd_event_loop(probe.event);
	if (r < 0)
		fprintf(stderr, "service_probe: %s\n", strerror(-r));
	service_free(probe.service);
	sd_event_unref(probe.event);
	return r < 0 ? 1 : r;
}
