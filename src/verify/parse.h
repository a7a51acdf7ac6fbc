/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_PARSE_H
#define EXM_VERIFY_PARSE_H

#include "verify/node.h"

/* One Augeas with one lens and no file. */
struct parser;

/* lens_path is colon-separated, as Augeas's. 0, -ENOENT if there is no such lens, or -errno. */
int parser_new(const char *lens, const char *lens_path, struct parser **ret_parser) must_check;
struct parser *parser_free(struct parser *parser);

struct augeas;
/* One that uses somebody else's Augeas, whose tree is as it was afterwards. 0 or -ENOMEM. */
int parser_over(struct augeas *aug, const char *lens, struct parser **ret_parser) must_check;

/* Compiles the lens now, and not with the first text. */
void parser_warm(struct parser *parser);

/* The text as aug_load(3) takes it: a last line without its end gets one. NULL without memory. */
char *parse_whole_lines(const char *text);

/*
 * 0, -EBADMSG for a text that the lens does not take, or of which it makes nodes below one without
 * a name, -E2BIG for one that nests too deep, -ENOMEM.
 */
int parse_text(struct parser *parser, const char *text, struct node **ret_tree) must_check;
/* Was it refused for that? */
bool parse_lacks_names(const struct parser *parser);

/*
 * Does the lens make of the text's tree the same text again? Of a long text only
 * the part is tried that differs from `before`, if that is a text for the lens by itself.
 * 0, -EBADMSG if not.
 */
int parse_renders(struct parser *parser, const char *before, const char *text) must_check;

/*
 * A text to be edited in Augeas's own tree: begun, changed by the caller below PARSE_TREE, and
 * written again in the layout that it had. parse_begin() returns as parse_text(), parse_end() 0
 * with a new string, -EBADMSG for a tree that the lens cannot write, -ENOMEM.
 */
#define PARSE_TREE "/exmachina_tree"

int parse_begin(struct parser *parser, const char *text) must_check;
struct augeas *parse_augeas(struct parser *parser);
int parse_end(struct parser *parser, char **ret_text) must_check;

#endif
