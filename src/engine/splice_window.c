/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, on trees and texts that may be hostile. What comes of it is looked at again
 * with the rest of the file around it.
 */
#include "engine/splice_window.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/compare.h"
#include "engine/rebase_edit.h"

/* Entries up to which the shortest way from one list to the other is looked for. */
enum { EDITS_MAX = 200 };

struct lists {
	const struct splice_sums *base, *wanted;
};

static bool same(size_t i, size_t k, const void *data)
{
	const struct lists *lists = data;

	return lists->base->entry[i].exact == lists->wanted->entry[k].exact;
}

/* Next to each other, or with one entry between them, they are one. */
static int add_window(struct splice_plan *plan, const struct splice_window *next)
{
	struct splice_window *last = plan->count > 0 ? &plan->window[plan->count - 1] : NULL;
	struct splice_window *list;

	if (last && next->base_from <= last->base_to) {
		last->base_to = next->base_to;
		last->to = next->to;
		return 0;
	}
	list = reallocarray(plan->window, plan->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	plan->window = list;
	plan->window[plan->count++] = *next;
	return 0;
}

/* What is different, and one entry on each side of it. */
static int find_windows(const struct lists *lists, struct splice_plan *plan)
{
	const size_t base = lists->base->count, wanted = lists->wanted->count;
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < base || k < wanted)) {
		struct splice_window window = { .base_from = i, .from = k };

		while (i < base && plan->removed[i])
			i++;
		while (k < wanted && plan->added[k])
			k++;
		if (i > window.base_from || k > window.from) {
			window.base_from -= window.base_from > 0;
			window.from -= window.from > 0;
			window.base_to = i + (i < base);
			window.to = k + (k < wanted);
			r = add_window(plan, &window);
		}
		i += i < base;
		k += k < wanted;
	}
	return r;
}

int splice_plan_new(const struct splice_sums *base, const struct splice_sums *wanted,
		    struct splice_plan *ret_plan)
{
	const struct lists lists = { .base = base, .wanted = wanted };
	scoped_plan plan = {
		.removed = calloc(base->count + 1, sizeof(bool)),
		.added = calloc(wanted->count + 1, sizeof(bool)),
	};
	const struct comparison comparison = {
		.a_count = base->count,
		.b_count = wanted->count,
		.same = same,
		.data = &lists,
		.removed = plan.removed,
		.added = plan.added,
	};
	int r = plan.removed && plan.added ? compare(&comparison, EDITS_MAX) : -ENOMEM;

	if (r >= 0)
		r = find_windows(&lists, &plan);
	if (r < 0)
		return r;
	*ret_plan = plan;
	plan = (struct splice_plan){ 0 };
	return 0;
}

void splice_plan_clear(struct splice_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		free(plan->window[i].text);
	free(plan->window);
	free(plan->removed);
	free(plan->added);
	*plan = (struct splice_plan){ 0 };
}

/* ---- the entries of a window ---- */

static int copy_node(const struct node *from, struct node **ret_node)
{
	scoped(node_freep) struct node *node = node_new(from->label, from->value);
	int r = node ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < from->count; i++) {
		struct node *child;

		r = copy_node(from->child[i], &child);
		if (r == 0)
			r = node_append(node, child);
	}
	if (r == 0)
		*ret_node = take_ptr(node);
	return r;
}

static int take_node(const struct outline *outline, uint32_t at, size_t depth,
		     struct node **ret_node)
{
	scoped(node_freep) struct node *node =
		node_new(outline_label(outline, at), outline_value(outline, at));
	uint32_t end = outline_end(outline, at++);

	if (!node)
		return -ENOMEM;
	if (depth == NODE_DEPTH_MAX)
		return -EBADMSG;
	while (at < end) {
		struct node *child;
		int r = take_node(outline, at, depth + 1, &child);

		if (r == 0)
			r = node_append(node, child);
		if (r < 0)
			return r;
		at = outline_end(outline, at);
	}
	*ret_node = take_ptr(node);
	return 0;
}

/* Has the lens counted the entries anew, so that their numbers mean no more than their places? */
static bool is_counted(const struct splice_window *window, const struct node *old,
		       const struct splice_sums *base)
{
	for (size_t i = 0; i < old->count; i++)
		if (splice_sum_of(old->child[i]).label != base->entry[window->base_from + i].label)
			return true;
	return false;
}

/* Does the lens take the text for what it is in the whole file? */
static bool is_what_it_was(const struct splice_window *window, const struct node *old,
			   const struct splice_sums *base)
{
	if (old->count != window->base_to - window->base_from)
		return false;
	for (size_t i = 0; i < old->count; i++)
		if (splice_sum_of(old->child[i]).loose != base->entry[window->base_from + i].loose)
			return false;
	return true;
}

static uint32_t find_entry(const struct outline *wanted, size_t index)
{
	uint32_t at = 1;

	while (index-- > 0)
		at = outline_end(wanted, at);
	return at;
}

/* Those that stay are as they were read in the window, with the numbers that they have there. */
static int take_entries(const struct splice_plan *plan, const struct splice_window *window,
			const struct node *old, const struct outline *wanted, struct node *new)
{
	uint32_t at = find_entry(wanted, window->from);
	size_t i = window->base_from;
	int r = 0;

	for (size_t k = window->from; r == 0 && k < window->to; k++) {
		struct node *entry;

		while (i < window->base_to && plan->removed[i])
			i++;
		if (plan->added[k])
			r = take_node(wanted, at, 0, &entry);
		else
			r = copy_node(old->child[i++ - window->base_from], &entry);
		if (r == 0)
			r = node_append(new, entry);
		at = outline_end(wanted, at);
	}
	return r;
}

/* As the lens will count them. */
static int count_entries(struct node *new)
{
	unsigned int next = 1;

	for (size_t i = 0; i < new->count; i++) {
		char *label = NULL;

		if (!node_is_number(new->child[i]->label))
			continue;
		if (asprintf(&label, "%u", next++) < 0)
			return -ENOMEM;
		free(new->child[i]->label);
		new->child[i]->label = label;
	}
	return 0;
}

static int edit(const struct splice_plan *plan, struct splice_window *window, struct parser *parser,
		const char *part, const struct splice_sums *base, const struct outline *wanted)
{
	scoped(node_freep) struct node *old = NULL, *new = NULL;
	int r = parse_text(parser, part, &old);

	if (r < 0)
		return r;
	if (!is_what_it_was(window, old, base))
		return -EBADMSG;
	new = node_new(old->label, old->value);
	r = new ? take_entries(plan, window, old, wanted, new) : -ENOMEM;
	if (r == 0 && is_counted(window, old, base))
		r = count_entries(new);
	if (r == 0)
		r = node_complete(new);
	return r < 0 ? r : rebase_edit(parser, part, old, new, old, &window->text);
}

int splice_window_make(const struct splice_plan *plan, struct splice_window *window,
		       struct parser *parser, const char *text, const struct splice_sums *base,
		       const struct outline *wanted)
{
	size_t length = window->text_to - window->text_from;
	scoped_ptr char *part = strndup(text + window->text_from, length);
	int r;

	if (!part)
		return -ENOMEM;
	free(window->text);
	window->text = NULL;
	/* what does not end a line goes on behind the window */
	if (length > 0 && part[length - 1] != '\n')
		return -EBADMSG;
	r = edit(plan, window, parser, part, base, wanted);
	return r == -E2BIG || r == -ENOENT ? -EBADMSG : r;
}
