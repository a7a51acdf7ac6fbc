/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: the table of methods. The name that is looked for is the client's. */
#include "engine/method.h"

#include <string.h>

#define REQUIRED(name) \
	{ \
		PARAM_##name, true \
	}
#define OPTIONAL(name) \
	{ \
		PARAM_##name, false \
	}

/* One handler for each verb and item. */
#define X(name, word, kind, method) \
	static int service_##name(struct call *call, const struct arguments *a) \
	{ \
		return service_verb(call, a, SERVICE_##name); \
	}
SERVICE_VERBS(X)
#undef X
#define X(name, word) \
	static int package_##name(struct call *call, const struct arguments *a) \
	{ \
		return package_verb(call, a, PACKAGE_##name); \
	}
PACKAGE_VERBS(X)
#undef X
#define X(name, word) \
	static int system_##name(struct call *call, const struct arguments *a) \
	{ \
		return system_set(call, a, SYSTEM_##name); \
	}
SYSTEM_ITEMS(X)
#undef X

const struct method methods[] = {
	{ "session.hello",
	  session_hello,
	  METHOD_BEFORE_AUTH,
	  { OPTIONAL(client), OPTIONAL(protocol) } },
	{ "session.authenticate", session_authenticate, METHOD_BEFORE_AUTH, { REQUIRED(secret) } },
	{ "session.info", session_info, METHOD_READS, { { 0 } } },
	{ "session.methods", session_methods, METHOD_READS, { { 0 } } },
	{ "session.whatcan", session_whatcan, METHOD_READS, { OPTIONAL(path), OPTIONAL(unit) } },
	{ "session.ping", session_ping, METHOD_READS | METHOD_QUICK, { { 0 } } },
	{ "session.channel", session_channel, METHOD_READS, { { 0 } } },
	{ "session.bye", session_bye, METHOD_PLAIN, { { 0 } } },

	{ "augeas.get", augeas_get, METHOD_READS | METHOD_QUICK, { REQUIRED(path) } },
	{ "augeas.set", augeas_set, METHOD_PLAIN, { REQUIRED(path), REQUIRED(value) } },
	{ "augeas.setm",
	  augeas_setm,
	  METHOD_PLAIN,
	  { REQUIRED(base), REQUIRED(sub), REQUIRED(value) } },
	{ "augeas.ensure",
	  augeas_ensure,
	  METHOD_PLAIN,
	  { REQUIRED(path), OPTIONAL(value), OPTIONAL(absent), OPTIONAL(match), OPTIONAL(where),
	    OPTIONAL(ahead_of) } },
	{ "augeas.clear", augeas_clear, METHOD_PLAIN, { REQUIRED(path) } },
	{ "augeas.match", augeas_match, METHOD_READS, { REQUIRED(path), OPTIONAL(values) } },
	{ "augeas.insert",
	  augeas_insert,
	  METHOD_PLAIN,
	  { REQUIRED(path), REQUIRED(label), OPTIONAL(before) } },
	{ "augeas.remove", augeas_remove, METHOD_PLAIN, { REQUIRED(path) } },
	{ "augeas.move", augeas_move, METHOD_PLAIN, { REQUIRED(source), REQUIRED(destination) } },
	{ "augeas.rename", augeas_rename, METHOD_PLAIN, { REQUIRED(path), REQUIRED(label) } },
	{ "augeas.label", augeas_label, METHOD_READS | METHOD_QUICK, { REQUIRED(path) } },
	{ "augeas.load", augeas_load, METHOD_PLAIN, { OPTIONAL(fresh), OPTIONAL(empty) } },
	{ "augeas.load_file", augeas_load_file, METHOD_PLAIN, { REQUIRED(file) } },
	{ "augeas.save", augeas_save, METHOD_PLAIN, { { 0 } } },
	{ "augeas.print", augeas_print, METHOD_READS, { OPTIONAL(path) } },
	{ "augeas.errors", augeas_errors, METHOD_READS, { { 0 } } },
	{ "augeas.transform",
	  augeas_transform,
	  METHOD_PLAIN,
	  { REQUIRED(lens), REQUIRED(file), OPTIONAL(exclude) } },
	{ "augeas.copy", augeas_copy, METHOD_PLAIN, { REQUIRED(source), REQUIRED(destination) } },
	{ "augeas.defvar", augeas_defvar, METHOD_PLAIN, { REQUIRED(name), OPTIONAL(expression) } },
	{ "augeas.defnode",
	  augeas_defnode,
	  METHOD_PLAIN,
	  { REQUIRED(name), REQUIRED(expression), OPTIONAL(value) } },
	{ "augeas.text_store",
	  augeas_text_store,
	  METHOD_PLAIN,
	  { REQUIRED(lens), REQUIRED(source), REQUIRED(path) } },
	{ "augeas.text_retrieve",
	  augeas_text_retrieve,
	  METHOD_PLAIN,
	  { REQUIRED(lens), REQUIRED(source), REQUIRED(path), REQUIRED(destination) } },
	{ "augeas.preview", augeas_preview, METHOD_PLAIN, { REQUIRED(path) } },
	{ "augeas.dump", augeas_dump, METHOD_READS, { OPTIONAL(path) } },
	{ "augeas.srun", augeas_srun, METHOD_PLAIN, { REQUIRED(script) } },
	{ "augeas.escape_name", augeas_escape_name, METHOD_READS, { REQUIRED(name) } },
	{ "augeas.ns_attr", augeas_ns_attr, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.ns_label", augeas_ns_label, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.ns_value", augeas_ns_value, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.ns_count", augeas_ns_count, METHOD_READS, { REQUIRED(name) } },
	{ "augeas.ns_path", augeas_ns_path, METHOD_READS, { REQUIRED(name), OPTIONAL(index) } },
	{ "augeas.span", augeas_span, METHOD_READS, { REQUIRED(path) } },
	{ "augeas.source", augeas_source, METHOD_READS, { REQUIRED(path) } },

	{ "config.diff", config_diff, METHOD_PLAIN, { { 0 } } },
	{ "config.commit",
	  config_commit,
	  METHOD_PLAIN,
	  { OPTIONAL(dry_run), OPTIONAL(plan), OPTIONAL(progress), OPTIONAL(confirm),
	    OPTIONAL(dead_man), OPTIONAL(rebase) } },
	{ "config.confirm",
	  config_confirm,
	  METHOD_PLAIN,
	  { OPTIONAL(token), OPTIONAL(extend), OPTIONAL(rollback) } },
	{ "config.discard", config_discard, METHOD_PLAIN, { { 0 } } },
	{ "config.history",
	  config_history,
	  METHOD_READS,
	  { OPTIONAL(path), OPTIONAL(limit), OPTIONAL(below) } },
	{ "config.show", config_show, METHOD_READS, { REQUIRED(revision) } },
	{ "config.revert",
	  config_revert,
	  METHOD_PLAIN,
	  { REQUIRED(revision), OPTIONAL(dry_run), OPTIONAL(progress), OPTIONAL(confirm),
	    OPTIONAL(dead_man) } },

#define X(name, word, kind, method) \
	{ "service." word, \
	  service_##name, \
	  METHOD_READS, \
	  { REQUIRED(unit), OPTIONAL(timeout), OPTIONAL(settle), OPTIONAL(progress) } },
	SERVICE_VERBS(X)
#undef X
		{ "service.list", service_list, METHOD_READS, { OPTIONAL(glob) } },
	{ "service.log",
	  service_log,
	  METHOD_READS,
	  { REQUIRED(unit), OPTIONAL(lines), OPTIONAL(after) } },
	{ "service.watch", service_watch, METHOD_READS, { REQUIRED(unit) } },
	{ "service.unwatch", service_unwatch, METHOD_READS, { REQUIRED(unit) } },

	{ "package.status", package_STATUS, METHOD_READS, { REQUIRED(names) } },
	{ "package.install",
	  package_INSTALL,
	  METHOD_READS,
	  { REQUIRED(names), OPTIONAL(timeout), OPTIONAL(progress) } },
	{ "package.remove",
	  package_REMOVE,
	  METHOD_READS,
	  { REQUIRED(names), OPTIONAL(timeout), OPTIONAL(progress) } },
	{ "package.upgrade",
	  package_UPGRADE,
	  METHOD_READS,
	  { OPTIONAL(names), OPTIONAL(timeout), OPTIONAL(progress) } },
	{ "package.update",
	  package_UPDATE,
	  METHOD_READS,
	  { OPTIONAL(timeout), OPTIONAL(progress) } },

	{ "system.get", system_get, METHOD_READS, { { 0 } } },
	{ "system.set_timezone", system_TIMEZONE, METHOD_READS, { REQUIRED(timezone) } },
	{ "system.set_hostname", system_HOSTNAME, METHOD_READS, { REQUIRED(hostname) } },
	{ "system.set_locale", system_LOCALE, METHOD_READS, { REQUIRED(locale) } },
	{ 0 },
};

const struct method *method_find(const char *name)
{
	for (const struct method *m = methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}
