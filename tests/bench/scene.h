/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_SCENE_H
#define EXM_BENCH_SCENE_H

/*
 * A hosts file of some length in two root directories: in one a server works on it, in the other
 * one libaugeas in this process. Both do the same.
 */

#include <augeas.h>
#include <stdbool.h>
#include <stddef.h>

#include "server.h"

#define HOSTS "/etc/hosts"
#define HOSTS_NODE "/files" HOSTS

/* On a tmpfs: nothing waits for a disk. */
#define SCENE_ROOT "/run/bench-root"
#define SCENE_PEER_ROOT "/run/bench-peer"

/* Makes ROOT/etc/hosts, with directories, in the form of entry_line(). */
void hosts_write(const char *root, int entries);
char *hosts_text(int entries, size_t *ret_size); /* the caller frees it */

/* libaugeas, with one lens, over a root directory whose hosts file it has read. */
augeas *augeas_open(const char *root);

struct scene {
	const char *policy; /* of the server */
	int entries;
	int round;  /* counts what was changed, so that no change is like the one before */
	bool pause; /* between an edit and its commit, as whoever edits makes one */
	struct server server; /* fd is -1: none */
	augeas *aug;          /* NULL: none */
};

/* Writes the files, and starts what is wanted. A server has read the file when it is there. */
struct scene scene_begin(const char *policy, int entries, bool server, bool aug);
void scene_end(struct scene *scene);

/* The pause, if there is one: what else is measured beside makes it as well, before its clock. */
void scene_wait(const struct scene *scene);

/* Measures of a struct scene: one value of the entry in the middle is changed, and saved. */
double scene_change(void *data);
double scene_peer_change(void *data);

/* One entry is appended, and saved. */
double scene_append(void *data);
double scene_peer_append(void *data);

#endif
