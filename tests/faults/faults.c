/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linked with the monitor's code into exmachinad_faults, which is exmachinad but for this: while
 * it is told to, one call of the system or of a library that our code makes, and that may fail,
 * does. tests/system/test_faults.py has it try every such call once, in each context.
 *
 * The linker sends here what our objects call; what libraries call inside is left alone. A call is
 * known by where it is and who has called there, four levels up. What was tried is kept in a file,
 * EXM_FAULTS, that all processes map: the test writes `armed`, and the call that fails takes it.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

enum { TRIED_MAX = 16384, LEVELS = 4, SKIPPED = 2, NAME_SIZE = 64 };

/* As test_faults.py reads it. */
struct shared {
	uint32_t armed;       /* the next call that was not tried fails */
	uint32_t count;       /* of `tried` */
	char name[NAME_SIZE]; /* of the last that failed */
	uint64_t tried[TRIED_MAX];
};

static struct shared *shared;

/* Our own code, by the linker. */
extern const char __executable_start, etext;

__attribute__((constructor)) static void faults_begin(void)
{
	const char *path = getenv("EXM_FAULTS");
	void *level[1];
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	/* its first call takes memory and a library */
	backtrace(level, 1);
	if (fd < 0)
		return;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	unsetenv("EXM_FAULTS");
	if (shared == MAP_FAILED)
		abort();
}

static uint64_t context_now(void)
{
	void *level[LEVELS + SKIPPED];
	int count = backtrace(level, LEVELS + SKIPPED);
	uint64_t context = 0;

	/* libraries are elsewhere in each process */
	for (int i = SKIPPED; i < count; i++)
		if ((const char *)level[i] >= &__executable_start &&
		    (const char *)level[i] < &etext)
			context = context * 1000003 +
				  (uint64_t)((const char *)level[i] - &__executable_start);
	return context;
}

/* Is it this call's turn? Not inlined, so that two levels are ours. */
__attribute__((noinline)) static bool fails(const char *name)
{
	int saved = errno;
	uint64_t context;

	if (!shared || !shared->armed)
		return false;
	context = context_now();
	errno = saved;
	for (uint32_t i = 0; i < shared->count; i++)
		if (shared->tried[i] == context)
			return false;
	if (shared->count == TRIED_MAX)
		abort();
	/* another process may have been quicker, and only one call is to fail */
	if (__atomic_exchange_n(&shared->armed, 0, __ATOMIC_ACQ_REL) == 0)
		return false;
	shared->tried[shared->count++] = context;
	snprintf(shared->name, NAME_SIZE, "%s", name);
	return true;
}

/*
 * All of them take up to seven integers or pointers, and passing on more of them than there are
 * does no harm; so their types need not be repeated here.
 */
