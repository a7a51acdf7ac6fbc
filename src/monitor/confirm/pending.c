/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. The file is root's alone, and what is not whole is nothing. */
#include "monitor/confirm/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/wire.h"
#include "monitor/state.h"

#define NAME "pending"
#define NEW "pending.new"

enum { USEC = 1000000, SIZE = 512 };

static const char magic[8] = "EXMPND1\n";

/* ---- the token ---------------------------------------------------------------------- */

int pending_make_token(char token[static PENDING_TOKEN_SIZE])
{
	uint8_t random[(PENDING_TOKEN_SIZE - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -errno;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(token + 2 * i, 3, "%02x", random[i]);
	return 0;
}

static void hash_of(const void *data, size_t size, uint8_t hash[static PENDING_HASH_SIZE])
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, data, size);
	SHA256Final(hash, &context);
}

void pending_set_token(struct pending *pending, const char *token)
{
	hash_of(token, strlen(token), pending->token);
}

bool pending_has_token(const struct pending *pending, const char *attempt)
{
	uint8_t hash[PENDING_HASH_SIZE], difference = 0;

	hash_of(attempt, strlen(attempt), hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		difference |= hash[i] ^ pending->token[i];
	return difference == 0;
}

/* ---- the deadline ------------------------------------------------------------------- */

int pending_set_deadline(struct pending *pending, uint32_t seconds)
{
	pending->seconds = seconds;
	pending->boottime = clock_usec_of(CLOCK_BOOTTIME) + (uint64_t)seconds * USEC;
	pending->realtime = clock_usec_of(CLOCK_REALTIME) + (uint64_t)seconds * USEC;
	return sd_id128_get_boot(&pending->boot);
}

void pending_set_over(struct pending *pending)
{
	pending->boottime = 0;
	pending->realtime = 0;
}

uint64_t pending_left(const struct pending *pending)
{
	uint64_t most = (uint64_t)pending->seconds * USEC, deadline, now, left;
	sd_id128_t boot;
	bool same = sd_id128_get_boot(&boot) == 0 && sd_id128_equal(boot, pending->boot);

	deadline = same ? pending->boottime : pending->realtime;
	now = clock_usec_of(same ? CLOCK_BOOTTIME : CLOCK_REALTIME);
	left = deadline > now ? deadline - now : 0;
	/* a clock that is behind, as without a battery */
	return left < most ? left : most;
}

/* ---- the file ----------------------------------------------------------------------- */

static void put(struct wire *w, const struct pending *pending)
{
	memcpy(w->data, magic, sizeof(magic));
	w->pos = sizeof(magic);
	wire_put_u64(w, pending->first);
	wire_put_bytes(w, pending->token, sizeof(pending->token));
	wire_put_u32(w, pending->seconds);
	wire_put_u8(w, pending->dead_man);
	wire_put_u64(w, pending->boottime);
	wire_put_u64(w, pending->realtime);
	wire_put_bytes(w, &pending->boot, sizeof(pending->boot));
	wire_put_str(w, pending->user, POLICY_USER_MAX);
}

static bool get_into(struct wire *w, void *to, size_t size)
{
	uint32_t length;
	const uint8_t *bytes = wire_get_bytes(w, size, &length);

	if (w->bad || length != size)
		return false;
	memcpy(to, bytes, size);
	return true;
}

static bool get(struct wire *w, struct pending *pending)
{
	if (w->size < sizeof(magic) || memcmp(w->data, magic, sizeof(magic)) != 0)
		return false;
	w->pos = sizeof(magic);
	pending->first = wire_get_u64(w);
	if (!get_into(w, pending->token, sizeof(pending->token)))
		return false;
	pending->seconds = wire_get_u32(w);
	pending->dead_man = wire_get_u8(w) == 1;
	pending->boottime = wire_get_u64(w);
	pending->realtime = wire_get_u64(w);
	if (!get_into(w, &pending->boot, sizeof(pending->boot)))
		return false;
	strcpy(pending->user, wire_get_str(w, POLICY_USER_MAX));
	return wire_done(w) && pending->first > 0 && pending->seconds <= PENDING_SECONDS_MAX;
}

static int fill(int fd, const struct pending *pending)
{
	uint8_t data[SIZE + PENDING_HASH_SIZE];
	struct wire w = wire_over(data, SIZE);
	int r;

	put(&w, pending);
	hash_of(data, w.pos, data + w.pos);
	r = ftruncate(fd, 0) < 0 ? -errno : fd_write_all(fd, data, w.pos + PENDING_HASH_SIZE);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

int pending_write(int state_fd, const struct pending *pending)
{
	scoped_fd fd = state_file_open(state_fd, NEW);
	int r;

	if (fd < 0)
		return fd;
	r = fill(fd, pending);
	if (r < 0)
		return r;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || renameat(state_fd, NEW, state_fd, NAME) < 0 ||
	    fsync(state_fd) < 0)
		return -errno;
	return take_fd(&fd);
}

static int open_it(int state_fd)
{
	int fd = openat(state_fd, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int read_it(int fd, struct pending *ret_pending)
{
	uint8_t data[SIZE + PENDING_HASH_SIZE], hash[PENDING_HASH_SIZE];
	struct pending pending = { 0 };
	struct wire w;
	ssize_t n = pread(fd, data, sizeof(data), 0);

	if (n < 0)
		return -errno;
	if (n < PENDING_HASH_SIZE)
		return -EBADMSG;
	n -= PENDING_HASH_SIZE;
	hash_of(data, (size_t)n, hash);
	w = wire_over(data, (size_t)n);
	if (memcmp(hash, data + n, sizeof(hash)) != 0 || !get(&w, &pending))
		return -EBADMSG;
	*ret_pending = pending;
	return 0;
}

int pending_read(int state_fd, struct pending *ret_pending)
{
	scoped_fd fd = state_fd < 0 ? -ENOENT : open_it(state_fd);

	return fd < 0 ? fd : read_it(fd, ret_pending);
}

int pending_watch(int state_fd, struct pending *ret_pending)
{
	scoped_fd fd = state_fd < 0 ? -ENOENT : open_it(state_fd);
	int r;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	r = read_it(fd, ret_pending);
	return r < 0 ? r : take_fd(&fd);
}

bool pending_is_there(int file)
{
	struct stat st;

	return fstat(file, &st) < 0 || st.st_nlink > 0;
}

int pending_remove(int state_fd)
{
	if (unlinkat(state_fd, NAME, 0) < 0 && errno != ENOENT)
		return -errno;
	return fsync(state_fd) < 0 ? -errno : 0;
}
