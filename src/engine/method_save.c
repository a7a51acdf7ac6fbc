/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: aug_save(3), which goes by /augeas/save. What it writes beside a file is
 * written as any other file: the policy names it, or it is not written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/policy_rule.h"
#include "engine/dirty.h"
#include "engine/engine.h"
#include "engine/method.h"
#include "engine/method_commit.h"

/* What its own lens takes no notice of, in a text that another one has written. */
static int check_lens(struct call *call, const struct tree_file *file,
		      const struct tree_file *other)
{
	const struct policy_file *entry = &call->engine->policy->files[other->entry];
	scoped_rule rule = { 0 };
	int r = strcmp(entry->lens, file->lens) != 0 ? policy_rule_other_lens(entry, &rule) : 0;

	if (r <= 0)
		return r < 0 ? call_no_memory(call) : 0;
	return call_denied(call, data_of("file", other->path), rule.key, rule.line,
			   "%.200s may be changed with %s only, and %.200s is written with %s; "
			   "[File %s] would need %s",
			   other->path, entry->lens, file->path, file->lens, entry->path,
			   rule.line);
}

/* The file of that name with something behind it, if the policy has it. 0, or -1: answered. */
static int beside(struct call *call, const struct tree_file *file, const char *suffix,
		  struct tree_file **ret_file)
{
	scoped_ptr char *path = NULL;

	if (asprintf(&path, "%s%s", file->path, suffix) < 0)
		return call_no_memory(call);
	if (tree_fetch(call, path, ret_file) < 0)
		return -1;
	if (!*ret_file)
		return call_denied(call, data_of("file", path), "[File]", "[File]",
				   "%.200s: no [File] section of the policy names it, and with "
				   "/augeas/save = %s it would be written",
				   path, call->engine->tree->save_mode);
	if ((*ret_file)->state == TREE_UNREADABLE)
		return tree_file_fail(call, *ret_file);
	return check_lens(call, file, *ret_file);
}

/* The new text goes to another file. */
static int divert(struct call *call, struct dirty *p)
{
	struct tree_file *other = NULL;

	if (beside(call, p->file, ".augnew", &other) < 0)
		return -1;
	p->stands_for = p->file;
	p->file = other;
	p->origin = DIRTY_BESIDE;
	dirty_set_plain(p);
	return 0;
}

/* The old text goes to another file too. */
static int add_backup(struct call *call, struct dirty_list *list, const struct dirty *p)
{
	struct dirty *copy = &list->item[list->count];
	struct tree_file *other = NULL;

	if (p->file->base < 0)
		return 0;
	if (list->count == TREE_FILES_MAX)
		return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "files"),
				  "more than %d files in one session", TREE_FILES_MAX);
	if (beside(call, p->file, ".augsave", &other) < 0)
		return -1;
	*copy = (struct dirty){ .file = other, .origin = DIRTY_BESIDE };
	copy->ours = fcntl(p->file->base, F_DUPFD_CLOEXEC, 3);
	if (copy->ours < 0)
		return call_internal(call, "keep the old text", -errno);
	dirty_set_plain(copy);
	if (copy->from >= 0 && fd_same_content(copy->from, copy->ours) == 1) {
		close_fd(copy->ours);
		return 0;
	}
	list->total = ++list->count;
	return 0;
}

static int save_beside(struct call *call, const struct arguments *a, bool replaces)
{
	scoped_dirty_list *list = NULL;
	size_t edited;
	int r = 0;

	if (dirty_collect(call, &list) < 0)
		return -1;
	edited = list->count;
	for (size_t i = 0; i < edited && r == 0; i++)
		r = replaces ? add_backup(call, list, &list->item[i])
			     : divert(call, &list->item[i]);
	return r < 0 ? -1 : commit_all(call, a, list);
}

int augeas_save(struct call *call, const struct arguments *a)
{
	const char *mode = call->engine->tree->save_mode;
	struct arguments dry = *a;

	if (strcmp(mode, "newfile") == 0)
		return save_beside(call, a, false);
	if (strcmp(mode, "backup") == 0)
		return save_beside(call, a, true);
	dry.dry_run = strcmp(mode, "noop") == 0;
	return config_commit(call, &dry);
}
