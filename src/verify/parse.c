/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachina-verify, with a lens of root's on hostile text. libaugeas is
 * stock; if it crashes or never ends, that is a refusal.
 */
#include "verify/parse.h"

#include <augeas.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "verify/walk.h"

#define TEXT "/exmachina_text"
#define RENDERED "/exmachina_rendered"

struct parser {
	augeas *aug;
	char *lens;
	bool is_borrowed;
	bool lacks_names;
};

int parser_new(const char *lens, const char *lens_path, struct parser **ret_parser)
{
	struct parser *parser = calloc(1, sizeof(*parser));

	if (!parser)
		return -ENOMEM;
	parser->lens = strdup(lens);
	parser->aug =
		aug_init("/", lens_path,
			 AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_NO_ERR_CLOSE);
	if (!parser->lens || !parser->aug || aug_error(parser->aug) != AUG_NOERROR) {
		parser_free(parser);
		return -ENOMEM;
	}
	*ret_parser = parser;
	return 0;
}

int parser_over(augeas *aug, const char *lens, struct parser **ret_parser)
{
	struct parser *parser = calloc(1, sizeof(*parser));

	if (!parser)
		return -ENOMEM;
	parser->is_borrowed = true;
	parser->aug = aug;
	parser->lens = strdup(lens);
	if (!parser->lens) {
		parser_free(parser);
		return -ENOMEM;
	}
	*ret_parser = parser;
	return 0;
}

static void forget(struct parser *parser)
{
	aug_rm(parser->aug, PARSE_TREE);
	aug_rm(parser->aug, TEXT);
	aug_rm(parser->aug, RENDERED);
	/* what it notes of this text */
	aug_rm(parser->aug, "/augeas/text" PARSE_TREE);
}

struct parser *parser_free(struct parser *parser)
{
	if (!parser)
		return NULL;
	if (parser->is_borrowed)
		forget(parser);
	else if (parser->aug)
		aug_close(parser->aug);
	free(parser->lens);
	free(parser);
	return NULL;
}

char *parse_whole_lines(const char *text)
{
	size_t length = strlen(text);
	char *whole = NULL;

	if (length == 0 || text[length - 1] == '\n')
		return strdup(text);
	return asprintf(&whole, "%s\n", text) < 0 ? NULL : whole;
}

static int store(struct parser *parser, const char *text)
{
	scoped_ptr char *whole = parse_whole_lines(text);

	aug_rm(parser->aug, PARSE_TREE);
	if (!whole || aug_set(parser->aug, TEXT, whole) < 0)
		return -ENOMEM;
	if (aug_text_store(parser->aug, parser->lens, TEXT, PARSE_TREE) == 0)
		return 0;
	if (aug_error(parser->aug) == AUG_ENOMEM)
		return -ENOMEM;
	return aug_error(parser->aug) == AUG_ENOLENS ? -ENOENT : -EBADMSG;
}

void parser_warm(struct parser *parser)
{
	/* whether the lens takes it, or is there at all, is told by the first text */
	(void)!store(parser, "");
	aug_rm(parser->aug, PARSE_TREE);
	aug_rm(parser->aug, "/augeas/text");
}

int parse_text(struct parser *parser, const char *text, struct node **ret_tree)
{
	int r = store(parser, text);

	parser->lacks_names = false;
	if (r < 0)
		return r;
	r = walk_tree(parser->aug, PARSE_TREE, ret_tree);
	parser->lacks_names = r == -ENOTSUP;
	/* its root is there, whatever the text: an Augeas that says otherwise is not believed */
	return r == -ENOTSUP || r == -ENOENT ? -EBADMSG : r;
}

bool parse_lacks_names(const struct parser *parser)
{
	return parser->lacks_names;
}

int parse_begin(struct parser *parser, const char *text)
{
	return store(parser, text);
}

struct augeas *parse_augeas(struct parser *parser)
{
	return parser->aug;
}

static int render(struct parser *parser, const char **ret_text)
{
	if (aug_text_retrieve(parser->aug, parser->lens, TEXT, PARSE_TREE, RENDERED) < 0)
		return aug_error(parser->aug) == AUG_ENOMEM ? -ENOMEM : -EBADMSG;
	*ret_text = NULL;
	return aug_get(parser->aug, RENDERED, ret_text) == 1 && *ret_text ? 0 : -EBADMSG;
}

int parse_end(struct parser *parser, char **ret_text)
{
	const char *rendered;
	int r = render(parser, &rendered);

	if (r < 0)
		return r;
	*ret_text = strdup(rendered);
	return *ret_text ? 0 : -ENOMEM;
}

static int renders(struct parser *parser, const char *text)
{
	const char *stored = NULL, *rendered;
	int r = store(parser, text);

	if (r == 0)
		r = render(parser, &rendered);
	if (r < 0)
		return r;
	if (aug_get(parser->aug, TEXT, &stored) != 1)
		return -EBADMSG;
	return strcmp(rendered, stored) == 0 ? 0 : -EBADMSG;
}

/*
 * Rendering takes the square of the length, so a longer text is tried where it
 * differs, in whole lines, and as a whole only if these lines are no text by themselves.
 */
enum { WHOLE_MAX = 1 << 10, PART_MAX = 32 << 10 };

static char *differing_lines(const char *before, const char *text)
{
	size_t a = strlen(before), b = strlen(text), head = 0, tail = 0;

	while (head < a && head < b && before[head] == text[head])
		head++;
	while (head > 0 && text[head - 1] != '\n')
		head--;
	while (tail < a - head && tail < b - head && before[a - tail - 1] == text[b - tail - 1])
		tail++;
	while (tail > 0 && text[b - tail - 1] != '\n')
		tail--;
	return strndup(text + head, b - head - tail);
}

int parse_renders(struct parser *parser, const char *before, const char *text)
{
	if (before && strlen(text) > WHOLE_MAX) {
		scoped_ptr char *part = differing_lines(before, text);

		if (!part)
			return -ENOMEM;
		if (strlen(part) <= PART_MAX && renders(parser, part) == 0)
			return 0;
	}
	return renders(parser, text);
}
