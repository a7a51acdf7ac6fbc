/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TREE_ERROR_H
#define EXM_TREE_ERROR_H

#include "engine/tree.h"

/* Members file, kind, line, column, lens, path and reason, those that are known. */
struct json_object *tree_error_data(struct tree *tree, const struct tree_file *file);

/* The same for a text that is in no file, or a tree that is to become one; path: of the tree. */
struct json_object *tree_text_error_data(struct tree *tree, const char *path);

#endif
