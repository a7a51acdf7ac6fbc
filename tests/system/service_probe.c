/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program. Drives the monitor's service module against a real systemd:
 *
 *   service_probe ROOT VERB UNIT [TIMEOUT_MS [COUNT]]
 *   service_probe ROOT -
 *
 * The first form makes COUNT calls at once (1). The second one reads calls, a line
 * "VERB UNIT [TIMEOUT_MS]" each, from standard input and makes each as it
 * comes. All fields of each result are printed as NAME=VALUE, log lines with
 * "log=" in front, an empty line after each result. Exit status: 0 if all calls ended with
 * JOB_DONE, 1 if not, 2 for wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/service.h"

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
		[JOB_BUSY] = "BUSY",
	};

	return outcome < JOB_MAX ? names[outcome] : "?";
}

static void print_log(const char *log)
{
	while (*log) {
		size_t length = strcspn(log, "\n");

		printf("log=%.*s\n", (int)length, log);
		log += length + (log[length] == '\n');
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

	printf("ticket=%u\noutcome=%s\nerror=%d\njob_result=%s\nload_state=%s\nactive_state=%s\n"
	       "sub_state=%s\nresult=%s\nmain_pid_before=%u\nmain_pid=%u\nexit_status=%d\n"
	       "detail=%s\n",
	       result->ticket, outcome_name(result->outcome), result->error, result->job_result,
	       result->load_state, result->active_state, result->sub_state, result->result,
	       result->main_pid_before, result->main_pid, result->exit_status, result->detail);
	print_log(result->log);
	printf("\n");
	fflush(stdout);
	if (result->outcome != JOB_DONE)
		probe->failed = true;
	probe->open--;
	leave_when_done(probe);
}

static int verb_of(const char *word)
{
	for (unsigned int verb = 0; verb < SERVICE_VERB_MAX; verb++)
		if (strcmp(service_verb_word(verb), word) == 0)
			return (int)verb;
	return -EINVAL;
}

static void call(struct probe *probe, const char *word, const char *unit, const char *timeout)
{
	unsigned long ms = timeout ? strtoul(timeout, NULL, 10) : DEFAULT_TIMEOUT;
	int verb = verb_of(word), r = verb;

	if (verb >= 0)
		r = service_call(probe->service, &(struct service_order){
							 .ticket = probe->calls++,
							 .verb = (enum service_verb)verb,
							 .unit = unit,
							 .timeout_ms = (uint32_t)ms,
							 .done = on_done,
							 .data = probe,
						 });
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
	char *save = NULL;
	const char *word = strtok_r(line, " ", &save);
	const char *unit = strtok_r(NULL, " ", &save);

	if (word && unit)
		call(probe, word, unit, strtok_r(NULL, " ", &save));
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
		call(probe, argv[2], argv[3], argc > 4 ? argv[4] : NULL);
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
