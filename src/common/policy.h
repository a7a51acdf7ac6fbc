/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_H
#define EXM_POLICY_H

/*
 * What the administrator allows, as both the monitor and the engine see it:
 * the tables, the look-ups, and the form in which the monitor hands them on.
 * Reading the configuration files is the monitor's alone (monitor/policy/policy_read.h).
 */

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cleanup.h"
#include "common/package_verb.h"
#include "common/service_verb.h"
#include "common/system_item.h"

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
	POLICY_LOGS_MAX = 4096,
	POLICY_PACKAGES_MAX = 4096,
	POLICY_APPLY_MAX = 32,   /* Apply= in one section */
	POLICY_ITEMS_MAX = 1024, /* patterns of one key in one section */
	POLICY_TIMEOUT_DEFAULT_MS = 30000,
	POLICY_TIMEOUT_MIN_MS = 1000,
	POLICY_TIMEOUT_MAX_MS = 3600 * 1000,
	POLICY_USER_MAX = 255, /* bytes of a user's or group's name */
	POLICY_LOG_LINES_DEFAULT = 200,
	POLICY_LOG_LINES_MAX = 1000,
	POLICY_CHECK_MAX = 512, /* bytes of one Check=, as it is written */
	POLICY_CHECKS_MAX = 16, /* in one section */
	POLICY_CHECK_WORDS_MAX = 32,
	POLICY_REVISIONS_DEFAULT = 500,
	POLICY_REVISIONS_MAX = 100000,
	POLICY_HISTORY_DAYS_MAX = 36500,
	POLICY_HISTORY_MIB_DEFAULT = 100,
	POLICY_HISTORY_MIB_MAX = 1 << 20,
};

struct policy_list {
	char **item;
	size_t count;
};

/*
 * Value=PATTERN ERE: the whole value of each node that PATTERN matches must
 * match ERE, in which '.' and [^...] never stand for a newline.
 */
struct policy_value {
	char *pattern;
	char *ere;
	regex_t compiled; /* of ^(ERE)$, filled by policy_value_compile() */
};

/* Apply=VERB UNIT: what follows a commit of the file; a failure takes the commit back. */
struct policy_apply {
	enum service_verb verb; /* of VERB_JOB */
	char *unit;
};

/* "MODE OWNER:GROUP" */
struct policy_owner {
	mode_t mode;
	char *owner; /* names as the policy spells them, for -T */
	char *group;
	uid_t uid;
	gid_t gid;
};

struct policy_file {
	char *path; /* absolute, below the root directory; may hold wildcards, never a backslash */
	char *lens; /* "Sshd.lns"; NULL until the lens index is asked */
	struct policy_list rights[RIGHT_MAX];
	struct policy_list secrets; /* Secret=: nodes whose values no record and no log may have */
	struct policy_list checks;  /* Check=: programs that judge a commit before it is written */
	struct policy_value *values;
	size_t value_count;
	bool may_create;
	mode_t create_mode;
	char *create_owner; /* names as the policy spells them, for -T */
	char *create_group;
	uid_t create_uid;
	gid_t create_gid;
	bool may_make_dirs; /* MakeDirs=: those that are missing, of a file that is created */
	struct policy_owner dirs;
	bool may_delete;
	struct policy_apply *apply;
	size_t apply_count;
	bool unverified; /* Verify=no: what a commit changes is not judged node by node */
	bool other_lens; /* OtherLens=yes: it may also be edited as another lens reads it */
};

struct policy_service {
	char *unit;          /* name or glob of one component */
	uint32_t verbs;      /* bit set of 1u << enum service_verb */
	uint32_t timeout_ms; /* 0: the session's */
};

/* The journal of these units may be read. */
struct policy_log {
	char *unit;     /* name or glob of one component */
	uint32_t lines; /* most of one answer; 0: not said */
};

static inline uint32_t policy_log_lines(const struct policy_log *log)
{
	return log->lines ? log->lines : POLICY_LOG_LINES_DEFAULT;
}

struct policy_package {
	char *name;          /* name or glob */
	uint32_t verbs;      /* bit set of 1u << enum package_verb */
	uint32_t timeout_ms; /* 0: the session's */
};

/* ServiceManager=: who starts and stops services. X(NAME, word) */
#define SERVICE_MANAGERS(X) \
	X(AUTO, "auto") /* systemd where it runs, else init scripts */ \
	X(SYSTEMD, "systemd") \
	X(INITD, "initd")

