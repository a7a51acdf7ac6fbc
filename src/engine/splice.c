/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine, on trees and texts that may be hostile; the lens is root's. What comes of it
 * is judged by the monitor like any other text that the engine hands it.
 */
#include "engine/splice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/splice_check.h"
#include "engine/splice_state.h"

/* Trees of the texts that were made last, by numbers. */
#define COPIES "/exmachina_copies"

enum {
	WINDOW_MAX = 32 << 10, /* bytes; what Augeas writes as a whole takes the square of it */
	WINDOWS_MAX = 64,
};

void splice_room_clear(struct splice_room *room)
{
	aug_close(room->aug);
	*room = (struct splice_room){ 0 };
}

static int sum_up(struct splice *splice)
{
	scoped_outline *outline = NULL;
	scoped_sums sums = { 0 };
	int r = outline_new(splice->aug, splice->node, &outline);

	if (r == 0)
		r = splice_sums_new(outline, &sums);
	if (r < 0)
		return r;
	splice_sums_clear(&splice->base);
	splice->base = sums;
	sums = (struct splice_sums){ 0 };
	return 0;
}

int splice_new(augeas *aug, const char *node, const char *lens, const char *lens_path,
	       struct splice_room *room, struct splice **ret_splice)
{
	scoped(splice_freep) struct splice *splice = calloc(1, sizeof(*splice));
	int r;

	if (!splice)
		return -ENOMEM;
	splice->aug = aug;
	splice->room = room;
	splice->spans = IN_TREE;
	splice->node = strdup(node);
	splice->lens = strdup(lens);
	splice->lens_path = strdup(lens_path);
	if (!splice->node || !splice->lens || !splice->lens_path)
		return -ENOMEM;
	r = sum_up(splice);
	if (r == 0)
		*ret_splice = take_ptr(splice);
	return r;
}

struct splice *splice_free(struct splice *splice)
{
	if (!splice)
		return NULL;
	parser_free(splice->parser);
	if (splice->copy)
		aug_rm(splice->room->aug, splice->copy);
	free(splice->copy);
	splice_sums_clear(&splice->base);
	free(splice->node);
	free(splice->lens);
	free(splice->lens_path);
	free(splice);
	return NULL;
}

int splice_whole(struct splice *splice)
{
	/* Augeas tells, but tells the same of what it only shows, or begins to write */
	splice->spans = NOWHERE;
	return sum_up(splice);
}

uint64_t splice_total(const struct splice *splice)
{
	return splice_sums_total(&splice->base);
}

/* ---- the copy ---- */

static int make_room(struct splice_room *room, const char *lens_path)
{
	if (room->aug)
		return 0;
	room->aug = aug_init("/", lens_path,
			     AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_ENABLE_SPAN |
				     AUG_NO_ERR_CLOSE);
	if (room->aug && aug_error(room->aug) == AUG_NOERROR)
		return 0;
	splice_room_clear(room);
	return -ENOMEM;
}

static int take_place(struct splice *splice)
{
	int r = splice->parser ? 0 : make_room(splice->room, splice->lens_path);

	if (r < 0 || splice->parser)
		return r;
	if (asprintf(&splice->copy, COPIES "/%u", splice->room->copies++) < 0) {
		splice->copy = NULL;
		return -ENOMEM;
	}
	return parser_over(splice->room->aug, splice->lens, &splice->parser);
}

/* Reads the text beside the copy, which stays. 0; -EBADMSG if it is none for the lens, -ENOMEM. */
static int read_text(struct splice *splice, const char *text, struct outline **ret_outline)
{
	int r = parse_begin(splice->parser, text);

	if (r == 0)
		r = outline_new(splice->room->aug, PARSE_TREE, ret_outline);
	return r == -ENOMEM ? r : r < 0 ? -EBADMSG : 0;
}

/* What was read is the copy. */
static int keep_copy(struct splice *splice)
{
	if (aug_mv(splice->room->aug, PARSE_TREE, splice->copy) < 0)
		return -ENOMEM;
	splice->spans = IN_COPY;
	return 0;
}

static bool same_entries(const struct splice_sums *a, const struct splice_sums *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (a->entry[i].loose != b->entry[i].loose)
			return false;
	return a->count == b->count;
}

/* Has the text read, to know where its entries are; they must be those that it was made of. */
static int find_spans(struct splice *splice, const char *text)
{
	scoped_outline *outline = NULL;
	scoped_sums sums = { 0 };
	int r;

	if (splice->spans != NOWHERE)
		return 0;
	r = read_text(splice, text, &outline);
	if (r == 0)
		r = splice_sums_new(outline, &sums);
	if (r == 0 && !same_entries(&splice->base, &sums))
		r = -EBADMSG;
	if (r == 0)
		r = keep_copy(splice);
	return r == -EBADMSG ? SPLICE_NOWHERE : r;
}

/* ---- the windows ---- */

/* Where an entry that stays begins, by its place in the base and in the tree. */
static int find_start(const struct splice *splice, size_t base, size_t now, size_t *ret_start)
{
	bool copied = splice->spans == IN_COPY;
	scoped_ptr char *path = NULL;
	unsigned int start;

	if (asprintf(&path, "%s/*[%zu]", copied ? splice->copy : splice->node,
		     (copied ? base : now) + 1) < 0)
		return -ENOMEM;
	if (aug_span(copied ? splice->room->aug : splice->aug, path, NULL, NULL, NULL, NULL, NULL,
		     &start, NULL) < 0)
		return SPLICE_NOWHERE;
	*ret_start = start;
	return 0;
}

