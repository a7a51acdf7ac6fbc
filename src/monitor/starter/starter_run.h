/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_STARTER_RUN_H
#define EXM_STARTER_RUN_H

#include <sys/resource.h>

#include "common/message.h"
#include "monitor/options.h"
#include "monitor/privileges.h"

/*
 * The starter: a process of exmachinad that was forked before the monitor gave up its rights,
 * and that starts what has fewer. What it starts was settled then; the monitor chooses among
 * these, and says which descriptors the new process gets.
 */
struct starter_spec {
	const char *libexec;           /* where exmachina-engine and exmachina-verify are */
	const char *lens_path;         /* as Augeas's, colon-separated */
	const char *prepared;          /* --prepared-root; NULL: namespaces are made */
	const struct identity *reader; /* whom engine and verifier become */
	const struct identity *user;   /* whom the paired program becomes */
	char *const *program;          /* its argv; NULL: there is none */
	const char *const *set_env;    /* NAME=VALUE or NAME */
	size_t set_env_count;
	struct rlimit descriptors; /* RLIMIT_NOFILE as it was before the server raised its own */
	bool quiet;                /* standard descriptors lead to /dev/null, the log to syslog */
};

/*
 * Starts an engine without a starter, as a child of this process, while that has all rights and has
 * met nobody: with these descriptors, in the order of START_WHATS. 0 or -errno.
 */
int starter_run_engine(const struct starter_spec *spec, const int *fds, size_t count,
		       uint32_t optional, pid_t *ret_pid) must_check;

/*
 * Serves the monitor at the other end of the channel until it is gone. Processes become the
 * monitor's children. Returns an exit status.
 */
int starter_run(const struct starter_spec *spec, int channel);

#endif
