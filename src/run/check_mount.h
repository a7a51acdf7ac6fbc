/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CHECK_MOUNT_H
#define EXM_CHECK_MOUNT_H

/*
 * Mounts by descriptor (mount_setattr(2) and its like), so that none is ever anywhere but where it
 * belongs, and none is undone: they go with their namespace. Each returns 0, or a close-on-exec
 * descriptor, or -errno.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"

/* What is seen at that place, as a mount of its own that is attached nowhere; "" for dir_fd itself.
 */
int mount_clone(int dir_fd, const char *path, bool recursive) must_check;

/* A new file system without set-id bits and devices. options: "name=value" each, ended by NULL. */
int mount_new(const char *type, const char *const *options) must_check;

/*
 * Nothing is written through it, no set-id bit counts, and it is nobody's peer. Nor does a device
 * in it work, unless `devices`.
 */
int mount_restrict(int mount_fd, bool devices, bool recursive) must_check;

/* From here on it is seen at that place, over no symbolic link. */
int mount_attach(int mount_fd, int dir_fd, const char *name) must_check;

/* The mount becomes the root directory, and what was there is gone. */
int mount_pivot(int mount_fd) must_check;

#endif
