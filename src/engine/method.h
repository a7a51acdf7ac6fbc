/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_METHOD_H
#define EXM_METHOD_H

#include "common/package_verb.h"
#include "common/service_verb.h"
#include "common/system_item.h"
#include "engine/call.h"
#include "engine/wanted.h"

/*
 * Every parameter that a method of ours can have, once: its name and type.
 * BYTES is text that need not be UTF-8, VALUE the same or null; LIST is an
 * array of strings, or a string, which is a list of one; WANTED is how nodes shall be (wanted.h).
 */
#define PARAMETERS(BYTES, VALUE, STRING, BOOL, INT, LIST, WANTED) \
	BYTES(path) \
	VALUE(value) \
	BYTES(base) \
	VALUE(sub) \
	BYTES(label) \
	BOOL(before) \
	BYTES(source) \
	BYTES(destination) \
	BOOL(values) \
	STRING(lens) \
	BYTES(file) \
	BOOL(exclude) \
	STRING(unit) \
	STRING(secret) \
	STRING(client) \
	INT(protocol) \
	INT(timeout) \
	INT(settle) \
	BOOL(progress) \
	STRING(glob) \
	INT(lines) \
	STRING(after) \
	LIST(names) \
	BOOL(dry_run) \
	STRING(plan) \
	INT(confirm) \
	BOOL(dead_man) \
	STRING(token) \
	INT(extend) \
	BOOL(rollback) \
	STRING(timezone) \
	STRING(hostname) \
	LIST(locale) \
	BOOL(absent) \
	WANTED(match) \
	WANTED(where) \
	INT(revision) \
	INT(below) \
	INT(limit) \
	BYTES(ahead_of) \
	BOOL(rebase) \
	BYTES(name) \
	VALUE(expression) \
	INT(index) \
	BYTES(script) \
	BOOL(fresh) \
	BOOL(empty)

enum parameter {
	PARAM_none,
#define X(name) PARAM_##name,
	PARAMETERS(X, X, X, X, X, X, X)
#undef X
		PARAM_MAX
};

struct argument_list {
	char **item;
	size_t count;
};

/* What a handler gets: strings are NULL and the rest 0 where nothing was given. */
struct arguments {
	uint64_t given; /* bit set of 1 << enum parameter */
#define TEXT_MEMBER(name) char *name;
#define BOOL_MEMBER(name) bool name;
#define INT_MEMBER(name) int64_t name;
#define LIST_MEMBER(name) struct argument_list name;
#define WANTED_MEMBER(name) struct wanted name;
	PARAMETERS(TEXT_MEMBER, TEXT_MEMBER, TEXT_MEMBER, BOOL_MEMBER, INT_MEMBER, LIST_MEMBER,
		   WANTED_MEMBER)
#undef TEXT_MEMBER
#undef BOOL_MEMBER
#undef INT_MEMBER
#undef LIST_MEMBER
#undef WANTED_MEMBER
};

_Static_assert(PARAM_MAX <= 64, "arguments.given has a bit for each parameter");

static inline bool argument_given(const struct arguments *a, enum parameter parameter)
{
	return (a->given >> parameter) & 1;
}

enum { METHOD_PARAMS_MAX = 8 };

enum method_flag {
	METHOD_PLAIN = 0,
	METHOD_BEFORE_AUTH = 1,
	METHOD_READS = 2, /* leaves the tree as it is, but for files that it brings in */
};

struct method_param {
	enum parameter parameter;
	bool required;
};

struct method {
	const char *name;
	int (*handler)(struct call *call, const struct arguments *arguments);
	unsigned int flags;
	struct method_param params[METHOD_PARAMS_MAX];
};

/* The one table; ends with a row without name. */
extern const struct method methods[];

const struct method *method_find(const char *name);

/*
 * Takes the parameters of a request, by name or by position, as the method
 * declares them. 0, or -1 with the call answered INVALID_PARAMS.
 */
int arguments_take(struct call *call, const struct method *method, struct json_object *params,
		   struct arguments *ret_arguments) must_check;
