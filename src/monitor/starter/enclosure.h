/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_ENCLOSURE_H
#define EXM_ENCLOSURE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/layer.h"
#include "monitor/privileges.h"

/*
 * The namespaces of a process that reads hostile text, and the directory that becomes its root
 * (sandbox/root.c): a tmpfs that only it sees, with the lenses and, for an engine, /staging.
 */
struct enclosure {
	const struct identity *identity;
	const char *lens_path; /* as Augeas's, colon-separated */
	const char *prepared;  /* a directory that is such a root already; NULL: it is made */
	bool staging;
	uint32_t optional; /* layers that may be missing */
};

/*
 * For a child between fork and exec, as root. The working directory is that root afterwards,
 * if LAYER(PRIVATE_ROOT) is among the layers that hold. 0 or -errno, with the step.
 *
 * With `prepared` no namespaces are made: who started the server has put it into some of its own
 * (exmachina@.service), and needs no CAP_SYS_ADMIN for it then. That there is no network is looked
 * at.
 */
int enclosure_enter(const struct enclosure *enclosure, uint32_t *ret_layers,
		    const char **ret_step) must_check;

#endif
