/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXMACHINA_SYSTEM_H
#define EXMACHINA_SYSTEM_H

/*
 * Services, packages and the system's identity; exmachina.h includes it, and
 * has the conventions.
 */

#include <exmachina.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- options of services and packages ------------------------------------------ */

/* How far a call is. All of it is valid during the function only. */
struct exm_progress {
	const char *verb;   /* NULL: it is about a commit */
	const char *unit;   /* NULL: it is about packages or a commit */
	const char *stage;  /* "waiting", "job" ...: see exmachina-protocol(7) */
	const char *detail; /* NULL: nothing to add */
	int percent;        /* -1: not known */
	int64_t elapsed_ms; /* since the call began */
};

/*
 * Begin with EXM_OPTIONS_INIT, so that a program keeps its meaning when the
 * structure grows. NULL in its place is the same as nothing set.
 */
struct exm_options {
	size_t size;   /* sizeof(struct exm_options) */
	int timeout_s; /* the server gives up after that; 0: the policy's, which also bounds it */
	/*
	 * Services: how long the unit must stay as the job left it before that
	 * counts as success; 0: as the policy says
	 */
	int settle_s;
	/* Called from the function that waits, or from exm_process(), as exm_set_notify() has it.
	 */
	void (*progress)(void *data, const struct exm_progress *progress);
	void *progress_data;
};

#define EXM_OPTIONS_INIT \
	{ \
		sizeof(struct exm_options), 0, 0, NULL, NULL \
	}

/* ---- services ----------------------------------------------------------------- */

struct exm_service {
	char *unit;
	char *job;               /* how the job ended: "done"; NULL where there was none */
	char *load;              /* "loaded" */
	char *active;            /* "active", "inactive", "failed" ... */
	char *sub;               /* "running", "dead" ... */
	char *result;            /* of its last run: "success" ...; NULL in a list */
	int64_t main_pid;        /* 0: none */
	int64_t main_pid_before; /* before the job; 0: none */
	char *manager;           /* "systemd" or "initd"; NULL in a list and in a notification */
	char *file_state;        /* "enabled", "disabled", "masked" ... */
	char **triggered_by;     /* units that may start it again; NULL in a list */
	char **changes;          /* what a verb for unit files did, a line each; else NULL */
	char *description;       /* in a list; else NULL */
	int64_t exit_status;     /* of the main process, in a notification; else 0 */
};

/*
 * Any verb of exmachina-policy(5): "start", "try_restart", "enable" ...; a '-'
 * counts as '_'. Waits until it is done and the unit has settled. options and
 * ret_service may be NULL. SERVICE_FAILED (with the unit's last log lines in
 * "log") if it did not do what was asked; TIMEOUT; DENIED; BUSY.
 *
 *   -EINVAL  also: the options have a size or a member set that this version
 *            does not know, or a number that is negative
 */
EXM_PUBLIC int exm_service_call(struct exm *session, const char *verb, const char *unit,
				const struct exm_options *options,
				struct exm_service **ret_service) EXM_CHECK;

