/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_INITD_SCRIPT_H
#define EXM_INITD_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/message.h"

/* What can be learned about an init script without running it. */
enum {
	INITD_NAME_SIZE = 256,
	INITD_PIDFILES_MAX = 8,
	INITD_PIDFILE_SIZE = 128,
	INITD_LINKS_SIZE = 1024,
};

struct initd_script {
	bool has_status; /* it knows the action "status" */
	size_t pidfile_count;
	char pidfiles[INITD_PIDFILES_MAX][INITD_PIDFILE_SIZE]; /* that it names; absolute */
};

/* The name of X.service's script; false for what can have none. */
bool initd_script_name(const char *unit, char name[static INITD_NAME_SIZE]) must_check;

/* What its text tells. */
void initd_script_look(const char *text, struct initd_script *ret_script);

/* The same of the script with that name: 0, -ENOENT if there is none, or another -errno. */
int initd_script_read(int root_fd, const char *name, struct initd_script *ret_script) must_check;

/* The process that a file in /run with its name, or one that it names, tells of and that lives; 0:
 * none. */
uint32_t initd_script_main_pid(int root_fd, const char *name, const struct initd_script *script);

/* The links to it in /etc/rc?.d, a line each: cut where there is no more room. */
void initd_script_links(int root_fd, const char *name, char links[static INITD_LINKS_SIZE]);

/* Is it among the links that one starts the script in a runlevel with users? */
bool initd_links_enabled(const char *links);

/* The lines that are new, and those that are gone, as systemd tells of changes. */
void initd_links_compare(const char *before, const char *after,
			 char changes[static MESSAGE_CHANGES_MAX + 1]);

#endif
