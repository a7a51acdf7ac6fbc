/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine and in the verifier before they have read anything hostile. Fails closed. */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "config.h"

/* A build with the address sanitizer, for tests, has tables that are larger than any limit. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX(bytes) RLIM_INFINITY
#else
#define MEMORY_MAX(bytes) (bytes)
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

static int take_set(const char *text, uint32_t *ret_set)
{
	char *end;
	unsigned long set;

	errno = 0;
	set = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || set >= UINT32_C(1) << LAYER_MAX)
		return -EINVAL;
	*ret_set = (uint32_t)set;
	return 0;
}

int sandbox_arguments(const char *layers, const char *optional, struct sandbox *ret_sandbox)
{
	int r = take_set(layers, &ret_sandbox->layers);

	return r < 0 ? r : take_set(optional, &ret_sandbox->optional);
}

/* What only root can give up was given up before exec, but for what it takes to change the root. */
static int enter_root(struct sandbox *sandbox, const char **ret_step)
{
	int r = geteuid() == 0 ? -EPERM : 0;

	*ret_step = "be an ordinary user";
	if (r == 0 && (sandbox->layers & LAYER(PRIVATE_ROOT))) {
		*ret_step = "enter its root directory";
		r = sandbox_root();
	}
	if (r < 0)
		return r;
	*ret_step = "give up its last capabilities";
	r = sandbox_capabilities();
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
	sandbox->layers |=
		LAYER(USER) | LAYER(CAPABILITIES) | LAYER(NO_NEW_PRIVS) | LAYER(NOT_DUMPABLE);
	return r;
}

static int enter_landlock(struct sandbox *sandbox)
{
	int r = sandbox_landlock(sandbox->staging, sandbox->lens_path);

	if (r == 0)
		sandbox->layers |= LAYER(LANDLOCK);
	else if ((r == -ENOSYS || r == -EOPNOTSUPP) && (sandbox->optional & LAYER(LANDLOCK)))
		r = 0;
	return r;
}

int sandbox_enter(struct sandbox *sandbox, const char **ret_step)
{
	int r = enter_root(sandbox, ret_step);

	if (r == 0 && sandbox->stages) {
		*ret_step = "make a directory to work in";
		r = sandbox_staging((sandbox->layers & LAYER(PRIVATE_ROOT)) ? "/staging"
									    : RUN_DIR "/staging",
				    &sandbox->staging);
	}
	if (r == 0) {
		*ret_step = "limit its resources";
		r = set_limits(sandbox);
	}
	if (r == 0) {
		*ret_step = "forbid all files but its own (landlock)";
		r = enter_landlock(sandbox);
	}
	if (r == 0) {
		*ret_step = "forbid all system calls but its own";
		r = sandbox_seccomp(sandbox->calls, sandbox->call_count);
	}
	sandbox->layers |= LAYER(RLIMITS) | LAYER(SECCOMP);
	return r;
}
