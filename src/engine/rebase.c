/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. All three texts may be anything; the lens is root's. What comes of it is
 * judged by the monitor like any other text that the engine hands it.
 */
#include "engine/rebase.h"

#include <errno.h>
#include <string.h>

#include "common/memfd.h"
#include "common/message.h"
#include "engine/rebase_check.h"
#include "engine/rebase_edit.h"
#include "engine/rebase_touch.h"

struct side {
	char *text; /* NULL: there is no such file */
	struct node *tree;
};

struct work {
	struct parser *parser;
	struct side base, ours, theirs, merged;
};

static void side_clear(struct side *side)
{
	free(side->text);
	node_free(side->tree);
}

static void work_clear(struct work *work)
{
	side_clear(&work->base);
	side_clear(&work->ours);
	side_clear(&work->theirs);
	side_clear(&work->merged);
	parser_free(work->parser);
}

/* A NUL would end the text for the lens, and what is behind it would be lost. */
static int read_text(int fd, char **ret_text)
{
	scoped_mapping mapping = { 0 };
	int r;

	if (fd < 0)
		return 0;
	r = memfd_map(fd, CONTENT_MAX, &mapping);
	if (r < 0)
		return r;
	if (memchr(mapping.data, '\0', mapping.size))
		return -EBADMSG;
	*ret_text = strndup(mapping.data, mapping.size);
	return *ret_text ? 0 : -ENOMEM;
}

/* A file that is not there is an empty tree. */
static int make_tree(struct parser *parser, struct side *side)
{
	if (side->text)
		return parse_text(parser, side->text, &side->tree);
	side->tree = node_new("tree", NULL);
	return side->tree ? node_complete(side->tree) : -ENOMEM;
}

static int read_side(struct parser *parser, int fd, struct side *side)
{
	int r = read_text(fd, &side->text);

	return r < 0 ? r : make_tree(parser, side);
}

static bool is_removed(const struct work *work)
{
	return work->base.text && (!work->ours.text || !work->theirs.text);
}

/* Nothing can be added to a file that the other side has removed: both touch the file itself. */
static int touch_file(struct work *work, struct rebase *rebase)
{
	const struct side *other = work->ours.text ? &work->ours : &work->theirs;

	if (rebase->count > 0 || !is_removed(work) || !other->text ||
	    node_equal(work->base.tree, other->tree))
		return 0;
	rebase->touch[0].node = strdup("");
	rebase->touch[0].ours = work->ours.text ? CHANGE_VALUE : CHANGE_REMOVED;
	rebase->touch[0].theirs = work->theirs.text ? CHANGE_VALUE : CHANGE_REMOVED;
	rebase->count = rebase->touch[0].node ? 1 : 0;
	return rebase->touch[0].node ? 0 : -ENOMEM;
}

static int touch_all(struct work *work, struct rebase *rebase)
{
	int r = rebase_find_touches(work->base.tree, work->ours.tree, work->theirs.tree, rebase);

	if (r == 0)
		r = touch_file(work, rebase);
	if (r == 0 && rebase->count > 0)
		rebase->outcome = REBASE_TOUCHES;
	return r;
}

static int merge_texts(struct work *work)
{
	struct side *merged = &work->merged;
	int r = rebase_edit(work->parser, work->theirs.text ? work->theirs.text : "",
			    work->base.tree, work->ours.tree, work->theirs.tree, &merged->text);

	return r < 0 ? r : make_tree(work->parser, merged);
}

static int merge(struct work *work, struct rebase *rebase)
{
	int r = touch_all(work, rebase);

	if (r < 0 || rebase->outcome == REBASE_TOUCHES || is_removed(work))
		return r;
	r = merge_texts(work);
	if (r == 0)
		r = rebase_check(work->base.tree, work->ours.tree, work->theirs.tree,
				 work->merged.tree);
	if (r == 0 || r == -EBADMSG) {
		rebase->outcome = REBASE_UNSURE;
		return 0;
	}
	if (r < 0)
		return r;
	rebase->merged = memfd_of("exmachina-merged", work->merged.text, strlen(work->merged.text));
	return rebase->merged < 0 ? rebase->merged : 0;
}

static int read_all(const struct rebase_texts *texts, struct work *work)
{
	int r = parser_new(texts->lens, texts->lens_path, &work->parser);

	if (r == 0)
		r = read_side(work->parser, texts->base, &work->base);
	if (r == 0)
		r = read_side(work->parser, texts->ours, &work->ours);
	if (r == 0)
		r = read_side(work->parser, texts->theirs, &work->theirs);
	return r;
}

int rebase_merge(const struct rebase_texts *texts, struct rebase *ret_rebase)
{
	scoped_rebase rebase = { .merged = -1 };
	scoped(work_clear) struct work work = { 0 };
	int r = read_all(texts, &work);

	if (r == 0)
		r = merge(&work, &rebase);
	else if (r == -EBADMSG || r == -E2BIG) {
		rebase.outcome = REBASE_UNREADABLE;
		r = 0;
	}
	if (r < 0)
		return r;
	*ret_rebase = rebase;
	rebase = (struct rebase){ .merged = -1 };
	return 0;
}

void rebase_clear(struct rebase *rebase)
{
	close_fd(rebase->merged);
	for (size_t i = 0; i < rebase->count; i++)
		free(rebase->touch[i].node);
}
