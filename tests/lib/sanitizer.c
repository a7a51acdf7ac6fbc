/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linked into every program of the build with sanitizers. Most of them are started with an empty
 * environment, so what else stands in ASAN_OPTIONS is here.
 */
#include <sys/prctl.h>

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
int __lsan_is_turned_off(void);

/*
 * Signals are left alone: how the engine dies of one is tested. A report has an exit status of its
 * own, and is found in the log by its words: exm.py.
 */
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:"
	       "exitcode=99:allocator_may_return_null=1:detect_stack_use_after_return=1:"
	       "check_initialization_order=1:strict_init_order=1";
}

__attribute__((visibility("default"))) const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:exitcode=99";
}

/* Leaks are looked for by way of ptrace(2), which our servers do not permit; valgrind looks there.
 */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void)
{
	return prctl(PR_GET_DUMPABLE) != 1;
}
