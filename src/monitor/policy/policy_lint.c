/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root), under -t and at start. Looks at a policy that
 * policy_read() has taken, never at the system: what a path is for is known
 * from the table below. exmachina-policy(5) has the same list, which the unit test
 * compares.
 */
#include "monitor/policy/policy_lint.h"

#include <errno.h>
#include <string.h>

#include "common/glob.h"
#include "common/node_path.h"
#include "monitor/policy/policy_lenses.h"

/* What must be allowed before the warning is given. */
enum danger_kind {
	BY_CHANGE,  /* whatever may be changed, also taken away */
	BY_COMMAND, /* a node that takes a path or a command line */
	BY_SOURCE,  /* one that takes any host */
	BY_SHELL,   /* one that takes what a shell expands */
	BY_ACCOUNT, /* one that takes any name or number */
	DANGER_KIND_MAX
};

enum { PROBES_MAX = 5, NODES_MAX = 8 };

/* A node that takes one of these has no Value= that keeps it harmless. */
static const char *const probes[DANGER_KIND_MAX][PROBES_MAX] = {
	[BY_COMMAND] = { "/tmp/x", "/tmp/x y", "x y", "/bin/sh" },
	[BY_SOURCE] = { "/tmp/x", "http://192.0.2.1/x", "https://host.example/x", "/bin/sh" },
	[BY_SHELL] = { "$(x)", "\"$(x)\"", "`x`", "\"`x`\"", "x;x" },
	[BY_ACCOUNT] = { "0", "root", "x", "$6$x$x", "" },
};

struct danger {
	/*
	 * A path with the wildcards of the policy, and a '/' at its end for all that is below
	 * it; or, without a '/' at its beginning, a lens.
	 */
	char target[40];
	enum danger_kind kind;
	const char *why;
	const char *nodes[NODES_MAX]; /* none: any node of the file counts */
};

#define WHO_MAY "it says who may do what as root"
#define WHO_IS "it says who is root, and with which password"
#define WHO_ENTERS "it says who is let in, and as whom"
#define COMMANDS "it names commands that are run as root"
#define LIBRARIES "it names libraries that every program loads"
#define SOURCES "it says where packages come from, whose scripts are run as root"
#define SHELL "a shell run as root may read it, and runs $(...) in a value"
#define LOGIN "whoever holds a key that it lists logs in as its owner"
#define LOGINS "it names commands and files of keys for every login"

/* As the lens of the file calls them. */
#define SYSCTL_NODES \
	{ \
		"kernel.core_pattern", "kernel.modprobe" \
	}
#define INTERFACES_NODES \
	{ \
		"iface/pre-up", "iface/up", "iface/post-up", "iface/pre-down", "iface/down", \
			"iface/post-down", "source" \
	}
#define SSHD_NODES \
	{ \
		"AuthorizedKeysCommand", "AuthorizedPrincipalsCommand", "AuthorizedKeysFile", \
			"ForceCommand", "Include", "Subsystem/sftp", \
			"Match/Settings/ForceCommand", "Match/Settings/AuthorizedKeysCommand" \
	}

