/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. What can be put into a batch; the functions that wait have the same names. */
#include <errno.h>
#include <string.h>

#include "batch.h"
#include "exchange.h"

int exm_batch_call(struct exm_batch *batch, const char *method, const char *params)
{
	struct json_object *given = NULL;
	int r;

	if (!batch || !method)
		return -EINVAL;
	r = call_parse_params(params, &given);
	return r < 0 ? r : batch_add(batch, method, given);
}

static int add(struct exm_batch *batch, const char *method, const struct param *params,
	       size_t count)
{
	struct json_object *object = NULL;
	int r = batch ? params_new(params, count, &object) : -EINVAL;

	return r < 0 ? r : batch_add(batch, method, object);
}

#define ADD(batch, method, ...) \
	add(batch, method, (const struct param[]){ __VA_ARGS__ }, \
	    ARRAY_SIZE(((const struct param[]){ __VA_ARGS__ })))

int exm_batch_get(struct exm_batch *batch, const char *path)
{
	return ADD(batch, "augeas.get", NEEDED("path", path));
}

int exm_batch_set(struct exm_batch *batch, const char *path, const char *value)
{
	return ADD(batch, "augeas.set", NEEDED("path", path), NULLABLE("value", value));
}

int exm_batch_setm(struct exm_batch *batch, const char *base, const char *sub, const char *value)
{
	return ADD(batch, "augeas.setm", NEEDED("base", base), NULLABLE("sub", sub),
		   NULLABLE("value", value));
}

int exm_batch_ensure(struct exm_batch *batch, const char *path, const char *value)
{
	return ADD(batch, "augeas.ensure", NEEDED("path", path), NULLABLE("value", value));
}

int exm_batch_clear(struct exm_batch *batch, const char *path)
{
	return ADD(batch, "augeas.clear", NEEDED("path", path));
}

int exm_batch_match(struct exm_batch *batch, const char *expression)
{
	return ADD(batch, "augeas.match", NEEDED("path", expression));
}

int exm_batch_match_nodes(struct exm_batch *batch, const char *expression)
{
	const bool values = true;

	return ADD(batch, "augeas.match", NEEDED("path", expression), FLAG("values", values));
}

int exm_batch_insert(struct exm_batch *batch, const char *path, const char *label, bool before)
{
	return ADD(batch, "augeas.insert", NEEDED("path", path), NEEDED("label", label),
		   FLAG("before", before));
}

int exm_batch_remove(struct exm_batch *batch, const char *expression)
{
	return ADD(batch, "augeas.remove", NEEDED("path", expression));
}

int exm_batch_move(struct exm_batch *batch, const char *source, const char *destination)
{
	return ADD(batch, "augeas.move", NEEDED("source", source),
		   NEEDED("destination", destination));
}

int exm_batch_copy(struct exm_batch *batch, const char *source, const char *destination)
{
	return ADD(batch, "augeas.copy", NEEDED("source", source),
		   NEEDED("destination", destination));
}

int exm_batch_rename(struct exm_batch *batch, const char *expression, const char *label)
{
	return ADD(batch, "augeas.rename", NEEDED("path", expression), NEEDED("label", label));
}

int exm_batch_label(struct exm_batch *batch, const char *path)
{
	return ADD(batch, "augeas.label", NEEDED("path", path));
}

int exm_batch_defvar(struct exm_batch *batch, const char *name, const char *expression)
{
	return ADD(batch, "augeas.defvar", NEEDED("name", name),
		   NULLABLE("expression", expression));
}

int exm_batch_defnode(struct exm_batch *batch, const char *name, const char *expression,
		      const char *value)
{
	return ADD(batch, "augeas.defnode", NEEDED("name", name), NEEDED("expression", expression),
		   NULLABLE("value", value));
}
