/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The list was made by a verifier from hostile text, and checked as
 * such before; paths and values may hold any bytes, and leave here escaped, on one
 * line each. What the policy calls secret does not leave.
 */
#include "monitor/audit/audit_changes.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

#define SECRET "(secret)"
#define CUT "..."

enum { LINE_ROOM = 3 * (4 * REPORT_TEXT_MAX + 64), LINE_SHOWN = 1024 };

struct line {
	char *text; /* LINE_ROOM bytes, which the longest one fits into */
	size_t length;
};

struct list {
	struct audit_changes *changes;
	SHA2_CTX hash;
	size_t room;
};

void audit_changes_clear(struct audit_changes *changes)
{
	free(changes->text);
	*changes = (struct audit_changes){ .text = NULL };
}

static void add_bytes(struct line *line, const char *bytes, size_t length)
{
	if (length > LINE_ROOM - line->length)
		length = LINE_ROOM - line->length;
	memcpy(line->text + line->length, bytes, length);
	line->length += length;
}

static void add(struct line *line, const char *text)
{
	add_bytes(line, text, strlen(text));
}

/* Length of the character there, if it may stand as it is; 0 if it has to be escaped. */
static size_t plain_length(const char *text, size_t left, bool quoted)
{
	unsigned char c = (unsigned char)text[0];

	if (c < 0x20 || c == 0x7f || (quoted && (c == '"' || c == '\\')))
		return 0;
	if (c < 0x80)
		return 1;
	for (size_t length = 2; length <= 4 && length <= left; length++)
		if (utf8_valid(text, length, NULL))
			/* U+0080 to U+009F are control characters, too */
			return c == 0xc2 && (unsigned char)text[1] < 0xa0 ? 0 : length;
	return 0;
}

/* At most so many bytes of the text. True if there were more. */
static bool add_escaped(struct line *line, const char *text, size_t most, bool quoted)
{
	size_t length = strlen(text), at = 0, plain = 0, step;

	for (; at < length; at += step) {
		size_t same = plain_length(text + at, length - at, quoted);
		char escaped[8];

		step = same ? same : 1;
		if (step > most - at)
			break;
		if (same) {
			plain += same;
			continue;
		}
		add_bytes(line, text + at - plain, plain);
		plain = 0;
		snprintf(escaped, sizeof(escaped),
			 text[at] == '"' || text[at] == '\\' ? "\\%c" : "\\x%02x",
			 (unsigned char)text[at]);
		add(line, escaped);
	}
	add_bytes(line, text + at - plain, plain);
	return at < length;
}

/* True if it was cut here; a value of which the list has only the beginning is marked as well. */
static bool add_value(struct line *line, bool has, const char *value, bool row_cut, bool secret,
		      size_t most)
{
	bool cut;

	if (!has || secret) {
		add(line, has ? SECRET : "none");
		return false;
	}
	add(line, "\"");
	cut = add_escaped(line, value, most, true);
	add(line, "\"");
	if (cut || (row_cut && strlen(value) >= REPORT_TEXT_MAX - 3))
		add(line, CUT);
	return cut;
}

/* One line; no path and no value has more than `most` bytes in it. True if one would have. */
static bool describe(struct line *line, const struct change_row *row, bool secret, size_t most)
{
	static const char *const actions[CHANGE_MAX] = {
		[CHANGE_VALUE] = "changed ",
		[CHANGE_ADDED] = "added ",
		[CHANGE_REMOVED] = "removed ",
	};
	bool cut;

	line->length = 0;
	add(line, row->action < CHANGE_MAX ? actions[row->action] : "? ");
	cut = add_escaped(line, row->path + (row->path[0] == '/'), most, false);
	if (cut)
		add(line, CUT);
	if (row->action == CHANGE_VALUE || (row->action == CHANGE_REMOVED && row->has_old) ||
	    (row->action == CHANGE_ADDED && row->has_new))
		add(line, ": ");
	if (row->action == CHANGE_VALUE || (row->action == CHANGE_REMOVED && row->has_old))
		cut |= add_value(line, row->has_old, row->old_value, row->cut, secret, most);
	if (row->action == CHANGE_VALUE)
		add(line, " -> ");
	if (row->action == CHANGE_VALUE || (row->action == CHANGE_ADDED && row->has_new))
		cut |= add_value(line, row->has_new, row->new_value, row->cut, secret, most);
	if (row->moved)
		add(line, " (moved)");
	return cut;
}

static int add_line(struct list *list, const struct line *line)
{
	struct audit_changes *changes = list->changes;
	size_t more = line->length + (changes->length > 0);

	if (changes->left_out > 0 || more > AUDIT_CHANGES_SIZE - changes->length) {
		changes->left_out++;
		return 0;
	}
	if (more > list->room - changes->length) {
		size_t room = list->room + (more > LINE_SHOWN ? more : LINE_SHOWN);
		char *text = realloc(changes->text, room);

		if (!text)
			return -ENOMEM;
		changes->text = text;
		list->room = room;
	}
	if (changes->length > 0)
		changes->text[changes->length++] = '\n';
	memcpy(changes->text + changes->length, line->text, line->length);
	changes->length += line->length;
	return 0;
}

static int add_row(struct list *list, struct line *line, const struct policy_file *file,
		   const struct change_row *row)
{
	bool secret = policy_is_secret_path(file, row->path);

	list->changes->count++;
	(void)describe(line, row, secret, REPORT_TEXT_MAX);
	SHA256Update(&list->hash, (const uint8_t *)line->text, line->length);
	SHA256Update(&list->hash, (const uint8_t *)"\n", 1);
	if (line->length > LINE_SHOWN && describe(line, row, secret, AUDIT_CHANGE_SHOWN))
		list->changes->cut = true;
	list->changes->cut |= row->cut;
	return add_line(list, line);
}

int audit_changes_read(int fd, const struct policy_file *const *files, size_t count,
		       struct audit_changes *changes)
{
	scoped_ptr struct list *lists = calloc(count, sizeof(*lists));
	struct line line = { .length = 0 };
	scoped_ptr char *text = malloc(LINE_ROOM);
	scoped_reader reader = { .rows = 0 };
	struct change_row row;
	int r;

	if (!lists || !text)
		return -ENOMEM;
	line.text = text;
	for (size_t i = 0; i < count; i++) {
		changes[i] = (struct audit_changes){ .text = NULL };
		lists[i].changes = &changes[i];
		SHA256Init(&lists[i].hash);
	}
	r = report_open(fd, REPORT_CHANGE, &reader);
	while (r >= 0 && (r = report_next_change_row(&reader, &row)) > 0) {
		if (row.file >= count)
			return -EBADMSG;
		r = add_row(&lists[row.file], &line, files[row.file], &row);
	}
	for (size_t i = 0; r >= 0 && i < count; i++)
		SHA256End(&lists[i].hash, changes[i].hash);
	return r;
}
