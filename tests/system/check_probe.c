/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program, the monitor's part of a commit up to its checks, with a real exmachina-run:
 *
 *   check_probe POLICY_DIRECTORY ROOT [--changed PATH NODE OLD NEW]... [PATH=FILE | PATH]...
 *
 * The commit puts the content of FILE at PATH, or takes PATH away. Prints NAME=VALUE for each field
 * of the result, and each line of the output with "output=" in front. With --twice as the first
 * word two commits are checked at once, and both printed. Exit status: 0 if all agree, 1 if not, 2
 * for wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/report.h"
#include "monitor/check.h"
#include "monitor/policy/policy_read.h"

enum { CHANGED_WORDS = 4 };

struct probe {
	sd_event *event;
	struct policy *policy;
	struct runner *runner;
	struct staged staged[STAGED_MAX];
	size_t count;
	struct report changes;
	unsigned int open;
	bool failed;
};

static void fail(const char *what, int error)
{
	fprintf(stderr, "check_probe: %s: %s\n", what, strerror(error));
	exit(2);
}

static void print_lines(const char *name, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		printf("%s=%.*s\n", name, (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static const char *outcome_name(enum mon_outcome outcome)
{
	return outcome == OUTCOME_DONE           ? "DONE"
	       : outcome == OUTCOME_CHECK_FAILED ? "CHECK_FAILED"
	       : outcome == OUTCOME_IO           ? "IO"
						 : "?";
}

static void on_done(const struct checks_result *result, void *data)
{
	struct probe *probe = data;

	printf("outcome=%s\nindex=%u\nerror=%d\ncheck=%s\nhow=%d\nstatus=%d\nwhy=%s\n",
	       outcome_name(result->outcome), result->index, result->error, result->check,
	       result->how, result->status, result->why);
	print_lines("output", result->output);
	fflush(stdout);
	probe->failed |= result->outcome != OUTCOME_DONE;
	if (--probe->open == 0)
		sd_event_exit(probe->event, probe->failed);
}

static int content_of(const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_new("content");

	if (from < 0 || to < 0 || fd_copy(from, to, CONTENT_MAX, NULL) < 0 || memfd_seal(to) < 0)
		fail(path, errno);
	close(from);
	return to;
}

static uint32_t entry_of(const struct probe *probe, const char *path)
{
	ssize_t entry = policy_find_file(probe->policy, path);

	if (entry < 0)
		fail(path, ENOENT);
	return (uint32_t)entry;
}

static void stage(struct probe *probe, char *argument)
{
	char *equals = strchr(argument, '=');
	struct staged *staged = &probe->staged[probe->count++];

	if (equals)
		*equals = '\0';
	staged->path = argument;
	staged->entry = entry_of(probe, argument);
	staged->content = equals ? content_of(equals + 1) : -1;
}

/* Its files are counted in the order in which they are named before it. */
static void change(struct probe *probe, char **words)
{
	struct change_row row = {
		.action = CHANGE_VALUE,
		.has_old = true,
		.has_new = true,
		.path = words[1],
		.old_value = words[2],
		.new_value = words[3],
	};

	for (uint32_t i = 0; i < probe->count; i++)
		if (strcmp(probe->staged[i].path, words[0]) == 0)
			row.file = i;
	if (report_add_change_row(&probe->changes, &row) < 0)
		fail("changes", ENOMEM);
}

static void begin(struct probe *probe, int changes)
{
	struct checks *checks = NULL;
	const struct checks_order order = {
		.runner = probe->runner,
		.policy = probe->policy,
		.staged = probe->staged,
		.count = probe->count,
		.changes = changes,
		.done = on_done,
		.data = probe,
	};
	int r;

	if (!checks_are_needed(probe->policy, probe->staged, probe->count)) {
		printf("none\n");
		return;
	}
	r = checks_begin(&order, &checks);
	if (r < 0)
		fail("checks_begin", -r);
	probe->open++;
}

int main(int argc, char **argv)
{
	struct probe probe = { .changes = report_begin(REPORT_CHANGE) };
	bool twice = argc > 1 && strcmp(argv[1], "--twice") == 0;
	scoped_fd root = -1, changes = -1;
	sigset_t set;

	argv += twice;
	if (argc - twice < 3)
		return 2;
	log_open("check_probe", LOG_TO_STDERR);
	root = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || policy_read(argv[1], &probe.policy) < 0)
		fail(argv[2], EINVAL);
	for (char **argument = argv + 3; *argument; argument++)
		if (strcmp(*argument, "--changed") == 0) {
			change(&probe, argument + 1);
			argument += CHANGED_WORDS;
		} else {
			stage(&probe, *argument);
		}
	changes = report_seal(&probe.changes, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (sd_event_default(&probe.event) < 0 ||
	    runner_start(root, false, probe.policy, &probe.runner) < 0 ||
	    runner_attach(probe.runner, probe.event) < 0)
		fail("exmachina-run", errno);
	begin(&probe, changes);
	if (twice)
		begin(&probe, changes);
	return probe.open ? sd_event_loop(probe.event) : 0;
}
