/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_METHOD_H
#define EXM_METHOD_H

#include "engine/call.h"

/*
 * Every parameter that a method of ours can have, once: its name and type.
 * BYTES is text that need not be UTF-8, VALUE the same or null.
 */
#define PARAMETERS(BYTES, VALUE, STRING, BOOL, INT) \
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
	INT(protocol)

enum parameter {
	PARAM_none,
#define X(name) PARAM_##name,
	PARAMETERS(X, X, X, X, X)
#undef X
		PARAM_MAX
};

/* What a handler gets: strings are NULL and the rest 0 where nothing was given. */
struct arguments {
	uint32_t given; /* bit set of 1u << enum parameter */
#define TEXT_MEMBER(name) char *name;
#define BOOL_MEMBER(name) bool name;
#define INT_MEMBER(name) int64_t name;
	PARAMETERS(TEXT_MEMBER, TEXT_MEMBER, TEXT_MEMBER, BOOL_MEMBER, INT_MEMBER)
#undef TEXT_MEMBER
#undef BOOL_MEMBER
#undef INT_MEMBER
};

static inline bool argument_given(const struct arguments *a, enum parameter parameter)
{
	return (a->given >> parameter) & 1;
}

enum { METHOD_PARAMS_MAX = 4 };

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

const char *parameter_name(enum parameter parameter);
const char *parameter_type(enum parameter parameter);

/* The handlers, by family. */
int session_hello(struct call *call, const struct arguments *a);
int session_authenticate(struct call *call, const struct arguments *a);
int session_info(struct call *call, const struct arguments *a);
int session_methods(struct call *call, const struct arguments *a);
int session_ping(struct call *call, const struct arguments *a);
int session_bye(struct call *call, const struct arguments *a);

int augeas_get(struct call *call, const struct arguments *a);
int augeas_label(struct call *call, const struct arguments *a);
int augeas_match(struct call *call, const struct arguments *a);
int augeas_print(struct call *call, const struct arguments *a);
int augeas_span(struct call *call, const struct arguments *a);
int augeas_source(struct call *call, const struct arguments *a);
int augeas_errors(struct call *call, const struct arguments *a);

int augeas_set(struct call *call, const struct arguments *a);
int augeas_setm(struct call *call, const struct arguments *a);
int augeas_clear(struct call *call, const struct arguments *a);
int augeas_insert(struct call *call, const struct arguments *a);
int augeas_remove(struct call *call, const struct arguments *a);
int augeas_move(struct call *call, const struct arguments *a);
int augeas_rename(struct call *call, const struct arguments *a);
int augeas_load(struct call *call, const struct arguments *a);
int augeas_transform(struct call *call, const struct arguments *a);

int config_diff(struct call *call, const struct arguments *a);
int config_commit(struct call *call, const struct arguments *a);
int config_discard(struct call *call, const struct arguments *a);

int service_status(struct call *call, const struct arguments *a);
int service_start(struct call *call, const struct arguments *a);
int service_stop(struct call *call, const struct arguments *a);
int service_restart(struct call *call, const struct arguments *a);
int service_reload(struct call *call, const struct arguments *a);

#endif
