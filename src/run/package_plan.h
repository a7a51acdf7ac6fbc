/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_PACKAGE_PLAN_H
#define EXM_PACKAGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/*
 * What apt is about to do: what it tells a DPkg::Pre-Install-Pkgs hook, in
 * version 3 of that protocol, under its lock and before dpkg does anything.
 *
 *   VERSION 3
 *   apt's whole configuration, a line each
 *   (an empty line)
 *   NAME VERSION ARCH MULTIARCH <|=|> VERSION ARCH MULTIARCH FILE|**CONFIGURE**|**REMOVE**
 *
 * with '-' for a version that is not. Our hook adds PLAN_END.
 */
#define PLAN_END "."

enum plan_kind {
	PLAN_INSTALL,
	PLAN_UPGRADE,
	PLAN_DOWNGRADE,
	PLAN_REMOVE,
	PLAN_FINISH, /* of the version that is there: what an earlier run left half done */
	PLAN_KIND_MAX
};

struct plan_change {
	char *name, *arch;
	char *before, *after; /* "" for none */
	enum plan_kind kind;
};

struct package_plan {
	struct plan_change *change; /* one for each package and architecture */
	size_t count;
	enum plan_place { PLAN_AT_VERSION, PLAN_AT_CONFIGURATION, PLAN_AT_CHANGES } place;
};

void package_plan_clear(struct package_plan *plan);

#define scoped_plan scoped(package_plan_clear) struct package_plan

/*
 * One line, without its end; changed. 1: that was the last one, and what comes
 * next is another plan, which adds to this one. 0; -EBADMSG for what is no
 * plan, -E2BIG, -ENOMEM: then nothing of it may be believed.
 */
int package_plan_line(struct package_plan *plan, char *line) must_check;

const struct plan_change *package_plan_find(const struct package_plan *plan, const char *name);

#endif