/* The same without options, each of a verb. */
EXM_PUBLIC int exm_service_status(struct exm *session, const char *unit,
				  struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_start(struct exm *session, const char *unit,
				 struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_stop(struct exm *session, const char *unit,
				struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_restart(struct exm *session, const char *unit,
				   struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_reload(struct exm *session, const char *unit,
				  struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_try_restart(struct exm *session, const char *unit,
				       struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_reload_or_restart(struct exm *session, const char *unit,
					     struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_enable(struct exm *session, const char *unit,
				  struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_disable(struct exm *session, const char *unit,
				   struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_mask(struct exm *session, const char *unit,
				struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_unmask(struct exm *session, const char *unit,
				  struct exm_service **ret_service) EXM_CHECK;
EXM_PUBLIC int exm_service_reset_failed(struct exm *session, const char *unit,
					struct exm_service **ret_service) EXM_CHECK;

/*
 * How an asynchronous one ended: as exm_callback in exmachina-calls.h, and
 * with the unit, valid during the function only, instead of JSON text.
 */
typedef void exm_service_callback(struct exm *session, int result,
				  const struct exm_service *service, void *data);

/* exm_service_call() without waiting; the errors of exm_call_async(). */
EXM_PUBLIC int exm_service_call_async(struct exm *session, const char *verb, const char *unit,
				      const struct exm_options *options,
				      exm_service_callback *callback, void *data,
				      uint64_t *ret_call) EXM_CHECK;

/* The units, of those whose status the policy shows, that the glob names (NULL: all). Their number.
 */
EXM_PUBLIC int exm_service_list(struct exm *session, const char *glob,
				struct exm_service ***ret_services) EXM_CHECK;

struct exm_log_line {
	char *time; /* "2026-11-21T09:46:46.123456Z" */
	char *identifier;
	char *message;
	int priority; /* as in syslog(3) */
	int64_t pid;  /* 0: not known */
};

struct exm_log {
	char *unit;
	struct exm_log_line **lines;
	char *cursor; /* behind the last line; NULL: there is none */
};

/*
 * The last lines of the unit's log (0: as many as the server thinks fit, and
 * never more than the policy allows), of those after a cursor unless that is
 * NULL. -EINVAL for a negative number.
 */
EXM_PUBLIC int exm_service_log(struct exm *session, const char *unit, int lines, const char *after,
			       struct exm_log **ret_log) EXM_CHECK;

/*
 * From now on a notification "service.changed" comes whenever the unit's state
 * changes; exm_service_parse() reads its parameters. ret_service, how the unit
 * is now, may be NULL.
 */
EXM_PUBLIC int exm_service_watch(struct exm *session, const char *unit,
				 struct exm_service **ret_service) EXM_CHECK;

/* Ends that. BAD_VALUE if the unit is not watched. */
EXM_PUBLIC int exm_service_unwatch(struct exm *session, const char *unit) EXM_CHECK;

/* The parameters of "service.changed", or what a service method answered, as a structure. */
EXM_PUBLIC int exm_service_parse(const char *json, struct exm_service **ret_service) EXM_CHECK;

/* ---- packages -------------------------------------------------------------------- */

struct exm_package {
	char *name;
	char *state;     /* "installed", "not-installed" and between; NULL in a list of changes */
	char *version;   /* what is installed now; NULL: none */
	char *candidate; /* what an upgrade would bring; NULL: nothing, or not asked for */
	char *action; /* "installed", "upgraded", "removed" ...; NULL from exm_package_status() */
	char *before; /* the version that was there; NULL: none, or not asked for */
};

/* How packages are; names ends with NULL. NO_MATCH for one that nobody knows. Their number. */
EXM_PUBLIC int exm_package_status(struct exm *session, const char *const *names,
				  struct exm_package ***ret_packages) EXM_CHECK;

/*
 * Any verb that changes something: "install", "remove", "upgrade" (names NULL:
 * all that may be) and "update" (names NULL: the lists are read anew). Waits
 * until it is done. The number of packages that changed, which are handed out
 * unless ret_changes is NULL. PACKAGE_FAILED (with "log" and "changed");
 * TIMEOUT; DENIED; NO_MATCH. settle_s of the options must be 0.
 */
EXM_PUBLIC int exm_package_call(struct exm *session, const char *verb, const char *const *names,
				const struct exm_options *options,
				struct exm_package ***ret_changes) EXM_CHECK;

/* The same, each of a verb. */
EXM_PUBLIC int exm_package_install(struct exm *session, const char *const *names,
				   const struct exm_options *options,
				   struct exm_package ***ret_changes) EXM_CHECK;
EXM_PUBLIC int exm_package_remove(struct exm *session, const char *const *names,
				  const struct exm_options *options,
				  struct exm_package ***ret_changes) EXM_CHECK;
EXM_PUBLIC int exm_package_upgrade(struct exm *session, const char *const *names,
				   const struct exm_options *options,
				   struct exm_package ***ret_changes) EXM_CHECK;
EXM_PUBLIC int exm_package_update(struct exm *session, const struct exm_options *options) EXM_CHECK;

/* As exm_service_callback. result: the number of changes, which end with NULL. */
typedef void exm_package_callback(struct exm *session, int result,
				  const struct exm_package *const *changes, void *data);

/* exm_package_call() without waiting; the errors of exm_call_async(). */
EXM_PUBLIC int exm_package_call_async(struct exm *session, const char *verb,
				      const char *const *names, const struct exm_options *options,
				      exm_package_callback *callback, void *data,
				      uint64_t *ret_call) EXM_CHECK;

/* ---- the system's identity ----------------------------------------------------------- */

struct exm_system {
	char *hostname;
	char *timezone; /* "Europe/Berlin" */
	char **locale;  /* assignments, "LANG=C.UTF-8" */
	char *via;      /* who was asked: see exmachina-protocol(7) */
};

EXM_PUBLIC int exm_system_get(struct exm *session, struct exm_system **ret_system) EXM_CHECK;

/*
 * Each sets one item, and hands out how all are then, unless ret_system is
 * NULL. BAD_VALUE with a message that tells what would be right; DENIED.
 * assignments ends with NULL.
 */
EXM_PUBLIC int exm_system_set_timezone(struct exm *session, const char *timezone,
				       struct exm_system **ret_system) EXM_CHECK;
EXM_PUBLIC int exm_system_set_hostname(struct exm *session, const char *hostname,
				       struct exm_system **ret_system) EXM_CHECK;
EXM_PUBLIC int exm_system_set_locale(struct exm *session, const char *const *assignments,
				     struct exm_system **ret_system) EXM_CHECK;

#ifdef __cplusplus
}
#endif

#endif
