/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine and in the verifier before they have read anything hostile. Fails closed. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/*
 * A build with the address sanitizer has tables that are larger than any limit. It is for tests,
 * and says what it lacks.
 */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX(bytes) RLIM_INFINITY
#define LIMITS "rlimits_but_memory"
#else
#define MEMORY_MAX(bytes) (bytes)
#define LIMITS "rlimits"
#endif

static int limit(int resource, rlim_t value)
{
	const struct rlimit limit = { .rlim_cur = value, .rlim_max = value };

	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

static int set_limits(const struct sandbox *sandbox)
{
	int r = limit(RLIMIT_NPROC, 0);

	if (r == 0)
		r = limit(RLIMIT_CORE, 0);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, sandbox->file_size);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, sandbox->descriptors);
	if (r == 0)
		r = limit(RLIMIT_AS, MEMORY_MAX(sandbox->memory));
	return r;
}

int sandbox_enter(const struct sandbox *sandbox)
{
	int r;

	if (geteuid() == 0)
		return -EPERM;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	if (sandbox->staging && (mkdir(sandbox->staging, 0700) < 0 || chdir(sandbox->staging) < 0))
		return -errno;
	r = set_limits(sandbox);
	if (r == 0)
		r = sandbox_landlock(sandbox->staging, sandbox->lens_path);
	return r < 0 ? r : sandbox_seccomp(sandbox->calls, sandbox->call_count);
}

const char *const *sandbox_describe(void)
{
	/* each of them, or the process would not run */
	static const char *const layers[] = {
		"user",          "capabilities",    "no_new_privs",  "not_dumpable",
		LIMITS,          "mount_namespace", "net_namespace", "ipc_namespace",
		"uts_namespace", "landlock",        "seccomp",       NULL,
	};

	return layers;
}
