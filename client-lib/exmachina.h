/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_H
#define EXMACHINA_H

/*
 * libexmachina: change system configuration and control services through an
 * exmachina server, without any privilege of one's own. libexmachina(3)
 * describes it with examples.
 *
 * Conventions: a function returns 0 or a positive count when done, and a
 * negative number on failure: -errno where no answer of the server is
 * involved, and -EREMOTEIO when the server answered with an error, which
 * exm_last_error() then describes. Every call can fail with
 *
 *   -EREMOTEIO   the server refused or failed it
 *   -ENOTCONN    the session is not connected
 *   -ECONNRESET  the server has gone; what it had in hand may be done or not
 *   -ETIMEDOUT   no answer within the time of exm_set_timeout(); the session
 *                stays usable, the late answer is thrown away
 *   -EMSGSIZE    the request or its answer is larger than the protocol allows
 *   -EBADMSG     the answer is not what the protocol describes
 *   -EINVAL      an argument that must not be NULL is NULL, or is malformed
 *   -ECHILD      the session is the process's that this one was forked from
 *   -ENOMEM
 *
 * and what is named beside it. A ret_ argument is untouched on failure.
 * Whatever is handed out through one, a string, a structure or an array of
 * pointers to structures, is one piece of memory that belongs to the caller:
 * free(3) frees all of it. Such an array ends with a NULL pointer that is not
 * counted. Structures may grow at their end in later versions.
 *
 * Paths, labels and values are bytes that need not be UTF-8. Timeouts are in
 * milliseconds. Since 0.1 unless something else is said. exmachina-channel.h has
 * what threads and forked processes may do.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EXM_PUBLIC __attribute__((visibility("default")))
#define EXM_CHECK __attribute__((warn_unused_result))
#else
#define EXM_PUBLIC
#define EXM_CHECK
#endif

/*
 * The errors of the server, beside those of JSON-RPC 2.0 itself (which are
 * negative). X(number, name, meaning)
 */
#define EXM_ERRORS(X) \
	X(1, UNAUTHENTICATED, "the secret was not shown, or was wrong") \
	X(2, DENIED, "the policy does not allow it") \
	X(3, NO_MATCH, "no such node") \
	X(4, TOO_MANY_MATCHES, "the expression names more than one node") \
	X(5, BAD_PATH, "the path expression is malformed") \
	X(6, BAD_VALUE, "the value is not possible there") \
	X(7, PARSE_FAILED, "the file is not what its lens describes") \
	X(8, CONFLICT, "the file was changed by somebody else") \
	X(9, CHECK_FAILED, "a validator refused the change") \
	X(10, SERVICE_FAILED, "the service did not do it") \
	X(11, TIMEOUT, "it took longer than allowed") \
	X(12, LIMIT, "it is larger than allowed") \
	X(13, BUSY, "the server is busy with another") \
	X(14, ENGINE_LOST, "the engine died; uncommitted edits are gone") \
	X(15, IO, "the system failed it") \
	X(16, PACKAGE_FAILED, "the package manager did not do it")

enum exm_error_code {
#define X(number, name, meaning) EXM_ERROR_##name = number,
	EXM_ERRORS(X)
#undef X
		EXM_ERROR_PARSE = -32700,
	EXM_ERROR_INVALID_REQUEST = -32600,
	EXM_ERROR_UNKNOWN_METHOD = -32601,
	EXM_ERROR_INVALID_PARAMS = -32602,
	EXM_ERROR_INTERNAL = -32603
};

/* ---- a session ---------------------------------------------------------- */

struct exm;
struct exm_node_change;

/* The version of the library, "0.1.0". Static. */
EXM_PUBLIC const char *exm_version(void);

/* A session that is not connected yet. -ENOMEM. exm_free() frees it. */
EXM_PUBLIC int exm_new(struct exm **ret_session) EXM_CHECK;

/*
 * Closes the session, which drops edits that were not committed unless other
 * processes share it, and frees it. Asynchronous calls that are open are not
 * told. Takes NULL. Returns NULL.
 */
EXM_PUBLIC struct exm *exm_free(struct exm *session);

/*
 * The longest that one call may wait, in milliseconds; negative, as at the
 * beginning, for as long as the server takes. The server has limits of its
 * own. Connecting never takes more than 30000. A call that is open keeps its
 * own.
 */
