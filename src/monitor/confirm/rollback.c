/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor, as root, with the journal in hand. History and journal are root's. */
#include "monitor/confirm/rollback.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/memfd.h"
#include "common/target.h"
#include "monitor/history/history.h"
#include "monitor/journal/journal_recover.h"

/* The commits from the first one on, as if they were one; contents as of journal_entry_write(). */
struct sum {
	struct journal_entry entry;
	int content[2 * JOURNAL_FILES_MAX];
};

static void sum_free(struct sum **sum)
{
	if (!*sum)
		return;
	for (size_t i = 0; i < ARRAY_SIZE((*sum)->content); i++)
		close_fd((*sum)->content[i]);
	journal_entry_clear(&(*sum)->entry);
	free(*sum);
}

#define scoped_sum scoped(sum_free) struct sum

static int sum_new(struct sum **ret_sum)
{
	scoped_sum *sum = calloc(1, sizeof(*sum));
	int r = sum ? journal_entry_new(&sum->entry) : -ENOMEM;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(sum->content); i++)
		sum->content[i] = -1;
	*ret_sum = take_ptr(sum);
	return 0;
}

int rollback_add(struct rollback *rollback, const char *path)
{
	scoped_ptr char *copy = strdup(path);
	char **longer =
		copy ? reallocarray(rollback->path, rollback->count + 1, sizeof(*longer)) : NULL;

	if (!longer)
		return -ENOMEM;
	rollback->path = longer;
	longer[rollback->count++] = take_ptr(copy);
	return 0;
}

void rollback_clear(struct rollback *rollback)
{
	for (size_t i = 0; i < rollback->count; i++)
		free(rollback->path[i]);
	free(rollback->path);
}

/* ---- what is to be taken back ------------------------------------------------------- */

static struct journal_file *find(struct sum *sum, const char *path)
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

static int add_file(struct sum *sum, int revision, struct journal_file *file)
{
	struct journal_file *known = find(sum, file->path);
	size_t index;
	int r = 0;

	if (!known) {
		if (sum->entry.count == JOURNAL_FILES_MAX)
			return -E2BIG;
		index = sum->entry.count++;
		known = &sum->entry.file[index];
		*known = *file;
		*file = (struct journal_file){ 0 };
		r = take_content(revision, &known->old, &sum->content[2 * index]);
		return r < 0 ? r
			     : take_content(revision, &known->new, &sum->content[2 * index + 1]);
	}
	index = (size_t)(known - sum->entry.file);
	known->new = file->new;
	return take_content(revision, &file->new, &sum->content[2 * index + 1]);
}

static int add_revision(struct sum *sum, int dir, uint64_t number)
{
	scoped_journal_entry entry = { 0 };
	scoped_fd fd = history_revision(dir, number);
	int r = fd < 0 ? fd : journal_entry_read_head(fd, &entry);

	for (uint32_t i = 0; r == 0 && i < entry.count; i++)
		r = add_file(sum, fd, &entry.file[i]);
	if (r < 0)
		log_error("revision %" PRIu64 " cannot be taken back: %s", number, strerror(-r));
	return r;
}

static int add_revisions(struct sum *sum, int dir, uint64_t first)
{
	scoped_ptr uint64_t *numbers = NULL;
	size_t count;
	int r = history_numbers(dir, &numbers, &count);

	for (size_t i = 0; r == 0 && i < count; i++)
		if (numbers[i] >= first)
			r = add_revision(sum, dir, numbers[i]);
	return r;
}

/* ---- taking it back ----------------------------------------------------------------- */

static bool is_old(int root_fd, const char *path, int old)
{
	scoped_target target = TARGET_NONE;
	scoped_fd now = -1;
	int error = 0;
	enum mon_outcome outcome;

	if (target_open(root_fd, path, &target) < 0)
		return false;
	outcome = target_snapshot(&target, &now, &error);
	if (outcome == OUTCOME_ABSENT)
		return old < 0;
	return outcome == OUTCOME_DONE && old >= 0 && fd_same_content(now, old) == 1;
}

static int tell(int root_fd, const struct sum *sum, struct rollback *rollback)
{
	int r = 0;

	rollback->restored = true;
	for (uint32_t i = 0; r == 0 && i < sum->entry.count; i++) {
		const char *path = sum->entry.file[i].path;

		r = rollback_add(rollback, path);
		if (!is_old(root_fd, path, sum->content[2 * i]))
			rollback->restored = false;
	}
	return r;
}

/* As a commit of these files that was interrupted; with a revision of 0 it is none itself. */
static int take_back(int root_fd, struct journal *journal, struct sum *sum)
{
	int r;

	sum->entry.revision = 0;
	r = journal_begin(journal, &sum->entry, sum->content, -1);
	if (r == 0)
		r = journal_switch(journal);
	return r < 0 ? r : journal_recover(root_fd, journal);
}

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The same the other way round: from the new bytes to the old ones. */
static int write_history(int dir, struct sum *sum, const struct client *who, uint64_t first)
{
	struct journal_entry *entry = &sum->entry;
	scoped_fd fd = memfd_new("exmachina-revision");
	int r = fd < 0 ? fd : history_next(dir, &entry->revision);

	if (r < 0)
		return r;
	entry->reverts = first;
	entry->usec = now_usec();
	entry->who = *who;
	entry->phase = JOURNAL_OVER;
	snprintf(entry->method, sizeof(entry->method), "config.rollback");
	for (uint32_t i = 0; i < entry->count; i++) {
		int old = sum->content[2 * i];

		sum->content[2 * i] = sum->content[2 * i + 1];
		sum->content[2 * i + 1] = old;
	}
	r = journal_entry_write(fd, entry, sum->content, -1);
	return r < 0 ? r : history_complete(dir, fd, entry->revision);
}

int rollback_run(int root_fd, struct journal *journal, const struct client *who, uint64_t first,
		 struct rollback *ret_rollback)
{
	scoped_sum *sum = NULL;
	scoped_fd dir = history_open(journal->state_fd);
	int r = dir < 0 ? dir : sum_new(&sum);

	if (r == 0)
		r = add_revisions(sum, dir, first);
	if (r == 0 && sum->entry.count > 0)
		r = take_back(root_fd, journal, sum);
	if (r == 0)
		r = tell(root_fd, sum, ret_rollback);
	if (r == 0 && sum->entry.count > 0)
		r = write_history(dir, sum, who, first);
	return r;
}
