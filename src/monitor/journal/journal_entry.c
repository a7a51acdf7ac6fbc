/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What is written was decided on already. What is read is root's, but may
 * have been cut by a failure of power, or be from another version: nothing is believed that the
 * hash at its end does not cover, and no size before it was compared with the file's.
 */
#include "monitor/journal/journal_entry.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memfd.h"
#include "common/wire.h"

static const char magic[8] = { 'E', 'X', 'M', 'J', 'R', 'N', '1', '\n' };

enum {
	PHASE_AT = sizeof(magic),
	SIZE_AT = PHASE_AT + 8,
	HEADER_AT = SIZE_AT + 8,
	FIXED_SIZE = 64,       /* of a header without files, at most */
	FILE_FIXED_SIZE = 128, /* of a file without its texts and attributes */
	PATH_TEXT_MAX = PATH_MAX - 1,
	HEADER_MAX = JOURNAL_FILES_MAX *
		     (FILE_FIXED_SIZE + PATH_MAX + NAME_MAX + JOURNAL_ATTRIBUTES_MAX),
	CHUNK_SIZE = 64 << 10,
};

int journal_entry_new(struct journal_entry *ret_entry)
{
	*ret_entry = (struct journal_entry){
		.file = calloc(JOURNAL_FILES_MAX, sizeof(struct journal_file)),
	};
	return ret_entry->file ? 0 : -ENOMEM;
}

void journal_entry_clear(struct journal_entry *entry)
{
	for (uint32_t i = 0; i < entry->count; i++) {
		free(entry->file[i].path);
		free(entry->file[i].attributes);
	}
	free(entry->file);
	*entry = (struct journal_entry){ 0 };
}

/* ---- writing ---------------------------------------------------------------------- */

struct writer {
	int fd;
	SHA2_CTX hash; /* of what was written so far */
};

static int put(struct writer *writer, const void *data, size_t size)
{
	SHA256Update(&writer->hash, data, size);
	return fd_write_all(writer->fd, data, size);
}

static int put_content(struct writer *writer, int memfd)
{
	scoped_mapping mapping = { 0 };
	int r;

	if (memfd < 0)
		return 0;
	r = memfd_map(memfd, CONTENT_MAX, &mapping);
	return r < 0 ? r : put(writer, mapping.data, mapping.size);
}

static void put_side(struct wire *w, const struct journal_side *side)
{
	wire_put_u8(w, side->exists);
	wire_put_u64(w, side->size);
}

static void put_header(struct wire *w, const struct journal_entry *entry)
{
	wire_put_u32(w, entry->count);
	for (uint32_t i = 0; i < entry->count; i++) {
		const struct journal_file *file = &entry->file[i];

		wire_put_str(w, file->path, PATH_TEXT_MAX);
		wire_put_str(w, file->temporary, NAME_MAX);
		put_side(w, &file->old);
		put_side(w, &file->new);
		wire_put_u32(w, file->uid);
		wire_put_u32(w, file->gid);
		wire_put_u32(w, file->mode);
		wire_put_bytes(w, file->attributes, file->attributes_size);
	}
}

static size_t header_room(const struct journal_entry *entry)
{
	size_t size = FIXED_SIZE;

	for (uint32_t i = 0; i < entry->count; i++) {
		const struct journal_file *file = &entry->file[i];

		size += FILE_FIXED_SIZE + strlen(file->path) + strlen(file->temporary) +
			file->attributes_size;
	}
	return size;
}

static int write_head(struct writer *writer, const struct journal_entry *entry)
{
	size_t room = header_room(entry);
	scoped_ptr uint8_t *header = malloc(room);
	uint8_t first[HEADER_AT] = { 0 };
	struct wire h = wire_over(header, room), size = wire_over(first + SIZE_AT, 8);
	int r;

	if (!header)
		return -ENOMEM;
	put_header(&h, entry);
	if (h.bad)
		return -EMSGSIZE;
	memcpy(first, magic, sizeof(magic));
	wire_put_u64(&size, h.pos);
	/* the phase is left out of the hash, since it will be another one */
	SHA256Update(&writer->hash, first, sizeof(first));
	first[PHASE_AT] = (uint8_t)entry->phase;
	r = fd_write_all(writer->fd, first, sizeof(first));
	return r < 0 ? r : put(writer, header, h.pos);
}

