/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trees to select of, and the comparison with libaugeas. */
#include "selection_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int make(void **state)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return -1;
	tree->aug = aug_init("/", LENS_PATH,
			     AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD | AUG_ENABLE_SPAN |
				     AUG_NO_ERR_CLOSE);
	if (!tree->aug)
		return -1;
	tree->count = 1;
	tree->file[0] = (struct tree_file){ .path = strdup("/etc/x"), .state = TREE_LOADED };
	*state = tree;
	return 0;
}

int unmake(void **state)
{
	struct tree *tree = *state;

	reads_forget(&tree->reads);
	aug_close(tree->aug);
	free(tree->file[0].path);
	free(tree);
	return 0;
}

void pad(struct tree *tree)
{
	for (int i = 0; i < PADDING; i++)
		assert_int_equal(aug_set(tree->aug, "/files/padding/x[last() + 1]", "y"), 0);
}

/* So that few nodes go by an outline too, of whatever is there now. */
void prime(struct tree *tree)
{
	int r;

	reads_forget(&tree->reads);
	r = outline_new(tree->aug, "", &tree->reads.outline);
	if (r < 0)
		assert_int_equal(r, -ENOTSUP);
}

/* ---- the comparison --------------------------------------------------------------- */

static void compare_node(struct tree *tree, struct selection *selection, size_t i, const char *path,
			 bool values)
{
	scoped_ptr char *below = NULL;
	const char *value = NULL;

	if (strcmp(selection_path(selection, i), path) != 0)
		fail_msg("%s where Augeas says %s", selection_path(selection, i), path);
	/* of nodes that Augeas cannot tell apart there is no single one to ask for */
	if (!values || aug_get(tree->aug, path, &value) != 1)
		return;
	assert_true((value == NULL) == (selection->node[i].value == NULL));
	assert_true(!value || strcmp(value, selection->node[i].value) == 0);
	assert_true(asprintf(&below, "%s/*", path) > 0);
	assert_int_equal(selection_children(selection, i), aug_match(tree->aug, below, NULL));
}

static void compare_selection(struct tree *tree, const char *expr, bool primed, bool values)
{
	scoped_selection selection = { 0 };
	char **path = NULL;
	int count = aug_match(tree->aug, expr, &path), r;

	if (primed)
		prime(tree);
	r = selection_new(tree, expr, values, SIZE_MAX, &selection);
	if (r < 0 && aug_error(tree->aug) == AUG_NOERROR)
		fail_msg("%s: fails without a word", expr);
	if ((count < 0) != (r < 0) || (r == 0 && selection.count != (size_t)count))
		fail_msg("%s: %zu nodes (%d), Augeas has %d", expr, selection.count, r, count);
	for (int i = 0; i < count; i++) {
		compare_node(tree, &selection, (size_t)i, path[i], values);
		free(path[i]);
	}
	free(path);
}

void compare_match(struct tree *tree, const char *expr, bool primed)
{
	compare_selection(tree, expr, primed, false);
	compare_selection(tree, expr, primed, true);
}

void compare_print(struct tree *tree, const char *expr, bool primed)
{
	scoped(output_clear) struct output out = { 0 };
	scoped_ptr char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int r = aug_print(tree->aug, file, expr);

	fclose(file);
	if (primed)
		prime(tree);
	assert_int_equal(selection_print(tree, expr, SIZE_MAX, &out) < 0, r < 0);
	if (r < 0)
		return;
	for (size_t i = 0; i < size && i < out.length; i++)
		if (out.text[i] != text[i])
			fail_msg("%s: printed is ... %.*s, and Augeas prints %.60s", expr,
				 (int)(out.length - i > 60 ? 60 : out.length - i), out.text + i,
				 text + i);
	assert_int_equal(out.length, size);
}

static char *hosts(int entries)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	for (int i = 0; i < entries; i++)
		fprintf(file, "10.%d.%d.%d\th%d.example.com h%d a%d\n", i >> 16, i >> 8 & 255,
			i & 255, i, i, i);
	fclose(file);
	return text;
}

void store_hosts(struct tree *tree, int entries)
{
	scoped_ptr char *text = hosts(entries);

	assert_int_equal(aug_set(tree->aug, "/text", text), 0);
	assert_int_equal(aug_text_store(tree->aug, "Hosts.lns", "/text", FILE_NODE), 0);
}

static struct get_counts counts;

struct get_counts get_counts(void)
{
	return counts;
}

void compare_get(struct tree *tree, const char *path)
{
	const char *value = NULL, *mine = NULL, *label = NULL, *my_label = NULL;
	int r = aug_get(tree->aug, path, &value);
	enum reads_found found = reads_get(tree, path, &my_label, &mine);

	if (found == READS_UNKNOWN)
		return;
	counts.found += found == READS_FOUND;
	counts.none += found == READS_NONE;
	if (r != (found == READS_FOUND))
		fail_msg("%s: %s is found, and Augeas has %d", path,
			 found == READS_FOUND ? "one node" : "no node", r);
	if (found == READS_NONE)
		return;
	assert_int_equal(aug_label(tree->aug, path, &label), 1);
	assert_string_equal(label, my_label);
	assert_true((value == NULL) == (mine == NULL));
	assert_true(!value || strcmp(value, mine) == 0);
}

/* The path of a node, and others that it resembles. */
void compare_gets_near(struct tree *tree, const char *path)
{
	static const char *const more[] = { "",     "[1]",       "[2]",   "[01]",     "[0]",
					    "/",    "/*",        "/1",    "x",        " ",
					    "[",    "/x[1]",     "/..",   "[last()]", "[1][1]",
					    "[*]",  "|/a",       "[1]/.", "/.",       "/.x",
					    "/x..", "/nosuch/x[" };
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		scoped_ptr char *near = NULL;

		assert_true(asprintf(&near, "%s%s", path, more[i]) > 0);
		compare_get(tree, near);
	}
	for (size_t cut = length; cut > 0 && cut + 5 > length; cut--) {
		scoped_ptr char *near = strndup(path, cut);

		compare_get(tree, near);
	}
}

void compare(struct tree *tree, const char *expr)
{
	static unsigned int turn;

	compare_match(tree, expr, true);
	compare_print(tree, expr, true);
	if (turn++ % 8 > 0)
		return;
	compare_match(tree, expr, false);
	compare_print(tree, expr, false);
}
