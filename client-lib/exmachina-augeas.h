/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_AUGEAS_H
#define EXMACHINA_AUGEAS_H

/*
 * The rest of what Augeas has; exmachina.h includes it, and has the conventions. The member
 * "augeas" of an error's data (exm_error_field()) is the name of Augeas's own error: "EMMATCH".
 *
 * Nodes beside /files and /augeas are this session's own: they need no right, and end with it.
 */

#include <exmachina.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- variables ---------------------------------------------------------------- */

/*
 * Has $name stand for the nodes that the expression names now, until it is defined anew; NULL:
 * there is no such variable any more. The number of nodes; 0 also for a number, a text or a truth.
 * BAD_VALUE for a name that is empty, has a slash, or begins with "exmachina_".
 */
EXM_PUBLIC int exm_defvar(struct exm *session, const char *name, const char *expression) EXM_CHECK;

/*
 * The same, but one node is made, with that value, where there is none; ret_created, unless it is
 * NULL, tells whether it was. The number of nodes.
 */
EXM_PUBLIC int exm_defnode(struct exm *session, const char *name, const char *expression,
			   const char *value, bool *ret_created) EXM_CHECK;

/* How many nodes a variable stands for. NO_MATCH if it is none. */
EXM_PUBLIC int exm_ns_count(struct exm *session, const char *name) EXM_CHECK;

/* The path and the value (NULL: none) of one of them, counted from 0. NO_MATCH. */
EXM_PUBLIC int exm_ns_path(struct exm *session, const char *name, int index,
			   char **ret_path) EXM_CHECK;
EXM_PUBLIC int exm_ns_value(struct exm *session, const char *name, int index,
			    char **ret_value) EXM_CHECK;

struct exm_ns_node {
	char *label;
	char *value; /* NULL: none */
	char *file;  /* "/files/..."; NULL: it comes from no file */
};

/* The same with its label and its file. */
EXM_PUBLIC int exm_ns_attr(struct exm *session, const char *name, int index,
			   struct exm_ns_node **ret_node) EXM_CHECK;

struct exm_ns_label {
	char *label;
	int index; /* among its siblings of that label, from 1; 0: it is the only one */
};

EXM_PUBLIC int exm_ns_label(struct exm *session, const char *name, int index,
			    struct exm_ns_label **ret_label) EXM_CHECK;

/* ---- nodes -------------------------------------------------------------------- */

/* Copies a node with all below it; what was at the destination is gone. */
EXM_PUBLIC int exm_copy(struct exm *session, const char *source, const char *destination) EXM_CHECK;

/* The name with what path expressions would take for more than a label escaped. */
EXM_PUBLIC int exm_escape_name(struct exm *session, const char *name, char **ret_name) EXM_CHECK;

struct exm_dump_node {
	int depth; /* 0: the expression named it */
	char *label;
	char *value; /* NULL: none */
};

/*
 * The nodes that the expression names, each followed by all below it, and their number; the time
 * that it takes grows with that number and no faster. NULL: all of /files.
 */
EXM_PUBLIC int exm_dump(struct exm *session, const char *expression,
			struct exm_dump_node ***ret_nodes) EXM_CHECK;

/* ---- texts, files and scripts --------------------------------------------------- */

/*
 * Reads the text that is the value of the node source with a lens; its tree is what is at path
 * then, a path of labels among the session's own. PARSE_FAILED; BAD_VALUE for no such lens.
 */
EXM_PUBLIC int exm_text_store(struct exm *session, const char *lens, const char *source,
			      const char *path) EXM_CHECK;

/* The reverse: the text of source, changed so that it says what is at path, becomes the value of
 * the node destination, which is made if it is missing. */
EXM_PUBLIC int exm_text_retrieve(struct exm *session, const char *lens, const char *source,
				 const char *path, const char *destination) EXM_CHECK;

/* The text that a commit would write to the file that the first node belongs to. */
EXM_PUBLIC int exm_preview(struct exm *session, const char *path, char **ret_text) EXM_CHECK;

/*
 * exm_load(); with fresh all is as when the session began, so that the session's own nodes, its
 * variables and what it has set below /augeas are gone, too; with empty no file is read before the
 * next one but those of exm_load_file().
 */
EXM_PUBLIC int exm_load_anew(struct exm *session, bool fresh, bool empty) EXM_CHECK;

/*
 * Has a file of the policy read anew, with the lens that /augeas/load has for it now; edits in it
 * are dropped. DENIED; PARSE_FAILED; BAD_VALUE ("ENOLENS") where /augeas/load has none.
 */
EXM_PUBLIC int exm_load_file(struct exm *session, const char *file) EXM_CHECK;

struct exm_script {
	char *output; /* what augtool(1) would print */
	int commands; /* how many were run */
	bool quit;    /* the last one was "quit" */
};

/*
 * Runs a script of augtool(1), up to the first line that fails: the error is that of its command,
 * and its data has "output", "commands", and "script_line" from 1.
 */
EXM_PUBLIC int exm_srun(struct exm *session, const char *script,
			struct exm_script **ret_script) EXM_CHECK;

#ifdef __cplusplus
}
#endif

#endif
