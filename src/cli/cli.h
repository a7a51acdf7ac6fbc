/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CLI_H
#define EXM_CLI_H

/* What the files of the command line client share: the invocation, calling, and telling. */

#include <stdio.h>

#include "common/json.h"

struct exm;
struct options;

/* The exit statuses of exmachina(1). */
enum status {
	STATUS_PRINTED = -1, /* done, and nothing is left to print; exits as done */
	STATUS_DONE = 0,
	STATUS_NO_NODE = 1,   /* no such node */
	STATUS_USAGE = 2,     /* the command line or the script is wrong */
	STATUS_DENIED = 3,    /* the policy or the secret says no */
	STATUS_FAILED = 4,    /* the server failed it */
	STATUS_NO_SERVER = 5, /* there is none, or no session with it */
	STATUS_TIMEOUT = 6,   /* it took longer than allowed */
	STATUS_TAKEN_BACK = 7 /* a commit that was to be confirmed was not */
};

/*
 * What may be said behind a verb, where its row has it. A number has the most
 * that it may be, a yes or no has 0, a text that may be given several times OPTION_IS_TEXT.
 * X(NAME, word, argument, most, summary)
 */
#define VERB_OPTIONS(X) \
	X(WAIT, "wait", "", 0, "wait until it is done, as all verbs do") \
	X(TIMEOUT, "timeout", "SECONDS", 86400, "wait no longer than that") \
	X(SETTLE, "settle", "SECONDS", 86400, "it must then stay as it is for so long") \
	X(FOLLOW, "follow", "", 0, "show how it goes on, and new log lines") \
	X(LINES, "lines", "N", 100000, "show so many lines") \
	X(VERIFY, "verify", "", 0, "show no record, but whether all are as they were written") \
	X(FILE, "file", "FILE", OPTION_IS_TEXT, "read this one, and others that are named so") \
	X(ABSENT, "absent", "", 0, "there shall be none") \
	X(WHERE, "where", "SUB=VALUE", OPTION_IS_TEXT, "the one that has such a node below it") \
	X(MATCH, "match", "SUB[=VALUE]", OPTION_IS_TEXT, "it shall have this node, or these") \
	X(WITHOUT, "without", "SUB", OPTION_IS_TEXT, "it shall have no such node") \
	X(AHEAD_OF, "ahead-of", "SIBLING", OPTION_IS_TEXT, "a new one goes in front of this") \
	X(REBASE, "rebase", "", 0, "do the edits again on what somebody else has written") \
	X(DRY_RUN, "dry-run", "", 0, "do all of it but the writing") \
	X(PLAN, "plan", "ID", OPTION_IS_TEXT, "only if it does what a dry run has shown") \
	X(CONFIRM, "confirm", "SECONDS", 86400, "take it back unless it is confirmed in time") \
	X(DEAD_MAN, "dead-man", "", 0, "or as soon as the session has ended") \
	X(EXTEND, "extend", "SECONDS", 86400, "it may be confirmed for so long from now on") \
	X(ROLLBACK, "rollback", "", 0, "take it back now") \
	X(JSON, "json", "", 0, "print results and errors as JSON")

enum verb_option {
#define X(name, word, argument, most, summary) OPTION_##name,
	VERB_OPTIONS(X)
#undef X
		VERB_OPTION_MAX
};

enum { OPTION_IS_TEXT = -1, CLI_TEXTS_MAX = 64 };

/* One option with a text, in the order in which they were given. */
struct cli_text {
	enum verb_option option;
	const char *text;
};

struct cli {
	struct exm *session;
	const struct options *options; /* those in front of the verb */
	const char *where;             /* the socket of the session; "": it is the environment's */
	bool json;                     /* results and errors as JSON */
	int given[VERB_OPTION_MAX];    /* options behind the verb; 0: not given */
	struct cli_text texts[CLI_TEXTS_MAX];
	size_t text_count;
	bool once;          /* the session ends with this call, and drops what is not committed */
	bool edited;        /* something waits to be committed */
	const char *script; /* where lines come from, within one; then output is augtool's */
	unsigned int line;
	bool shell;     /* lines are typed by somebody: the session goes on behind each */
	bool quit;      /* a line has asked for the end */
	int interrupts; /* readable when a line was interrupted that others follow; -1: none do */

