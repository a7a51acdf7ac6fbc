/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expressions at random, for trees of any lens. */
#include "selection_fixture.h"

#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/method.h"
#include "engine/rpc.h"

/* ---- expressions at random -------------------------------------------------------- */

static uint32_t next_random(void)
{
	static uint64_t seed = 0x2545f4914f6cdd1d;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32);
}

static const char *one_of(const char *const *words, size_t count)
{
	return words[next_random() % count];
}

static void random_label(struct tree *tree, FILE *out)
{
	static const char *const fixed[] = { "*", "*", "1", "2", "#comment", "etc", "x" };
	scoped_ptr char *escaped = NULL;
	const char *label = NULL;
	int count = aug_ns_count(tree->aug, "labels");

	if (count > 0 && next_random() % 2)
		aug_ns_attr(tree->aug, "labels", (int)(next_random() % (uint32_t)count), NULL,
			    &label, NULL);
	if (label && aug_escape_name(tree->aug, label, &escaped) == 0)
		fputs(escaped ? escaped : label, out);
	else
		fputs(one_of(fixed, ARRAY_SIZE(fixed)), out);
}

static void random_predicate(struct tree *tree, FILE *out)
{
	static const char *const fixed[] = {
		"[1]",
		"[2]",
		"[last()]",
		"[last() - 1]",
		"[position() > 2]",
		"[. = 'y']",
		"[. != '']",
		"[. =~ regexp('[0-9a-m].*')]",
		"[*]",
		"[count(*) = 0]",
		"[not(*)]",
		"[label() = 'x' or *]",
		"[../*[3]]",
		"[following-sibling::*[1]]",
		"[2 else 1]",
	};

	if (next_random() % 4 > 0) {
		fputs(one_of(fixed, ARRAY_SIZE(fixed)), out);
		return;
	}
	fputc('[', out);
	random_label(tree, out);
	fputc(']', out);
}

static void random_path(struct tree *tree, FILE *out)
{
	static const char *const start[] = { FILE_NODE, FILE_NODE, FILE_NODE "/*", "/files",
					     "/*",      "*",       "/augeas",      "/files/etc",
					     "etc/x",   "/files/*" };
	static const char *const axis[] = {
		"/",
		"/",
		"/",
		"/",
		"/descendant::",
		"/descendant-or-self::",
		"/self::",
		"/preceding-sibling::",
		"/following-sibling::",
		"/parent::",
		"/ancestor::",
	};
	/* Augeas crashes when it looks for siblings of the root */
	size_t axes = ARRAY_SIZE(axis);
	bool deep = false;

	fputs(one_of(start, ARRAY_SIZE(start)), out);
	for (uint32_t steps = next_random() % 4; steps > 0; steps--) {
		size_t step = next_random() % axes;

		if (!deep && next_random() % 3 == 0) {
			fputc('/', out);
			deep = true;
			step = 0;
		}
		if (step >= ARRAY_SIZE(axis) - 2)
			axes -= 4;
		fputs(axis[step], out);
		random_label(tree, out);
		if (next_random() % 3 == 0)
			random_predicate(tree, out);
	}
}

static char *random_expression(struct tree *tree)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	random_path(tree, out);
	if (next_random() % 5 == 0) {
		fputs(next_random() % 2 ? " | " : " else ", out);
		random_path(tree, out);
	}
	fclose(out);
	return text;
}

/* ---- augeas.dump ---------------------------------------------------------------------- */

static const char *content_of(const xmlNode *node)
{
	return node && node->content ? (const char *)node->content : "";
}

static void write_xml_row(const xmlNode *node, int depth, FILE *out)
{
	fprintf(out, "%d", depth);
	for (const xmlAttr *a = node->properties; a; a = a->next)
		if (strcmp((const char *)a->name, "label") == 0)
			fprintf(out, " %s", content_of(a->children));
	for (const xmlNode *child = node->children; child; child = child->next)
		if (strcmp((const char *)child->name, "value") == 0)
			fprintf(out, " = %s", content_of(child->children));
	fputc('\n', out);
}

static void write_xml(const xmlNode *node, int depth, FILE *out)
{
	for (; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, "node") != 0)
			continue;
		write_xml_row(node, depth, out);
		write_xml(node->children, depth + 1, out);
	}
}

