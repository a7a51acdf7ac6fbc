/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What is written was decided on already. What is read is root's, but may
 * have been cut by a failure of power, or be from another version: nothing is believed that the
 * hash at its end does not cover, and no size before it was compared with the file's.
 */
#include "monitor/history/revision.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memfd.h"
#include "common/wire.h"

static const char magic[8] = "EXMREV1\n";

enum {
	PHASE_AT = sizeof(magic),
	SIZE_AT = PHASE_AT + 8,
	HEADER_AT = SIZE_AT + 8,
	FIXED_SIZE = 512,      /* of a header without files, at most */
	FILE_FIXED_SIZE = 256, /* of a file without its texts and attributes */
	HEADER_MAX = 64 << 20,
	CHUNK_SIZE = 64 << 10,
};

static void side_clear(struct revision_side *side)
{
	free(side->attributes);
}

void revision_clear(struct revision *revision)
{
	for (uint32_t i = 0; revision->file && i < revision->count; i++) {
		struct revision_file *file = &revision->file[i];

		free(file->path);
		free(file->lens);
		side_clear(&file->old);
		side_clear(&file->new);
	}
	free(revision->file);
	*revision = (struct revision){ 0 };
}

/* ---- writing ---- */

/* What was written so far, and its hash. */
struct writer {
	int fd;
	SHA2_CTX hash;
};

static int put(struct writer *writer, const void *data, size_t size)
{
	SHA256Update(&writer->hash, data, size);
	return fd_write_all(writer->fd, data, size);
}

static int put_memfd(struct writer *writer, int memfd)
{
	scoped_mapping mapping = { 0 };
	int r = memfd < 0 ? 0 : memfd_map(memfd, REVISION_CONTENT_MAX, &mapping);

	return r < 0 || memfd < 0 ? r : put(writer, mapping.data, mapping.size);
}

static void put_side(struct wire *w, const struct revision_side *side)
{
	wire_put_u8(w, side->exists);
	wire_put_u32(w, side->uid);
	wire_put_u32(w, side->gid);
	wire_put_u32(w, side->mode);
	wire_put_u64(w, side->size);
	wire_put_bytes(w, side->attributes, side->attributes_size);
}

static void put_header(struct wire *w, const struct revision *revision)
{
	wire_put_u8(w, (uint8_t)revision->kind);
	wire_put_u32(w, revision->number);
	wire_put_u32(w, revision->of);
	wire_put_u64(w, revision->usec);
	wire_put_u32(w, revision->pid);
	wire_put_str(w, revision->user, POLICY_USER_MAX);
	wire_put_str(w, revision->session, CLIENT_SESSION_SIZE - 1);
	wire_put_u64(w, revision->changes_size);
	wire_put_u32(w, revision->count);
	for (uint32_t i = 0; i < revision->count; i++) {
		const struct revision_file *file = &revision->file[i];

		wire_put_str(w, file->path, POLICY_TEXT_MAX);
		wire_put_str(w, file->lens, POLICY_TEXT_MAX);
		wire_put_str(w, file->temporary, NAME_MAX);
		put_side(w, &file->old);
		put_side(w, &file->new);
	}
}

static size_t header_room(const struct revision *revision)
{
	size_t size = FIXED_SIZE;

	for (uint32_t i = 0; i < revision->count; i++) {
		const struct revision_file *file = &revision->file[i];

		size += FILE_FIXED_SIZE + strlen(file->path) + strlen(file->lens) +
			strlen(file->temporary) + file->old.attributes_size +
			file->new.attributes_size;
	}
	return size;
}

static int take_size(int memfd, uint64_t *ret_size)
{
	size_t size = 0;
	int r = memfd < 0 ? 0 : memfd_check(memfd, REVISION_CONTENT_MAX, &size);

	*ret_size = size;
	return r;
}

static int take_sizes(struct revision *revision, const int *content, int changes)
{
	int r = take_size(changes, &revision->changes_size);

	for (uint32_t i = 0; r == 0 && i < revision->count; i++) {
		struct revision_file *file = &revision->file[i];

		r = take_size(content[2 * i], &file->old.size);
		if (r == 0)
			r = take_size(content[2 * i + 1], &file->new.size);
	}
	return r;
}

