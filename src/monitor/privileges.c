/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in children of the monitor, as root, between fork and exec. Fails
 * closed: a step that does not succeed ends the child before it runs anything.
 */
#include "monitor/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>

int identity_of(const char *name, struct identity *ret_identity)
{
	struct identity identity = { 0 };
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(name);
	if (!entry)
		return errno ? -errno : -ENOENT;
	if (entry->pw_uid == 0 || entry->pw_gid == 0)
		return -EPERM;
	identity.uid = entry->pw_uid;
	identity.gid = entry->pw_gid;
	identity.name = strdup(entry->pw_name);
	identity.home = strdup(entry->pw_dir);
	identity.shell = strdup(entry->pw_shell);
	if (!identity.name || !identity.home || !identity.shell) {
		identity_clear(&identity);
		return -ENOMEM;
	}
	*ret_identity = identity;
	return 0;
}

void identity_clear(struct identity *identity)
{
	free(identity->name);
	free(identity->home);
	free(identity->shell);
	*identity = (struct identity){ 0 };
}

static int verify(const struct identity *identity)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return -errno;
	if (ruid != identity->uid || euid != identity->uid || suid != identity->uid)
		return -EPERM;
	if (rgid != identity->gid || egid != identity->gid || sgid != identity->gid)
		return -EPERM;
	if (getgroups(0, NULL) != 0)
		return -EPERM;
	if (capng_get_caps_process() < 0)
		return -EPERM;
	if (capng_have_capabilities(CAPNG_SELECT_ALL) != CAPNG_NONE)
		return -EPERM;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -EPERM;
	if (setuid(0) == 0)
		return -EPERM;
	return 0;
}

int privileges_drop(const struct identity *identity)
{
	/* bounding and ambient sets first: it takes CAP_SETPCAP to empty them */
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_BOUNDS | CAPNG_SELECT_AMBIENT) < 0)
		return -EPERM;
	if (setgroups(0, NULL) < 0 || setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return -errno;
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return verify(identity);
}

/* Is it one that reading and replacing files, or starting the engine and the program, takes? */
static bool is_needed(unsigned int capability)
{
	static const unsigned int needed[] = {
		CAP_DAC_OVERRIDE, CAP_CHOWN,  CAP_FOWNER,  CAP_FSETID, CAP_SETFCAP, /* files */
		CAP_SETUID,       CAP_SETGID, CAP_SETPCAP, /* to drop them */
		CAP_SYS_ADMIN,                             /* namespaces */
		CAP_KILL,                                  /* both ends */
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (needed[i] == capability)
			return true;
	return false;
}

int privileges_reduce(void)
{
	const capng_type_t sets =
		CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_BOUNDING_SET;

	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (!is_needed(capability) && capng_update(CAPNG_DROP, sets, capability) < 0)
			return -EINVAL;
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -EPERM : 0;
}

int privileges_child_setup(pid_t parent, int death_signal)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL); /* fails for a few that cannot be changed */
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return -errno;
	if (death_signal && prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}