enum service_manager {
#define X(name, word) MANAGER_##name,
	SERVICE_MANAGERS(X)
#undef X
		MANAGER_MAX
};

/* Audit=: where records of what was done go. X(NAME, word) */
#define AUDIT_PLACES(X) \
	X(FILE, "file") /* and to the journal */ \
	X(JOURNAL, "journal")

enum audit_place {
#define X(name, word) AUDIT_TO_##name,
	AUDIT_PLACES(X)
#undef X
		AUDIT_PLACE_MAX
};

/* What is kept of commits: the newest ones, as far as all of these allow. */
struct policy_history {
	bool off;         /* Record=no */
	uint32_t count;   /* Keep= */
	uint64_t seconds; /* MaxAge=; 0: for ever */
	uint64_t bytes;   /* MaxSize= */
};

struct policy {
	unsigned int owners;
	char *user; /* NULL: not named */
	uint32_t timeout_ms;
	enum service_manager manager;
	uint32_t optional_layers; /* of the sandbox: bit set of 1u << enum layer */
	enum audit_place audit;
	struct policy_list lens_dirs; /* Lenses=: searched before Augeas's own */
	struct policy_history history;
	bool has_system;       /* a [System] section: the identity may be read */
	uint32_t system_items; /* bit set of 1u << enum system_item: these may be set */
	struct policy_file *files;
	size_t file_count;
	struct policy_service *services;
	size_t service_count;
	struct policy_log *logs;
	size_t log_count;
	struct policy_package *packages;
	size_t package_count;
};

/* One more owner of it. */
struct policy *policy_ref(struct policy *policy);
/* One less; the last one frees it. */
struct policy *policy_free(struct policy *policy);

static inline void policy_freep(struct policy **policy)
{
	policy_free(*policy);
}

/* New, with the defaults. NULL when memory is short. */
struct policy *policy_new(void);

/*
 * Each of these appends one entry with copies of the texts and returns 0,
 * -ENOMEM, or -E2BIG beyond the bound. An added entry lives until the next one
 * of its kind is added. policy_value_add() also returns what policy_value_compile() does.
 */
int policy_file_add(struct policy *policy, const char *path,
		    struct policy_file **ret_file) must_check;
int policy_service_add(struct policy *policy, const char *unit,
		       struct policy_service **ret_service) must_check;
int policy_log_add(struct policy *policy, const char *unit, struct policy_log **ret_log) must_check;
int policy_package_add(struct policy *policy, const char *name,
		       struct policy_package **ret_package) must_check;
int policy_list_add(struct policy_list *list, const char *text) must_check;
int policy_value_add(struct policy_file *file, const char *pattern, const char *ere) must_check;
int policy_apply_add(struct policy_file *file, enum service_verb verb, const char *unit) must_check;
void policy_apply_clear(struct policy_file *file);

/* Does any section apply one of these verbs (bits 1u << enum service_verb) to the unit? */
bool policy_applies(const struct policy *policy, uint32_t verbs, const char *unit);

/*
 * What is wrong with a text of the policy, as the rest of a sentence that
 * begins with what was read, or NULL. The reader of the configuration files
 * and that of the wire ask the same.
 */
const char *policy_path_fault(const char *path);
const char *policy_lens_fault(const char *lens);
const char *policy_pattern_fault(const char *pattern);
const char *policy_unit_fault(const char *unit);
const char *policy_package_fault(const char *name);
const char *policy_user_fault(const char *name);
const char *policy_check_fault(const char *line);

/*
 * The program of a Check= and its arguments, ended by NULL: words with blanks between, in which
 * quotes '...' and "..." keep blanks, and a backslash, but for one within '...', the character
 * after it. Nothing else means anything. One block for free(). 0, -ENOMEM, or -EINVAL for a line
 * that policy_check_fault() has something to say about.
 */
int policy_check_split(const char *line, char ***ret_words) must_check;

/*
 * Compiles ^(ERE)$ from value->ere. 0 or regcomp's error, also for what
 * regcomp takes but the policy does not: a back-reference, a ')' too many,
 * repetitions that multiply to a huge automaton.
 */
int policy_value_compile(struct policy_value *value) must_check;

/*
 * Is it absolute and in its simplest form (no empty component, no "." or ".."),
 * without control characters, shorter than POLICY_TEXT_MAX?
 */
