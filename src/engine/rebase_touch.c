/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, on three trees of hostile texts. A touch that is not seen here would be a
 * guess; rebase.c looks at the result once more.
 */
#include "engine/rebase_touch.h"

#include <errno.h>
#include <string.h>

#include "engine/rebase_sides.h"

static int add_touch(struct rebase *rebase, const struct node *node, enum change_action ours,
		     enum change_action theirs)
{
	struct rebase_touch *touch = &rebase->touch[rebase->count];
	int r;

	if (rebase->count == REBASE_TOUCHES_MAX) {
		rebase->more = true;
		return 0;
	}
	r = node_canonical(node, REPORT_TEXT_MAX, &touch->node);
	if (r < 0)
		return r;
	touch->ours = ours;
	touch->theirs = theirs;
	rebase->count++;
	return 0;
}

static bool same_value(const struct node *a, const struct node *b)
{
	return a->value && b->value ? strcmp(a->value, b->value) == 0 : a->value == b->value;
}

static int touch_value(struct rebase *rebase, const struct sides *s)
{
	if (same_value(s->base, s->ours) || same_value(s->base, s->theirs) ||
	    same_value(s->ours, s->theirs))
		return 0;
	return add_touch(rebase, s->base, CHANGE_VALUE, CHANGE_VALUE);
}

/* Is it new at another place? */
static bool is_moved(const struct node *node, const struct node *parent, const ssize_t *was)
{
	for (size_t k = 0; k < parent->count; k++)
		if (was[k] < 0 && node_equal(node, parent->child[k]))
			return true;
	return false;
}

/* Have we put something in the place of the base's child i that they have not? And they? */
static bool replaced_by_both(const struct sides *s, size_t i)
{
	ssize_t place = sides_place_base(s, i);
	size_t ours = 0, theirs = 0, both = 0;

	for (size_t k = 0; k < s->ours->count; k++)
		if (s->to_ours.was[k] < 0 && sides_place_ours(s, k) == place) {
			ours++;
			both += sides_made_by_both(s, k);
		}
	for (size_t j = 0; j < s->theirs->count; j++)
		if (s->to_theirs.was[j] < 0 && sides_place_theirs(s, j) == place)
			theirs++;
	return ours > both && theirs > both;
}

/* A child of the base that one side at least has taken away. */
static int touch_gone(struct rebase *rebase, const struct sides *s, size_t i)
{
	const struct node *node = s->base->child[i];
	ssize_t ours = s->to_ours.became[i], theirs = s->to_theirs.became[i];

	if (ours >= 0)
		return node_equal(node, s->ours->child[ours])
			       ? 0
			       : add_touch(rebase, node, CHANGE_VALUE, CHANGE_REMOVED);
	if (theirs >= 0)
		return node_equal(node, s->theirs->child[theirs])
			       ? 0
			       : add_touch(rebase, node, CHANGE_REMOVED, CHANGE_VALUE);
	if (is_moved(node, s->ours, s->to_ours.was) ||
	    is_moved(node, s->theirs, s->to_theirs.was) || replaced_by_both(s, i))
		return add_touch(rebase, node, CHANGE_REMOVED, CHANGE_REMOVED);
	return 0;
}

/* Comments may say the same twice, and a list may have any number of entries. */
static bool is_single(const struct node *node)
{
	return !node->numbered && node->label[0] != '#' && node->twins == 1;
}

/* Could the two new nodes be meant to be one? */
static bool clash(const struct node *ours, const struct node *theirs)
{
	if (!node_same_label(ours, theirs))
		return false;
	return node_equal(ours, theirs) || (is_single(ours) && is_single(theirs)) ||
	       align_similar(ours, theirs);
}

static int touch_added(struct rebase *rebase, const struct sides *s, size_t k)
{
	if (sides_made_by_both(s, k))
		return 0;
	for (size_t j = 0; j < s->theirs->count; j++)
		if (s->to_theirs.was[j] < 0 && clash(s->ours->child[k], s->theirs->child[j]))
			return add_touch(rebase, s->ours->child[k], CHANGE_ADDED, CHANGE_ADDED);
	return 0;
}

int rebase_find_touches(const struct node *base, const struct node *ours, const struct node *theirs,
			struct rebase *rebase)
{
	scoped_sides s = { 0 };
	int r;

	if (node_equal(base, ours) || node_equal(base, theirs))
		return 0;
	r = sides_align(base, ours, theirs, &s);
	if (r == 0)
		r = touch_value(rebase, &s);
	for (size_t i = 0; r == 0 && i < base->count; i++) {
		ssize_t in_ours = s.to_ours.became[i], in_theirs = s.to_theirs.became[i];

		if (in_ours >= 0 && in_theirs >= 0)
			r = rebase_find_touches(base->child[i], ours->child[in_ours],
						theirs->child[in_theirs], rebase);
		else
			r = touch_gone(rebase, &s, i);
	}
	for (size_t k = 0; r == 0 && k < ours->count; k++)
		if (s.to_ours.was[k] < 0)
			r = touch_added(rebase, &s, k);
	return r;
}
