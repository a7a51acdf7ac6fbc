/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. What is written was decided on already. What is read is root's, but may
 * have been cut by a failure of power, or be from another version: nothing is believed that no
 * hash covers, and no size before it was compared with the file's.
 */
#include "monitor/journal/journal_entry.h"

#include <errno.h>
#include <sha2.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/memfd.h"
#include "common/wire.h"

static const char magic[8] = { 'E', 'X', 'M', 'J', 'R', 'N', '2', '\n' };

enum {
	PHASE_AT = sizeof(magic),
	SIZE_AT = PHASE_AT + 8,
	HEADER_AT = SIZE_AT + 8,
	FIXED_SIZE = 256 + sizeof(struct client) + JOURNAL_METHOD_MAX, /* without files, at most */
	FILE_FIXED_SIZE = 256, /* of a file without its texts and attributes */
	PATH_TEXT_MAX = PATH_MAX - 1,
	SECTION_MAX = POLICY_TEXT_MAX,
	HEADER_MAX = FIXED_SIZE + JOURNAL_FILES_MAX * (FILE_FIXED_SIZE + PATH_MAX + SECTION_MAX +
						       NAME_MAX + JOURNAL_ATTRIBUTES_MAX),
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
	for (uint32_t i = 0; entry->file && i < JOURNAL_FILES_MAX; i++) {
		free(entry->file[i].path);
		free(entry->file[i].section);
		free(entry->file[i].attributes);
	}
	free(entry->file);
	*entry = (struct journal_entry){ 0 };
}

/* ---- writing ---------------------------------------------------------------------- */

static void put_side(struct wire *w, const struct journal_side *side)
{
	wire_put_u8(w, side->exists);
	wire_put_u64(w, side->size);
	wire_put_bytes(w, side->hash, sizeof(side->hash));
}

static void put_file(struct wire *w, const struct journal_file *file)
{
	wire_put_str(w, file->path, PATH_TEXT_MAX);
	wire_put_str(w, file->section, SECTION_MAX);
	wire_put_str(w, file->temporary, NAME_MAX);
	wire_put_u64(w, file->changes);
	put_side(w, &file->old);
	put_side(w, &file->new);
	wire_put_u32(w, file->uid);
	wire_put_u32(w, file->gid);
	wire_put_u32(w, file->mode);
	wire_put_bytes(w, file->attributes, file->attributes_size);
	wire_put_u32(w, file->dirs);
	wire_put_u32(w, file->dirs_kind.uid);
	wire_put_u32(w, file->dirs_kind.gid);
	wire_put_u32(w, file->dirs_kind.mode);
}

static void put_header(struct wire *w, const struct journal_entry *entry)
{
	wire_put_u64(w, entry->revision);
	wire_put_u64(w, entry->reverts);
	wire_put_u64(w, entry->usec);
	wire_put_u32(w, (uint32_t)entry->who.pid);
	wire_put_u32(w, entry->who.uid);
	wire_put_str(w, entry->who.user, POLICY_USER_MAX);
	wire_put_str(w, entry->who.unit, CLIENT_UNIT_MAX);
	wire_put_str(w, entry->who.session, CLIENT_SESSION_SIZE - 1);
	wire_put_str(w, entry->method, JOURNAL_METHOD_MAX);
	wire_put_u32(w, entry->count);
	for (uint32_t i = 0; i < entry->count; i++)
		put_file(w, &entry->file[i]);
	put_side(w, &entry->changes);
}

static size_t header_room(const struct journal_entry *entry)
{
	size_t size = FIXED_SIZE;

	for (uint32_t i = 0; i < entry->count; i++) {
		const struct journal_file *file = &entry->file[i];

		size += FILE_FIXED_SIZE + strlen(file->path) + strlen(file->temporary) +
			(file->section ? strlen(file->section) : 0) + file->attributes_size;
	}
	return size;
}

static void hash_of(const void *data, size_t size, uint8_t hash[static JOURNAL_HASH_SIZE])
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, data, size);
	SHA256Final(hash, &context);
}

static int write_head(int fd, const struct journal_entry *entry)
{
	size_t room = HEADER_AT + header_room(entry) + JOURNAL_HASH_SIZE;
	scoped_ptr uint8_t *head = calloc(1, room);
	struct wire size, header;

	if (!head)
		return -ENOMEM;
	header = wire_over(head + HEADER_AT, header_room(entry));
	put_header(&header, entry);
	if (header.bad)
		return -EMSGSIZE;
	memcpy(head, magic, sizeof(magic));
	size = wire_over(head + SIZE_AT, 8);
	wire_put_u64(&size, header.pos);
	/* the phase is left out of the hash, since it will be another one */
	hash_of(head, HEADER_AT + header.pos, head + HEADER_AT + header.pos);
	head[PHASE_AT] = (uint8_t)entry->phase;
	return fd_write_all(fd, head, HEADER_AT + header.pos + JOURNAL_HASH_SIZE);
}

