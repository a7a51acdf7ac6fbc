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
#include "monitor/journal/journal_entry.h"

/* As in journal_entry.h. */
#define MAGIC "EXMJRN1\n"

enum { PHASE_AT = 8 };

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_new("fuzz");

	expect(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	return fd;
}

/* The bytes behind a right beginning, and before a right end. To be freed. */
static uint8_t *seal(const uint8_t *data, size_t size, size_t *ret_size)
{
	const size_t head = strlen(MAGIC);
	uint8_t *sealed = malloc(head + size + SHA256_DIGEST_LENGTH);
	uint8_t phase;
	SHA2_CTX hash;

	expect(sealed);
	memcpy(sealed, MAGIC, head);
	if (size > 0)
		memcpy(sealed + head, data, size);
	phase = size > 0 ? sealed[PHASE_AT] : 0;
	if (size > 0)
		sealed[PHASE_AT] = 0;
	SHA256Init(&hash);
	SHA256Update(&hash, sealed, head + size);
	SHA256Final(sealed + head + size, &hash);
	if (size > 0)
		sealed[PHASE_AT] = phase;
	*ret_size = head + size + SHA256_DIGEST_LENGTH;
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

static void write_again(int fd, struct journal_entry *entry, const uint8_t *data, size_t size)
{
	scoped_fd again = memfd_new("again");
	scoped_ptr uint8_t *bytes = malloc(size + 1);
	int content[2 * JOURNAL_FILES_MAX];
	enum journal_phase phase = entry->phase;

	for (uint32_t i = 0; i < entry->count; i++) {
		expect(!strchr(entry->file[i].temporary, '/') && entry->file[i].temporary[0]);
		content[2 * i] = content_of(fd, &entry->file[i].old, data, size);
		content[2 * i + 1] = content_of(fd, &entry->file[i].new, data, size);
	}
	entry->phase = phase;
	expect(again >= 0 && bytes && journal_entry_write(again, entry, content) == 0);
	expect(pread(again, bytes, size + 1, 0) == (ssize_t)size);
	/* but for the seven bytes behind the phase, which nobody reads */
	expect(memcmp(bytes, data, PHASE_AT + 1) == 0);
	expect(memcmp(bytes + 2 * PHASE_AT, data + 2 * PHASE_AT,
		      size - 2 * PHASE_AT - SHA256_DIGEST_LENGTH) == 0);
	for (uint32_t i = 0; i < 2 * entry->count; i++)
		close_fd(content[i]);
}

static int read_whole(const uint8_t *data, size_t size)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = file_of(data, size);
	int r = journal_entry_read(fd, &entry), phase = journal_entry_phase(fd);

	expect(r == 0 || r == -EBADMSG);
	expect(phase >= 0);
	if (r == 0) {
		expect(entry.phase == (enum journal_phase)phase);
		write_again(fd, &entry, data, size);
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr uint8_t *sealed = NULL;
	size_t sealed_size;

	(void)read_whole(data, size);
	sealed = seal(data, size, &sealed_size);
	(void)read_whole(sealed, sealed_size);
	expect(read_whole(sealed, sealed_size - 1) == -EBADMSG);
	/* the phase alone may be another one */
	if (size > 1) {
		sealed[sealed_size - SHA256_DIGEST_LENGTH - 1] ^= 1;
		expect(read_whole(sealed, sealed_size) == -EBADMSG);
	}
	return 0;
}
