/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SRUN_H
#define EXM_SRUN_H

#include <stdio.h>

#include "engine/method.h"

/*
 * Scripts of augtool(1). Each command is a call of the method that does the same, with the same
 * rights and the same answers; a script can do nothing that these cannot.
 */
struct srun {
	struct call *call;    /* of the whole script */
	FILE *out;            /* what the commands print */
	struct captured last; /* the answer of the last call */
	const char *problem;  /* what is wrong with the line, if no call has said so */
	char *unknown;        /* the word that is no command, if that is it */
	bool quit;
};

enum { SRUN_WORDS_MAX = 4 };

/* The words of one command, behind its name; those that were left out are NULL. */
struct srun_words {
	char *word[SRUN_WORDS_MAX];
};

struct srun_command {
	const char *name;
	const char *alias;
	const char *method; /* NULL: run() alone knows */
	struct {
		enum srun_word_kind {
			WORD_NONE,
			WORD_TEXT,
			WORD_PATH, /* cut as path expressions are */
		} kind;
		bool optional;
		size_t offset; /* in struct arguments; of a text */
	} words[SRUN_WORDS_MAX];
	/* Augeas goes on where it failed and there is no name for why. */
	bool is_borne;
	/* NULL: calls the method with the words. 0, or -1 with the answer in srun->last or a
	 * problem. */
	int (*run)(struct srun *srun, const struct srun_command *command,
		   const struct srun_words *words);
	/* NULL: prints nothing. */
	void (*print)(struct srun *srun, const struct srun_words *words,
		      const struct json_object *result);
};

/* srun_command.c: the table */
const struct srun_command *srun_find(const char *name);

/* method_srun.c: calls a method. 0, or -1; the answer is in srun->last either way. */
int srun_call(struct srun *srun, const char *name, const struct arguments *arguments) must_check;

/* srun_tell.c: commands that do more than to call a method and print
 * what it says */
int srun_errors(struct srun *srun, const struct srun_command *command,
		const struct srun_words *words) must_check;
int srun_info(struct srun *srun, const struct srun_command *command,
	      const struct srun_words *words) must_check;
int srun_dump_xml(struct srun *srun, const struct srun_command *command,
		  const struct srun_words *words) must_check;

/*
 * Was it a file that cannot be read or parsed? There is nothing in it then, as where Augeas has
 * loaded what it could; what is wrong with it stands below /augeas. Takes the error away.
 */
bool srun_is_unread(struct srun *srun);

/* srun_print.c */
void srun_print_one(struct srun *srun, const struct srun_words *words,
		    const struct json_object *result);
void srun_print_text(struct srun *srun, const struct srun_words *words,
		     const struct json_object *result);
void srun_print_line(struct srun *srun, const struct srun_words *words,
		     const struct json_object *result);
void srun_print_span(struct srun *srun, const struct srun_words *words,
		     const struct json_object *span);
void srun_print_match(struct srun *srun, const struct srun_words *words,
		      const struct json_object *nodes);
void srun_print_count(struct srun *srun, const struct srun_words *words,
		      const struct json_object *nodes);
void srun_print_ls(struct srun *srun, const struct srun_words *words,
		   const struct json_object *nodes);
void srun_print_rm(struct srun *srun, const struct srun_words *words,
		   const struct json_object *result);
void srun_print_rename(struct srun *srun, const struct srun_words *words,
		       const struct json_object *result);
void srun_print_saved(struct srun *srun, const struct srun_words *words,
		      const struct json_object *saved);

#endif
