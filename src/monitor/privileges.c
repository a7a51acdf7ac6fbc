/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor and its starter, on themselves, and in the starter's children between fork
 * and exec, as root. Fails closed: a step that does not succeed ends the process before it runs
 * anything.
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
#include <unistd.h>

static const capng_type_t ALL_SETS =
	CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE | CAPNG_BOUNDING_SET | CAPNG_AMBIENT;

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

/* Are these capabilities all that is left, and is there no way back? */
static int verify(const struct identity *identity, const unsigned int *kept, size_t kept_count)
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
	for (size_t i = 0; i < kept_count; i++)
		if (capng_update(CAPNG_DROP, ALL_SETS, kept[i]) < 0)
			return -EINVAL;
	if (capng_have_capabilities(CAPNG_SELECT_ALL) != CAPNG_NONE)
		return -EPERM;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -EPERM;
	if (setuid(0) == 0)
		return -EPERM;
	return 0;
}

/* Of all capabilities these remain, in all sets, across a change of user and an exec. */
static int drop_but(const struct identity *identity, const unsigned int *kept, size_t kept_count)
{
	/* what it knows of the process that forked this one does not count, and its pid least of
	 * all */
	capng_setpid((int)gettid());
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < kept_count; i++)
		if (capng_update(CAPNG_ADD, ALL_SETS, kept[i]) < 0)
			return -EINVAL;
	/* bounding and ambient sets first: it takes CAP_SETPCAP to empty them */
	if (capng_apply(CAPNG_SELECT_BOUNDS) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return -EPERM;
	if (kept_count > 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	if (setgroups(0, NULL) < 0 || setresgid(identity->gid, identity->gid, identity->gid) < 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) < 0)
		return -errno;
	if (capng_apply(CAPNG_SELECT_CAPS) < 0 ||
	    (kept_count > 0 && capng_apply(CAPNG_SELECT_AMBIENT) < 0))
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return verify(identity, kept, kept_count);
}

int privileges_drop(const struct identity *identity)
{
	return drop_but(identity, NULL, 0);
}

int privileges_drop_but_root(const struct identity *identity)
{
	/* the second one empties the bounding set in the end */
	static const unsigned int kept[] = { CAP_SYS_CHROOT, CAP_SETPCAP };

	return drop_but(identity, kept, ARRAY_SIZE(kept));
}

int privileges_held(uint64_t *ret_capabilities)
{
	uint64_t held = 0;

	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (capng_have_capability(CAPNG_PERMITTED, capability))
			held |= UINT64_C(1) << capability;
	*ret_capabilities = held;
	return 0;
}

int privileges_keep(uint64_t capabilities)
{
	uint64_t held;
	int r = privileges_held(&held);

	if (r < 0)
		return r;
	capabilities &= held;
	capng_clear(CAPNG_SELECT_ALL);
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		const capng_type_t sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET;

		if ((capabilities & UINT64_C(1) << capability) &&
		    capng_update(CAPNG_ADD, sets, capability) < 0)
			return -EINVAL;
	}
	if (capng_apply(CAPNG_SELECT_BOUNDS) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
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