static int take_size(int memfd, struct journal_side *side)
{
	size_t size = 0;
	int r = memfd < 0 ? 0 : memfd_check(memfd, CONTENT_MAX, &size);

	*side = (struct journal_side){ .exists = memfd >= 0, .size = size };
	return r;
}

int journal_entry_write(int fd, struct journal_entry *entry, const int *content)
{
	struct writer writer = { .fd = fd };
	uint8_t hash[SHA256_DIGEST_LENGTH];
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
	off_t end;

	for (size_t i = 0; r == 0 && i < entry->count; i++) {
		r = take_size(content[2 * i], &entry->file[i].old);
		if (r == 0)
			r = take_size(content[2 * i + 1], &entry->file[i].new);
	}
	SHA256Init(&writer.hash);
	if (r == 0)
		r = write_head(&writer, entry);
	for (uint32_t i = 0; r == 0 && i < 2 * entry->count; i++)
		r = put_content(&writer, content[i]);
	if (r < 0)
		return r;
	SHA256Final(hash, &writer.hash);
	r = fd_write_all(fd, hash, sizeof(hash));
	if (r < 0)
		return r;
	end = lseek(fd, 0, SEEK_CUR);
	return end < 0 || ftruncate(fd, end) < 0 || fdatasync(fd) < 0 ? -errno : 0;
}

int journal_entry_set_phase(int fd, enum journal_phase phase)
{
	uint8_t byte = (uint8_t)phase;
	ssize_t n = pwrite(fd, &byte, 1, PHASE_AT);

	return n < 0 ? -errno : n == 1 ? 0 : -EIO;
}

/* ---- reading ---------------------------------------------------------------------- */