static int write_head(struct writer *writer, const struct revision *revision)
{
	size_t room = header_room(revision);
	scoped_ptr uint8_t *header = malloc(room);
	uint8_t first[HEADER_AT] = { 0 }, phase = (uint8_t)revision->phase;
	struct wire h = wire_over(header, room), f = wire_over(first + SIZE_AT, 8);

	if (!header)
		return -ENOMEM;
	put_header(&h, revision);
	if (h.bad)
		return -EMSGSIZE;
	memcpy(first, magic, sizeof(magic));
	wire_put_u64(&f, h.pos);
	/* the phase is left out of the hash, since it will be another one */
	SHA256Update(&writer->hash, first, sizeof(first));
	first[PHASE_AT] = phase;
	if (fd_write_all(writer->fd, first, sizeof(first)) < 0)
		return -EIO;
	return put(writer, header, h.pos);
}

int revision_write(int fd, struct revision *revision, const int *content, int changes)
{
	struct writer writer = { .fd = fd };
	uint8_t hash[SHA256_DIGEST_LENGTH];
	int r = take_sizes(revision, content, changes);

	SHA256Init(&writer.hash);
	if (r == 0)
		r = write_head(&writer, revision);
	for (uint32_t i = 0; r == 0 && i < 2 * revision->count; i++)
		r = put_memfd(&writer, content[i]);
	if (r == 0)
		r = put_memfd(&writer, changes);
	SHA256Final(hash, &writer.hash);
	return r < 0 ? r : fd_write_all(fd, hash, sizeof(hash));
}

