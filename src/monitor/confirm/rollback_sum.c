/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root. History and journal are root's. */
#include "monitor/confirm/rollback_sum.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "monitor/history/history.h"

void rollback_sum_free(struct rollback_sum **sum)
{
	if (!*sum)
		return;
	for (size_t i = 0; i < ARRAY_SIZE((*sum)->content); i++)
		close_fd((*sum)->content[i]);
	for (size_t i = 0; i < ARRAY_SIZE((*sum)->now); i++)
		free((*sum)->now[i].attributes);
	journal_entry_clear(&(*sum)->entry);
	free(*sum);
}

int rollback_sum_new(struct rollback_sum **ret_sum)
{
	scoped_rollback_sum *sum = calloc(1, sizeof(*sum));
	int r;

	if (!sum)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(sum->content); i++)
		sum->content[i] = -1;
	r = journal_entry_new(&sum->entry);
	if (r < 0)
		return r;
	*ret_sum = take_ptr(sum);
	return 0;
}

static struct journal_file *find(struct rollback_sum *sum, const char *path)
{
	for (uint32_t i = 0; i < sum->entry.count; i++)
		if (strcmp(sum->entry.file[i].path, path) == 0)
			return &sum->entry.file[i];
	return NULL;
}

static int take_content(int revision, const struct journal_side *side, int *content)
{
	int fd = side->exists ? journal_entry_content(revision, side) : -1;

	if (side->exists && fd < 0)
		return fd;
	close_fd(*content);
	*content = fd;
	return 0;
}

static int add_file(struct rollback_sum *sum, int revision, struct journal_file *file)
{
	struct journal_file *known = find(sum, file->path);
	size_t index;
	int r;

	if (!known && sum->entry.count == JOURNAL_FILES_MAX)
		return -E2BIG;
	if (known) {
		index = (size_t)(known - sum->entry.file);
		return take_content(revision, &file->new, &sum->content[2 * index + 1]);
	}
	index = sum->entry.count;
	r = take_content(revision, &file->old, &sum->content[2 * index]);
	if (r == 0)
		r = take_content(revision, &file->new, &sum->content[2 * index + 1]);
	if (r < 0)
		return r;
	sum->entry.file[sum->entry.count++] = *file;
	*file = (struct journal_file){ 0 };
	return 0;
}

static bool is_rollback(const struct journal_entry *entry, const struct pending *pending)
{
	return strcmp(entry->method, METHOD_ROLLBACK) == 0 && entry->reverts == pending->first;
}

/* What another user has committed meanwhile is not this one's to take back. */
static int add_revision(struct rollback_sum *sum, int dir, uint64_t number,
			const struct pending *pending)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = history_revision(dir, number);
	int r = fd < 0 ? fd : journal_entry_read_head(fd, &entry);

	if (r == 0 && strcmp(entry.who.user, pending->user) != 0)
		return 0;
	sum->is_told = r == 0 && is_rollback(&entry, pending);
	for (uint32_t i = 0; r == 0 && i < entry.count; i++)
		r = add_file(sum, fd, &entry.file[i]);
	if (r < 0)
		log_error("revision %" PRIu64 " cannot be taken back: %s", number, strerror(-r));
	return r;
}

int rollback_sum_add(struct rollback_sum *sum, int dir, const struct pending *pending)
{
	scoped_ptr uint64_t *numbers = NULL;
	uint64_t next, expected = pending->first;
	size_t count;
	int r = history_numbers(dir, &numbers, &count);

	if (r == 0)
		r = history_next(dir, &next);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (numbers[i] < pending->first)
			continue;
		sum->is_torn |= numbers[i] != expected;
		expected = numbers[i] + 1;
		r = add_revision(sum, dir, numbers[i], pending);
	}
	sum->is_torn |= r == 0 && expected != next;
	return r;
}

int rollback_room(int state_fd, const struct pending *pending, const struct staged *staged,
		  size_t count)
{
	scoped_rollback_sum *sum = NULL;
	scoped_fd dir = history_open(state_fd);
	size_t more = 0;
	int r = dir < 0 ? dir : rollback_sum_new(&sum);

	if (r == 0)
		r = rollback_sum_add(sum, dir, pending);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		more += !find(sum, staged[i].path);
	return sum->entry.count + more > JOURNAL_FILES_MAX ? -E2BIG : 0;
}
