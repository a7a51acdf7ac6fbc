/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program that uses Augeas: variables, and the nodes that they name by number. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/node_path.h"
#include "compat.h"

enum { FETCHED_MAX = 1000 };

struct variable {
	struct variable *next;
	char *name;
	int count;
	struct exm_node **nodes; /* NULL: not fetched yet */
};

static struct variable *first;

static void variable_free(struct variable *variable)
{
	free(variable->nodes);
	free(variable->name);
	free(variable);
}

/* All of them for NULL. */
static void forget(const char *name)
{
	struct variable **link = &first;

	while (*link) {
		struct variable *variable = *link;

		if (name && strcmp(variable->name, name) != 0) {
			link = &variable->next;
			continue;
		}
		*link = variable->next;
		variable_free(variable);
	}
}

void variables_forget(void)
{
	forget(NULL);
}

/* It would have to be escaped in an expression, or is not a variable at all. */
static bool is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_";

	return name && name[0] && name[strspn(name, plain)] == '\0';
}

/* A variable that was just defined. If memory is short the server is asked each time. */
static void remember(const char *name, int count)
{
	struct variable *variable;

	if (count <= 0 || count > FETCHED_MAX || !is_plain(name))
		return;
	variable = calloc(1, sizeof(*variable));
	if (!variable)
		return;
	variable->name = strdup(name);
	variable->count = count;
	variable->next = first;
	if (variable->name)
		first = variable;
	else
		free(variable);
}

static struct variable *find(const char *name)
{
	struct variable *variable = first;

	while (variable && name && strcmp(variable->name, name) != 0)
		variable = variable->next;
	return name ? variable : NULL;
}

/* The node, if it is one that is remembered; else NULL: the server knows. */
static const struct exm_node *node_at(struct augeas *aug, const char *name, int index)
{
	struct variable *variable = find(name);
	scoped_ptr char *expr = NULL;

	if (!variable || index < 0 || index >= variable->count)
		return NULL;
	if (variable->nodes)
		return variable->nodes[index];
	if (asprintf(&expr, "$%s", name) < 0 ||
	    exm_match_nodes(aug->exm, expr, &variable->nodes) != variable->count) {
		forget(name);
		error_clear(aug);
		return NULL;
	}
	return variable->nodes[index];
}

int aug_defvar(augeas *aug, const char *name, const char *expr)
{
	TURN(handle, aug);
	int r;

	if (name)
		forget(name);
	r = exm_defvar(handle->exm, name, expr);
	/* the nodes of a file that is not there to be read */
	if (expr && error_is_nothing(handle, r))
		r = exm_defvar(handle->exm, name, "/augeas[1 = 2]");
	if (r >= 0)
		remember(name, r);
	return result_of(handle, r, expr ? expr : name);
}

int aug_defnode(augeas *aug, const char *name, const char *expr, const char *value, int *created)
{
	TURN(handle, aug);
	bool made = false;
	int r;

	turn_changes();
	r = exm_defnode(handle->exm, name, expr, value, &made);
	if (r >= 0 && created)
		*created = made;
	return result_of(handle, r, expr);
}

static int no_such_node(struct augeas *aug, int r, const char *name, int index)
{
	error_of(aug, r, name);
	if (aug->code == AUG_ENOMATCH)
		error_set(aug, AUG_ENOMATCH, "Node %s[%d] does not exist", name, index);
	return -1;
}

int aug_ns_count(const augeas *aug, const char *var)
{
	TURN(handle, aug);
	const struct variable *variable = find(var);

	return variable ? variable->count : result_of(handle, exm_ns_count(handle->exm, var), var);
}

/* Takes the text over and shows it as Augeas does. */
static int show(struct augeas *aug, char *text, const char **ret_text)
{
	const char *kept = text ? keep_text(&aug->keep, text, "") : NULL;

	if (text && !kept)
		return error_set(aug, AUG_ENOMEM, NULL);
	if (ret_text)
		*ret_text = kept;
	return 1;
}

static int show_copy(struct augeas *aug, const char *text, const char **ret_text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return error_set(aug, AUG_ENOMEM, NULL);
	return show(aug, copy, ret_text);
}

int aug_ns_value(const augeas *aug, const char *var, int i, const char **value)
{
	TURN(handle, aug);
	const struct exm_node *node = node_at(handle, var, i);
	char *text = NULL;
	int r;

	if (value)
		*value = NULL;
	if (node)
		return show_copy(handle, node->value, value);
	r = exm_ns_value(handle->exm, var, i, &text);
	return r < 0 ? no_such_node(handle, r, var, i) : show(handle, text, value);
}

int aug_ns_path(const augeas *aug, const char *var, int i, char **path)
{
	TURN(handle, aug);
	const struct exm_node *node = node_at(handle, var, i);
	int r;

	if (!path)
		return error_set(handle, AUG_EBADARG, "aug_ns_path: PATH must not be NULL");
	*path = NULL;
	if (node) {
		*path = strdup(node->path);
		return *path ? 0 : error_set(handle, AUG_ENOMEM, NULL);
	}
	r = exm_ns_path(handle->exm, var, i, path);
	return r < 0 ? no_such_node(handle, r, var, i) : 0;
}

static int label_of(struct augeas *aug, const struct exm_node *node, const char **ret_label,
		    int *ret_index)
{
	scoped_node_path path = { 0 };

	if (node_path_parse(node->path, &path) < 0 || path.depth == 0)
		return -1;
	if (ret_index)
		*ret_index = (int)path.position[path.depth - 1];
	return show_copy(aug, path.label[path.depth - 1], ret_label);
}

int aug_ns_label(const augeas *aug, const char *var, int i, const char **label, int *index)
{
	TURN(handle, aug);
	const struct exm_node *node = node_at(handle, var, i);
	scoped_ptr struct exm_ns_label *found = NULL;
	int r;

	if (label)
		*label = NULL;
	if (index)
		*index = -1;
	if (node && label_of(handle, node, label, index) > 0)
		return 1;
	r = exm_ns_label(handle->exm, var, i, &found);
	if (r < 0)
		return no_such_node(handle, r, var, i);
	if (index)
		*index = found->index;
	return show_copy(handle, found->label, label);
}

static int hand_out(struct augeas *aug, const struct exm_ns_node *node, const char **value,
		    const char **label, char **file_path)
{
	if (file_path && node->file) {
		*file_path = strdup(node->file);
		if (!*file_path)
			return error_set(aug, AUG_ENOMEM, NULL);
	}
	if (show_copy(aug, node->value, value) < 0)
		return -1;
	return show_copy(aug, node->label, label);
}

int aug_ns_attr(const augeas *aug, const char *var, int i, const char **value, const char **label,
		char **file_path)
{
	TURN(handle, aug);
	const struct exm_node *node = file_path ? NULL : node_at(handle, var, i);
	scoped_ptr struct exm_ns_node *found = NULL;
	int r;

	if (value)
		*value = NULL;
	if (label)
		*label = NULL;
	if (file_path)
		*file_path = NULL;
	if (node && label_of(handle, node, label, NULL) > 0)
		return show_copy(handle, node->value, value);
	r = exm_ns_attr(handle->exm, var, i, &found);
	if (r < 0)
		return no_such_node(handle, r, var, i);
	return hand_out(handle, found, value, label, file_path);
}