EXM_PUBLIC void exm_set_timeout(struct exm *session, int timeout_ms);

/*
 * What to call when a notification of the server comes in, while a synchronous
 * call waits for its answer or in exm_process(): its method, and its parameters
 * as JSON text (or NULL), both valid during the call only. The function may use
 * the session, and free it, but not call exm_process(). Those that come in
 * meanwhile are told after it, one by one, as is progress; of more than 1000 that
 * wait the oldest are thrown away. Without a function, all are. NULL takes it off.
 */
EXM_PUBLIC void exm_set_notify(struct exm *session,
			       void (*notify)(void *data, const char *method, const char *params),
			       void *data);

enum exm_flag {
	/*
	 * Others use this session too: leave the environment and the
	 * descriptors to children, and take a lock (fcntl(2), on the secret's
	 * descriptor, which must be open for writing) around each exchange.
	 * Waiting for the lock counts as waiting for the answer; without a
	 * timeout it is given up after 600000 ms.
	 */
	EXM_KEEP_ENV = 1
};

/*
 * Connects as a program that exmachinad(8) started: over the descriptor in
 * EXMACHINA_FD, with the secret in the one of EXMACHINA_SECRET_FD. Marks both
 * close-on-exec and removes the variables (not thread-safe), unless flags has
 * EXM_KEEP_ENV. The descriptors belong to the session when it is connected.
 *
 *   -ENOTCONN         the variables are not set
 *   -EBADF            they name no open descriptor, or with EXM_KEEP_ENV a
 *                     secret that is not open for writing
 *   -EKEYREJECTED     the secret is not 64 hexadecimal digits
 *   -EPROTONOSUPPORT  the server speaks another protocol
 *   -EISCONN          the session is connected
 *
 * A wrong secret is -EREMOTEIO with EXM_ERROR_UNAUTHENTICATED.
 */
EXM_PUBLIC int exm_connect(struct exm *session, unsigned int flags) EXM_CHECK;

/*
 * The same over two descriptors: a connected stream socket, and a file with
 * the secret, or -1 if the socket is a channel's (exm_get_fd() of exm_open_channel()),
 * which a program inherited; -EBADF where it is not. Both belong to the session when it is
 * connected (the second one is closed unless flags has EXM_KEEP_ENV), and stay the caller's on
 * failure.
 */
EXM_PUBLIC int exm_connect_fds(struct exm *session, int fd, int secret_fd,
			       unsigned int flags) EXM_CHECK;

/*
 * The same over the socket of a server that runs by itself. NULL stands for
 * the usual path, of the socket or of the file with the secret. Also fails
 * with the errors of open(2), socket(2) and connect(2).
 */
EXM_PUBLIC int exm_connect_socket(struct exm *session, const char *path,
				  const char *secret_file) EXM_CHECK;

/* ---- errors --------------------------------------------------------------- */

struct exm_error {
	int code;            /* enum exm_error_code */
	const char *name;    /* "DENIED" */
	const char *message; /* a sentence for people */
	const char *data;    /* JSON object with the details, see exmachina-protocol(7) */
};

/*
 * What the server answered to the last call, if it answered with an error;
 * else NULL. Belongs to the session and lives until its next call.
 */
EXM_PUBLIC const struct exm_error *exm_last_error(const struct exm *session);

/*
 * One member of that error's data, as text: "file", "line", "rule", "unit".
 * A string as it is, anything else as JSON. -ENOENT if there is none.
 */
EXM_PUBLIC int exm_error_field(const struct exm *session, const char *name,
			       char **ret_text) EXM_CHECK;

/*
 * A sentence about what a call returned: the server's message for -EREMOTEIO,
 * else what the number means. Lives until the session's next call.
 */
EXM_PUBLIC const char *exm_strerror(const struct exm *session, int result);

/* ---- any method ----------------------------------------------------------- */

/*
 * Calls a method with its parameters as JSON text, an object or an array;
 * NULL for none. Hands out the result as JSON text, unless ret_result is NULL.
 */
EXM_PUBLIC int exm_call(struct exm *session, const char *method, const char *params,
			char **ret_result) EXM_CHECK;

/* session.ping: 0 if the server answers. */
EXM_PUBLIC int exm_ping(struct exm *session) EXM_CHECK;

