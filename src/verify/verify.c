/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-verify: a process for one file of one commit. Both texts
 * are hostile, the new one made by an engine that may be the enemy. What comes
 * out is a list that the monitor judges, and that the process can't change any
 * more when it is read.
 */
#include "verify/verify.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "common/memfd.h"
#include "common/message.h"
#include "verify/change.h"
#include "verify/parse.h"

/* A NUL would end the text for the lens and not for who reads the file. */
static int map_text(int fd, char **ret_text)
{
	scoped_mapping mapping = { 0 };
	char *text;
	int r;

	if (fd < 0)
		return 0;
	r = memfd_map(fd, CONTENT_MAX, &mapping);
	if (r < 0)
		return r;
	if (memchr(mapping.data, '\0', mapping.size))
		return -EBADMSG;
	text = strndup(mapping.data, mapping.size);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

/* -ENOTSUP for one with nodes below one that has no name. */
static int tree_of_text(struct parser *parser, const char *text, struct node **ret_tree)
{
	int r = parse_text(parser, text, ret_tree);

	return r == -EBADMSG && parse_lacks_names(parser) ? -ENOTSUP : r;
}

/* No text is no tree; its root is there all the same, to be compared. */
static int tree_of(struct parser *parser, const char *text, struct node **ret_tree)
{
	struct node *tree;
	int r;

	if (text)
		return tree_of_text(parser, text, ret_tree);
	tree = node_new("tree", NULL);
	if (!tree)
		return -ENOMEM;
	r = node_complete(tree);
	if (r == 0)
		*ret_tree = tree;
	else
		node_free(tree);
	return r;
}

static enum verify_verdict verdict_of(int r, enum verify_verdict bad)
{
	switch (r) {
	case 0:
		return VERIFY_DONE;
	case -EBADMSG:
		return bad;
	case -E2BIG:
		return VERIFY_TOO_DEEP;
	case -ENOENT:
		return VERIFY_NO_LENS;
	case -ENOTSUP:
		return VERIFY_NO_NAME;
	default:
		return VERIFY_MEMORY;
	}
}

static enum verify_verdict write_changes(const struct node *before, const struct node *after,
					 int result)
{
	scoped_report report = report_begin(REPORT_CHANGE);
	int r = change_list(before, after, &report);

	if (r == 0)
		r = report_write(&report, NULL, result);
	if (r == -E2BIG)
		return VERIFY_TOO_MUCH;
	return r < 0 ? VERIFY_MEMORY : VERIFY_DONE;
}

/*
 * The process has one text to read twice, and ends then: memory is taken in large pieces, none is
 * given back, and no time is spent on putting small ones together.
 */
static void settle_memory(void)
{
	enum { PIECE = 32 << 20, NEVER = 1 << 30 };

	(void)mallopt(M_MXFAST, 0);
	(void)mallopt(M_TOP_PAD, PIECE);
	(void)mallopt(M_TRIM_THRESHOLD, NEVER);
	(void)mallopt(M_MMAP_THRESHOLD, NEVER);
}

int verify_prepare(struct verification *verification, const char *lens, const char *lens_path)
{
	int r;

	settle_memory();
	r = parser_new(lens, lens_path, &verification->parser);
	if (r == 0)
		parser_warm(verification->parser);
	return r;
}

void verification_clear(struct verification *verification)
{
	verification->parser = parser_free(verification->parser);
	free(verification->before);
	free(verification->after);
	verification->before = verification->after = NULL;
	verification->old_tree = node_free(verification->old_tree);
	verification->new_tree = node_free(verification->new_tree);
}

void verify_read_before(struct verification *verification, int before)
{
	int r = map_text(before, &verification->before);

	if (r == 0)
		r = tree_of(verification->parser, verification->before, &verification->old_tree);
	verification->before_error = r;
}

enum verify_verdict verify_run(struct verification *verification, int after, int result)
{
	struct parser *parser = verification->parser;
	int r = verification->before_error;

	if (r < 0)
		return verdict_of(r, VERIFY_OLD_NO_PARSE);
	r = map_text(after, &verification->after);
	if (r == 0)
		r = tree_of(parser, verification->after, &verification->new_tree);
	if (r < 0)
		return verdict_of(r, VERIFY_NO_PARSE);
	r = verification->after ? parse_renders(parser, verification->before, verification->after)
				: 0;
	if (r < 0)
		return verdict_of(r, VERIFY_NO_RENDER);
	return write_changes(verification->old_tree, verification->new_tree, result);
}
