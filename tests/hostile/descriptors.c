/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program's part: requests with a descriptor, each with every kind of it. Only a memfd
 * that nobody can change any more, and that is no larger than a file may be, is content.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/memfd.h"

#include "family.h"
#include "peer.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

#define TEXT "deb http://a b c\n"

static int memfd_with_seals(int seals)
{
	int fd = memfd_new("hostile");

	if (fd < 0 || write(fd, TEXT, strlen(TEXT)) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
		_exit(20);
	return fd;
}

static int unsealed(void)
{
	return memfd_with_seals(0);
}

static int not_sealed_for_writing(void)
{
	return memfd_with_seals(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW);
}

/* who has it mapped already can still write */
static int sealed_for_future_writing(void)
{
	return memfd_with_seals(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE);
}

static int not_sealed_for_shrinking(void)
{
	return memfd_with_seals(F_SEAL_SEAL | F_SEAL_GROW | F_SEAL_WRITE);
}

static int not_sealed_for_growing(void)
{
	return memfd_with_seals(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_WRITE);
}

static int not_sealed_for_seals(void)
{
	return memfd_with_seals(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

/* A child makes it longer and shorter until this process ends. */
static int of_changing_size(void)
{
	int fd = unsealed();

	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(20);
		for (off_t size = 0;; size = (size + 4096) % (64 * 4096))
			if (ftruncate(fd, size) < 0)
				_exit(0);
	}
	return fd;
}

static int memfd_of_size(off_t size)
{
	int fd = memfd_new("hostile");

	if (fd < 0 || ftruncate(fd, size) < 0 || memfd_seal(fd) < 0)
		_exit(20);
	return fd;
}

static int too_large(void)
{
	return memfd_of_size(CONTENT_MAX + 1);
}

static int far_too_large(void)
{
	return memfd_of_size((off_t)1 << 40);
}

static int path_of_sealed(void)
{
	scoped_fd fd = memfd_of("hostile", TEXT, strlen(TEXT));
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_PATH | O_CLOEXEC);
}

static int regular_file(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static int own_file(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 && write(fd, TEXT, strlen(TEXT)) < 0)
		_exit(20);
	return fd;
}

static int path_only(void)
{
	return open("/etc/shadow", O_PATH | O_CLOEXEC);
}

static int directory(void)
{
	return open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int pipe_end(void)
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) < 0 ? -1 : ends[0];
}

static int fifo(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/exmachina-fifo-%d", (int)getpid());
	if (mkfifo(path, 0600) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CLOEXEC);
	unlink(path);
	return fd;
}

static int stream_socket(void)
{
	return dup(FD_CLIENT);
}

/* it holds itself then, once the packet is in it */
static int its_own_channel(void)
{
	return dup(FD_CHANNEL);
}

static int zeros(void)
{
	return open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static int nothing(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int event_counter(void)
{
	return eventfd(0, EFD_CLOEXEC);
}

static int timer(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
}

static int epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int own_memory(void)
{
	return open("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

/* ---- what is content as well as any ------------------------------------------------- */

static int all_seals(void)
{
	return memfd_with_seals(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
				F_SEAL_FUTURE_WRITE);
}

static int just_large_enough(void)
{
	return memfd_of_size(CONTENT_MAX);
}

static int empty(void)
{
	return memfd_of_size(0);
}

static int read_only(void)
{
	scoped_fd fd = memfd_of("hostile", TEXT, strlen(TEXT));
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int at_its_end(void)
{
	int fd = memfd_of("hostile", TEXT, strlen(TEXT));

	return lseek(fd, 1 << 20, SEEK_SET) < 0 ? -1 : fd;
}

static const struct {
	const char *name;
	int (*make)(void);
	enum verdict verdict;
} kinds[] = {
	{ "an unsealed memfd", unsealed, ENDS },
	{ "a memfd that can be written to", not_sealed_for_writing, ENDS },
	{ "a memfd that who has mapped it can write to", sealed_for_future_writing, ENDS },
	{ "a memfd that can shrink", not_sealed_for_shrinking, ENDS },
	{ "a memfd that can grow", not_sealed_for_growing, ENDS },
	{ "a memfd whose seals are not sealed", not_sealed_for_seals, ENDS },
	{ "a memfd whose size changes", of_changing_size, ENDS },
	{ "a memfd one byte larger than a file may be", too_large, ENDS },
	{ "a memfd of 1 TiB", far_too_large, ENDS },
	{ "the path of a sealed memfd", path_of_sealed, ENDS },
	{ "a file of the system", regular_file, ENDS },
	{ "a file of its own", own_file, ENDS },
	{ "the path of a file that it may not read", path_only, ENDS },
	{ "a directory", directory, ENDS },
	{ "a pipe", pipe_end, ENDS },
	{ "a FIFO", fifo, ENDS },
	{ "the client's stream", stream_socket, ENDS },
	{ "its own channel", its_own_channel, ENDS },
	{ "/dev/zero", zeros, ENDS },
	{ "/dev/null", nothing, ENDS },
	{ "an eventfd", event_counter, ENDS },
	{ "a timerfd", timer, ENDS },
	{ "an epoll", epoll, ENDS },
	{ "its own memory", own_memory, ENDS },
	{ "a memfd with more seals than are asked for", all_seals, BORNE },
	{ "a memfd just as large as a file may be", just_large_enough, BORNE },
	{ "an empty memfd", empty, BORNE },
	{ "a sealed memfd opened for reading", read_only, BORNE },
	{ "a sealed memfd read to its end", at_its_end, BORNE },
};

enum { CASE_NAME_SIZE = 128 };

/* Visits all cases until it returns true. */
static bool each_case(bool (*visit)(enum message_type type, size_t kind, const char *name,
				    const void *data),
		      const void *data)
{
	char name[CASE_NAME_SIZE];

	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++) {
		const struct message_info *info = message_info(type);

		if (!info->phases || !(info->flags & (MSG_FD | MSG_MAY_FD)))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			snprintf(name, sizeof(name), "%s with %s", info->name, kinds[i].name);
			if (visit(type, i, name, data))
				return true;
		}
	}
	return false;
}

static bool list_case(enum message_type type, size_t kind, const char *name, const void *data)
{
	const enum verdict *verdict = data;

	(void)type;
	if (kinds[kind].verdict == *verdict)
		puts(name);
	return false;
}

static void list_descriptors(enum verdict verdict)
{
	each_case(list_case, &verdict);
}

static bool play_case(enum message_type type, size_t kind, const char *name, const void *data)
{
	const struct message message = peer_good_message(type);
	scoped_fd fd = -1;

	if (strcmp(name, data) != 0)
		return false;
	peer_reach(peer_phase_of(type));
	peer_prepare(type);
	fd = kinds[kind].make();
	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		_exit(20);
	}
	peer_send(&message, fd);
	if (kinds[kind].verdict == BORNE)
		peer_prove(type, name);
	return true;
}

static bool play_descriptors(const char *wanted)
{
	return each_case(play_case, wanted);
}

const struct family descriptor_family = { list_descriptors, play_descriptors };
