/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. The copy is outside of /files, for the length of one request. */
#include "engine/undo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

#define COPY "/exmachina_undo"

int undo_begin(struct call *call, const char *canonical, struct undo *ret_undo)
{
	struct undo undo = { .aug = call->engine->tree->aug, .node = strdup(canonical) };

	if (!undo.node)
		return call_no_memory(call);
	if (aug_cp(undo.aug, canonical, COPY) < 0) {
		undo_end(&undo);
		return tree_fail(call, canonical);
	}
	*ret_undo = undo;
	return 0;
}

void undo_begin_made(struct call *call, char *made, struct undo *ret_undo)
{
	*ret_undo = (struct undo){ .aug = call->engine->tree->aug, .made = made };
}

/* A new child behind all others, for one that has a copy. */
static int append(augeas *aug, const char *parent, const char *label)
{
	scoped_ptr char *escaped = NULL, *path = NULL;

	if (aug_escape_name(aug, label, &escaped) < 0)
		return -ENOMEM;
	if (asprintf(&path, "%s/%s[last()+1]", parent, escaped ? escaped : label) < 0)
		return -ENOMEM;
	return aug_set(aug, path, NULL) < 0 ? -ENOMEM : 0;
}

static int put_back_child(const struct undo *undo, const char *last)
{
	const char *label = NULL;

	if (aug_label(undo->aug, COPY "/*[1]", &label) != 1 ||
	    append(undo->aug, undo->node, label) < 0)
		return -ENOMEM;
	return aug_mv(undo->aug, COPY "/*[1]", last) < 0 ? -ENOMEM : 0;
}

static int put_back(const struct undo *undo)
{
	scoped_ptr char *children = NULL, *last = NULL;
	const char *value = NULL;
	int r = 0;

	if (asprintf(&children, "%s/*", undo->node) < 0 ||
	    asprintf(&last, "%s/*[last()]", undo->node) < 0)
		return -ENOMEM;
	if (aug_rm(undo->aug, children) < 0 || aug_get(undo->aug, COPY, &value) != 1 ||
	    aug_set(undo->aug, undo->node, value) < 0)
		return -ENOMEM;
	while (r == 0 && aug_match(undo->aug, COPY "/*[1]", NULL) > 0)
		r = put_back_child(undo, last);
	return r;
}

void undo_restore(const struct undo *undo)
{
	int r = undo->node ? put_back(undo) : 0;

	if (undo->made && aug_rm(undo->aug, undo->made) < 0)
		r = -ENOMEM;
	/* half of a change must not be there to be committed: another engine takes over, without */
	if (r < 0)
		abort();
}

void undo_end(struct undo *undo)
{
	if (undo->node)
		aug_rm(undo->aug, COPY);
	free(undo->node);
	free(undo->made);
	*undo = (struct undo){ 0 };
}