bool policy_path_is_plain(const char *path);

/*
 * The section that governs a path: the one that spells it, else the first that
 * matches it; none for a path that is not plain. Returns the entry's number or -1.
 */
ssize_t policy_find_file(const struct policy *policy, const char *path);

/*
 * The section that governs a unit, its log, a package, by the same rule; none for
 * what may not be such a name. Its number or -1.
 */
ssize_t policy_find_service(const struct policy *policy, const char *unit);
ssize_t policy_find_log(const struct policy *policy, const char *unit);
ssize_t policy_find_package(const struct policy *policy, const char *name);

/*
 * May this be the name of a unit: systemd's character set, a suffix that it
 * knows, 255 bytes, not beginning with '-'.
 */
bool policy_unit_name_valid(const char *unit);

/*
 * May this be the name of a Debian package (deb-control(5)): 2 to 128 bytes of a-z 0-9 + . -?
 *
 * apt-get reads more than a name from its arguments: `install x-` removes x,
 * `remove x+` installs it, and a name that is unknown but has '.' or '+' in it is
 * a regular expression that matches anywhere. A '-' at the end is refused here,
 * since no package ends so. g++ is a package, so '+' is not: who starts apt-get
 * writes NAME:ARCHITECTURE, which is never read as an action, and sets
 * APT::Cmd::Pattern-Only, which takes the regular expressions away.
 */
bool policy_package_name_valid(const char *name);

/*
 * May the verb be used on the package? NULL: on no package in particular, which
 * is what update means (any section may give it), and upgrade of all there is
 * (only [Package *] may).
 */
bool policy_package_allows(const struct policy *policy, enum package_verb verb, const char *name);

/*
 * Does it hold anything that only a program can do which exmachina-run starts? Every Check= is.
 * manager is who has been found to manage services, MANAGER_SYSTEMD or _INITD.
 */
bool policy_needs_run(const struct policy *policy, enum service_manager manager);

const char *policy_manager_word(enum service_manager manager);
const char *policy_audit_word(enum audit_place place);

enum policy_verdict {
	POLICY_ALLOWED = 0,
	POLICY_NO_RULE, /* no pattern of that right names the node */
	POLICY_DENIED,  /* a Deny= pattern does */
};

/*
 * May the right be used on this node of the file (labels below the file,
 * positions do not matter)? Set=, Insert= and Remove= patterns give the right
 * on the nodes that they name and on no others. A Deny= pattern takes every
 * right on the nodes that it names and on all below them, whatever else is
 * said. The file's own node has none of these rights.
 */
enum policy_verdict policy_check_node(const struct policy_file *file, enum policy_right right,
				      const struct node_path *node);

/* The Deny= pattern that covers the node, or NULL. */
const char *policy_denied_by(const struct policy_file *file, const struct node_path *node);

/* Does a Secret= pattern name the node, or one above it? Labels are no secret, values are. */
bool policy_is_secret(const struct policy_file *file, const struct node_path *node);
/* The same of a node as a list of changes has it; one that cannot be told may be. */
bool policy_is_secret_path(const struct policy_file *file, const char *path);

/*
 * The first Value= rule that the value breaks, or NULL. A node without a value
 * (NULL) breaks every rule that names it.
 */
const struct policy_value *policy_check_value(const struct policy_file *file,
					      const struct node_path *node, const char *value);

/* The first Value= rule from the given one on that names the node; NULL behind the last. */
const struct policy_value *policy_value_for(const struct policy_file *file, size_t from,
					    const struct node_path *node);

const char *policy_right_key(enum policy_right right);

/* May anything be changed in the file as it is there? Which nodes is not decided here. */
bool policy_may_change(const struct policy_file *file);

/*
 * Monitor to engine. The owner, group and mode of files to be created, the layers that may be
 * missing, where lenses are and what is kept of commits stay with the monitor, which is the one to
 * use them. Which nodes are secret is told, so that a client can be told what not to keep.
 */
void policy_put(struct wire *w, const struct policy *policy);

/*
 * The reader trusts the writer no more than any peer: every text is held to
 * what the policy may say, every regex is compiled anew, and nothing may be
 * left over. 0, -EBADMSG, -ENOMEM.
 */
int policy_get(struct wire *w, struct policy **ret_policy) must_check;

#endif
