/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-run, for one job, as root. Reads /proc, whose numbers are the
 * kernel's; the names of the processes in there are anybody's.
 */
#include "run/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "common/cleanup.h"

struct process {
	pid_t pid, parent;
	bool ours;
};

struct table {
	struct process *process;
	size_t count, room;
};

static void table_clear(struct table *table)
{
	free(table->process);
}

static void scoped_closedir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* 0 if there is no such process any more. */
static pid_t parent_of(int proc_fd, pid_t pid)
{
	char name[32], text[1024];
	const char *end;
	scoped_fd fd = -1;
	ssize_t n;

	snprintf(name, sizeof(name), "%d/stat", (int)pid);
	fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* behind the name, which may hold anything, are the state, one letter, and the parent */
	end = strrchr(text, ')');
	if (!end || strlen(end) < strlen(") S 1"))
		return 0;
	return (pid_t)strtol(end + strlen(") S "), NULL, 10);
}

static int table_add(struct table *table, pid_t pid, pid_t parent)
{
	if (table->count == table->room) {
		size_t room = table->room ? 2 * table->room : 256;
		struct process *longer =
			reallocarray(table->process, room, sizeof(*table->process));

		if (!longer)
			return -ENOMEM;
		table->process = longer;
		table->room = room;
	}
	table->process[table->count++] = (struct process){ .pid = pid, .parent = parent };
	return 0;
}

static int table_read(struct table *table, int proc_fd)
{
	scoped_fd fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(scoped_closedir) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	take_fd(&fd);
	while (r == 0 && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		pid_t parent = pid > 0 ? parent_of(proc_fd, pid) : 0;

		if (parent > 0)
			r = table_add(table, pid, parent);
	}
	return r;
}

static bool is_ours(const struct table *table, pid_t parent)
{
	if (parent == getpid())
		return true;
	for (size_t i = 0; i < table->count; i++)
		if (table->process[i].pid == parent)
			return table->process[i].ours;
	return false;
}

/* Children may stand before their parents: until nothing is found any more. */
static void table_mark(struct table *table)
{
	bool found = true;

	while (found) {
		found = false;
		for (size_t i = 0; i < table->count; i++) {
			struct process *process = &table->process[i];

			if (process->ours || !is_ours(table, process->parent))
				continue;
			process->ours = true;
			found = true;
		}
	}
}

static bool send_to(int proc_fd, const struct process *process, int number)
{
	scoped_fd fd = (int)syscall(SYS_pidfd_open, process->pid, 0);

	/* an orphan has become our child in the meantime: it is reached the next time */
	if (fd < 0 || parent_of(proc_fd, process->pid) != process->parent)
		return false;
	return syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) == 0;
}

int descendants_signal(int proc_fd, int number)
{
	scoped(table_clear) struct table table = { 0 };
	int r = table_read(&table, proc_fd), reached = 0;

	if (r < 0)
		return r;
	table_mark(&table);
	for (size_t i = 0; i < table.count; i++)
		if (table.process[i].ours && send_to(proc_fd, &table.process[i], number))
			reached++;
	return reached;
}
