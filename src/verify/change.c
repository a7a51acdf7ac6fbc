/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-verify, on two trees of hostile text. Nothing may be left
 * out here: what is not listed is not judged.
 */
#include "verify/change.h"

#include <errno.h>
#include <string.h>

#include "verify/align.h"

/* was, is: the node in the old tree and in the new one, or NULL. */
static int add_row(struct report *report, struct change_row row, const struct node *was,
		   const struct node *is)
{
	const struct node *node = is ? is : was;
	scoped_ptr char *path = NULL;
	int r = node_canonical(node, REPORT_TEXT_MAX, &path);

	if (r < 0)
		return r;
	row.path = path;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): one of the two is there */
	row.alone = node->twins == 1;
	row.has_old = was && was->value;
	row.has_new = is && is->value;
	row.old_value = row.has_old ? was->value : "";
	row.new_value = row.has_new ? is->value : "";
	row.cut =
		strlen(row.old_value) > REPORT_TEXT_MAX || strlen(row.new_value) > REPORT_TEXT_MAX;
	return report_add_change_row(report, &row);
}

/* The node and all below it. */
static int add_subtree(struct report *report, struct change_row row, const struct node *node)
{
	bool gone = row.action == CHANGE_REMOVED;
	int r = add_row(report, row, gone ? node : NULL, gone ? NULL : node);

	row.below = gone;
	for (size_t i = 0; r == 0 && i < node->count; i++)
		r = add_subtree(report, row, node->child[i]);
	return r;
}

/* Is the same subtree among those that have no counterpart on the other side? */
static bool has_equal(const struct node *node, const struct node *parent, const ssize_t *partner)
{
	for (size_t i = 0; i < parent->count; i++)
		if (partner[i] < 0 && node_equal(node, parent->child[i]))
			return true;
	return false;
}

static int compare_children(struct report *report, const struct node *before,
			    const struct node *after);

static int compare_nodes(struct report *report, const struct node *before, const struct node *after)
{
	int r = 0;

	if (node_equal(before, after))
		return 0;
	if (!before->value != !after->value ||
	    (before->value && strcmp(before->value, after->value) != 0))
		r = add_row(report, (struct change_row){ .action = CHANGE_VALUE }, before, after);
	return r < 0 ? r : compare_children(report, before, after);
}

static int add_unpaired(struct report *report, enum change_action action, const struct node *node,
			const struct node *other_parent, const ssize_t *partner)
{
	const struct change_row row = {
		.action = (uint8_t)action,
		.moved = has_equal(node, other_parent, partner),
	};

	return add_subtree(report, row, node);
}

static int compare_children(struct report *report, const struct node *before,
			    const struct node *after)
{
	scoped_alignment al = { 0 };
	size_t i = 0, k = 0;
	int r = align(before, after, &al);

	while (r == 0 && (i < before->count || k < after->count)) {
		if (i < before->count && al.became[i] < 0)
			r = add_unpaired(report, CHANGE_REMOVED, before->child[i++], after, al.was);
		else if (k < after->count && al.was[k] < 0)
			r = add_unpaired(report, CHANGE_ADDED, after->child[k++], before,
					 al.became);
		else
			r = compare_nodes(report, before->child[i++], after->child[k++]);
	}
	return r;
}

int change_list(const struct node *before, const struct node *after, struct report *report)
{
	return compare_nodes(report, before, after);
}
