/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_TRACE_H
#define EXM_CRASH_TRACE_H

/* Another process, from system call to system call, and copies of it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

/* Where a process stands: before a system call, or behind it. */
struct trace_stop {
	unsigned int index; /* counts from the first one of a run */
	bool is_entry;
	uint64_t number;
	uint64_t argument[6]; /* also behind it */
	int64_t result;       /* behind it only */
};

enum trace_step {
	TRACE_GO,
	TRACE_KILL,  /* SIGKILL, here and now */
	TRACE_LEAVE, /* stopped where it is */
};

typedef enum trace_step trace_hook(void *data, pid_t pid, const struct trace_stop *stop);

enum trace_end { TRACE_EXITED, TRACE_SIGNALLED, TRACE_KILLED, TRACE_LEFT };

/* Has it run, asking the hook at each stop. ret_status, if not NULL, gets the exit status. */
enum trace_end trace_run(pid_t pid, trace_hook *hook, void *data, int *ret_status);

/*
 * Forks a process that waits to execute something. Once it does, its clocks are system calls, as
 * all else: the kernel's own library is kept from it. trace_let_exec() returns with it running.
 */
pid_t trace_fork(void); /* 0 in the child, which execs, and ends if that fails */
void trace_let_exec(pid_t pid);

/* Takes hold of a process, and has it run to a stop at which the hook says TRACE_LEAVE. */
void trace_seize(pid_t pid, trace_hook *place, void *data);

/* Starts a program, whose standard error goes to a descriptor, and does the same. */
pid_t trace_start(const char *const argv[], int error_fd, trace_hook *place, void *data);

/*
 * A process that stands before a system call and is never let go; each copy of it, by fork, goes on
 * from there. What it has open is shared, what it remembers is not.
 */
struct trace_original {
	pid_t pid;
	struct user_regs_struct registers;
};

struct trace_original trace_original_of(pid_t pid);
pid_t trace_copy(const struct trace_original *original);

void trace_kill(pid_t pid);

/* The call that it stands before is not made. */
void trace_skip(pid_t pid);
/* What the call that it stands behind has returned. */
void trace_set_result(pid_t pid, int64_t result);

/* Its memory. */
void trace_peek(pid_t pid, uint64_t at, void *data, size_t size);
void trace_peek_text(pid_t pid, uint64_t at, char *text, size_t size);
void trace_poke(pid_t pid, uint64_t at, const void *data, size_t size);

#endif