static int read_at(int fd, void *data, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
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
static int check_hash(int fd, uint64_t end)
{
	scoped_ptr uint8_t *chunk = malloc(CHUNK_SIZE);
	uint8_t hash[SHA256_DIGEST_LENGTH], wanted[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;
	int r = chunk ? 0 : -ENOMEM;

	SHA256Init(&context);
	for (uint64_t at = 0; r == 0 && at < end;) {
		size_t part = end - at < CHUNK_SIZE ? (size_t)(end - at) : CHUNK_SIZE;

		r = read_at(fd, chunk, part, at);
		if (r < 0)
			return r;
		if (at == 0)
			chunk[PHASE_AT] = 0;
		SHA256Update(&context, chunk, part);
		at += part;
	}
	if (r == 0)
		r = read_at(fd, wanted, sizeof(wanted), end);
	if (r < 0)
		return r;
	SHA256Final(hash, &context);
	return memcmp(hash, wanted, sizeof(hash)) == 0 ? 0 : -EBADMSG;
}

/* Where the next content begins; what would be behind the last one is bad. */
struct place {
	uint64_t at, end;
	bool bad;
};

static void get_side(struct wire *w, struct place *place, struct journal_side *side)
{
	uint8_t exists = wire_get_u8(w);

	side->exists = exists;
	side->size = wire_get_u64(w);
	side->offset = place->at;
	if (exists > 1 || (!exists && side->size > 0) || side->size > place->end - place->at)
		place->bad = true;
	else
		place->at += side->size;
}

/* What may be removed there, if anything of this is wrong after all. */
static bool is_name(const char *name)
{
	return name[0] && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int get_file(struct wire *w, struct place *place, struct journal_file *file)
{
	const uint8_t *attributes;

	file->path = strdup(wire_get_str(w, PATH_TEXT_MAX));
	strcpy(file->temporary, wire_get_str(w, NAME_MAX));
	if (!is_name(file->temporary))
		place->bad = true;
	get_side(w, place, &file->old);
	get_side(w, place, &file->new);
	file->uid = wire_get_u32(w);
	file->gid = wire_get_u32(w);
	file->mode = wire_get_u32(w);
	attributes = wire_get_bytes(w, JOURNAL_ATTRIBUTES_MAX, &file->attributes_size);
	if (file->attributes_size > 0)
		file->attributes = malloc(file->attributes_size);
	if (!file->path || (file->attributes_size > 0 && !file->attributes))
		return -ENOMEM;
	if (file->attributes_size > 0)
		memcpy(file->attributes, attributes, file->attributes_size);
	return 0;
}

static int get_header(struct wire *w, struct place *place, struct journal_entry *entry)
{
	uint32_t count = wire_get_u32(w);
	int r = 0;

	if (w->bad || count > JOURNAL_FILES_MAX)
		return -EBADMSG;
	while (r == 0 && entry->count < count)
		r = get_file(w, place, &entry->file[entry->count++]);
	if (r == 0 && (!wire_done(w) || place->bad || place->at != place->end))
		r = -EBADMSG;
	return r;
}

static int read_header(int fd, uint64_t end, struct journal_entry *entry)
{
	uint8_t first[HEADER_AT];
	scoped_ptr uint8_t *header = NULL;
	struct wire w = wire_over(first + SIZE_AT, 8);
	struct place place = { .end = end };
	uint64_t size;
	int r = read_at(fd, first, sizeof(first), 0);

	if (r < 0)
		return r;
	size = wire_get_u64(&w);
	entry->phase = first[PHASE_AT];
	if (memcmp(first, magic, sizeof(magic)) != 0 || size > HEADER_MAX ||
	    size > end - HEADER_AT || entry->phase >= JOURNAL_PHASE_MAX)
		return -EBADMSG;
	header = malloc(size);
	r = header ? read_at(fd, header, size, HEADER_AT) : -ENOMEM;
	if (r < 0)
		return r;
	w = wire_over(header, size);
	place.at = HEADER_AT + size;
	return get_header(&w, &place, entry);
}

int journal_entry_phase(int fd)
{
	uint8_t first[HEADER_AT];
	int r = read_at(fd, first, sizeof(first), 0);

	if (r == -EBADMSG || (r == 0 && memcmp(first, magic, sizeof(magic)) != 0))
		return JOURNAL_OVER;
	return r < 0 ? r : first[PHASE_AT];
}

int journal_entry_read(int fd, struct journal_entry *ret_entry)
{
	scoped_journal_entry entry = { 0 };
	struct stat st;
	uint64_t end;
	int r = journal_entry_new(&entry);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r < 0)
		return r;
	if (st.st_size < HEADER_AT + SHA256_DIGEST_LENGTH)
		return -EBADMSG;
	end = (uint64_t)st.st_size - SHA256_DIGEST_LENGTH;
	r = check_hash(fd, end);
	if (r == 0)
		r = read_header(fd, end, &entry);
	if (r < 0)
		return r;
	*ret_entry = entry;
	entry = (struct journal_entry){ 0 };
	return 0;
}

int journal_entry_content(int fd, const struct journal_side *side)
{
	scoped_fd memfd = memfd_new("exmachina-journal");
	scoped_ptr char *chunk = malloc(CHUNK_SIZE);
	int r = memfd < 0 ? memfd : chunk ? 0 : -ENOMEM;

	for (uint64_t done = 0; r == 0 && done < side->size;) {
		uint64_t left = side->size - done;
		size_t n = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;

		r = read_at(fd, chunk, n, side->offset + done);
		if (r == 0)
			r = fd_write_all(memfd, chunk, n);
		done += n;
	}
	if (r == 0)
		r = memfd_seal(memfd);
	return r < 0 ? r : take_fd(&memfd);
}