#define WRAP(name, result, number) \
	long __real_##name(long a, long b, long c, long d, long e, long f, long g); \
	long __wrap_##name(long a, long b, long c, long d, long e, long f, long g); \
	__attribute__((noinline)) long __wrap_##name(long a, long b, long c, long d, long e, \
						     long f, long g) \
	{ \
		if (!fails(#name)) \
			return __real_##name(a, b, c, d, e, f, g); \
		errno = (number); \
		return (result); \
	}

/* memory */
WRAP(malloc, 0, ENOMEM)
WRAP(calloc, 0, ENOMEM)
WRAP(realloc, 0, ENOMEM)
WRAP(reallocarray, 0, ENOMEM)
WRAP(strdup, 0, ENOMEM)
WRAP(strndup, 0, ENOMEM)
WRAP(open_memstream, 0, ENOMEM)
WRAP(mmap64, -1, ENOMEM)
WRAP(memfd_create, -1, EMFILE)

/* files */
WRAP(open64, -1, EMFILE)
WRAP(openat64, -1, EMFILE)
WRAP(fcntl64, -1, EMFILE)
WRAP(dup2, -1, EMFILE)
WRAP(pipe2, -1, EMFILE)
WRAP(fdopendir, 0, ENOMEM)
WRAP(readdir64, 0, EIO)
WRAP(scandirat64, -1, ENOMEM)
WRAP(fstat64, -1, EIO)
WRAP(fstatat64, -1, EIO)
WRAP(stat64, -1, EIO)
WRAP(statx, -1, EIO)
WRAP(read, -1, EIO)
WRAP(pread64, -1, EIO)
WRAP(write, -1, ENOSPC)
WRAP(pwrite64, -1, ENOSPC)
WRAP(ftruncate64, -1, EIO)
WRAP(flock, -1, EIO)
WRAP(lseek64, -1, EIO)
WRAP(fsync, -1, EIO)
WRAP(fdatasync, -1, EIO)
WRAP(fchmod, -1, EPERM)
WRAP(fchown, -1, EPERM)
WRAP(fgetxattr, -1, EIO)
WRAP(fsetxattr, -1, ENOSPC)
WRAP(fremovexattr, -1, EIO)
WRAP(flistxattr, -1, EIO)
WRAP(renameat2, -1, EIO)
WRAP(renameat, -1, EIO)
WRAP(rename, -1, EIO)
WRAP(unlinkat, -1, EIO)
WRAP(unlink, -1, EIO)
WRAP(symlinkat, -1, ENOSPC)
WRAP(readlinkat, -1, EIO)
WRAP(mkdir, -1, ENOSPC)
WRAP(mkdirat, -1, ENOSPC)
WRAP(ioctl, -1, EIO)

/* sockets and messages */
WRAP(socket, -1, EMFILE)
WRAP(socketpair, -1, EMFILE)
WRAP(bind, -1, EADDRINUSE)
WRAP(listen, -1, EADDRINUSE)
WRAP(accept4, -1, EMFILE)
WRAP(connect, -1, ECONNREFUSED)
WRAP(getsockopt, -1, EIO)
WRAP(sendmsg, -1, ENOBUFS)
WRAP(recvmsg, -1, EIO)
WRAP(poll, -1, ENOMEM)

/* processes */
WRAP(fork, -1, EAGAIN)
WRAP(execve, -1, ENOENT)
WRAP(execvp, -1, ENOENT)
WRAP(unshare, -1, EPERM)
WRAP(mount, -1, EPERM)
WRAP(chdir, -1, EACCES)
WRAP(prctl, -1, EPERM)
WRAP(setgroups, -1, EPERM)
WRAP(setresgid, -1, EPERM)
WRAP(setresuid, -1, EPERM)
WRAP(getresuid, -1, EPERM)
WRAP(getresgid, -1, EPERM)
WRAP(getrlimit64, -1, EPERM)
WRAP(setrlimit64, -1, EPERM)
WRAP(close_range, -1, ENOSYS)
WRAP(syscall, -1, ENOSYS)
WRAP(getrandom, -1, ENOSYS)
WRAP(sethostname, -1, EPERM)
WRAP(uname, -1, EFAULT)
WRAP(capng_get_caps_process, -1, EPERM)
WRAP(capng_update, -1, EPERM)
WRAP(capng_apply, -1, EPERM)

/* libsystemd, which returns the error */
#define WRAP_SD(name) WRAP(name, -ENOMEM, ENOMEM)
WRAP_SD(sd_event_default)
WRAP_SD(sd_event_add_io)
WRAP_SD(sd_event_add_time)
WRAP_SD(sd_event_add_time_relative)
WRAP_SD(sd_event_add_signal)
WRAP_SD(sd_event_add_child)
WRAP_SD(sd_event_add_defer)
WRAP_SD(sd_event_now)
WRAP_SD(sd_event_set_watchdog)
WRAP_SD(sd_bus_new)
WRAP_SD(sd_bus_set_fd)
WRAP_SD(sd_bus_start)
WRAP_SD(sd_bus_attach_event)
WRAP_SD(sd_bus_add_match_async)
WRAP_SD(sd_bus_call_async)
WRAP_SD(sd_bus_message_new_method_call)
WRAP_SD(sd_bus_message_open_container)
WRAP_SD(sd_bus_message_append_strv)
WRAP_SD(sd_bus_message_enter_container)
WRAP_SD(sd_bus_message_exit_container)
WRAP_SD(sd_bus_message_read_basic)
WRAP_SD(sd_bus_message_skip)
WRAP_SD(sd_bus_path_encode)
WRAP_SD(sd_journal_open_files_fd)
WRAP_SD(sd_journal_add_match)
WRAP_SD(sd_journal_add_disjunction)
WRAP_SD(sd_journal_seek_tail)
WRAP_SD(sd_journal_seek_cursor)
WRAP_SD(sd_journal_next)
WRAP_SD(sd_journal_previous)
WRAP_SD(sd_journal_get_data)
WRAP_SD(sd_journal_get_cursor)
WRAP_SD(sd_journal_get_realtime_usec)
WRAP_SD(sd_journal_get_monotonic_usec)
WRAP_SD(sd_id128_get_boot)
WRAP_SD(sd_listen_fds)
WRAP_SD(sd_is_socket)

/* What takes any number of arguments, or more than six. */
__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **ret_text, const char *format, ...);
__attribute__((format(printf, 3, 4))) int __wrap___asprintf_chk(char **ret_text, int flag,
								const char *format, ...);
int __wrap_sd_bus_message_append(sd_bus_message *message, const char *types, ...);
int __wrap_sd_bus_message_read(sd_bus_message *message, const char *types, ...);
int __wrap_sd_bus_call_method_async(sd_bus *bus, sd_bus_slot **slot, const char *destination,
				    const char *path, const char *interface, const char *member,
				    sd_bus_message_handler_t done, void *data, const char *types,
				    ...);
__typeof__(sd_bus_match_signal_async) __real_sd_bus_match_signal_async;
__typeof__(sd_bus_match_signal_async) __wrap_sd_bus_match_signal_async;

#define WITH_LIST(name, last, call) \
	va_list list; \
	int r; \
\
	if (fails(name)) { \
		errno = ENOMEM; \
		return strncmp(name, "sd_", 3) == 0 ? -ENOMEM : -1; \
	} \
	va_start(list, last); \
	r = call; \
	va_end(list); \
	return r

int __wrap_asprintf(char **ret_text, const char *format, ...)
{
	WITH_LIST("asprintf", format, vasprintf(ret_text, format, list));
}

int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...)
{
	(void)flag;
	WITH_LIST("asprintf", format, vasprintf(ret_text, format, list));
}

