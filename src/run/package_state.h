/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_STATE_H
#define EXM_PACKAGE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* What dpkg-query is asked to print for each package, a line each. */
#define PACKAGE_STATE_FORMAT \
	"${Package}\\t${Architecture}\\t${db:Status-Status}\\t${Version}\\t${Essential}\\t" \
	"${Protected}\\n"

/* How a package is, as dpkg sees it. */
struct package_state {
	const char *name, *arch;
	const char *state;   /* "installed", "config-files", "half-configured" ... */
	const char *version; /* "" where none is there */
	bool essential;      /* or protected */
};

struct package_states {
	char *text; /* that the others point into */
	struct package_state *state;
	size_t count;
};

void package_states_clear(struct package_states *states);

#define scoped_states scoped(package_states_clear) struct package_states

/*
 * Takes what dpkg-query printed, also when it fails. 0, -EBADMSG if it printed
 * something else, -ENOMEM.
 */
int package_states_read(char *text, struct package_states *ret_states) must_check;

/* NULL: dpkg has never heard of it. */
const struct package_state *package_states_find(const struct package_states *states,
						const char *name, const char *arch);

/* The same for this machine's architecture, or for all. */
const struct package_state *package_states_of(const struct package_states *states, const char *name,
					      const char *native);

/* Is it there, whole or not? What only left its configuration is not. */
bool package_state_is_there(const struct package_state *state);

/* Is any version of it there, for whatever architecture, whole or not? */
bool package_states_installed(const struct package_states *states, const char *name);

/*
 * What `apt-cache policy` says of the package in its text: the version that an
 * install would bring, in `ret_version`, "" for none. False if it does not speak of
 * a package of that very name, or only of a name that others provide.
 */
bool package_candidate(const char *text, const char *name, char *ret_version, size_t size);

#endif
