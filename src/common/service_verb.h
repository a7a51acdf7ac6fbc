/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_VERB_H
#define EXM_SERVICE_VERB_H

#include <stddef.h>

/*
 * What a policy may allow for a unit: one table for policy, wire, methods, CLI
 * and sd-bus. X(NAME, word, kind, method of org.freedesktop.systemd1.Manager)
 */
#define SERVICE_VERBS(X) \
	X(STATUS, "status", VERB_LOOK, NULL) \
	X(START, "start", VERB_JOB, "StartUnit") \
	X(STOP, "stop", VERB_JOB, "StopUnit") \
	X(RESTART, "restart", VERB_JOB, "RestartUnit") \
	X(TRY_RESTART, "try_restart", VERB_JOB, "TryRestartUnit") \
	X(RELOAD, "reload", VERB_JOB, "ReloadUnit") \
	X(RELOAD_OR_RESTART, "reload_or_restart", VERB_JOB, "ReloadOrRestartUnit") \
	X(ENABLE, "enable", VERB_UNIT_FILE, "EnableUnitFiles") \
	X(DISABLE, "disable", VERB_UNIT_FILE, "DisableUnitFiles") \
	X(MASK, "mask", VERB_UNIT_FILE, "MaskUnitFiles") \
	X(UNMASK, "unmask", VERB_UNIT_FILE, "UnmaskUnitFiles") \
	X(RESET_FAILED, "reset_failed", VERB_PLAIN, "ResetFailedUnit")

enum service_verb {
#define X(name, word, kind, method) SERVICE_##name,
	SERVICE_VERBS(X)
#undef X
		SERVICE_VERB_MAX
};

enum service_verb_kind {
	VERB_LOOK,      /* reads the unit's properties */
	VERB_JOB,       /* makes a job, which is waited for */
	VERB_UNIT_FILE, /* changes links to unit files */
	VERB_PLAIN,     /* is done when it is answered */
};

/* The word of the policy and of the CLI, or NULL if there is no such verb. */
static inline const char *service_verb_word(unsigned int verb)
{
	static const char *const words[] = {
#define X(name, word, kind, method) [SERVICE_##name] = word,
		SERVICE_VERBS(X)
#undef X
	};

	return verb < SERVICE_VERB_MAX ? words[verb] : NULL;
}

static inline enum service_verb_kind service_verb_kind(enum service_verb verb)
{
	static const enum service_verb_kind kinds[] = {
#define X(name, word, kind, method) [SERVICE_##name] = kind,
		SERVICE_VERBS(X)
#undef X
	};

	return kinds[verb];
}

/* The method of systemd's manager; NULL for status, which reads properties. */
static inline const char *service_verb_method(enum service_verb verb)
{
	static const char *const methods[] = {
#define X(name, word, kind, method) [SERVICE_##name] = method,
		SERVICE_VERBS(X)
#undef X
	};

	return methods[verb];
}

#endif