static const struct danger dangers[] = {
	{ "/etc/sudoers", BY_CHANGE, WHO_MAY, { NULL } },
	{ "/etc/sudoers.d/", BY_CHANGE, WHO_MAY, { NULL } },
	{ "/etc/doas.conf", BY_CHANGE, WHO_MAY, { NULL } },
	{ "/etc/polkit-1/", BY_CHANGE, WHO_MAY, { NULL } },
	{ "/etc/exmachina/", BY_CHANGE, "it is the policy itself", { NULL } },
	{ "/etc/pam.d/", BY_CHANGE, WHO_ENTERS, { NULL } },
	{ "/etc/pam.conf", BY_CHANGE, WHO_ENTERS, { NULL } },
	{ "/etc/passwd", BY_ACCOUNT, WHO_IS, { NULL } },
	{ "/etc/shadow", BY_ACCOUNT, WHO_IS, { NULL } },
	{ "/etc/group", BY_ACCOUNT, WHO_IS, { NULL } },
	{ "/etc/gshadow", BY_ACCOUNT, WHO_IS, { NULL } },
	{ "/etc/ld.so.preload", BY_COMMAND, LIBRARIES, { NULL } },
	{ "/etc/ld.so.conf", BY_COMMAND, LIBRARIES, { NULL } },
	{ "/etc/ld.so.conf.d/", BY_COMMAND, LIBRARIES, { NULL } },
	{ "/etc/crontab", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/anacrontab", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/cron.*/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/var/spool/cron/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/systemd/system/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/run/systemd/system/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/usr/lib/systemd/system/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/lib/systemd/system/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/init.d/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/rc?.d/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/rc.local", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/inittab", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/udev/rules.d/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/modprobe.d/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/sysctl.conf", BY_COMMAND, COMMANDS, SYSCTL_NODES },
	{ "/etc/sysctl.d/*", BY_COMMAND, COMMANDS, SYSCTL_NODES },
	{ "/etc/network/interfaces", BY_COMMAND, COMMANDS, INTERFACES_NODES },
	{ "/etc/ssh/sshd_config", BY_COMMAND, LOGINS, SSHD_NODES },
	{ "/etc/ssh/sshd_config.d/*", BY_COMMAND, LOGINS, SSHD_NODES },
	{ "/root/.ssh/authorized_keys*", BY_CHANGE, LOGIN, { NULL } },
	{ "/home/*/.ssh/authorized_keys*", BY_CHANGE, LOGIN, { NULL } },
	{ "/etc/apt/sources.list", BY_SOURCE, SOURCES, { NULL } },
	{ "/etc/apt/sources.list.d/", BY_SOURCE, SOURCES, { NULL } },
	{ "/etc/apt/trusted.gpg.d/", BY_SOURCE, SOURCES, { NULL } },
	{ "/etc/apt/apt.conf", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/apt/apt.conf.d/", BY_COMMAND, COMMANDS, { NULL } },
	{ "/etc/environment", BY_SHELL, SHELL, { NULL } },
	{ "/etc/profile", BY_SHELL, SHELL, { NULL } },
	{ "/etc/profile.d/", BY_SHELL, SHELL, { NULL } },
	{ "/etc/bash.bashrc", BY_SHELL, SHELL, { NULL } },
	{ "/root/.*", BY_SHELL, SHELL, { NULL } },
	{ "/etc/default/", BY_SHELL, SHELL, { NULL } },
	{ "/etc/sysconfig/", BY_SHELL, SHELL, { NULL } },
	{ "Shellvars*.*", BY_SHELL, SHELL, { NULL } },
	{ "Simplelines.*", BY_COMMAND, "a line of it may say anything", { NULL } },
};

/*
 * The states in which `target` can be after all that came before: bit i is its
 * byte i. A '*' in it may also stand for nothing.
 */
static uint64_t skip_stars(const char *target, uint64_t states)
{
	for (size_t i = 0; target[i]; i++)
		if (target[i] == '*' && (states & UINT64_C(1) << i))
			states |= UINT64_C(1) << (i + 1);
	return states;
}

/* Can `c` of the section's path, '?' for any byte, stand at byte i of the target? */
static bool fits(const char *target, size_t i, char c)
{
	bool wild = target[i] == '*' || target[i] == '?';

	if (c == '/' || target[i] == '/')
		return c == target[i];
	if (c == '?')
		return target[i] != '.' || target[i - 1] != '/'; /* no wildcard is a leading dot */
	return wild || target[i] == c;
}

static uint64_t step(const char *target, uint64_t states, char c)
{
	uint64_t next = 0;

	for (size_t i = 0; target[i]; i++)
		if ((states & UINT64_C(1) << i) && fits(target, i, c))
			next |= UINT64_C(1) << (target[i] == '*' ? i : i + 1);
	return skip_stars(target, next);
}

/* Is there a path that both name? The target's 40 bytes are the bits of a state. */
static bool paths_meet(const char *path, const char *target)
{
	uint64_t end = UINT64_C(1) << strlen(target), states = skip_stars(target, 1), before;
	bool whole_tree = target[strlen(target) - 1] == '/';

	for (; *path && states; path++) {
		if (*path != '*') {
			states = step(target, states, *path);
		} else {
			do {
				before = states;
				states |= step(target, states, '?');
			} while (states != before);
		}
		if (whole_tree && (states & end))
			return true;
	}
	return states & end;
}

/* Does the section govern something that the target names? */
static bool concerns(const struct policy *policy, const struct policy_file *file,
		     const struct danger *danger)
{
	const char *target = danger->target;

	if (target[0] != '/')
		return file->lens && glob_match(target, file->lens);
	if (!paths_meet(file->path, target))
		return false;
	/* what is spelled out may be another section's */
	if (glob_has_wildcard(target) || target[strlen(target) - 1] == '/')
		return true;
	return policy_find_file(policy, target) == file - policy->files;
}

/*
 * A node that the pattern names and that hardly any other pattern does unless by a
 * wildcard: "*" becomes a label of odd bytes, "**" two of them.
 */
static int make_example(const char *pattern, struct node_path *ret_node)
{
	struct node_path node = { .text = malloc(4 * strlen(pattern) + 2), .depth = 1 };
	char *out = node.text;

	if (!out)
		return -ENOMEM;
	node.label[0] = out;
	for (const char *at = pattern; *at && node.depth < NODE_DEPTH_MAX; at++) {
		bool any_depth = out == node.label[node.depth - 1] && at[0] == '*' && at[1] == '*';

		if (*at == '\\' && at[1]) {
			*out++ = *++at;
		} else if (*at == '/' || any_depth) {
			if (any_depth)
				*out++ = '\1';
			*out++ = '\0';
			node.label[node.depth++] = out;
		} else if (*at == '*' || *at == '?') {
			*out++ = '\1';
			if (*at == '*')
				*out++ = '\1';
		} else {
			*out++ = *at;
		}
	}
	*out = '\0';
	*ret_node = node;
	return 0;
}

static bool takes_probe(const struct policy_file *file, const struct node_path *node,
			enum danger_kind kind)
{
	for (size_t i = 0; i < PROBES_MAX && probes[kind][i]; i++)
		if (!policy_check_value(file, node, probes[kind][i]))
			return true;
	return false;
}

/* Does the right on what the pattern names amount to the danger? 1, 0, -ENOMEM. */
static int pattern_dangerous(const struct policy_file *file, enum policy_right right,
			     const char *pattern, enum danger_kind kind)
{
	scoped_node_path node = { 0 };
	int r = make_example(pattern, &node);

	if (r < 0)
		return r;
	if (strcmp(node.label[node.depth - 1], "#comment") == 0 || policy_denied_by(file, &node))
		return 0;
	if (kind == BY_CHANGE)
		return 1;
	return right != RIGHT_REMOVE && takes_probe(file, &node, kind);
}

static int any_pattern_dangerous(const struct policy_file *file, enum danger_kind kind)
{
	static const enum policy_right changing[] = { RIGHT_SET, RIGHT_INSERT, RIGHT_REMOVE };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(changing) / sizeof(*changing); i++) {
		const struct policy_list *list = &file->rights[changing[i]];

		for (size_t j = 0; r == 0 && j < list->count; j++)
			r = pattern_dangerous(file, changing[i], list->item[j], kind);
	}
	return r;
}

