/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine. Children are named by their place among all, never by a label from
 * a hostile text; and what comes later in the tree is changed earlier, so that the places of what
 * comes before stay.
 */
#include "engine/rebase_edit.h"

#include <augeas.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/rebase_sides.h"

/* What Augeas refuses is for the lens not to be written; so is a label with a slash in between. */
static int result_of(augeas *aug, int r)
{
	if (r >= 0)
		return 0;
	return aug_error(aug) == AUG_ENOMEM ? -ENOMEM : -EBADMSG;
}

/* Whatever its label is. */
static char *path_of_child(const char *parent, size_t index)
{
	char *path = NULL;

	return asprintf(&path, "%s/*[%zu]", parent, index + 1) < 0 ? NULL : path;
}

static int set_value(augeas *aug, const char *path, const char *value)
{
	return result_of(aug, aug_set(aug, path, value));
}

/* Behind all other children. */
static int append(augeas *aug, const char *parent, const char *label, const char *value)
{
	scoped_ptr char *escaped = NULL, *path = NULL;

	if (aug_escape_name(aug, label, &escaped) < 0)
		return result_of(aug, -1);
	if (asprintf(&path, "%s/%s[last()+1]", parent, escaped ? escaped : label) < 0)
		return -ENOMEM;
	return set_value(aug, path, value);
}

static int fill(augeas *aug, const char *path, const struct node *node)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < node->count; i++) {
		scoped_ptr char *child = path_of_child(path, i);

		r = child ? append(aug, path, node->child[i]->label, node->child[i]->value)
			  : -ENOMEM;
		if (r == 0)
			r = fill(aug, child, node->child[i]);
	}
	return r;
}

/* One side's tree in Augeas, being changed below one node. */
struct spot {
	augeas *aug;
	const char *path;
	unsigned long next_number; /* for labels of numbered entries, which only have to differ */
	char label[32];
};

static const char *label_for(struct spot *spot, const struct node *node)
{
	if (!node->numbered)
		return node->label;
	snprintf(spot->label, sizeof(spot->label), "%lu", spot->next_number++);
	return spot->label;
}

static unsigned long first_free_number(const struct node *parent)
{
	unsigned long most = 0;

	for (size_t i = 0; i < parent->count; i++) {
		unsigned long number = strtoul(parent->child[i]->label, NULL, 10);

		if (number > most)
			most = number;
	}
	return most + 1;
}

/* So that it is the child number `at`, while there are `count` of them. */
static int insert(struct spot *spot, const struct node *node, size_t at, size_t count)
{
	scoped_ptr char *path = path_of_child(spot->path, at);
	scoped_ptr char *beside = path_of_child(spot->path, at > 0 ? at - 1 : 0);
	const char *label = label_for(spot, node);
	int r;

	if (!path || !beside)
		return -ENOMEM;
	if (at == count) {
		r = append(spot->aug, spot->path, label, node->value);
	} else {
		r = result_of(spot->aug, aug_insert(spot->aug, beside, label, at == 0));
		if (r == 0)
			r = set_value(spot->aug, path, node->value);
	}
	return r < 0 ? r : fill(spot->aug, path, node);
}

/* Of their children the first one that stands for what follows our new child k. */
static size_t place_in_theirs(const struct sides *s, size_t k)
{
	size_t j = 0;

	while (k < s->ours->count && s->to_ours.was[k] < 0)
		k++;
	if (k == s->ours->count)
		return s->theirs->count;
	while (j < s->theirs->count && s->to_theirs.was[j] < s->to_ours.was[k])
		j++;
	return j;
}

static int edit(augeas *aug, const char *path, const struct node *base, const struct node *ours,
		const struct node *theirs);

/* Their child j: gone with us, changed by us, or left. */
static int edit_child(struct spot *spot, const struct sides *s, size_t j)
{
	scoped_ptr char *path = path_of_child(spot->path, j);
	ssize_t i = s->to_theirs.was[j], k = i < 0 ? -1 : s->to_ours.became[i];

	if (!path)
		return -ENOMEM;
	if (i < 0)
		return 0;
	if (k < 0)
		return result_of(spot->aug, aug_rm(spot->aug, path));
	return edit(spot->aug, path, s->base->child[i], s->ours->child[k], s->theirs->child[j]);
}

/* Our new children that go before their child j, the last one first. */
static int insert_before(struct spot *spot, const struct sides *s, size_t j, size_t *left)
{
	scoped_ptr char *all = NULL;
	size_t count;
	int r = 0;

	if (asprintf(&all, "%s/*", spot->path) < 0)
		return -ENOMEM;
	for (; r == 0 && *left > 0; (*left)--) {
		size_t k = *left - 1;

		if (s->to_ours.was[k] >= 0)
			continue;
		if (place_in_theirs(s, k) < j)
			break;
		if (sides_made_by_both(s, k))
			continue;
		count = (size_t)aug_match(spot->aug, all, NULL);
		r = insert(spot, s->ours->child[k], j, count);
	}
	return r;
}

static int edit(augeas *aug, const char *path, const struct node *base, const struct node *ours,
		const struct node *theirs)
{
	struct spot spot = {
		.aug = aug,
		.path = path,
		.next_number = first_free_number(theirs),
	};
	scoped_sides s = { 0 };
	size_t left = ours->count;
	int r;

	if (node_equal(base, ours))
		return 0;
	if (ours->value ? !base->value || strcmp(ours->value, base->value) != 0 : !!base->value) {
		r = set_value(aug, path, ours->value);
		if (r < 0)
			return r;
	}
	r = sides_align(base, ours, theirs, &s);
	for (size_t j = theirs->count; r == 0; j--) {
		r = insert_before(&spot, &s, j, &left);
		if (r < 0 || j == 0)
			break;
		r = edit_child(&spot, &s, j - 1);
	}
	return r;
}

int rebase_edit(struct parser *parser, const char *their_text, const struct node *base,
		const struct node *ours, const struct node *theirs, char **ret_text)
{
	int r = parse_begin(parser, their_text);

	if (r == 0)
		r = edit(parse_augeas(parser), PARSE_TREE, base, ours, theirs);
	return r < 0 ? r : parse_end(parser, ret_text);
}
