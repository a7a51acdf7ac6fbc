/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: commands of augtool(1) that tell of more than one node. They only read. */
#include <errno.h>
#include <libxml/tree.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/srun.h"

static char all_path[] = "/*";

/* The value of a node in ret_text; NULL: there is no such node, or it has none. 0 or -1. */
static int get(struct srun *srun, const char *path, char **ret_text)
{
	const struct arguments a = { .path = (char *)(uintptr_t)path };

	*ret_text = NULL;
	if (srun_call(srun, "augeas.get", &a) == 0) {
		if (!srun->last.result)
			return 0;
		return json_get_bytes(srun->last.result, ret_text) < 0 ? -1 : 0;
	}
	if (json_int(json_get(srun->last.error, "code")) != EXM_ERROR_NO_MATCH)
		return -1;
	srun->last.error = json_free(srun->last.error);
	return 0;
}

/* What is told of one error: those that are missing are NULL. */
enum about {
	ABOUT_KIND,
	ABOUT_LINE,
	ABOUT_CHAR,
	ABOUT_PATH,
	ABOUT_MESSAGE,
	ABOUT_LENS,
	ABOUT_LAST,
	ABOUT_NEXT,
	ABOUT_MAX
};

struct about_error {
	char *text[ABOUT_MAX];
};

static void about_clear(struct about_error *about)
{
	for (size_t i = 0; i < ABOUT_MAX; i++)
		free(about->text[i]);
}

static int read_about(struct srun *srun, const char *node, struct about_error *about)
{
	static const char *const children[ABOUT_MAX] = {
		[ABOUT_KIND] = "",
		[ABOUT_LINE] = "/line",
		[ABOUT_CHAR] = "/char",
		[ABOUT_PATH] = "/path",
		[ABOUT_MESSAGE] = "/message",
		[ABOUT_LENS] = "/lens",
		[ABOUT_LAST] = "/lens/last_matched",
		[ABOUT_NEXT] = "/lens/next_not_matched",
	};
	int r = 0;

	for (size_t i = 0; i < ABOUT_MAX && r == 0; i++) {
		scoped_ptr char *path = NULL;

		if (asprintf(&path, "%s%s", node, children[i]) < 0)
			return call_no_memory(srun->call);
		r = get(srun, path, &about->text[i]);
	}
	return r;
}

/* Of "/augeas/files/etc/hosts/error" what is between the two. */
static void print_place(FILE *out, const char *node)
{
	size_t length = strlen(node), before = strlen("/augeas/files"), behind = strlen("/error");

	if (length < before + behind + 1)
		fputs("(no filename)", out);
	else
		fprintf(out, "%.*s", (int)(length - before - behind), node + before);
}

static void print_about(FILE *out, const char *node, const struct about_error *about)
{
	static const struct {
		enum about what;
		const char *heading;
	} lines[] = {
		{ ABOUT_MESSAGE, "  " },
		{ ABOUT_LENS, "  Lens: " },
		{ ABOUT_LAST, "    Last matched: " },
		{ ABOUT_NEXT, "    Next (no match): " },
	};
	char *const *text = about->text;
	const char *kind = text[ABOUT_KIND] ? text[ABOUT_KIND] : "(null)";

	fputs("Error in ", out);
	print_place(out, node);
	if (text[ABOUT_LINE])
		fprintf(out, ":%s.%s (%s)\n", text[ABOUT_LINE],
			text[ABOUT_CHAR] ? text[ABOUT_CHAR] : "(null)", kind);
	else if (text[ABOUT_PATH])
		fprintf(out, " at node %s (%s)\n", text[ABOUT_PATH], kind);
	else
		fprintf(out, " (%s)\n", kind);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (text[lines[i].what])
			fprintf(out, "%s%s\n", lines[i].heading, text[lines[i].what]);
}

static char errors_path[] = "/augeas//error";

int srun_errors(struct srun *srun, const struct srun_command *command,
		const struct srun_words *words)
{
	const struct arguments a = { .path = errors_path };
	scoped_json *nodes = NULL;
	int r = srun_call(srun, command->method, &a);

	(void)words;
	nodes = json_share(srun->last.result);
	if (r == 0 && json_length(nodes) == 0)
		fputs("  (no errors)\n", srun->out);
	for (size_t i = 0; i < json_length(nodes) && r == 0; i++) {
		scoped(about_clear) struct about_error about = { 0 };
		scoped_ptr char *node = NULL;

		if (json_get_bytes(json_at(nodes, i), &node) < 0)
			return call_no_memory(srun->call);
		r = read_about(srun, node, &about);
		if (i > 0)
			fputc('\n', srun->out);
		if (r == 0)
			print_about(srun->out, node, &about);
	}
	return r;
}

static int tell_node(struct srun *srun, const char *name, const char *path)
{
	scoped_ptr char *value = NULL;
	int r = get(srun, path, &value);

	if (r == 0 && value)
		fprintf(srun->out, "%s = %s\n", name, value);
	return r;
}

static char loaded_path[] = "/augeas/files//path";

int srun_info(struct srun *srun, const struct srun_command *command, const struct srun_words *words)
{
	const struct arguments loaded = { .path = loaded_path };
	int r = tell_node(srun, "version", "/augeas/version");

	(void)words;
	if (r == 0)
		r = tell_node(srun, "root", "/augeas/root");
	fprintf(srun->out, "loadpath = %s\n", srun->call->engine->tree->lens_path);
	if (r == 0)
		r = tell_node(srun, "context", TREE_CONTEXT);
	if (r == 0)
		r = srun_call(srun, command->method, &loaded);
	if (r == 0)
		fprintf(srun->out, "num_files = %zu\n", json_length(srun->last.result));
	return r;
}

/* Where a file was staged is nobody's business. */
static void name_files(const struct tree *tree, xmlNode *node)
{
	size_t length = strlen(tree->staging);

	for (; node; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		for (const xmlAttr *a = node->properties; a; a = a->next) {
			char *text = a->children ? (char *)a->children->content : NULL;

			if (text && strcmp((const char *)a->name, "file") == 0 &&
			    strncmp(text, tree->staging, length) == 0)
				memmove(text, text + length, strlen(text + length) + 1);
		}
		name_files(tree, node->children);
	}
}

/* As the method looks at the tree, and in the form in which Augeas hands it out. */
int srun_dump_xml(struct srun *srun, const struct srun_command *command,
		  const struct srun_words *words)
{
	const struct arguments a = { .path = words->word[0] ? words->word[0] : all_path };
	xmlNode *top = NULL;

	if (srun_call(srun, command->method, &a) < 0 && !srun_is_unread(srun))
		return -1;
	if (aug_to_xml(srun->call->engine->tree->aug, a.path, &top, 0) < 0) {
		srun->problem = "the nodes cannot be told as XML";
		return -1;
	}
	name_files(srun->call->engine->tree, top);
	xmlElemDump(srun->out, NULL, top);
	fputc('\n', srun->out);
	xmlFreeNode(top);
	return 0;
}