/* The same for a node that the table names, without wildcards. */
static int node_dangerous(const struct policy_file *file, const char *name, enum danger_kind kind)
{
	scoped_node_path node = { 0 };
	int r = make_example(name, &node);

	if (r < 0)
		return r;
	return (policy_check_node(file, RIGHT_SET, &node) == POLICY_ALLOWED ||
		policy_check_node(file, RIGHT_INSERT, &node) == POLICY_ALLOWED) &&
	       takes_probe(file, &node, kind);
}

static int file_dangerous(const struct policy_file *file, const struct danger *danger)
{
	int r = 0;

	if (!danger->nodes[0])
		return danger->kind == BY_CHANGE && (file->may_create || file->may_delete)
			       ? 1
			       : any_pattern_dangerous(file, danger->kind);
	for (size_t i = 0; r == 0 && i < NODES_MAX && danger->nodes[i]; i++)
		r = node_dangerous(file, danger->nodes[i], danger->kind);
	return r;
}

static void warn(FILE *out, size_t *count, const char *section, const char *name, const char *what,
		 const char *why)
{
	++*count;
	if (out)
		fprintf(out, "warning: [%s %s]: %s is root: %s\n", section, name, what, why);
}

static int lint_lens(const struct policy *policy, const struct policy_file *file, FILE *out,
		     size_t *count)
{
	int r = 0;

	if (policy_may_change(file) || file->may_create || file->may_delete)
		r = policy_lenses_concern(policy, file->path);
	if (r > 0)
		warn(out, count, "File", file->path, "whoever may change it",
		     "it is a lens, by which commits are judged");
	return r < 0 ? r : 0;
}

