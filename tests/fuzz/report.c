/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of a peer, a verifier's among them, is read as each kind, and no further than it goes.
 */
#include "fuzz.h"

#include <errno.h>

#include "common/report.h"

#define TEXT_U8(field)
#define TEXT_U32(field)
#define TEXT_U64(field)
#define TEXT_I32(field)
#define TEXT_STR(field, max) expect(strlen(row.field) <= (max));

#define X(NAME, name) \
	static int read_##name(struct report_reader *reader) \
	{ \
		struct name row; \
		int r; \
\
		while ((r = report_next_##name(reader, &row)) > 0) { \
			FIELDS_##name(TEXT_U8, TEXT_U32, TEXT_U64, TEXT_I32, TEXT_STR) \
		} \
		return r; \
	}
REPORTS(X)
#undef X

static int (*const readers[])(struct report_reader *reader) = {
#define X(NAME, name) [REPORT_##NAME] = read_##name,
	REPORTS(X)
#undef X
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_fd fd = memfd_of("fuzz", data, size);
	scoped_ptr uint8_t *copy = fuzz_bytes(data, size);

	expect(fd >= 0);
	for (enum report_kind kind = REPORT_NONE + 1; kind < REPORT_KIND_MAX; kind++) {
		scoped_reader reader = { .trailer = NULL };
		int r = report_open(fd, kind, &reader);

		if (r < 0)
			continue;
		/* a mapping ends with a page, the copy where the bytes do */
		reader.wire.data = copy;
		r = readers[kind](&reader);
		expect(r == -EBADMSG || (r == 0 && reader.trailer && wire_done(&reader.wire) &&
					 reader.read == reader.rows));
		expect(readers[kind](&reader) == r);
	}
	return 0;
}
