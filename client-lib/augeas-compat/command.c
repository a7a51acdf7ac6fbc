/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: commands of augtool(1) that the server does not have. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "common/script.h"
#include "handle.h"
#include "settings.h"

#define FILES "/augeas/files"
#define ERROR "/error"

static const char help_text[] =
	"Admin commands:\n"
	"  context, load, load-file, quit, retrieve, save, store, transform\n"
	"Informational commands:\n"
	"  errors, help, info, preview, source\n"
	"Read commands:\n"
	"  count, dump-xml, get, label, ls, match, print, span\n"
	"Write commands:\n"
	"  clear, clearm, copy, cp, ins, insert, move, mv, rename, rm, set, setm, touch\n"
	"Path expression commands:\n"
	"  defnode, defvar\n\n"
	"augtool(1) describes them; what is different here, libexmachina-augeas(3).\n";

static int run_help(struct augeas *aug, FILE *out, const char *words)
{
	(void)aug;
	(void)words;
	fputs(help_text, out);
	return 0;
}

static const char *value_of(struct exm_node *const *nodes, const char *path)
{
	for (; *nodes; nodes++)
		if (strcmp((*nodes)->path, path) == 0)
			return (*nodes)->value;
	return NULL;
}

static int run_info(struct augeas *aug, FILE *out, const char *words)
{
	scoped_ptr char *lenses = settings_lenses(aug);
	scoped_ptr struct exm_node **nodes = NULL;
	scoped_ptr char **paths = NULL;
	int r = exm_match_nodes(aug->exm, "/augeas/*", &nodes), count;

	(void)words;
	if (r < 0)
		return error_of(aug, r, "/augeas/*");
	count = exm_match(aug->exm, FILES "//path", &paths);
	fprintf(out, "version = %s\nroot = %s\nloadpath = %s\ncontext = %s\nnum_files = %d\n",
		value_of(nodes, "/augeas/version"), value_of(nodes, "/augeas/root"),
		lenses ? lenses : "", value_of(nodes, "/augeas/context"), count < 0 ? 0 : count);
	return 0;
}

/* What is below one error. */
struct detail {
	struct exm_node *const *nodes;
	const char *error;
};

static const char *detail_of(const struct detail *detail, const char *name)
{
	scoped_ptr char *path = NULL;

	if (asprintf(&path, "%s/%s", detail->error, name) < 0)
		return NULL;
	return value_of(detail->nodes, path);
}

static void print_detail(FILE *out, const char *title, const char *value)
{
	if (value)
		fprintf(out, "%s%s\n", title, value);
}

static void print_error(FILE *out, const struct exm_node *error, struct exm_node *const *nodes)
{
	const struct detail below = { nodes, error->path };
	const char *line = detail_of(&below, "line"), *path = detail_of(&below, "path");
	size_t length = strlen(error->path), noise = strlen(FILES) + strlen(ERROR);
	const char *name = length > noise ? error->path + strlen(FILES) : "(no filename)";
	int size = length > noise ? (int)(length - noise) : (int)strlen(name);
	const char *kind = error->value ? error->value : "";

	if (line)
		fprintf(out, "Error in %.*s:%s.%s (%s)\n", size, name, line,
			detail_of(&below, "char"), kind);
	else if (path)
		fprintf(out, "Error in %.*s at node %s (%s)\n", size, name, path, kind);
	else
		fprintf(out, "Error in %.*s (%s)\n", size, name, kind);
	print_detail(out, "  ", detail_of(&below, "message"));
	print_detail(out, "  Lens: ", detail_of(&below, "lens"));
	print_detail(out, "    Last matched: ", detail_of(&below, "lens/last_matched"));
	print_detail(out, "    Next (no match): ", detail_of(&below, "lens/next_not_matched"));
}

static int run_errors(struct augeas *aug, FILE *out, const char *words)
{
	scoped_ptr struct exm_node **errors = NULL, **nodes = NULL;
	int r = exm_match_nodes(aug->exm, "/augeas//error", &errors);

	(void)words;
	if (r > 0)
		r = exm_match_nodes(aug->exm, "/augeas//error//*", &nodes) < 0 ? -1 : r;
	if (r < 0)
		return error_of(aug, r, "/augeas//error");
	if (r == 0)
		fputs("  (no errors)\n", out);
	for (int i = 0; i < r; i++) {
		if (i > 0)
			fputc('\n', out);
		print_error(out, errors[i], nodes);
	}
	return 0;
}

/* To standard output, as Augeas does. */
static int run_dump_xml(struct augeas *aug, FILE *out, const char *words)
{
	scoped_ptr char *path = NULL;
	const char *problem = NULL;
	xmlNode *top = NULL;

	(void)out;
	if (script_word(&words, true, &path, &problem) < 0)
		return error_set(aug, AUG_ECMDRUN, "%s", problem ? problem : "");
	if (xml_of(aug, path, &top) < 0)
		return -1;
	xmlElemDump(stdout, NULL, top);
	putchar('\n');
	xmlFreeNode(top);
	return 0;
}

static const struct command commands[] = {
	{ "save", handle_has_edits, NULL }, { "errors", NULL, run_errors },
	{ "help", NULL, run_help },         { "info", NULL, run_info },
	{ "dump-xml", NULL, run_dump_xml },
};

const struct command *command_find(const char *line)
{
	size_t length = strcspn(line, " \t\r\n");

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strlen(commands[i].name) == length &&
		    strncmp(commands[i].name, line, length) == 0)
			return &commands[i];
	return NULL;
}