/* From the start of its first entry to that of the one behind the last. */
static int find_text(const struct splice *splice, struct splice_window *window, size_t length)
{
	int r = 0;

	window->text_from = 0;
	window->text_to = length;
	if (window->base_from > 0)
		r = find_start(splice, window->base_from, window->from, &window->text_from);
	if (r == 0 && window->base_to < splice->base.count)
		r = find_start(splice, window->base_to, window->to, &window->text_to);
	if (r == 0 && (window->text_from > window->text_to || window->text_to > length))
		r = SPLICE_NOWHERE;
	return r;
}

static int find_texts(const struct splice *splice, struct splice_plan *plan, size_t length)
{
	size_t end = 0, sum = 0;

	if (plan->count > WINDOWS_MAX)
		return SPLICE_TOO_MUCH;
	for (size_t i = 0; i < plan->count; i++) {
		struct splice_window *window = &plan->window[i];
		int r = find_text(splice, window, length);

		if (r != 0)
			return r;
		if (window->text_from < end)
			return SPLICE_NOWHERE;
		end = window->text_to;
		sum += window->text_to - window->text_from;
		if (window->text_to - window->text_from > WINDOW_MAX || sum > length / 2)
			return SPLICE_TOO_MUCH;
	}
	return 0;
}

static int make_windows(struct splice *splice, struct splice_plan *plan, const char *text,
			const struct outline *wanted)
{
	for (size_t i = 0; i < plan->count; i++) {
		int r = splice_window_make(plan, &plan->window[i], splice->parser, text,
					   &splice->base, wanted);

		if (r < 0)
			return r == -EBADMSG ? SPLICE_NO_WINDOW : r;
	}
	return 0;
}

/* ---- the whole ---- */

static char *put_together(const struct splice_plan *plan, const char *text)
{
	scoped_ptr char *whole = NULL;
	size_t size = 0, at = 0;
	FILE *out = open_memstream(&whole, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < plan->count; i++) {
		const struct splice_window *window = &plan->window[i];

		fwrite(text + at, 1, window->text_from - at, out);
		fputs(window->text, out);
		at = window->text_to;
	}
	fputs(text + at, out);
	return fclose(out) == 0 ? take_ptr(whole) : NULL;
}

/* The text is what is wanted, and the base of the next one. */
static int take_over(struct splice *splice, const char *text, const struct outline *wanted,
		     struct splice_sums *sums)
{
	scoped_outline *read = NULL;
	int r = read_text(splice, text, &read);

	if (r == 0)
		r = splice_check(read, wanted);
	if (r <= 0)
		return r == 0 || r == -EBADMSG ? SPLICE_OTHER : r;
	r = keep_copy(splice);
	if (r < 0)
		return r;
	splice_sums_clear(&splice->base);
	splice->base = *sums;
	*sums = (struct splice_sums){ 0 };
	return SPLICE_DONE;
}

static int replace_entries(struct splice *splice, struct splice_plan *plan, const char *text,
			   const struct outline *wanted)
{
	int r = find_spans(splice, text);

	if (r == 0)
		r = find_texts(splice, plan, strlen(text));
	return r == 0 ? make_windows(splice, plan, text, wanted) : r;
}

static int make_text(struct splice *splice, struct splice_plan *plan, const char *text,
		     const struct outline *wanted, char **ret_text)
{
	int r = replace_entries(splice, plan, text, wanted);

	/* the tree's own spans are of what Augeas has written of it since, if only to show it */
	if ((r == SPLICE_NOWHERE || r == SPLICE_NO_WINDOW) && splice->spans == IN_TREE) {
		splice->spans = NOWHERE;
		r = replace_entries(splice, plan, text, wanted);
	}
	if (r == 0)
		*ret_text = put_together(plan, text);
	return r == 0 && !*ret_text ? -ENOMEM : r;
}

/* Sums alone do not say that no entry is another one: the text is read for that as well. */
static int make_and_read(struct splice *splice, struct splice_plan *plan, const char *text,
			 const struct outline *wanted, struct splice_sums *sums, char **ret_text)
{
	scoped_ptr char *made = NULL;
	int r = take_place(splice);

	if (r == 0 && plan->count > 0)
		r = make_text(splice, plan, text, wanted, &made);
	if (r == 0)
		r = take_over(splice, made ? made : text, wanted, sums);
	if (r == SPLICE_DONE)
		*ret_text = take_ptr(made);
	return r;
}

int splice_look(const struct splice *splice, struct outline **ret_now, struct splice_sums *ret_sums,
		struct splice_plan *ret_plan)
{
	int r = outline_new(splice->aug, splice->node, ret_now);

	if (r == 0)
		r = splice_sums_new(*ret_now, ret_sums);
	return r == 0 ? splice_plan_new(&splice->base, ret_sums, ret_plan) : r;
}

int splice_text(struct splice *splice, const char *text, char **ret_text)
{
	scoped_ptr char *lines = parse_whole_lines(text);
	scoped_outline *wanted = NULL;
	scoped_sums sums = { 0 };
	scoped_plan plan = { 0 };
	int r = lines ? splice_look(splice, &wanted, &sums, &plan) : -ENOMEM;

	*ret_text = NULL;
	if (r < 0)
		return r == -ENOTSUP ? SPLICE_NOWHERE : r;
	return make_and_read(splice, &plan, lines, wanted, &sums, ret_text);
}
