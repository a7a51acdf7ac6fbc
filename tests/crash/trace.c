/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part of the crash tests, which run as root in the sandbox. A copy is made by having the original
 * call clone(2) in place of what it was about to call; it is a child of ours (CLONE_PARENT), and
 * then both make the call that they stood before. Nothing in the program knows of that.
 */
#include "trace.h"

#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"

#ifndef __x86_64__
#error "registers are known of x86-64 only"
#endif

enum {
	CALL_SIZE = 2, /* of the instruction */
	CALL_STOP = SIGTRAP | 0x80,
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL,
};

/* ---- one step ------------------------------------------------------------------------ */

static void resume(pid_t pid, int signal_number)
{
	MUST(ptrace(PTRACE_SYSCALL, pid, NULL, (long)signal_number) == 0);
}

static void wait_for(pid_t pid, int *ret_status)
{
	pid_t found;

	do {
		found = waitpid(pid, ret_status, __WALL);
	} while (found < 0 && errno == EINTR);
	MUST(found == pid);
}

static void look(pid_t pid, struct trace_stop *stop)
{
	struct __ptrace_syscall_info info;

	MUST(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
	stop->is_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	if (stop->is_entry) {
		stop->number = info.entry.nr;
		memcpy(stop->argument, info.entry.args, sizeof(stop->argument));
	} else {
		MUST(info.op == PTRACE_SYSCALL_INFO_EXIT);
		stop->result = info.exit.rval;
	}
}

/* To the next stop at a call. False at its end. */
static bool step(pid_t pid, struct trace_stop *stop, int *ret_status)
{
	int signal_number = 0;

	for (;;) {
		resume(pid, signal_number);
		wait_for(pid, ret_status);
		if (!WIFSTOPPED(*ret_status))
			return false;
		if (WSTOPSIG(*ret_status) == CALL_STOP)
			break;
		/* what is no signal but an event of ptrace is not passed on */
		signal_number = *ret_status >> 16 ? 0 : WSTOPSIG(*ret_status);
	}
	look(pid, stop);
	return true;
}

enum trace_end trace_run(pid_t pid, trace_hook *hook, void *data, int *ret_status)
{
	struct trace_stop stop = { 0 };
	int status;

	for (; step(pid, &stop, &status); stop.index++) {
		enum trace_step next = hook(data, pid, &stop);

		if (next == TRACE_LEAVE)
			return TRACE_LEFT;
		if (next == TRACE_KILL) {
			trace_kill(pid);
			return TRACE_KILLED;
		}
	}
	if (ret_status)
		*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	return WIFEXITED(status) ? TRACE_EXITED : TRACE_SIGNALLED;
}

/* ---- taking hold --------------------------------------------------------------------- */

void trace_seize(pid_t pid, trace_hook *place, void *data)
{
	int status;

	MUST(ptrace(PTRACE_SEIZE, pid, NULL, (long)OPTIONS) == 0);
	MUST(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0);
	wait_for(pid, &status);
	MUST(WIFSTOPPED(status));
	MUST(trace_run(pid, place, data, NULL) == TRACE_LEFT);
}

/* In the list that the kernel gives to a new program, behind arguments and environment. */
static void hide_vdso(pid_t pid)
{
	struct user_regs_struct registers;
	uint64_t at, word;
	int zeros = 0;

	MUST(ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0);
	for (at = registers.rsp + sizeof(word); zeros < 2; at += sizeof(word)) {
		trace_peek(pid, at, &word, sizeof(word));
		zeros += word == 0;
	}
	do {
		trace_peek(pid, at, &word, sizeof(word));
		if (word == AT_SYSINFO_EHDR)
			trace_poke(pid, at, &(uint64_t){ AT_IGNORE }, sizeof(word));
		at += 2 * sizeof(word);
	} while (word != AT_NULL);
}

pid_t trace_fork(void)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (pid > 0)
		return pid;
	/* a sanitizer looks for leaks by ptrace(2), which is taken */
	MUST(setenv("ASAN_OPTIONS", "detect_leaks=0", 1) == 0 && raise(SIGSTOP) == 0);
	return 0;
}

