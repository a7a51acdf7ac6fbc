/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_TEXTS_H
#define EXM_TEXTS_H

#include "engine/tree.h"

/*
 * The texts of edited files in the staging directory: who makes them, and how often. Only a file
 * that is long enough for it to matter is spliced, and any other one is written by Augeas. Of that
 * one only the sums are of use, for texts_differ().
 */

/*
 * The file was read from what is staged, and nothing is edited yet. A short one that was read with
 * many others, few of which will be edited, is looked at when it is written.
 */
void texts_read(struct tree *tree, struct tree_file *file, bool alone);

/* Stages the text that the tree says. 1; 0 if Augeas has to write it, or -errno. */
int texts_splice(struct tree *tree, struct tree_file *file) must_check;

/* Augeas has. */
void texts_written(struct tree *tree, struct tree_file *file);

/* It is not certain what is staged: the next text is Augeas's. */
void texts_doubt(struct tree_file *file);

/* Is it certain that the tree is another one than that of the base, and not only its layout? */
bool texts_differ(const struct tree_file *file);

/* What is staged is the base from now on. */
void texts_settled(struct tree_file *file);

#endif
