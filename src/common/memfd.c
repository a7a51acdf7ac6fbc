/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor and in the engine; a descriptor from the other side is hostile until
 * memfd_check() has seen it. */
#include "common/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/fd.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

int memfd_new(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

int memfd_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0 ? -errno : 0;
}

int memfd_of(const char *name, const void *data, size_t size)
{
	scoped_fd fd = memfd_new(name);
	int r;

	if (fd < 0)
		return fd;
	r = fd_write_all(fd, data, size);
	if (r == 0)
		r = memfd_seal(fd);
	return r < 0 ? r : take_fd(&fd);
}

int memfd_check(int fd, size_t max, size_t *ret_size)
{
	struct stat st;
	int seals;

	/* only memfds and tmpfs files have seals; both are regular files */
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & ALL_SEALS) != ALL_SEALS)
		return -EBADMSG;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return -EBADMSG;
	if ((size_t)st.st_size > max)
		return -EFBIG;
	if (ret_size)
		*ret_size = (size_t)st.st_size;
	return 0;
}

int memfd_map(int fd, size_t max, struct mapping *ret_mapping)
{
	static char nothing[1];
	struct mapping mapping = { .data = nothing };
	int r = memfd_check(fd, max, &mapping.size);

	if (r < 0)
		return r;
	if (mapping.size > 0) {
		mapping.data = mmap(NULL, mapping.size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (mapping.data == MAP_FAILED)
			return -errno;
	}
	*ret_mapping = mapping;
	return 0;
}

void mapping_clear(struct mapping *mapping)
{
	if (mapping->size > 0)
		munmap(mapping->data, mapping->size);
	*mapping = (struct mapping){ 0 };
}