int __wrap_sd_bus_message_append(sd_bus_message *message, const char *types, ...)
{
	WITH_LIST("sd_bus_message_append", types, sd_bus_message_appendv(message, types, list));
}

int __wrap_sd_bus_message_read(sd_bus_message *message, const char *types, ...)
{
	WITH_LIST("sd_bus_message_read", types, sd_bus_message_readv(message, types, list));
}

int __wrap_sd_bus_call_method_async(sd_bus *bus, sd_bus_slot **slot, const char *destination,
				    const char *path, const char *interface, const char *member,
				    sd_bus_message_handler_t done, void *data, const char *types,
				    ...)
{
	WITH_LIST("sd_bus_call_method_async", types,
		  sd_bus_call_method_asyncv(bus, slot, destination, path, interface, member, done,
					    data, types, list));
}

int __wrap_sd_bus_match_signal_async(sd_bus *bus, sd_bus_slot **slot, const char *sender,
				     const char *path, const char *interface, const char *member,
				     sd_bus_message_handler_t callback,
				     sd_bus_message_handler_t installed, void *data)
{
	if (fails("sd_bus_match_signal_async"))
		return -ENOMEM;
	return __real_sd_bus_match_signal_async(bus, slot, sender, path, interface, member,
						callback, installed, data);
}
