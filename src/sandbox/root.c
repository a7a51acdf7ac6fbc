/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine and in the verifier. Until here the whole system could be seen, since the
 * program and its libraries had to be loaded; from here on there are the lenses and a place to
 * work in. Who started the process has made that directory (monitor/starter/enclosure.c).
 */
#include <errno.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

int sandbox_root(void)
{
	if (chroot(".") < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}
