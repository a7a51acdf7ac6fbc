/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run: init scripts. The unit's name comes from the client, and
 * is held to the policy here once more. The script and its directory must be
 * root's, since whoever may write them would be root.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/root_open.h"
#include "run/job.h"

#define SCRIPT_DIR "etc/init.d"
#define SUFFIX ".service"
#define UPDATE_RC "/usr/sbin/update-rc.d"

enum { PATH_SIZE = 320 };

#define GIVEN_BY(verb) (1u << SERVICE_##verb)

/*
 * What can be done, by the verb of the call: the script's action, or nothing for
 * what update-rc.d does. The verbs of the policy that include it stand behind, since the
 * monitor puts some of them together from several actions, and looks after each.
 */
static const struct action {
	const char *word;
	uint32_t given_by;
} actions[SERVICE_VERB_MAX] = {
	[SERVICE_STATUS] = { "status", UINT32_MAX },
	[SERVICE_START] = { "start", GIVEN_BY(START) },
	[SERVICE_STOP] = { "stop", GIVEN_BY(STOP) },
	[SERVICE_RESTART] = { "restart", GIVEN_BY(RESTART) | GIVEN_BY(TRY_RESTART) |
						 GIVEN_BY(RELOAD_OR_RESTART) },
	[SERVICE_RELOAD] = { "reload", GIVEN_BY(RELOAD) | GIVEN_BY(RELOAD_OR_RESTART) },
	[SERVICE_ENABLE] = { NULL, GIVEN_BY(ENABLE) },
	[SERVICE_DISABLE] = { NULL, GIVEN_BY(DISABLE) },
};

/* How long the name of X.service without its suffix is; 0: it is no such name. */
static int name_length(const char *unit)
{
	size_t length = strlen(unit), suffix = strlen(SUFFIX);

	if (length <= suffix || strcmp(unit + length - suffix, SUFFIX) != 0)
		return 0;
	return (int)(length - suffix);
}

const char *initd_refuse(const struct policy *policy, const struct msg_run_call *call, int enclosed)
{
	(void)enclosed;
	if (call->verb >= SERVICE_VERB_MAX || actions[call->verb].given_by == 0)
		return "init scripts have no such action";
	if (!policy_unit_name_valid(call->names) || name_length(call->names) == 0)
		return "no init script can have that name";
	/* after a commit, by the administrator's word and not for the client */
	if (policy_applies(policy, actions[call->verb].given_by, call->names))
		return NULL;
	if (call->entry >= policy->service_count)
		return "the policy has no such section";
	if (policy_find_service(policy, call->names) != (ssize_t)call->entry)
		return "that section of the policy is not the one for this service";
	if (!(policy->services[call->entry].verbs & actions[call->verb].given_by))
		return "the policy does not allow it";
	return NULL;
}

/* Root's, and nobody else's to write? NULL or why not. */
static const char *fault_of(const struct stat *st)
{
	if (st->st_uid != 0)
		return "is not owned by root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "can be written by others than root";
	return NULL;
}

/* Everything on the way, without a symbolic link: what is looked at is what is run. */
static bool check_directories(struct job *job, int root)
{
	static const char *const places[] = { ".", "etc", SCRIPT_DIR };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		scoped_fd fd = root_open_plain(root, places[i], O_PATH | O_DIRECTORY);
		const char *fault = NULL;
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0) {
			job_fail(job, fd == -ENOENT ? RUN_MISSING : RUN_CANNOT,
				 fd < 0 ? -fd : errno, "/%s: %s", places[i],
				 strerror(fd < 0 ? -fd : errno));
			return false;
		}
		fault = fault_of(&st);
		if (fault) {
			job_fail(job, RUN_CANNOT, EPERM, "/%s %s", places[i], fault);
			return false;
		}
	}
	return true;
}

/* The script is there and may be run; otherwise job->end says why not. */
static bool check_script(struct job *job, const char *path)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	const char *fault;
	struct stat st;

	if (root < 0) {
		job_fail(job, RUN_CANNOT, errno, "/: %s", strerror(errno));
		return false;
	}
	if (!check_directories(job, root))
		return false;
	fd = root_open_plain(root, path + 1, O_PATH);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int error = fd < 0 ? -fd : errno;

		job_fail(job, error == ENOENT ? RUN_MISSING : RUN_CANNOT,
			 error == ENOENT ? 0 : error, "%s %s", path,
			 error == ELOOP ? "is a symbolic link" : strerror(error));
		return false;
	}
	fault = fault_of(&st);
	if (!S_ISREG(st.st_mode))
		fault = "is not a regular file";
	else if (!(st.st_mode & S_IXUSR))
		fault = "is not executable";
	if (fault)
		job_fail(job, RUN_CANNOT, EPERM, "%s %s", path, fault);
	return !fault;
}

/* update-rc.d is missing where another tool keeps the links. */
static void update_links(struct job *job, const char *name, const char *word)
{
	const char *const argv[] = { UPDATE_RC, name, word, NULL };
	const struct job_step step = { .path = UPDATE_RC, .argv = argv };

	job_step(job, &step, &job->end);
	if (job->end.outcome == RUN_MISSING)
		job_fail(job, RUN_CANNOT, ENOSYS, "there is no " UPDATE_RC);
}

static void run_script(struct job *job, const char *path, const char *word)
{
	const char *const argv[] = { path, word, NULL };
	const struct job_step step = { .path = path, .argv = argv };

	job_step(job, &step, &job->end);
	if (job->end.outcome == RUN_MISSING)
		job_fail(job, RUN_CANNOT, ENOENT, "%s: its interpreter is missing", path);
}

void initd_run(struct job *job)
{
	const char *unit = job->call->names;
	const struct action *action = &actions[job->call->verb];
	char path[PATH_SIZE];
	const char *name = path + strlen("/" SCRIPT_DIR "/");

	snprintf(path, sizeof(path), "/" SCRIPT_DIR "/%.*s", name_length(unit), unit);
	if (!check_script(job, path))
		return;
	if (action->word) {
		run_script(job, path, action->word);
	} else if (job->call->verb == SERVICE_DISABLE) {
		update_links(job, name, "disable");
	} else {
		/* links are made where there are none, and then turned from K to S */
		update_links(job, name, "defaults");
		if (job->end.outcome == RUN_EXITED && job->end.status == 0)
			update_links(job, name, "enable");
	}
}
