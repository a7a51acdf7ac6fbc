/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run. apt-get is trusted to do what its options say, and to
 * ask before it lets dpkg go; it is asked to by a hook, which waits for our word.
 */
#include "run/package_apt.h"

#include <stdio.h>
#include <string.h>

#include "run/package_judge.h"
#include "run/package_progress.h"

enum { ARGUMENTS_MAX = 40 + PACKAGES_MAX, OPTION_SIZE = 64 };

/*
 * The hook, which a shell runs under apt's lock with the plan as its input. Its
 * first word is what apt looks up the hook's options by. It fails, and apt goes no
 * further, on anything but our word, an end of the connection among it.
 */
#define HOOK_NAME "exmachina_plan()"
#define HOOK_GO "go"
#define HOOK \
	HOOK_NAME " { cat >&3 && echo " PLAN_END " >&3 && read -r word <&3 && " \
		  "[ \"$word\" = " HOOK_GO " ]; }; exmachina_plan"

static const char *const options[] = {
	"/usr/bin/apt-get",
	"-y",
	"-q",
	"-o",
	"APT::Status-Fd=3",
	"-o",
	"APT::Keep-Fds::=3",
	"-o",
	"DPkg::Pre-Install-Pkgs::=" HOOK,
	"-o",
	"DPkg::Tools::Options::" HOOK_NAME "::Version=3",
	/* output goes through our pipe, and scripts find no terminal */
	"-o",
	"DPkg::Use-Pty=0",
	/* a configuration file that was changed here stays */
	"-o",
	"DPkg::Options::=--force-confdef",
	"-o",
	"DPkg::Options::=--force-confold",
	"-o",
	"APT::Get::AutomaticRemove=false",
	/* an index that could not be fetched is an error */
	"-o",
	"APT::Update::Error-Mode=any",
};

static const char *const environment[] = {
	"HOME=/root",
	"LC_ALL=C.UTF-8",
	"TERM=dumb",
	"DEBIAN_FRONTEND=noninteractive",
	"DEBIAN_PRIORITY=critical",
	"APT_LISTCHANGES_FRONTEND=none",
	"APT_LISTBUGS_FRONTEND=none",
	"NEEDRESTART_MODE=l",
	"UCF_FORCE_CONFFOLD=1",
	NULL,
};

struct arguments {
	const char *item[ARGUMENTS_MAX]; /* NULL behind the last */
	size_t count;
};

static void add(struct arguments *arguments, const char *text)
{
	arguments->item[arguments->count++] = text;
}

static void add_verb(struct arguments *arguments, enum package_verb verb, bool all)
{
	switch (verb) {
	case PACKAGE_INSTALL:
		add(arguments, "install");
		break;
	case PACKAGE_REMOVE:
		add(arguments, "remove");
		break;
	case PACKAGE_UPDATE:
		add(arguments, "update");
		break;
	default:
		add(arguments, all ? "upgrade" : "install");
		add(arguments, all ? "--with-new-pkgs" : "--only-upgrade");
		break;
	}
}

/* The word for apt's hook: only while the job may still begin something. */
static void let_go(struct package_apt *apt)
{
	if (job_commit(apt->job))
		apt->begun = job_say(apt->job, HOOK_GO "\n");
}

static void judge(struct package_apt *apt)
{
	struct job *job = apt->job;

	if (package_judge(job->policy, job->call->verb, apt->names, &apt->plan, apt->states,
			  &apt->refusals, apt->why, sizeof(apt->why)))
		let_go(apt);
	else
		(void)job_say(job, "no\n");
}

struct listener {
	struct package_apt *apt;
	struct package_progress progress;
	bool in_plan;
};

static void plan_line(struct listener *listener, char *line)
{
	struct package_apt *apt = listener->apt;
	int r = package_plan_line(&apt->plan, line);

	if (r == 0)
		return;
	listener->in_plan = false;
	if (r > 0) {
		judge(apt);
		return;
	}
	snprintf(apt->why, sizeof(apt->why), "apt's plan is not understood: %s", strerror(-r));
	(void)job_say(apt->job, "no\n");
}

static void on_status(char *line, void *data)
{
	struct listener *listener = data;
	struct package_apt *apt = listener->apt;
	struct package_progress *progress = &listener->progress;

	/* apt waits for the hook, so nothing comes in between its lines */
	if (strncmp(line, "VERSION ", 8) == 0 && !apt->why[0])
		listener->in_plan = true;
	if (listener->in_plan) {
		plan_line(listener, line);
		return;
	}
	if (!package_progress_line(progress, line))
		return;
	if (strcmp(progress->stage, "error") == 0 && !apt->error[0])
		snprintf(apt->error, sizeof(apt->error), "%s", progress->detail);
	job_progress(apt->job, progress->percent, progress->stage, progress->detail);
}

void package_apt_run(struct package_apt *apt)
{
	struct job *job = apt->job;
	enum package_verb verb = job->call->verb;
	struct listener listener = { .apt = apt, .progress = package_progress_begin(verb) };
	struct arguments arguments = { .count = 0 };
	char lock_timeout[OPTION_SIZE];
	const struct job_step step = {
		.path = options[0],
		.argv = arguments.item,
		.environment = environment,
		.on_status = on_status,
		.data = &listener,
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		add(&arguments, options[i]);
	snprintf(lock_timeout, sizeof(lock_timeout), "DPkg::Lock::Timeout=%u",
		 1 + job_left_ms(job) / 1000);
	add(&arguments, "-o");
	add(&arguments, lock_timeout);
	add_verb(&arguments, verb, apt->names->count == 0);
	add(&arguments, "--");
	for (size_t i = 0; i < apt->names->count; i++)
		add(&arguments, apt->names->name[i]);
	job_step(job, &step, &job->end);
}
