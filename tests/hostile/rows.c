/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test program's part: rows of a verifier's list, each field of which is odd in turn. */
#include "rows.h"

#include <stdio.h>
#include <string.h>

const struct change_row right_row = {
	.action = CHANGE_VALUE,
	.has_old = 1,
	.has_new = 1,
	.path = "/1/alias",
	.old_value = "old",
	.new_value = "new",
};

static void change_row_field(struct change_row *m, struct change *change)
{
	change_begin(change);
	CHANGE_FIELDS(FIELDS_change_row)
}

void row_put(const struct change_row *m, struct change *change, struct wire *w)
{
	change->at = 0;
	PUT_FIELDS(FIELDS_change_row)
}

static bool is_alias(const char *value)
{
	return value[0] && value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789")] == '\0';
}

/* Only /1/alias may change, and to a value of letters and digits that is known to its end. */
static const char *outcome_of(const struct change_row *row)
{
	if (row->action >= CHANGE_MAX)
		return "unverified";
	/* what of it is no path, and what is another node's, is test-judge's affair */
	if (strcmp(row->path, right_row.path) != 0)
		return "refused";
	if (row->action != CHANGE_VALUE)
		/* the only one of its label may be made where it may be set */
		return row->action == CHANGE_REMOVED && row->below ? "done"
		       : row->action == CHANGE_ADDED && row->alone ? "done"
								   : "denied";
	return row->has_new && !row->cut && is_alias(row->new_value) ? "done" : "denied";
}

bool each_row(bool (*visit)(struct row_case *c, const void *data), const void *data)
{
	struct row_case c = { .change.which = 0 };

	do {
		for (c.change.oddity = 0; c.change.oddity < ODDITY_MAX; c.change.oddity++) {
			c.row = right_row;
			change_row_field(&c.row, &c.change);
			if (!c.change.fits)
				continue;
			snprintf(c.name, sizeof(c.name), "a row whose %s is %s", c.change.name,
				 oddity_name(c.change.oddity));
			c.outcome =
				is_malformed(c.change.oddity) ? "unverified" : outcome_of(&c.row);
			if (visit(&c, data))
				return true;
		}
		c.change.which++;
	} while (c.change.name);
	return false;
}
