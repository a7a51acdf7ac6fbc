/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Anybody's file is read as an audit trail: record by record, and verified as a whole. A
 * record that is taken, written again, has the same fields.
 */
#include "fuzz.h"

#include <errno.h>

#include "common/memfd.h"
#include "common/trail.h"

static void write_again(const struct export_record *record)
{
	scoped_export writer = { .data = NULL };
	struct export_record again;

	for (size_t i = 0; i < record->count; i++) {
		char name[EXPORT_NAME_MAX + 1];

		expect(export_name_valid(record->field[i].name, record->field[i].name_length));
		snprintf(name, sizeof(name), "%.*s", (int)record->field[i].name_length,
			 record->field[i].name);
		export_put(&writer, name, record->field[i].value, record->field[i].length);
	}
	/* what was text is text again, and what was not may have become it, which is shorter */
	expect(export_end(&writer) == 0 && writer.length <= record->size);
	expect(export_parse(writer.data, writer.length, &again) == 1);
	expect(again.size == writer.length && again.count == record->count);
	for (size_t i = 0; i < record->count; i++) {
		expect(again.field[i].length == record->field[i].length);
		expect(memcmp(again.field[i].value, record->field[i].value,
			      record->field[i].length) == 0);
	}
}

static void tell(const struct trail_fault *fault, void *data)
{
	uint64_t *told = data;

	expect(fault->file == 0 && fault->text[0]);
	/* nothing of the file that a terminal would obey */
	for (const char *at = fault->text; *at; at++)
		expect((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f);
	++*told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *bytes = fuzz_bytes(data, size);
	scoped_fd fd = memfd_of("fuzz", data, size);
	scoped_trail reader = trail_reader_of(fd, 0);
	struct export_record record, same;
	struct trail_summary summary;
	uint64_t records = 0, told = 0;
	size_t at = 0;
	const char *text;
	int r;

	expect(fd >= 0);
	while ((r = export_parse(bytes + at, size - at, &record)) > 0) {
		expect(record.size <= size - at && record.count <= EXPORT_FIELDS_MAX);
		write_again(&record);
		/* the reader of a file sees the same */
		expect(trail_next(&reader, &same, &text) == 1);
		expect(same.size == record.size && same.count == record.count);
		expect(memcmp(text, bytes + at, record.size) == 0);
		at += record.size;
		records++;
	}
	expect(r == 0 || r == -EBADMSG);
	expect(trail_next(&reader, &same, &text) == (r < 0 ? r : at < size ? -ENODATA : 0));
	expect(reader.offset == at);
	expect(trail_verify(&fd, 1, NULL, tell, &told, &summary) == 0);
	expect(summary.records == records);
	expect(told == (summary.faults < TRAIL_FAULTS_MAX ? summary.faults : TRAIL_FAULTS_MAX));
	return 0;
}
