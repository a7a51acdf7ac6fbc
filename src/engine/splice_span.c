/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, on trees of hostile text: where a node is in the text that was made last. The
 * tree's own spans are of the one that was read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/splice_state.h"

/* Of an entry by its place in the tree; -1 if it is another one by now. */
static ssize_t place_in_base(const struct splice_plan *plan, size_t place)
{
	size_t at = 0;

	if (plan->added[place])
		return -1;
	for (size_t k = 0; k <= place; k++) {
		if (plan->added[k])
			continue;
		while (plan->removed[at])
			at++;
		at++;
	}
	return (ssize_t)at - 1;
}

/* What names in the copy what the label's node is in the tree; NULL if there is no such thing. */
static char *path_in_copy(const struct splice *splice, const struct splice_plan *plan,
			  struct outline *now, const char *label)
{
	ssize_t node = outline_find(now, label, 0), entry = -1;
	char *path = NULL;
	uint32_t at = 1;

	if (node == 0)
		return strdup(splice->copy);
	for (size_t place = 0; node > 0 && at < outline_size(now); place++) {
		uint32_t end = outline_end(now, at);

		if ((uint32_t)node < end) {
			entry = place_in_base(plan, place);
			break;
		}
		at = end;
	}
	if (entry < 0 || asprintf(&path, "%s/*[%zd]/descendant-or-self::*[%zu]", splice->copy,
				  entry + 1, (size_t)node - at + 1) < 0)
		return NULL;
	return path;
}

bool splice_has_spans(const struct splice *splice)
{
	return splice->spans == IN_COPY;
}

int splice_span(struct splice *splice, const char *label, struct splice_span *ret_span)
{
	scoped_ptr char *path = NULL;
	scoped_outline *now = NULL;
	scoped_sums sums = { 0 };
	scoped_plan plan = { 0 };
	int r = splice_look(splice, &now, &sums, &plan);

	if (r < 0)
		return r;
	path = path_in_copy(splice, &plan, now, label);
	if (!path || aug_span(splice->room->aug, path, NULL, &ret_span->label_start,
			      &ret_span->label_end, &ret_span->value_start, &ret_span->value_end,
			      &ret_span->start, &ret_span->end) < 0)
		return -ENOENT;
	return 0;
}
