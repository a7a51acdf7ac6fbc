/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a failure of power has made of the journal: it is read without reading out of bounds, and as
 * it is, nothing of it is taken. Then once more with the hash that it ought to have, so that all of
 * it is read: what is taken is written again as it was.
 */
#include "fuzz.h"

#include <errno.h>
#include <sha2.h>
#include <unistd.h>

#include "common/memfd.h"
#include "common/wire.h"
#include "monitor/journal/journal_entry.h"

/* As in journal_entry.h. */
#define MAGIC "EXMJRN1\n"

enum { PHASE_AT = 8, SIZE_AT = 16, HEADER_AT = 24 };

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_new("fuzz");

	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	return fd;
}

static void put_hash(const uint8_t *data, size_t size, uint8_t *hash)
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, data, size);
	SHA256Final(hash, &context);
}

/*
 * A head whose hash is right, of a phase and a header that are the input's: one byte, two of its
 * length, and the header. What follows it are the contents. To be freed; its length in ret_head.
 */
static uint8_t *seal(const uint8_t *data, size_t size, size_t *ret_head, size_t *ret_size)
{
	size_t header = (size_t)(data[1] | data[2] << 8), rest;
	uint8_t *sealed = calloc(1, HEADER_AT + size + JOURNAL_HASH_SIZE);
	struct wire w = wire_over(sealed + SIZE_AT, 8);

	expect(sealed);
	header = header > size - 3 ? size - 3 : header;
	rest = size - 3 - header;
	memcpy(sealed, MAGIC, strlen(MAGIC));
	wire_put_u64(&w, header);
	memcpy(sealed + HEADER_AT, data + 3, header);
	put_hash(sealed, HEADER_AT + header, sealed + HEADER_AT + header);
	sealed[PHASE_AT] = data[0];
	*ret_head = HEADER_AT + header + JOURNAL_HASH_SIZE;
	if (rest > 0)
		memcpy(sealed + *ret_head, data + 3 + header, rest);
	*ret_size = *ret_head + rest;
	return sealed;
}

/* The bytes of one side are those that the file has there. */
static int content_of(int fd, const struct journal_side *side, const uint8_t *data, size_t size)
{
	scoped_mapping mapping = { 0 };
	int content;

	expect(side->offset <= size && side->size <= size - side->offset);
	if (!side->exists)
		return -1;
	content = journal_entry_content(fd, side);
	expect(content >= 0 && memfd_map(content, CONTENT_MAX, &mapping) == 0);
	expect(mapping.size == side->size &&
	       (mapping.size == 0 || memcmp(mapping.data, data + side->offset, mapping.size) == 0));
	return content;
}

static void expect_same(const struct journal_entry *a, const struct journal_entry *b)
{
	expect(a->phase == b->phase && a->count == b->count && a->revision == b->revision &&
	       strcmp(a->method, b->method) == 0);
	for (uint32_t i = 0; i < a->count; i++) {
		expect(strcmp(a->file[i].path, b->file[i].path) == 0);
		expect(a->file[i].new.size == b->file[i].new.size);
	}
}

/* Its own writer makes the same of it, and so it can be read again. */
static void write_again(int fd, struct journal_entry *entry, const uint8_t *data, size_t size)
{
	scoped_fd again = memfd_new("again"), changes = content_of(fd, &entry->changes, data, size);
	scoped_journal_entry same = { 0 };
	int content[2 * JOURNAL_FILES_MAX];

	for (size_t i = 0; i < entry->count; i++) {
		expect(!strchr(entry->file[i].temporary, '/') && entry->file[i].temporary[0]);
		content[2 * i] = content_of(fd, &entry->file[i].old, data, size);
		content[2 * i + 1] = content_of(fd, &entry->file[i].new, data, size);
	}
	expect(again >= 0 && journal_entry_write(again, entry, content, changes) == 0);
	expect(journal_entry_read(again, &same) == 0);
	expect_same(&same, entry);
	for (size_t i = 0; i < 2 * (size_t)entry->count; i++)
		close_fd(content[i]);
}

static int read_whole(const uint8_t *data, size_t size)
{
	scoped_journal_entry entry = { 0 }, head = { 0 };
	scoped_fd fd = file_of(data, size);
	int r = journal_entry_read(fd, &entry), phase = journal_entry_phase(fd);

	expect(r == 0 || r == -EBADMSG);
	expect(phase >= 0);
	if (r == 0) {
		expect(journal_entry_read_head(fd, &head) == 0);
		expect(entry.phase == (enum journal_phase)phase && head.phase == entry.phase);
		write_again(fd, &entry, data, size);
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr uint8_t *sealed = NULL;
	size_t head, sealed_size;

	(void)read_whole(data, size);
	if (size < 3)
		return 0;
	sealed = seal(data, size, &head, &sealed_size);
	(void)read_whole(sealed, sealed_size);
	/* one that was cut, and one of which one bit is another, are not taken */
	expect(read_whole(sealed, sealed_size - 1) == -EBADMSG);
	sealed[head - JOURNAL_HASH_SIZE - 1] ^= 1;
	expect(read_whole(sealed, sealed_size) == -EBADMSG);
	return 0;
}