	/* what to do with notifications, while a verb waits for some; or NULL */
	void (*notified)(struct cli *cli, const char *method, struct json_object *params);
	void *notified_data;
	bool log_shown; /* an error need not repeat it */
};

/* cli.c: the whole program but its name. */
int cli_main(int argc, char **argv);
/* Opens the session that the options name. 0 or the library's error. */
int cli_connect(struct cli *cli) must_check;

/* call.c */

/* Calls a method; takes params over (NULL: none). A failure is told. */
enum status call(struct cli *cli, const char *method, struct json_object *params,
		 struct json_object **ret_result) must_check;
/* The same without telling; ret_result holds what came. 0 or the library's error. */
int call_quietly(struct cli *cli, const char *method, struct json_object *params,
		 struct json_object **ret_result) must_check;
/* Arguments as bytes, for parameters by position. Without memory the program ends. */
struct json_object *call_arguments(int argc, char *const *argv);
struct json_object *call_argument(const char *text);
/* One more parameter; takes it over. NULL is null. */
void call_add(struct json_object *params, struct json_object *value);
/* One more parameter by name; takes it over. */
void call_put(struct json_object *params, const char *name, struct json_object *value);
/* As JSON; lives as long as the value. */
const char *call_text(struct json_object *value);
/* Text from outside as JSON; what is none is null. */
struct json_object *call_parse(const char *text);
/* Returns what it is given; without memory the program ends. */
void *call_memory(void *memory);
/* Is there something that waits for a commit? */
bool call_finds_edits(struct cli *cli);

/* interrupt.c */

/* From now on an interruption ends what a line does, and not the program. */
enum status interrupt_keep(struct cli *cli) must_check;
/* Was there one? It is forgotten. */
bool interrupt_take(const struct cli *cli);
/*
 * Waits until the descriptor (-1: none) has one of the events, so long at most; -1 is for ever.
 * 1, 0 when the time is over, -ECANCELED for an interruption, which is forgotten then, -errno.
 */
int interrupt_poll(const struct cli *cli, int fd, int events, int timeout_ms) must_check;

/* progress.c */

/* Where a call is, on standard error: one line that is written over on a terminal, else a line
 * each. With --json only on a terminal. */
void progress_show(const struct cli *cli, const struct json_object *params);
/* Takes that line away. */
void progress_end(void);

/* countdown.c */

/* Can somebody be asked? */
bool countdown_is_possible(const struct cli *cli);
/* From now on whoever interrupts wants the commit taken back. */
void countdown_prepare(void);
/* Where the program goes on: that is over. */
void countdown_finish(const struct cli *cli);
/*
 * Asks whether the commit stays that the server has answered with this; and until the answer
 * comes, shows how long it may take. STATUS_DONE if it stays.
 */
enum status countdown_run(struct cli *cli, const struct json_object *commit);

/* report.c */

/* "exmachina: ", in a script its file and line, and the message, to standard error. */
void report(const struct cli *cli, const char *format, ...) printf_like(2, 3);
/* The same of a failure that is none of the server's; with --json as an object. Returns it. */
enum status report_wrong(const struct cli *cli, enum status status, const char *format, ...)
	printf_like(3, 4);
/* What the last call of the session failed with. Returns the exit status that it means. */
enum status report_failure(const struct cli *cli, int result);
/* A node that is not there, where the server would not call that an error. */
enum status report_no_node(const struct cli *cli, const char *path);
/* Why a commit would be refused: the error that it would fail with. */
void report_refusal(const struct cli *cli, struct json_object *error);
/* A line of JSON on standard output. */
void report_json(struct json_object *value);
/* Text that anybody may have written, without what a terminal would obey; lines are indented. */
void report_foreign(FILE *file, const char *indent, const char *text);
/* The same of a line without its end. */
void report_foreign_line(FILE *file, const char *text);

#endif
