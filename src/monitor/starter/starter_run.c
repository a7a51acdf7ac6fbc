/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the starter, as root with the few capabilities that starting takes. Its only input
 * are the monitor's messages: a choice among things that are fixed, and descriptors. The
 * monitor reads what the engine says and could be taken over; so a message that is out of place
 * ends the starter, and the server with it. Only starter_run_engine() runs in the monitor, which
 * has all rights then and has met nobody, and in a child of it.
 */
#include "monitor/starter/starter_run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fd.h"
#include "common/log.h"
#include "monitor/exit_status.h"
#include "monitor/starter/confined.h"
#include "monitor/starter/program.h"

enum { FDS_MAX = 4, STACK_SIZE = 256 << 10 };

struct starter_process {
	const struct starter_spec *spec;
	int channel;
	pid_t monitor;
	int fds[FDS_MAX];
	size_t fd_count;
	bool program_started;
};

/* What the child does with what it was given. */
struct child {
	const struct starter_process *process;
	enum start_what what;
	uint32_t optional;
};

static _Noreturn void run_confined(const struct child *child)
{
	const struct starter_process *process = child->process;
	const struct starter_spec *spec = process->spec;
	const char *name = child->what == START_VERIFY ? "exmachina-verify" : "exmachina-engine";
	char path[256];
	const struct confined program = {
		.path = path,
		.name = name,
		.word = child->what == START_INDEX ? "index" : NULL,
		.enclosure = {
			.identity = spec->reader,
			.lens_path = spec->lens_path,
			.prepared = spec->prepared,
			.staging = child->what != START_VERIFY,
			.optional = child->optional,
		},
		.fds = process->fds,
		/* the log comes last */
		.fd_count = process->fd_count - 1,
		.log = process->fds[process->fd_count - 1],
	};

	snprintf(path, sizeof(path), "%s/%s", spec->libexec, name);
	confined_run(&program, process->monitor);
}

static _Noreturn void run_program(const struct child *child)
{
	const struct starter_process *process = child->process;
	const struct starter_spec *spec = process->spec;
	const struct program_spec program = {
		.argv = spec->program,
		.identity = spec->user,
		.client_fd = process->fds[0],
		.secret_fd = process->fds[1],
		.exec_fd = process->fds[2],
		.quiet = spec->quiet,
		.descriptors = spec->descriptors,
		.set_env = spec->set_env,
		.set_env_count = spec->set_env_count,
	};

	program_run(&program, process->monitor);
}

static int run_child(void *data)
{
	const struct child *child = data;

	if (child->what == START_PROGRAM)
		run_program(child);
	run_confined(child);
}

/*
 * As fork(2), but the child is the monitor's: so it is the monitor who learns of its end and
 * with whom it ends. The stack is a copy like everything else.
 */
static pid_t fork_for_monitor(struct child *child)
{
	static char stack[STACK_SIZE] __attribute__((aligned(64)));

	return clone(run_child, stack + sizeof(stack), CLONE_PARENT | SIGCHLD, child);
}

/*
 * The client may be one of the first three descriptors (--fd 0), which become the child's own. What
 * cannot be copied stays -1, and the child ends over it.
 */
static void clear_standard_fds(struct starter_process *process)
{
	for (size_t i = 0; i < process->fd_count; i++)
		process->fds[i] = fcntl(process->fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

int starter_run_engine(const struct starter_spec *spec, const int *fds, size_t count,
		       uint32_t optional, pid_t *ret_pid)
{
	struct starter_process process = { .spec = spec, .monitor = getpid(), .fd_count = count };
	const struct child child = {
		.process = &process,
		.what = START_ENGINE,
		.optional = optional,
	};
	pid_t pid;

	if (count > FDS_MAX)
		return -EINVAL;
	memcpy(process.fds, fds, count * sizeof(*fds));
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		clear_standard_fds(&process);
		run_confined(&child);
	}
	*ret_pid = pid;
	return 0;
}

static bool is_possible(const struct starter_process *process, const struct msg_start *start)
{
	static const size_t wanted[START_MAX] = {
#define X(NAME, descriptors) [START_##NAME] = (descriptors),
		START_WHATS(X)
#undef X
	};

	if (start->what >= START_MAX || process->fd_count != wanted[start->what])
		return false;
	/* one pair is all that a server makes */
	return start->what != START_PROGRAM ||
	       (process->spec->program && !process->program_started);
}

static void drop_fds(struct starter_process *process)
{
	while (process->fd_count > 0)
		close_fd(process->fds[--process->fd_count]);
}

static int answer(const struct starter_process *process, pid_t pid, int error)
{
	const struct message message = {
		.type = MON_STARTED,
		.started = { .error = error, .pid = pid > 0 ? (uint32_t)pid : 0 },
	};

	return channel_send(process->channel, &message, -1, true);
}

static int start(struct starter_process *process, const struct msg_start *start)
{
	struct child child = {
		.process = process,
		.what = start->what,
		.optional = start->optional,
	};
	pid_t pid;
	int error;

	if (!is_possible(process, start))
		return -EPROTO;
	pid = fork_for_monitor(&child);
	error = pid < 0 ? errno : 0;
	if (pid > 0 && start->what == START_PROGRAM)
		process->program_started = true;
	drop_fds(process);
	return answer(process, pid, error);
}

/* 1, 0 at the end, or -errno. */
static int serve_one(struct starter_process *process)
{
	struct packet packet;
	struct message message;
	scoped_fd fd = -1;
	int r = channel_recv(process->channel, true, &packet, &message, &fd);

	if (r <= 0)
		return r;
	switch (message.type) {
	case MON_START_FD:
		if (process->fd_count == FDS_MAX)
			return -EPROTO;
		process->fds[process->fd_count++] = take_fd(&fd);
		return 1;
	case MON_START:
		r = start(process, &message.start);
		return r < 0 ? r : 1;
	default:
		return -EPROTO;
	}
}

/* Namespaces are made by itself, or were by somebody else. */
static uint64_t capabilities(const struct starter_spec *spec)
{
	const uint64_t always = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID |
				UINT64_C(1) << CAP_SETPCAP | UINT64_C(1) << CAP_SYS_CHROOT;

	return spec->prepared ? always : always | UINT64_C(1) << CAP_SYS_ADMIN;
}

/* The signals of a terminal are for monitor and program; this process ends with the monitor. */
static int prepare(const struct starter_spec *spec, int channel)
{
	sigset_t all;
	int r = 0;

	sigfillset(&all);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0 ||
	    prctl(PR_SET_NAME, "exm-starter", 0, 0, 0) < 0)
		return -errno;
	if (spec->quiet) {
		log_open("exmachinad", LOG_TO_SYSLOG);
		r = fd_quiet(STDERR_FILENO);
	}
	if (r == 0)
		r = fd_keep_only(&channel, 1);
	if (r == 0)
		r = fd_set_cloexec(STDERR_FILENO + 1, true);
	return r < 0 ? r : privileges_keep(capabilities(spec));
}

int starter_run(const struct starter_spec *spec, int channel)
{
	struct starter_process process = {
		.spec = spec,
		.channel = STDERR_FILENO + 1,
		.monitor = getppid(),
	};
	int r = prepare(spec, channel);

	if (r < 0) {
		log_error("cannot give up what starting does not take: %s", strerror(-r));
		return EXIT_SANDBOX;
	}
	do {
		r = serve_one(&process);
	} while (r > 0);
	if (r < 0)
		log_error("the monitor said to its starter what it never says: %s", strerror(-r));
	drop_fds(&process);
	return r < 0 ? EXIT_PROTOCOL : EXIT_SUCCESS;
}
