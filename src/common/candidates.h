/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CANDIDATES_H
#define EXM_CANDIDATES_H

/*
 * The files of a commit as they would be after it, on their way from the monitor to exmachina-run,
 * which shows them to a Check= program; and what must not be seen in what that one prints. All of
 * it is in one sealed memfd, so that no name of any file system leads to it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "common/memfd.h"

enum {
	CANDIDATES_SIZE_MAX = 256 << 20, /* bytes of all of it */
	CANDIDATES_SECRETS_MAX = 4096,
	CANDIDATES_SECRET_SIZE = 4096, /* bytes of one secret */
};

/* ---- writing ---- */

struct candidate_owner {
	uint32_t mode; /* of these bits only: 07777 */
	uint32_t uid;
	uint32_t gid;
};

struct candidate_file {
	uint32_t entry; /* the policy's section */
	const char *path;
	int content;                  /* sealed memfd; -1: the file is to be removed */
	struct candidate_owner owner; /* of a file that is not there yet */
	bool may_make_dirs;           /* those that are missing on its way: */
	struct candidate_owner dirs;
};

struct candidate_secrets {
	char **item;
	size_t count;
	bool unknown; /* there are some that nobody can name: nothing that is printed may be shown
		       */
};

/* A sealed memfd, or -errno; -E2BIG for more than it may hold. */
int candidates_to_memfd(const struct candidate_file *files, size_t count,
			const struct candidate_secrets *secrets) must_check;

/* ---- reading; the writer is trusted no more than any peer ---- */

struct candidate {
	uint32_t entry;
	const char *path; /* plain (policy_path_is_plain()), and no other has it */
	const void *content;
	size_t size;
	bool removal;
	struct candidate_owner owner;
	bool may_make_dirs;
	struct candidate_owner dirs;
};

/* All texts point into the mapping. */
struct candidates {
	struct mapping mapping;
	struct candidate *item;
	size_t count;
	const char **secret;
	size_t secret_count;
	bool unknown;
};

/* 0; -EBADMSG for what is no such list, -EFBIG, -ENOMEM or another -errno. */
int candidates_read(int fd, struct candidates *ret_candidates) must_check;
void candidates_clear(struct candidates *candidates);

#define scoped_candidates scoped(candidates_clear) struct candidates

#endif
