/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests: what system calls do to the files of a commit and to the journal. */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "disk.h"
#include "must.h"

/* They leave files as they are, whatever they are called with. */
static const long harmless[] = {
	SYS_read,          SYS_pread64,
	SYS_close,         SYS_fstat,
	SYS_newfstatat,    SYS_statx,
	SYS_lseek,         SYS_mmap,
	SYS_mprotect,      SYS_munmap,
	SYS_brk,           SYS_mremap,
	SYS_madvise,       SYS_fcntl,
	SYS_flock,         SYS_getrandom,
	SYS_clock_gettime, SYS_clock_nanosleep,
	SYS_nanosleep,     SYS_epoll_wait,
	SYS_epoll_pwait,   SYS_epoll_ctl,
	SYS_recvmsg,       SYS_sendmsg,
	SYS_sendto,        SYS_gettid,
	SYS_getpid,        SYS_memfd_create,
	SYS_flistxattr,    SYS_fgetxattr,
	SYS_fstatfs,       SYS_timerfd_settime,
	SYS_exit_group,    SYS_getuid,
	SYS_geteuid,       SYS_readlink,
	SYS_ioctl,         SYS_poll,
	SYS_getdents64,    SYS_rt_sigprocmask,
	SYS_rt_sigaction,  SYS_socket,
	SYS_connect,       SYS_dup,
	SYS_openat2,       SYS_access,
	SYS_time,          SYS_gettimeofday,
};

/* ---- whose descriptor it is -------------------------------------------------------------------
 */

static void path_of(char path[static PATH_MAX], pid_t pid, uint64_t fd, const char *name)
{
	snprintf(path, PATH_MAX, "/proc/%d/fd/%d%s%s", pid, (int)fd, name ? "/" : "",
		 name ? name : "");
}

static bool is_place(const struct ground *ground, const struct stat *st, enum tree_place *ret_place)
{
	for (enum tree_place place = 0; place < TREE_PLACE_MAX; place++) {
		struct stat other;

		if (fstatat(ground->root_fd, tree_path(place), &other, 0) < 0)
			continue;
		if (st->st_ino != other.st_ino || st->st_dev != other.st_dev)
			continue;
		*ret_place = place;
		return true;
	}
	return false;
}

/* Of a directory that counts? */
static bool place_of(const struct disk_watch *watch, pid_t pid, uint64_t fd,
		     enum tree_place *ret_place)
{
	char path[PATH_MAX];
	struct stat st;

	path_of(path, pid, fd, NULL);
	return (int)fd >= 0 && stat(path, &st) == 0 && is_place(watch->ground, &st, ret_place);
}

/* The audit trail is its own concern, and memory is no disk. */
static bool file_of(const struct disk_watch *watch, pid_t pid, uint64_t fd, size_t *ret_file)
{
	char path[PATH_MAX], target[PATH_MAX] = "";
	struct stat st, root;
	const char *name;

	path_of(path, pid, fd, NULL);
	MUST(fstat(watch->ground->root_fd, &root) == 0);
	if ((int)fd < 0 || stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_dev != root.st_dev || readlink(path, target, sizeof(target) - 1) < 0)
		return false;
	name = strrchr(target, '/');
	if (!name || strncmp(name, "/audit", 6) == 0 ||
	    strncmp(target, watch->ground->root, strlen(watch->ground->root)) != 0)
		return false;
	*ret_file = disk_file(watch->disk, st.st_ino);
	return true;
}

/* DISK_NOBODY if there is no such file. */
static size_t named(const struct disk_watch *watch, pid_t pid, uint64_t dir, uint64_t name_at)
{
	char name[NAME_MAX + 1], path[PATH_MAX];
	struct stat st;

	trace_peek_text(pid, name_at, name, sizeof(name));
	path_of(path, pid, dir, name);
	return lstat(path, &st) == 0 ? disk_file(watch->disk, st.st_ino) : DISK_NOBODY;
}

/* ---- before a call ------------------------------------------------------------------------------
 */

static size_t position_of(pid_t pid, uint64_t fd)
{
	char path[PATH_MAX], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, (int)fd);
	file = fopen(path, "re");
	MUST(file && fgets(line, sizeof(line), file) && strncmp(line, "pos:", 4) == 0);
	fclose(file);
	return strtoul(line + 4, NULL, 10);
}

static void before(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	enum tree_place place;
	size_t file;

	if (stop->number == SYS_write && file_of(watch, pid, stop->argument[0], &file))
		watch->at = position_of(pid, stop->argument[0]);
	if (stop->number == SYS_openat && stop->argument[2] & O_CREAT &&
	    place_of(watch, pid, stop->argument[0], &place))
		watch->is_new =
			named(watch, pid, stop->argument[0], stop->argument[1]) == DISK_NOBODY;
	if ((stop->number == SYS_renameat || stop->number == SYS_renameat2) &&
	    place_of(watch, pid, stop->argument[0], &place)) {
		watch->first = named(watch, pid, stop->argument[0], stop->argument[1]);
		watch->second = named(watch, pid, stop->argument[2], stop->argument[3]);
	}
}

/* ---- behind it ----------------------------------------------------------------------------------
 */

