/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Written by the monitor and read by exmachina-run, as root. The reader takes every byte for
 * hostile: no count is believed, and a path is one that a policy may name.
 */
#include "common/candidates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/message.h"
#include "common/policy.h"
#include "common/wire.h"

enum { HEAD_MAX = POLICY_TEXT_MAX + 64 };

/* ---- writing ---- */

static int write_wire(int fd, const struct wire *w)
{
	return w->bad ? -E2BIG : fd_write_all(fd, w->data, w->pos);
}

static void put_owner(struct wire *w, const struct candidate_owner *owner)
{
	wire_put_u32(w, owner->mode);
	wire_put_u32(w, owner->uid);
	wire_put_u32(w, owner->gid);
}

/* Entry, path, removal or not, owner and mode, and the content's length, which the content follows.
 */
static int write_file(int fd, const struct candidate_file *file, size_t *total)
{
	uint8_t head[HEAD_MAX];
	struct wire w = wire_over(head, sizeof(head));
	size_t size = 0;
	int r = file->content >= 0 ? memfd_check(file->content, CONTENT_MAX, &size) : 0;

	if (r < 0)
		return r;
	wire_put_u32(&w, file->entry);
	wire_put_str(&w, file->path, POLICY_TEXT_MAX);
	wire_put_u8(&w, file->content < 0);
	put_owner(&w, &file->owner);
	wire_put_u8(&w, file->may_make_dirs);
	put_owner(&w, &file->dirs);
	wire_put_u32(&w, (uint32_t)size);
	*total += w.pos + size;
	if (*total > CANDIDATES_SIZE_MAX)
		return -E2BIG;
	r = write_wire(fd, &w);
	if (r == 0 && file->content >= 0)
		r = fd_copy(file->content, fd, CONTENT_MAX, NULL);
	return r;
}

static int write_secret(int fd, const char *secret)
{
	uint8_t room[CANDIDATES_SECRET_SIZE + 16];
	struct wire w = wire_over(room, sizeof(room));

	wire_put_str(&w, secret, CANDIDATES_SECRET_SIZE);
	return write_wire(fd, &w);
}

static int write_number(int fd, uint32_t number)
{
	uint8_t room[4];
	struct wire w = wire_over(room, sizeof(room));

	wire_put_u32(&w, number);
	return write_wire(fd, &w);
}

static int write_secrets(int fd, const struct candidate_secrets *secrets)
{
	const uint8_t unknown = secrets->unknown;
	int r;

	if (secrets->count > CANDIDATES_SECRETS_MAX)
		return -E2BIG;
	r = fd_write_all(fd, &unknown, 1);
	if (r == 0)
		r = write_number(fd, (uint32_t)secrets->count);
	for (size_t i = 0; r == 0 && i < secrets->count; i++)
		r = write_secret(fd, secrets->item[i]);
	return r;
}

int candidates_to_memfd(const struct candidate_file *files, size_t count,
			const struct candidate_secrets *secrets)
{
	scoped_fd fd = memfd_new("exmachina-candidates");
	size_t total = 0;
	int r = fd < 0 ? fd : write_secrets(fd, secrets);

	if (r == 0)
		r = write_number(fd, (uint32_t)count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_file(fd, &files[i], &total);
	if (r == 0)
		r = memfd_seal(fd);
	return r < 0 ? r : take_fd(&fd);
}

/* ---- reading ---- */

static bool get_bool(struct wire *w)
{
	uint8_t value = wire_get_u8(w);

	if (value > 1)
		w->bad = true;
	return value == 1;
}

static struct candidate_owner get_owner(struct wire *w)
{
	struct candidate_owner owner = { .mode = wire_get_u32(w) };

	owner.uid = wire_get_u32(w);
	owner.gid = wire_get_u32(w);
	if (owner.mode > 07777)
		w->bad = true;
	return owner;
}

/* A number of things that follow; each takes a byte at least. */
static uint32_t get_count(struct wire *w, uint32_t max)
{
	uint32_t count = wire_get_u32(w);

	if (count > max || count > w->size - w->pos)
		w->bad = true;
	return w->bad ? 0 : count;
}

static int get_secrets(struct wire *w, struct candidates *candidates)
{
	uint32_t count;

	candidates->unknown = get_bool(w);
	count = get_count(w, CANDIDATES_SECRETS_MAX);
	candidates->secret = calloc(count + 1, sizeof(*candidates->secret));
	if (!candidates->secret)
		return -ENOMEM;
	for (; candidates->secret_count < count; candidates->secret_count++)
		candidates->secret[candidates->secret_count] =
			wire_get_str(w, CANDIDATES_SECRET_SIZE);
	return 0;
}

static bool is_named(const struct candidates *candidates, const char *path)
{
	for (size_t i = 0; i < candidates->count; i++)
		if (strcmp(candidates->item[i].path, path) == 0)
			return true;
	return false;
}

static void get_file(struct wire *w, struct candidates *candidates)
{
	struct candidate one = { .entry = wire_get_u32(w) };
	uint32_t size;

	one.path = wire_get_str(w, POLICY_TEXT_MAX);
	one.removal = get_bool(w);
	one.owner = get_owner(w);
	one.may_make_dirs = get_bool(w);
	one.dirs = get_owner(w);
	one.content = wire_get_bytes(w, CONTENT_MAX, &size);
	one.size = size;
	if (w->bad || !policy_path_is_plain(one.path) || is_named(candidates, one.path) ||
	    (one.removal && one.size > 0))
		w->bad = true;
	else
		candidates->item[candidates->count++] = one;
}

static int get_files(struct wire *w, struct candidates *candidates)
{
	uint32_t count = get_count(w, STAGED_MAX);

	candidates->item = calloc(count + 1, sizeof(*candidates->item));
	if (!candidates->item)
		return -ENOMEM;
	for (uint32_t i = 0; !w->bad && i < count; i++)
		get_file(w, candidates);
	return wire_done(w) && count > 0 ? 0 : -EBADMSG;
}

int candidates_read(int fd, struct candidates *ret_candidates)
{
	scoped_candidates candidates = { .count = 0 };
	/* the secrets are bounded by themselves */
	size_t most = CANDIDATES_SIZE_MAX +
		      (size_t)CANDIDATES_SECRETS_MAX * (CANDIDATES_SECRET_SIZE + 16) + 64;
	struct wire w;
	int r = memfd_map(fd, most, &candidates.mapping);

	if (r < 0)
		return r;
	w = wire_over(candidates.mapping.data, candidates.mapping.size);
	r = get_secrets(&w, &candidates);
	if (r == 0)
		r = get_files(&w, &candidates);
	if (r < 0)
		return r;
	*ret_candidates = candidates;
	candidates = (struct candidates){ .count = 0 };
	return 0;
}

void candidates_clear(struct candidates *candidates)
{
	free(candidates->item);
	free(candidates->secret);
	mapping_clear(&candidates->mapping);
	*candidates = (struct candidates){ .count = 0 };
}
