/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a child of exmachina-run, for one check, before it is executed. The program is the
 * administrator's and no enemy, but reads what a client wrote, and does much of what that says.
 * Fails closed.
 */
#include "run/check_limits.h"

#include <cap-ng.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "run/check_place.h"

enum { FILE_SIZE_MAX = 64 << 20, FILES_MAX = 4096 };

/* the shadow memory of the address sanitizer counts as data */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MAX RLIM_INFINITY
#else
#define MEMORY_MAX (2ULL << 30)
#endif

/*
 * Files of other users are read, logs are opened and given to the user that a daemon runs as, ports
 * are bound: all of it in places that are thrown away, or read-only.
 */
static const unsigned int kept[] = { CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
				     CAP_FOWNER, CAP_FSETID,       CAP_NET_BIND_SERVICE };

/* The soft limit is the hard one: nobody is told before he is killed, and can go on as if not. */
static int set_limits(uint32_t seconds)
{
	const struct {
		__rlimit_resource_t resource;
		rlim_t most;
	} limits[] = {
		{ RLIMIT_CPU, seconds },
		{ RLIMIT_DATA, MEMORY_MAX },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, FILE_SIZE_MAX },
		{ RLIMIT_NOFILE, FILES_MAX },
		{ RLIMIT_MEMLOCK, 64 << 10 },
		{ RLIMIT_MSGQUEUE, 64 << 10 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit limit;

		if (getrlimit(limits[i].resource, &limit) < 0)
			return -errno;
		if (limit.rlim_max > limits[i].most)
			limit.rlim_max = limits[i].most;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i].resource, &limit) < 0)
			return -errno;
	}
	return 0;
}

static int drop_capabilities(void)
{
	const capng_type_t sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET;

	capng_setpid((int)gettid());
	if (capng_get_caps_process() < 0)
		return -EPERM;
	for (unsigned int capability = 0; capability <= CAP_LAST_CAP; capability++) {
		bool keep = false;

		for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
			keep |= kept[i] == capability;
		if (!keep && capng_update(CAPNG_DROP, sets, capability) < 0)
			return -EINVAL;
		if (capng_update(CAPNG_DROP, CAPNG_INHERITABLE, capability) < 0)
			return -EINVAL;
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    capng_apply(CAPNG_SELECT_BOUNDS) < 0 || capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/*
 * Sockets of local daemons are files: a read-only mount does not keep anybody from talking to
 * systemd, D-Bus or a database, who take the word of uid 0 for an order. So nobody is talked to at
 * all, and the ways around that are closed. Sockets may be made, bound and listened on.
 */
static const int refused[] = {
	SCMP_SYS(connect),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
};

static int add_rules(scmp_filter_ctx filter)
{
	static const scmp_datum_t namespaces[] = { CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
						   CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
						   CLONE_NEWNET };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(refused); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	/* with an address; send(2) has none */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(sendto), 1,
				     SCMP_A4(SCMP_CMP_NE, 0, 0));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(namespaces); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	/* its flags cannot be looked at; C libraries take clone(2) then */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r;
}

static int filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? add_rules(filter) : -ENOMEM;

	/* of another architecture nothing is known */
	if (r == 0)
		r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

int check_limits_enter(uint32_t seconds)
{
	int r = set_limits(seconds);

	if (r == 0)
		r = drop_capabilities();
	if (r == 0)
		r = check_place_guard();
	return r < 0 ? r : filter_calls();
}