/* It stands where the new program begins. */
static void seize_exec(pid_t pid)
{
	int status;

	MUST(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	MUST(ptrace(PTRACE_SEIZE, pid, NULL, (long)(OPTIONS | PTRACE_O_TRACEEXEC)) == 0);
	MUST(kill(pid, SIGCONT) == 0);
	do {
		wait_for(pid, &status);
		MUST(WIFSTOPPED(status));
		if (status >> 16 != PTRACE_EVENT_EXEC)
			MUST(ptrace(PTRACE_CONT, pid, NULL, NULL) == 0);
	} while (status >> 16 != PTRACE_EVENT_EXEC);
	MUST(ptrace(PTRACE_SETOPTIONS, pid, NULL, (long)OPTIONS) == 0);
	hide_vdso(pid);
}

void trace_let_exec(pid_t pid)
{
	seize_exec(pid);
	MUST(ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0);
}

pid_t trace_start(const char *const argv[], int error_fd, trace_hook *place, void *data)
{
	pid_t pid = trace_fork();

	if (pid == 0) {
		if (dup2(error_fd, STDERR_FILENO) >= 0)
			execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	seize_exec(pid);
	MUST(trace_run(pid, place, data, NULL) == TRACE_LEFT);
	return pid;
}

/* ---- copies -------------------------------------------------------------------------- */

struct trace_original trace_original_of(pid_t pid)
{
	struct trace_original original = { .pid = pid };

	MUST(ptrace(PTRACE_GETREGS, pid, NULL, &original.registers) == 0);
	return original;
}

/* Before the same call once more. */
static void set_back(pid_t pid, const struct user_regs_struct *registers)
{
	struct user_regs_struct back = *registers;

	back.rip -= CALL_SIZE;
	back.rax = back.orig_rax;
	back.orig_rax = (unsigned long long)-1;
	MUST(ptrace(PTRACE_SETREGS, pid, NULL, &back) == 0);
}

/* The event of the fork comes before the end of the call. */
static pid_t let_fork(pid_t pid)
{
	unsigned long child = 0;
	int status;

	resume(pid, 0);
	wait_for(pid, &status);
	MUST(WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_FORK);
	MUST(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &child) == 0);
	resume(pid, 0);
	wait_for(pid, &status);
	MUST(WIFSTOPPED(status) && WSTOPSIG(status) == CALL_STOP);
	return (pid_t)child;
}

pid_t trace_copy(const struct trace_original *original)
{
	struct user_regs_struct forking = original->registers;
	struct trace_stop stop = { 0 };
	pid_t child;
	int status;

	forking.orig_rax = SYS_clone;
	forking.rdi = CLONE_PARENT | SIGCHLD;
	forking.rsi = forking.rdx = forking.r10 = forking.r8 = 0;
	MUST(ptrace(PTRACE_SETREGS, original->pid, NULL, &forking) == 0);
	child = let_fork(original->pid);
	wait_for(child, &status);
	MUST(WIFSTOPPED(status));
	set_back(child, &original->registers);
	set_back(original->pid, &original->registers);
	MUST(step(original->pid, &stop, &status) && stop.is_entry);
	return child;
}

void trace_kill(pid_t pid)
{
	int status;

	MUST(kill(pid, SIGKILL) == 0);
	do {
		wait_for(pid, &status);
	} while (WIFSTOPPED(status));
}

/* ---- what a hook may do ---------------------------------------------------------------- */

void trace_skip(pid_t pid)
{
	struct user_regs_struct registers;

	MUST(ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0);
	registers.orig_rax = (unsigned long long)-1;
	MUST(ptrace(PTRACE_SETREGS, pid, NULL, &registers) == 0);
}

void trace_set_result(pid_t pid, int64_t result)
{
	struct user_regs_struct registers;

	MUST(ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0);
	registers.rax = (unsigned long long)result;
	MUST(ptrace(PTRACE_SETREGS, pid, NULL, &registers) == 0);
}

void trace_peek(pid_t pid, uint64_t at, void *data, size_t size)
{
	struct iovec here = { data, size }, there = { (void *)(uintptr_t)at, size };

	MUST(size == 0 || process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)size);
}

/* A text may end at the end of what can be read. */
void trace_peek_text(pid_t pid, uint64_t at, char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		trace_peek(pid, at + i, text + i, 1);
		if (!text[i])
			return;
	}
	MUST(!"a text that has an end");
}

void trace_poke(pid_t pid, uint64_t at, const void *data, size_t size)
{
	struct iovec here = { (void *)(uintptr_t)data, size };
	struct iovec there = { (void *)(uintptr_t)at, size };

	MUST(process_vm_writev(pid, &here, 1, &there, 1, 0) == (ssize_t)size);
}
