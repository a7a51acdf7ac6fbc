/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine before it has read anything of the client. Fails closed. */
#include "engine/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum {
	DESCRIPTORS_MAX = 1100, /* one for each file, and a few */
	FILE_SIZE_MAX = 64 << 20,
};

#define MEMORY_MAX (2ULL << 30)

static int limit(int resource, rlim_t value)
{
	const struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int set_limits(void)
{
	int r = limit(RLIMIT_NPROC, 0);

	if (r == 0)
		r = limit(RLIMIT_CORE, 0);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, FILE_SIZE_MAX);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
	if (r == 0)
		r = limit(RLIMIT_AS, MEMORY_MAX);
	return r;
}

int sandbox_enter(const char *lens_path)
{
	int r;

	if (geteuid() == 0)
		return -EPERM;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	if (mkdir(SANDBOX_STAGING, 0700) < 0 || chdir(SANDBOX_STAGING) < 0)
		return -errno;
	r = set_limits();
	if (r == 0)
		r = sandbox_landlock(SANDBOX_STAGING, lens_path);
	return r < 0 ? r : sandbox_seccomp();
}

const char *const *sandbox_describe(void)
{
	/* each of them, or the engine would not run */
	static const char *const layers[] = {
		"user",          "capabilities",    "no_new_privs",  "not_dumpable",
		"rlimits",       "mount_namespace", "net_namespace", "ipc_namespace",
		"uts_namespace", "landlock",        "seccomp",       NULL,
	};

	return layers;
}
