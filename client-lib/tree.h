/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLIENT_TREE_H
#define EXM_CLIENT_TREE_H

#include "result.h"

/* struct exm_node, as answers have it. */
extern const struct record tree_node_record;

#endif