static void write_dumped(const struct json_object *rows, FILE *out)
{
	for (size_t i = 0; i < json_length(rows); i++) {
		const struct json_object *row = json_at(rows, i);
		scoped_ptr char *label = NULL, *value = NULL;

		assert_int_equal(json_get_bytes(json_get(row, "label"), &label), 0);
		fprintf(out, "%d %s", (int)json_int(json_get(row, "depth")), label);
		if (json_get(row, "value")) {
			assert_int_equal(json_get_bytes(json_get(row, "value"), &value), 0);
			fprintf(out, " = %s", value);
		}
		fputc('\n', out);
	}
}

static void dump(struct tree *tree, FILE *out)
{
	struct engine engine = { .tree = tree, .reader = json_reader_new(RPC_DEPTH_MAX) };
	struct captured captured = { 0 };
	struct call call = { .engine = &engine, .method = "augeas.dump", .slot = -1 };
	char path[] = FILE_NODE;
	const struct arguments arguments = { .path = path };

	call.captured = &captured;
	/* nothing has to be read for it */
	tree->last_node = path;
	assert_int_equal(augeas_dump(&call, &arguments), 0);
	tree->last_node = NULL;
	write_dumped(captured.result, out);
	json_free(captured.result);
	json_reader_free(engine.reader);
	output_clear(&engine.out);
}

static void compare_dump(struct tree *tree, bool primed)
{
	scoped_ptr char *ours = NULL, *augeas = NULL;
	size_t size, augeas_size;
	FILE *our_file = open_memstream(&ours, &size);
	FILE *augeas_file = open_memstream(&augeas, &augeas_size);
	xmlNode *top = NULL;

	reads_forget(&tree->reads);
	if (primed)
		prime(tree);
	dump(tree, our_file);
	assert_int_equal(aug_to_xml(tree->aug, FILE_NODE, &top, 0), 0);
	write_xml(top->children, 0, augeas_file);
	xmlFreeNode(top);
	fclose(our_file);
	fclose(augeas_file);
	assert_string_equal(ours, augeas);
	reads_forget(&tree->reads);
}

/* ---- all of it ------------------------------------------------------------------------ */

/* By an outline of the file. */
static void compare_gets(struct tree *tree, int paths)
{
	int count = aug_ns_count(tree->aug, "labels");

	reads_forget(&tree->reads);
	if (aug_match(tree->aug, FILE_NODE, NULL) != 1 ||
	    outline_new(tree->aug, FILE_NODE, &tree->reads.outline) < 0)
		return;
	for (int i = 0; i < paths && count > 0; i++) {
		scoped_ptr char *path = NULL;

		assert_int_equal(aug_ns_path(tree->aug, "labels",
					     (int)(next_random() % (uint32_t)count), &path),
				 0);
		compare_gets_near(tree, path);
	}
	compare_gets_near(tree, FILE_NODE);
	/* all of the file, without asking Augeas */
	compare_match(tree, FILE_NODE "//*", false);
	reads_forget(&tree->reads);
}

/* Some lenses make nodes without a label, by mistake: no expression names them, but what is below.
 */
static bool has_hidden(struct tree *tree)
{
	int count = aug_ns_count(tree->aug, "labels");
	bool found = false;

	for (int i = 0; i < count && !found; i++) {
		scoped_ptr char *path = NULL;

		assert_int_equal(aug_ns_path(tree->aug, "labels", i, &path), 0);
		found = strstr(path, "/\\(none\\)/") != NULL;
	}
	return found;
}

void compare_tree(struct tree *tree, int expressions)
{
	static const char *const fixed[] = { FILE_NODE,   FILE_NODE "/*",   FILE_NODE "//*",
					     "/files",    FILE_NODE "/*/*", FILE_NODE "//*[last()]",
					     "/augeas//*" };

	reads_forget(&tree->reads);
	tree->reads.fallbacks = 0;
	assert_true(aug_defvar(tree->aug, "labels", FILE_NODE "/descendant::*") >= 0);
	compare_match(tree, "//*", false);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		compare(tree, fixed[i]);
	for (int i = 0; i < expressions; i++) {
		scoped_ptr char *expr = random_expression(tree);

		compare(tree, expr);
	}
	if (tree->reads.fallbacks > 0)
		assert_true(has_hidden(tree));
	compare_gets(tree, expressions);
	compare_dump(tree, true);
	compare_dump(tree, false);
	assert_true(aug_defvar(tree->aug, "labels", NULL) >= 0);
}
