/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_H
#define EXM_POLICY_H

/*
 * What the administrator allows, as both the monitor and the engine see it:
 * the tables, the look-ups, and the form in which the monitor hands them on.
 * Reading the configuration files is the monitor's alone (monitor/policy_read.h).
 */

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/service_verb.h"

struct node_path;
struct wire;

/* The keys of a [File] section that list node patterns. */
#define POLICY_RIGHTS(X) \
	X(SET, "Set") \
	X(INSERT, "Insert") \
	X(REMOVE, "Remove") \
	X(DENY, "Deny")

enum policy_right {
#define X(name, key) RIGHT_##name,
	POLICY_RIGHTS(X)
#undef X
		RIGHT_MAX
};

enum {
	POLICY_TEXT_MAX = 4096, /* bytes of one path, pattern, regex or lens name */
	POLICY_FILES_MAX = 4096,
	POLICY_SERVICES_MAX = 4096,
	POLICY_ITEMS_MAX = 1024, /* patterns of one key in one section */
	POLICY_TIMEOUT_DEFAULT_MS = 30000,
};

struct policy_list {
	char **item;
	size_t count;
};

/* Value=PATTERN ERE: the whole value of each node that PATTERN matches must match ERE. */
struct policy_value {
	char *pattern;
	char *ere;
	regex_t compiled; /* of ^(ERE)$ */
};

struct policy_file {
	char *path; /* absolute, below the root directory; may hold wildcards */
	char *lens; /* "Sshd.lns"; NULL until the lens index is asked */
	struct policy_list rights[RIGHT_MAX];
	struct policy_value *values;
	size_t value_count;
	bool may_create;
	mode_t create_mode;
	char *create_owner; /* names as the policy spells them, for -T */
	char *create_group;
	uid_t create_uid;
	gid_t create_gid;
	bool may_delete;
};

struct policy_service {
	char *unit;     /* name or glob of one component */
	uint32_t verbs; /* bit set of 1u << enum service_verb */
};

struct policy {
	char *user; /* NULL: not named */
	uint32_t timeout_ms;
	struct policy_file *files;
	size_t file_count;
	struct policy_service *services;
	size_t service_count;
};

struct policy *policy_free(struct policy *policy);

static inline void policy_freep(struct policy **policy)
{
	policy_free(*policy);
}

/*
 * The section that governs an absolute path: the one that spells it, else the
 * first that matches it. A path that is not in its simplest form (empty
 * component, "." or "..") has none. Returns the entry's number or -1.
 */
ssize_t policy_find_file(const struct policy *policy, const char *path);

/* The section that governs a unit, by the same rule. Returns its number or -1. */
ssize_t policy_find_service(const struct policy *policy, const char *unit);

/* May this be the name of a unit: systemd's character set, 255 bytes, not beginning with '-'. */
bool policy_unit_name_valid(const char *unit);

enum policy_verdict {
	POLICY_ALLOWED = 0,
	POLICY_NO_RULE, /* no pattern of that right names the node */
	POLICY_DENIED,  /* a Deny= pattern does */
};

/* May the right be used on this node of the file (labels below the file, without positions)? */
enum policy_verdict policy_check_node(const struct policy_file *file, enum policy_right right,
				      const struct node_path *node);

/* The first Value= rule that the value (NULL: none) breaks, or NULL. */
const struct policy_value *policy_check_value(const struct policy_file *file,
					      const struct node_path *node, const char *value);

const char *policy_right_key(enum policy_right right);

/* Compiles ^(ERE)$; 0 or regcomp's error. */
int policy_value_compile(struct policy_value *value);

/* Appends a copy of text; 0, -ENOMEM, or -E2BIG beyond POLICY_ITEMS_MAX. */
int policy_list_add(struct policy_list *list, const char *text) must_check;

/* Monitor to engine. The reader trusts the writer no more than any peer: 0, -EBADMSG, -ENOMEM. */
void policy_put(struct wire *w, const struct policy *policy);
int policy_get(struct wire *w, struct policy **ret_policy) must_check;

#endif