int revision_set_phase(int fd, enum revision_phase phase)
{
	uint8_t byte = (uint8_t)phase;

	if (pwrite(fd, &byte, 1, PHASE_AT) != 1 || fdatasync(fd) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

/* ---- reading ---- */

static int read_at(int fd, void *data, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

/* Is the hash at the end that of everything before it, the phase being 0? */
static int check_hash(int fd, uint64_t size)
{
	scoped_ptr uint8_t *chunk = malloc(CHUNK_SIZE);
	uint8_t hash[SHA256_DIGEST_LENGTH], wanted[SHA256_DIGEST_LENGTH];
	uint64_t end = size - sizeof(hash);
	SHA2_CTX context;
	int r;

	if (!chunk)
		return -ENOMEM;
	SHA256Init(&context);
	for (uint64_t at = 0; at < end;) {
		size_t part = end - at < CHUNK_SIZE ? (size_t)(end - at) : CHUNK_SIZE;

		r = read_at(fd, chunk, part, at);
		if (r < 0)
			return r;
		if (at == 0)
			chunk[PHASE_AT] = 0;
		SHA256Update(&context, chunk, part);
		at += part;
	}
	SHA256Final(hash, &context);
	r = read_at(fd, wanted, sizeof(wanted), end);
	return r < 0 ? r : memcmp(hash, wanted, sizeof(hash)) == 0 ? 0 : -EBADMSG;
}

/* Where the next content begins; what would be behind the end of the file is bad. */
struct place {
	uint64_t at, end;
	bool bad;
};

static uint64_t take_place(struct place *place, uint64_t size)
{
	uint64_t at = place->at;

	if (size > place->end - place->at)
		place->bad = true;
	else
		place->at += size;
	return at;
}

static int get_side(struct wire *w, struct place *place, struct revision_side *side)
{
	const uint8_t *attributes;

	side->exists = wire_get_u8(w);
	side->uid = wire_get_u32(w);
	side->gid = wire_get_u32(w);
	side->mode = wire_get_u32(w);
	side->size = wire_get_u64(w);
	attributes = wire_get_bytes(w, REVISION_ATTRIBUTES_MAX, &side->attributes_size);
	side->offset = take_place(place, side->size);
	if (side->attributes_size == 0)
		return 0;
	side->attributes = malloc(side->attributes_size);
	if (!side->attributes)
		return -ENOMEM;
	memcpy(side->attributes, attributes, side->attributes_size);
	return 0;
}

static int get_file(struct wire *w, struct place *place, struct revision_file *file)
{
	int r;

	file->path = strdup(wire_get_str(w, POLICY_TEXT_MAX));
	file->lens = strdup(wire_get_str(w, POLICY_TEXT_MAX));
	strcpy(file->temporary, wire_get_str(w, NAME_MAX));
	if (!file->path || !file->lens)
		return -ENOMEM;
	r = get_side(w, place, &file->old);
	return r < 0 ? r : get_side(w, place, &file->new);
}

static int get_header(struct wire *w, struct place *place, struct revision *revision)
{
	int r = 0;

	revision->kind = wire_get_u8(w);
	revision->number = wire_get_u32(w);
	revision->of = wire_get_u32(w);
	revision->usec = wire_get_u64(w);
	revision->pid = wire_get_u32(w);
	strcpy(revision->user, wire_get_str(w, POLICY_USER_MAX));
	strcpy(revision->session, wire_get_str(w, CLIENT_SESSION_SIZE - 1));
	revision->changes_size = wire_get_u64(w);
	revision->count = wire_get_u32(w);
	if (w->bad || revision->kind >= REVISION_KIND_MAX || revision->count > STAGED_MAX)
		return -EBADMSG;
	revision->file = calloc(revision->count + 1, sizeof(*revision->file));
	if (!revision->file)
		return -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < revision->count; i++)
		r = get_file(w, place, &revision->file[i]);
	revision->changes_offset = take_place(place, revision->changes_size);
	if (r == 0 && (!wire_done(w) || place->bad || place->at != place->end))
		r = -EBADMSG;
	return r;
}

static int read_header(int fd, uint64_t size, struct revision *revision)
{
	uint8_t first[HEADER_AT];
	scoped_ptr uint8_t *header = NULL;
	struct wire f = wire_over(first + SIZE_AT, 8), h;
	uint64_t header_size;
	struct place place = { .end = size - SHA256_DIGEST_LENGTH };
	int r = read_at(fd, first, sizeof(first), 0);

	if (r < 0)
		return r;
	header_size = wire_get_u64(&f);
	revision->phase = first[PHASE_AT];
	if (memcmp(first, magic, sizeof(magic)) != 0 || header_size > HEADER_MAX ||
	    header_size > place.end - HEADER_AT || revision->phase < REVISION_PREPARED ||
	    revision->phase > REVISION_DONE)
		return -EBADMSG;
	header = malloc(header_size);
	if (!header)
		return -ENOMEM;
	r = read_at(fd, header, header_size, HEADER_AT);
	if (r < 0)
		return r;
	h = wire_over(header, header_size);
	place.at = HEADER_AT + header_size;
	return get_header(&h, &place, revision);
}

int revision_read(int fd, struct revision *ret_revision)
{
	scoped_revision revision = { 0 };
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < HEADER_AT + SHA256_DIGEST_LENGTH)
		return -EBADMSG;
	r = check_hash(fd, (uint64_t)st.st_size);
	if (r == 0)
		r = read_header(fd, (uint64_t)st.st_size, &revision);
	if (r < 0)
		return r;
	*ret_revision = revision;
	revision = (struct revision){ 0 };
	return 0;
}

static int part(int fd, uint64_t offset, uint64_t size)
{
	scoped_fd memfd = memfd_new("exmachina-revision");
	scoped_ptr char *chunk = malloc(CHUNK_SIZE);
	int r = memfd < 0 ? memfd : chunk ? 0 : -ENOMEM;

	for (uint64_t done = 0; r == 0 && done < size;) {
		size_t n = size - done < CHUNK_SIZE ? (size_t)(size - done) : CHUNK_SIZE;

		r = read_at(fd, chunk, n, offset + done);
		if (r == 0)
			r = fd_write_all(memfd, chunk, n);
		done += n;
	}
	if (r == 0)
		r = memfd_seal(memfd);
	return r < 0 ? r : take_fd(&memfd);
}

int revision_content(int fd, const struct revision_side *side)
{
	return part(fd, side->offset, side->size);
}

int revision_changes(int fd, const struct revision *revision)
{
	return part(fd, revision->changes_offset, revision->changes_size);
}
