/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: what augtool(1) prints. The results are our own methods'. */
#include <string.h>

#include "engine/srun.h"

/* Bytes of a result; NULL for null. */
static char *bytes_of(const struct json_object *value)
{
	char *text = NULL;

	return value && json_get_bytes(value, &text) == 0 ? text : NULL;
}

void srun_print_one(struct srun *srun, const struct srun_words *words,
		    const struct json_object *result)
{
	scoped_ptr char *text = bytes_of(result);

	if (text)
		fprintf(srun->out, "%s = %s\n", words->word[0], text);
	else
		fprintf(srun->out, "%s (none)\n", words->word[0]);
}

void srun_print_text(struct srun *srun, const struct srun_words *words,
		     const struct json_object *result)
{
	scoped_ptr char *text = bytes_of(result);

	(void)words;
	fputs(text ? text : "", srun->out);
}

void srun_print_line(struct srun *srun, const struct srun_words *words,
		     const struct json_object *result)
{
	scoped_ptr char *text = bytes_of(result);

	(void)words;
	if (text)
		fprintf(srun->out, "%s\n", text);
}

static int edge(const struct json_object *span, const char *key, size_t index)
{
	return (int)json_int(json_at(json_get(span, key), index));
}

void srun_print_span(struct srun *srun, const struct srun_words *words,
		     const struct json_object *span)
{
	scoped_ptr char *file = bytes_of(json_get(span, "file"));

	(void)words;
	fprintf(srun->out, "%s label=(%i:%i) value=(%i:%i) span=(%i,%i)\n", file ? file : "",
		edge(span, "label", 0), edge(span, "label", 1), edge(span, "value", 0),
		edge(span, "value", 1), edge(span, "span", 0), edge(span, "span", 1));
}

void srun_print_match(struct srun *srun, const struct srun_words *words,
		      const struct json_object *nodes)
{
	const char *wanted = words->word[1] && *words->word[1] ? words->word[1] : NULL;

	if (json_length(nodes) == 0)
		fputs("  (no matches)\n", srun->out);
	for (size_t i = 0; i < json_length(nodes); i++) {
		const struct json_object *node = json_at(nodes, i);
		scoped_ptr char *path = bytes_of(json_get(node, "path"));
		scoped_ptr char *value = bytes_of(json_get(node, "value"));
		const char *shown = value ? value : "(none)";

		if (!wanted)
			fprintf(srun->out, "%s = %s\n", path ? path : "", shown);
		else if (strcmp(wanted, shown) == 0)
			fprintf(srun->out, "%s\n", path ? path : "");
	}
}

void srun_print_count(struct srun *srun, const struct srun_words *words,
		      const struct json_object *nodes)
{
	size_t count = json_length(nodes);

	(void)words;
	if (count == 0)
		fputs("  no matches\n", srun->out);
	else
		fprintf(srun->out, "  %zu match%s\n", count, count == 1 ? "" : "es");
}

void srun_print_ls(struct srun *srun, const struct srun_words *words,
		   const struct json_object *nodes)
{
	(void)words;
	for (size_t i = 0; i < json_length(nodes); i++) {
		const struct json_object *node = json_at(nodes, i);
		scoped_ptr char *path = bytes_of(json_get(node, "path"));
		scoped_ptr char *value = bytes_of(json_get(node, "value"));
		/* also where a label holds a slash */
		const char *label = path ? strrchr(path, '/') : NULL;

		fprintf(srun->out, "%s%s= %s\n", label ? label + 1 : "",
			json_int(json_get(node, "children")) > 0 ? "/ " : " ",
			value ? value : "(none)");
	}
}

void srun_print_rm(struct srun *srun, const struct srun_words *words,
		   const struct json_object *result)
{
	fprintf(srun->out, "rm : %s %d\n", words->word[0], (int)json_int(result));
}

void srun_print_rename(struct srun *srun, const struct srun_words *words,
		       const struct json_object *result)
{
	fprintf(srun->out, "rename : %s to %s %d\n", words->word[0], words->word[1],
		(int)json_int(result));
}

void srun_print_saved(struct srun *srun, const struct srun_words *words,
		      const struct json_object *saved)
{
	(void)words;
	if (json_length(saved) > 0)
		fprintf(srun->out, "Saved %zu file(s)\n", json_length(saved));
}