void arguments_clear(struct arguments *arguments);

/*
 * A number of seconds, `least` or more, in milliseconds; one that is longer
 * than any policy allows counts as that. 0, or -1 with the call answered BAD_VALUE.
 */
int arguments_seconds(struct call *call, enum parameter parameter, int64_t seconds, int64_t least,
		      uint32_t *ret_ms) must_check;
/* The parameter timeout; 0 if none was given. */
int arguments_timeout(struct call *call, const struct arguments *arguments,
		      uint32_t *ret_ms) must_check;

const char *parameter_name(enum parameter parameter);
const char *parameter_type(enum parameter parameter);

/* The handlers, by family. */
int session_hello(struct call *call, const struct arguments *a);
int session_authenticate(struct call *call, const struct arguments *a);
int session_info(struct call *call, const struct arguments *a);
int session_methods(struct call *call, const struct arguments *a);
int session_whatcan(struct call *call, const struct arguments *a);
int session_ping(struct call *call, const struct arguments *a);
int session_channel(struct call *call, const struct arguments *a);
int session_bye(struct call *call, const struct arguments *a);

int augeas_get(struct call *call, const struct arguments *a);
int augeas_label(struct call *call, const struct arguments *a);
int augeas_match(struct call *call, const struct arguments *a);
int augeas_print(struct call *call, const struct arguments *a);
int augeas_span(struct call *call, const struct arguments *a);
int augeas_source(struct call *call, const struct arguments *a);
int augeas_preview(struct call *call, const struct arguments *a);
int augeas_dump(struct call *call, const struct arguments *a);
int augeas_escape_name(struct call *call, const struct arguments *a);
int augeas_ns_attr(struct call *call, const struct arguments *a);
int augeas_ns_label(struct call *call, const struct arguments *a);
int augeas_ns_value(struct call *call, const struct arguments *a);
int augeas_ns_count(struct call *call, const struct arguments *a);
int augeas_ns_path(struct call *call, const struct arguments *a);
int augeas_errors(struct call *call, const struct arguments *a);

int augeas_set(struct call *call, const struct arguments *a);
int augeas_setm(struct call *call, const struct arguments *a);
int augeas_ensure(struct call *call, const struct arguments *a);
int augeas_clear(struct call *call, const struct arguments *a);
int augeas_insert(struct call *call, const struct arguments *a);
int augeas_remove(struct call *call, const struct arguments *a);
int augeas_move(struct call *call, const struct arguments *a);
int augeas_rename(struct call *call, const struct arguments *a);
int augeas_copy(struct call *call, const struct arguments *a);
int augeas_defvar(struct call *call, const struct arguments *a);
int augeas_defnode(struct call *call, const struct arguments *a);
int augeas_text_store(struct call *call, const struct arguments *a);
int augeas_text_retrieve(struct call *call, const struct arguments *a);
int augeas_save(struct call *call, const struct arguments *a);
int augeas_srun(struct call *call, const struct arguments *a);
int augeas_load(struct call *call, const struct arguments *a);
int augeas_load_file(struct call *call, const struct arguments *a);
int augeas_transform(struct call *call, const struct arguments *a);

int config_confirm(struct call *call, const struct arguments *a);
int config_diff(struct call *call, const struct arguments *a);
int config_commit(struct call *call, const struct arguments *a);
int config_discard(struct call *call, const struct arguments *a);
int config_history(struct call *call, const struct arguments *a);
int config_show(struct call *call, const struct arguments *a);
int config_revert(struct call *call, const struct arguments *a);

/* One method for each verb and item of the tables. */
int service_verb(struct call *call, const struct arguments *a, enum service_verb verb);
int service_list(struct call *call, const struct arguments *a);
int service_log(struct call *call, const struct arguments *a);
int service_watch(struct call *call, const struct arguments *a);
int service_unwatch(struct call *call, const struct arguments *a);

int package_verb(struct call *call, const struct arguments *a, enum package_verb verb);

int system_get(struct call *call, const struct arguments *a);
int system_set(struct call *call, const struct arguments *a, enum system_item item);

#endif