static int take_side(int memfd, size_t max, struct journal_side *side)
{
	scoped_mapping mapping = { 0 };
	int r = memfd < 0 ? 0 : memfd_map(memfd, max, &mapping);

	*side = (struct journal_side){ .exists = memfd >= 0, .size = mapping.size };
	if (r == 0)
		hash_of(mapping.size ? mapping.data : "", mapping.size, side->hash);
	return r;
}

static int take_sides(struct journal_entry *entry, const int *content, int changes)
{
	int r = take_side(changes, JOURNAL_CHANGES_MAX, &entry->changes);

	for (size_t i = 0; r == 0 && i < entry->count; i++) {
		r = take_side(content[2 * i], CONTENT_MAX, &entry->file[i].old);
		if (r == 0)
			r = take_side(content[2 * i + 1], CONTENT_MAX, &entry->file[i].new);
	}
	return r;
}

static int write_content(int fd, int memfd)
{
	return memfd < 0 ? 0 : fd_copy(memfd, fd, CONTENT_MAX, NULL);
}

int journal_entry_write(int fd, struct journal_entry *entry, const int *content, int changes)
{
	int r = take_sides(entry, content, changes);
	off_t end;

	if (r == 0)
		r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : write_head(fd, entry);
	for (uint32_t i = 0; r == 0 && i < 2 * entry->count; i++)
		r = write_content(fd, content[i]);
	if (r == 0)
		r = write_content(fd, changes);
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

/* Where the next content begins; what would be behind the last one is bad. */
struct place {
	uint64_t at, end;
	bool bad;
};

static void get_side(struct wire *w, struct place *place, struct journal_side *side)
{
	uint8_t exists = wire_get_u8(w);
	const uint8_t *hash;
	uint32_t hash_size;

	side->exists = exists;
	side->size = wire_get_u64(w);
	hash = wire_get_bytes(w, JOURNAL_HASH_SIZE, &hash_size);
	side->offset = place->at;
	if (hash_size == JOURNAL_HASH_SIZE)
		memcpy(side->hash, hash, JOURNAL_HASH_SIZE);
	else
		place->bad = true;
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
	file->section = strdup(wire_get_str(w, SECTION_MAX));
	strcpy(file->temporary, wire_get_str(w, NAME_MAX));
	if (!is_name(file->temporary))
		place->bad = true;
	file->changes = wire_get_u64(w);
	get_side(w, place, &file->old);
	get_side(w, place, &file->new);
	file->uid = wire_get_u32(w);
	file->gid = wire_get_u32(w);
	file->mode = wire_get_u32(w);
	attributes = wire_get_bytes(w, JOURNAL_ATTRIBUTES_MAX, &file->attributes_size);
	if (file->attributes_size > 0)
		file->attributes = malloc(file->attributes_size);
	if (!file->path || !file->section || (file->attributes_size > 0 && !file->attributes))
		return -ENOMEM;
	if (file->attributes_size > 0)
		memcpy(file->attributes, attributes, file->attributes_size);
	file->dirs = wire_get_u32(w);
	file->dirs_kind.uid = wire_get_u32(w);
	file->dirs_kind.gid = wire_get_u32(w);
	file->dirs_kind.mode = wire_get_u32(w);
	place->bad |= file->dirs > DIRECTORIES_MAX;
	return 0;
}

static void get_origin(struct wire *w, struct journal_entry *entry)
{
	entry->revision = wire_get_u64(w);
	entry->reverts = wire_get_u64(w);
	entry->usec = wire_get_u64(w);
	entry->who.pid = (pid_t)wire_get_u32(w);
	entry->who.uid = wire_get_u32(w);
	strcpy(entry->who.user, wire_get_str(w, POLICY_USER_MAX));
	strcpy(entry->who.unit, wire_get_str(w, CLIENT_UNIT_MAX));
	strcpy(entry->who.session, wire_get_str(w, CLIENT_SESSION_SIZE - 1));
	strcpy(entry->method, wire_get_str(w, JOURNAL_METHOD_MAX));
}

static int get_header(struct wire *w, struct place *place, struct journal_entry *entry)
{
	uint32_t count;
	int r = 0;

	get_origin(w, entry);
	count = wire_get_u32(w);
	if (w->bad || count > JOURNAL_FILES_MAX)
		return -EBADMSG;
	while (r == 0 && entry->count < count)
		r = get_file(w, place, &entry->file[entry->count++]);
	get_side(w, place, &entry->changes);
	if (r == 0 && (!wire_done(w) || place->bad || place->at != place->end))
		r = -EBADMSG;
	return r;
}

/* All up to the contents, to a new buffer; its hash is right. */
static int read_head(int fd, uint64_t end, uint8_t **ret_head, uint64_t *ret_size)
{
	uint8_t first[HEADER_AT], hash[JOURNAL_HASH_SIZE];
	struct wire w = wire_over(first + SIZE_AT, 8);
	scoped_ptr uint8_t *head = NULL;
	uint64_t size;
	int r = read_at(fd, first, sizeof(first), 0);

	if (r < 0)
		return r;
	size = wire_get_u64(&w);
	if (memcmp(first, magic, sizeof(magic)) != 0 || size > HEADER_MAX ||
	    end < HEADER_AT + size + JOURNAL_HASH_SIZE)
		return -EBADMSG;
	size += HEADER_AT;
	head = malloc(size + JOURNAL_HASH_SIZE);
	if (!head)
		return -ENOMEM;
	r = read_at(fd, head, size + JOURNAL_HASH_SIZE, 0);
	if (r < 0)
		return r;
	head[PHASE_AT] = 0;
	hash_of(head, size, hash);
	if (memcmp(hash, head + size, sizeof(hash)) != 0)
		return -EBADMSG;
	head[PHASE_AT] = first[PHASE_AT];
	*ret_head = take_ptr(head);
	*ret_size = size;
	return 0;
}

int journal_entry_phase(int fd)
{
	uint8_t first[HEADER_AT];
	int r = read_at(fd, first, sizeof(first), 0);

	if (r == -EBADMSG || (r == 0 && memcmp(first, magic, sizeof(magic)) != 0))
		return JOURNAL_OVER;
	return r < 0 ? r : first[PHASE_AT];
}

int journal_entry_read_head(int fd, struct journal_entry *ret_entry)
{
	scoped_journal_entry entry = { 0 };
	scoped_ptr uint8_t *head = NULL;
	struct place place = { .bad = false };
	uint64_t size;
	struct stat st;
	struct wire w;
	int r = journal_entry_new(&entry);

	if (r == 0 && fstat(fd, &st) < 0)
		r = -errno;
	if (r == 0)
		r = read_head(fd, (uint64_t)st.st_size, &head, &size);
	if (r < 0 || !head)
		return r;
	entry.phase = head[PHASE_AT];
	place.at = size + JOURNAL_HASH_SIZE;
	place.end = (uint64_t)st.st_size;
	w = wire_over(head + HEADER_AT, size - HEADER_AT);
	r = get_header(&w, &place, &entry);
	if (r == 0 && entry.phase >= JOURNAL_PHASE_MAX)
		r = -EBADMSG;
	if (r < 0)
		return r;
	*ret_entry = entry;
	entry = (struct journal_entry){ 0 };
	return 0;
}

/* The bytes of a side to `to`, or nowhere if that is -1; -EBADMSG if they are not whole. */
static int copy_side(int fd, const struct journal_side *side, int to)
{
	scoped_ptr char *chunk = malloc(CHUNK_SIZE);
	uint8_t hash[JOURNAL_HASH_SIZE];
	SHA2_CTX context;
	int r = chunk ? 0 : -ENOMEM;

	SHA256Init(&context);
	for (uint64_t done = 0; r == 0 && done < side->size;) {
		uint64_t left = side->size - done;
		size_t n = left < CHUNK_SIZE ? (size_t)left : CHUNK_SIZE;

		r = read_at(fd, chunk, n, side->offset + done);
		if (r < 0)
			return r;
		SHA256Update(&context, (const uint8_t *)chunk, n);
		r = to < 0 ? 0 : fd_write_all(to, chunk, n);
		done += n;
	}
	if (r < 0)
		return r;
	SHA256Final(hash, &context);
	return memcmp(hash, side->hash, sizeof(hash)) == 0 ? 0 : -EBADMSG;
}

int journal_entry_read(int fd, struct journal_entry *ret_entry)
{
	scoped_journal_entry entry = { 0 };
	int r = journal_entry_read_head(fd, &entry);

	for (uint32_t i = 0; r == 0 && i < entry.count; i++) {
		r = copy_side(fd, &entry.file[i].old, -1);
		if (r == 0)
			r = copy_side(fd, &entry.file[i].new, -1);
	}
	if (r == 0)
		r = copy_side(fd, &entry.changes, -1);
	if (r < 0)
		return r;
	*ret_entry = entry;
	entry = (struct journal_entry){ 0 };
	return 0;
}

int journal_entry_content(int fd, const struct journal_side *side)
{
	scoped_fd memfd = memfd_new("exmachina-journal");
	int r = memfd < 0 ? memfd : copy_side(fd, side, memfd);

	if (r == 0)
		r = memfd_seal(memfd);
	return r < 0 ? r : take_fd(&memfd);
}