/* session.info and session.methods, as JSON text. */
EXM_PUBLIC int exm_info(struct exm *session, char **ret_json) EXM_CHECK;
EXM_PUBLIC int exm_methods(struct exm *session, char **ret_json) EXM_CHECK;

/*
 * What the policy allows, session.whatcan, as JSON text: for the node or file that path names, or
 * for the unit; all of it where both are NULL. A path is labels and positions: nothing is
 * evaluated, and nothing need be there. BAD_PATH; BAD_VALUE for what is no unit's name.
 *
 *   -EINVAL  also: both are given
 */
EXM_PUBLIC int exm_whatcan(struct exm *session, const char *path, const char *unit,
			   char **ret_json) EXM_CHECK;

/* session.bye: ends it for all who share it. What is not committed is dropped. */
EXM_PUBLIC int exm_bye(struct exm *session) EXM_CHECK;

/* ---- the tree --------------------------------------------------------------
 *
 * As Augeas has it: path expressions, /files/... for the content of files.
 * The first call that names a file makes the server read it. Edits are kept
 * by the server until exm_commit().
 *
 * Errors of the server that a program may want to tell apart: NO_MATCH,
 * TOO_MANY_MATCHES where one node is asked for, BAD_PATH, BAD_VALUE,
 * PARSE_FAILED (the file is not what its lens describes), DENIED.
 */

/* The value of the one node that path names; NULL if it has none. */
EXM_PUBLIC int exm_get(struct exm *session, const char *path, char **ret_value) EXM_CHECK;

/* Sets it, creating the node where it is missing. A value of NULL is none. */
EXM_PUBLIC int exm_set(struct exm *session, const char *path, const char *value) EXM_CHECK;

/*
 * Sets the nodes sub, relative to each node that base names; NULL stands for
 * these themselves. The number of nodes set.
 */
EXM_PUBLIC int exm_setm(struct exm *session, const char *base, const char *sub,
			const char *value) EXM_CHECK;

/*
 * Has the one node that path names, made if it is missing, with that value; NULL is none. 1 if
 * something was changed, and waits for exm_commit(); 0 if it was so already.
 */
EXM_PUBLIC int exm_ensure(struct exm *session, const char *path, const char *value) EXM_CHECK;

enum exm_child_kind {
	EXM_CHILD_VALUE, /* one node, with that value */
	EXM_CHILD_SOME,  /* one at least, whatever its value is */
	EXM_CHILD_ABSENT /* none */
};

/*
 * How nodes below another shall be; in a list, which one whose sub is NULL ends. Those of the same
 * sub that stand behind each other are all the nodes of that name, in this order.
 */
struct exm_child {
	const char *sub;   /* relative to the other node, in UTF-8; "." is that itself */
	const char *value; /* NULL: none */
	enum exm_child_kind kind;
};

/*
 * Has the entry, of those that path names, that is as `where` has it: one that is missing is made,
 * and what match has is made so; both may be NULL, for nothing. The path ends with the label of a
 * new entry, or with "*" where they are numbered. It goes in front of the sibling ahead_of, if
 * there is one; NULL: behind the others of its kind. All of it is done or nothing. 1 or 0 as
 * exm_ensure().
 */
EXM_PUBLIC int exm_ensure_entry(struct exm *session, const char *path,
				const struct exm_child *where, const struct exm_child *match,
				const char *ahead_of) EXM_CHECK;

/*
 * Has none of the nodes that the expression names and that are as `where` has them; NULL: all of
 * them. The number of nodes that are gone, with all below; 0 if there was none.
 */
EXM_PUBLIC int exm_ensure_absent(struct exm *session, const char *expression,
				 const struct exm_child *where) EXM_CHECK;

/* exm_set() to no value. */
EXM_PUBLIC int exm_clear(struct exm *session, const char *path) EXM_CHECK;

/* The paths of all nodes that the expression names, and their number. 0 is no failure. */
EXM_PUBLIC int exm_match(struct exm *session, const char *expression, char ***ret_paths) EXM_CHECK;

struct exm_node {
	char *path;
	char *value; /* NULL: none */
	int children;
};