static void note_write(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop,
		       size_t at)
{
	struct disk_event *event;
	size_t file;

	if (!file_of(watch, pid, stop->argument[0], &file))
		return;
	event = disk_add(watch->disk, DISK_WRITE);
	event->file = file;
	event->at = at;
	event->size = (size_t)stop->result;
	event->data = malloc(event->size + 1);
	MUST(event->data);
	trace_peek(pid, stop->argument[1], event->data, event->size);
}

static void note_truncate(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	struct disk_event *event;
	size_t file;

	if (!file_of(watch, pid, stop->argument[0], &file))
		return;
	event = disk_add(watch->disk, DISK_TRUNCATE);
	event->file = file;
	event->size = stop->argument[1];
}

static void note_metadata(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	struct disk_event *event;
	char path[PATH_MAX];
	scoped_fd fd = -1;
	size_t file;

	if (!file_of(watch, pid, stop->argument[0], &file))
		return;
	path_of(path, pid, stop->argument[0], NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0);
	event = disk_add(watch->disk, DISK_METADATA);
	event->file = file;
	tree_read_metadata(fd, &event->metadata);
}

static void note_create(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	struct disk_event *event;
	enum tree_place place;
	size_t file;

	if (!(stop->argument[2] & O_CREAT) || !watch->is_new ||
	    !place_of(watch, pid, stop->argument[0], &place) ||
	    !file_of(watch, pid, (uint64_t)stop->result, &file))
		return;
	MUST(!(stop->argument[2] & O_TRUNC));
	event = disk_add(watch->disk, DISK_CREATE);
	event->place = place;
	event->file = file;
	trace_peek_text(pid, stop->argument[1], event->name, sizeof(event->name));
}

static void note_rename(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	struct disk_event *event;
	enum tree_place place, other;
	bool is_exchange = stop->number == SYS_renameat2 && stop->argument[4] & RENAME_EXCHANGE;

	if (!place_of(watch, pid, stop->argument[0], &place))
		return;
	/* two directories would be two things */
	MUST(place_of(watch, pid, stop->argument[2], &other) && place == other);
	event = disk_add(watch->disk, DISK_NAMES);
	event->place = place;
	event->file = watch->first;
	event->second = is_exchange ? watch->second : DISK_NOBODY;
	trace_peek_text(pid, stop->argument[1], event->name, sizeof(event->name));
	trace_peek_text(pid, stop->argument[3], event->other, sizeof(event->other));
}

static void note_removal(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	struct disk_event *event;
	enum tree_place place;

	if (!place_of(watch, pid, stop->argument[0], &place))
		return;
	event = disk_add(watch->disk, DISK_REMOVE);
	event->place = place;
	trace_peek_text(pid, stop->argument[1], event->name, sizeof(event->name));
}

static void note_directory(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	char name[NAME_MAX + 1];
	enum tree_place place;

	trace_peek_text(pid, stop->argument[1], name, sizeof(name));
	MUST(place_of(watch, pid, stop->argument[0], &place) && place == TREE_STATE);
	MUST(strcmp(name, TREE_HISTORY_NAME) == 0);
	disk_add(watch->disk, DISK_HISTORY)->place = place;
}

static void note_sync(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	enum tree_place place;
	size_t file;

	if (place_of(watch, pid, stop->argument[0], &place))
		disk_add(watch->disk, DISK_SYNC_DIRECTORY)->place = place;
	else if (file_of(watch, pid, stop->argument[0], &file))
		disk_add(watch->disk, stop->number == SYS_fsync ? DISK_SYNC : DISK_SYNC_DATA)
			->file = file;
}

static void must_be_harmless(const struct disk_watch *watch, pid_t pid,
			     const struct trace_stop *stop)
{
	size_t file;

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (harmless[i] == (long)stop->number)
			return;
	/* what is done to the audit trail */
	if (stop->number == SYS_fallocate && !file_of(watch, pid, stop->argument[0], &file))
		return;
	fprintf(stderr, "the disk does not know what system call %ju does\n",
		(uintmax_t)stop->number);
	exit(3);
}

static void behind(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	switch ((long)stop->number) {
	case SYS_write:
		note_write(watch, pid, stop, watch->at);
		break;
	case SYS_pwrite64:
		note_write(watch, pid, stop, stop->argument[3]);
		break;
	case SYS_ftruncate:
		note_truncate(watch, pid, stop);
		break;
	case SYS_fchown:
	case SYS_fchmod:
	case SYS_fsetxattr:
	case SYS_fremovexattr:
		note_metadata(watch, pid, stop);
		break;
	case SYS_openat:
		note_create(watch, pid, stop);
		break;
	case SYS_renameat:
	case SYS_renameat2:
		note_rename(watch, pid, stop);
		break;
	case SYS_unlinkat:
		note_removal(watch, pid, stop);
		break;
	case SYS_mkdirat:
		note_directory(watch, pid, stop);
		break;
	case SYS_fsync:
	case SYS_fdatasync:
		note_sync(watch, pid, stop);
		break;
	default:
		must_be_harmless(watch, pid, stop);
	}
}

void disk_watch(struct disk_watch *watch, pid_t pid, const struct trace_stop *stop)
{
	if (stop->is_entry)
		before(watch, pid, stop);
	else if (stop->result >= 0)
		behind(watch, pid, stop);
}