static int lint_file(const struct policy *policy, const struct policy_file *file, FILE *out,
		     size_t *count)
{
	for (size_t i = 0; i < sizeof(dangers) / sizeof(*dangers); i++) {
		const struct danger *danger = &dangers[i];
		scoped_ptr char *what = NULL;
		int r = concerns(policy, file, danger) ? file_dangerous(file, danger) : 0;

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (asprintf(&what, "whoever may change %s",
			     glob_has_wildcard(file->path) ? danger->target : "it") < 0)
			return -ENOMEM;
		warn(out, count, "File", file->path, what, danger->why);
		return 0;
	}
	return 0;
}

/* Any name at all, also those that nobody has thought of. */
#define ANY_SERVICE "zq-7.any.service"
#define ANY_PACKAGE "zq-7.any"

static void lint_service(const struct policy *policy, const struct policy_service *service,
			 FILE *out, size_t *count)
{
	const uint32_t starting = 1u << SERVICE_START | 1u << SERVICE_RESTART |
				  1u << SERVICE_RELOAD_OR_RESTART | 1u << SERVICE_ENABLE;

	if (!(service->verbs & starting))
		return;
	if (policy_find_service(policy, "debug-shell.service") == service - policy->services)
		warn(out, count, "Service", service->unit, "whoever may start debug-shell.service",
		     "it is a shell on a terminal, without a password");
	else if (glob_match_path(service->unit, ANY_SERVICE))
		warn(out, count, "Service", service->unit, "whoever may start every service",
		     "some run what others have written, as root");
}

static void lint_package(const struct policy_package *package, FILE *out, size_t *count)
{
	if (!glob_match_path(package->name, ANY_PACKAGE))
		return;
	if (package->verbs & 1u << PACKAGE_INSTALL)
		warn(out, count, "Package", package->name, "whoever may install every package",
		     "its scripts are run as root");
	else if (package->verbs & 1u << PACKAGE_UPGRADE)
		warn(out, count, "Package", package->name,
		     "whoever can put a package into a source of apt and may upgrade all",
		     "its scripts are run as root");
}

int policy_lint(const struct policy *policy, FILE *out, size_t *ret_count)
{
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < policy->file_count; i++) {
		r = lint_file(policy, &policy->files[i], out, &count);
		if (r == 0)
			r = lint_lens(policy, &policy->files[i], out, &count);
	}
	for (size_t i = 0; i < policy->service_count; i++)
		lint_service(policy, &policy->services[i], out, &count);
	for (size_t i = 0; i < policy->package_count; i++)
		lint_package(&policy->packages[i], out, &count);
	if (r == 0)
		*ret_count = count;
	return r;
}