/* The same with values and numbers of children. */
EXM_PUBLIC int exm_match_nodes(struct exm *session, const char *expression,
			       struct exm_node ***ret_nodes) EXM_CHECK;

/* Adds a node beside the one that path names. */
EXM_PUBLIC int exm_insert(struct exm *session, const char *path, const char *label,
			  bool before) EXM_CHECK;

/* Removes all nodes that the expression names, with all below. The number of nodes gone. */
EXM_PUBLIC int exm_remove(struct exm *session, const char *expression) EXM_CHECK;

/* Moves a node with all below it; what was at the destination is gone. */
EXM_PUBLIC int exm_move(struct exm *session, const char *source, const char *destination) EXM_CHECK;

/* Changes the label of all nodes that the expression names. Their number. */
EXM_PUBLIC int exm_rename(struct exm *session, const char *expression, const char *label) EXM_CHECK;

/* The label of the one node that path names. */
EXM_PUBLIC int exm_label(struct exm *session, const char *path, char **ret_label) EXM_CHECK;

/* The nodes that the expression names and all below, as aug_print(3) prints them. NULL: all. */
EXM_PUBLIC int exm_print(struct exm *session, const char *expression, char **ret_text) EXM_CHECK;

struct exm_span {
	char *file;
	size_t label[2]; /* begin and end, in bytes */
	size_t value[2];
	size_t node[2];
};

/* Where in its file the one node is that path names. */
EXM_PUBLIC int exm_span(struct exm *session, const char *path,
			struct exm_span **ret_span) EXM_CHECK;

/* The path of the file, "/files/...", that the one node comes from that path names; NULL: none. */
EXM_PUBLIC int exm_source(struct exm *session, const char *path, char **ret_path) EXM_CHECK;

/*
 * Has /augeas/load say that a file is read with a lens, or kept from being read with it, from the
 * next exm_load() on. DENIED unless the policy has the file. Whatever the lens, a commit is judged
 * by the nodes of the one that the policy has for it.
 */
EXM_PUBLIC int exm_transform(struct exm *session, const char *lens, const char *file,
			     bool exclude) EXM_CHECK;

/* Drops all edits that are not committed, and has the files read anew. */
EXM_PUBLIC int exm_load(struct exm *session) EXM_CHECK;

struct exm_file_error {
	char *file;
	char *kind; /* "parse_failed", as Augeas names it */
	char *lens; /* NULL: not known; so path */
	char *path; /* of the node */
	char *reason;
	int line; /* from 1; 0: not known */
	int column;
};

/* The files that could not be read or rendered. Their number. */
EXM_PUBLIC int exm_errors(struct exm *session, struct exm_file_error ***ret_errors) EXM_CHECK;

/* ---- commit ----------------------------------------------------------------- */

struct exm_change {
	char *file;
	char *action; /* "change", "create" or "delete" */
	char *diff;   /* unified; NULL of what is written */
	/*
	 * What changes in the tree, ended by NULL; see exmachina-history.h. NULL if the policy has
	 * the file not verified, and from exm_diff() if a commit would be refused
	 */
	struct exm_node_change **changes;
};

/* What exm_commit() would change. The number of files. */
EXM_PUBLIC int exm_diff(struct exm *session, struct exm_change ***ret_changes) EXM_CHECK;

/*
 * Writes all edits, in all files or, if one of them fails, in none. The number
 * of files changed, which are handed out unless ret_changes is NULL. CONFLICT
 * if somebody else changed a file since the server read it; DENIED; IO.
 */
EXM_PUBLIC int exm_commit(struct exm *session, struct exm_change ***ret_changes) EXM_CHECK;

/* exm_commit() by the name that Augeas has for it (augeas.save). */
EXM_PUBLIC int exm_save(struct exm *session, struct exm_change ***ret_changes) EXM_CHECK;

/*
 * Drops all edits that are not committed. The number of files that had some,
 * which are handed out unless ret_files is NULL.
 */
EXM_PUBLIC int exm_discard(struct exm *session, char ***ret_files) EXM_CHECK;

#ifdef __cplusplus
}
#endif

#include <exmachina-augeas.h>
#include <exmachina-batch.h>
#include <exmachina-calls.h>
#include <exmachina-channel.h>
#include <exmachina-commit.h>
#include <exmachina-history.h>
#include <exmachina-system.h>

#endif
