/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exmachina-verify is started by exmachinad for one file of one commit, with a channel and its log
 * in place, and two sets of layers (sandbox.h) and the directories of lenses as its arguments; see
 * monitor/verifier.c. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "common/channel.h"
#include "common/log.h"
#include "sandbox/sandbox.h"
#include "verify/verify.h"

enum {
	FD_CHANNEL = 3,
	DESCRIPTORS_MAX = 16,
	FILE_SIZE_MAX = 80 << 20,
};

#define MEMORY_MAX (2ULL << 30)

/* Lenses are opened and read, two memfds received and mapped, and one is written. */
static const int calls[] = {
	SCMP_SYS(read),          SCMP_SYS(pread64),      SCMP_SYS(write),
	SCMP_SYS(close),         SCMP_SYS(lseek),        SCMP_SYS(fstat),
	SCMP_SYS(stat),          SCMP_SYS(lstat),        SCMP_SYS(newfstatat),
	SCMP_SYS(statx),         SCMP_SYS(openat),       SCMP_SYS(open),
	SCMP_SYS(access),        SCMP_SYS(faccessat),    SCMP_SYS(faccessat2),
	SCMP_SYS(getdents64),    SCMP_SYS(readlink),     SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),        SCMP_SYS(fcntl),        SCMP_SYS(mmap),
	SCMP_SYS(munmap),        SCMP_SYS(mremap),       SCMP_SYS(mprotect),
	SCMP_SYS(madvise),       SCMP_SYS(brk),          SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getrandom),     SCMP_SYS(getpid),       SCMP_SYS(gettid),
	SCMP_SYS(rt_sigaction),  SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(exit),          SCMP_SYS(exit_group),   SCMP_SYS(recvmsg),
};

/* The next message, which must be of that type. 0; -ESHUTDOWN if there is none, or -errno. */
static int receive(enum message_type type, struct packet *packet, struct message *ret_message,
		   int *ret_fd)
{
	int r = channel_recv(FD_CHANNEL, true, packet, ret_message, ret_fd);

	if (r <= 0)
		return r < 0 ? r : -ESHUTDOWN;
	return ret_message->type == type ? 0 : -EBADMSG;
}

static int receive_fd(enum message_type type, int *ret_fd)
{
	struct packet packet;
	struct message message;

	return receive(type, &packet, &message, ret_fd);
}

/* Until the texts come nothing hostile has been read. What was made of them goes with the process.
 */
static enum verify_verdict serve(const char *lens_path, struct verification *verification)
{
	scoped_fd before = -1, after = -1, result = -1;
	struct packet packet;
	struct message message;
	int fd = -1, r = receive(MON_VERIFY_LENS, &packet, &message, &fd);

	if (r == 0)
		r = verify_prepare(verification, message.verify_lens.lens, lens_path);
	if (r == 0)
		r = receive_fd(MON_VERIFY_BEFORE, &before);
	/* it may have come ahead, while the client goes on with its edits */
	if (r == 0)
		verify_read_before(verification, before);
	before = close_fd(before);
	if (r == 0)
		r = receive_fd(MON_VERIFY_AFTER, &after);
	if (r == 0)
		r = receive_fd(MON_VERIFY_RESULT, &result);
	return r < 0 ? VERIFY_MEMORY : verify_run(verification, after, result);
}

int main(int argc, char **argv)
{
	struct sandbox sandbox = {
		.calls = calls,
		.call_count = ARRAY_SIZE(calls),
		.memory = MEMORY_MAX,
		.descriptors = DESCRIPTORS_MAX,
		.file_size = FILE_SIZE_MAX,
	};
	/* it goes with the process, and not piece by piece */
	static struct verification verification;
	const char *step = "start";
	int r;

	log_open("exmachina-verify", LOG_TO_STDERR);
	if (argc != 4 || sandbox_arguments(argv[1], argv[2], &sandbox) < 0) {
		fprintf(stderr, "exmachina-verify is started by exmachinad(8) and not by hand\n");
		return EXIT_FAILURE;
	}
	sandbox.lens_path = argv[3];
	r = sandbox_enter(&sandbox, &step);
	if (r < 0) {
		log_error("cannot %s: %s", step, strerror(-r));
		return VERIFY_SANDBOX;
	}
	return (int)serve(sandbox.lens_path, &verification);
}
