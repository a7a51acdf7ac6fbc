/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_VERB_H
#define EXM_SERVICE_VERB_H

/* What a policy may allow for a unit: one table for policy, wire, methods and sd-bus. */
#define SERVICE_VERBS(X) \
	X(STATUS, "status", NULL) \
	X(START, "start", "StartUnit") \
	X(STOP, "stop", "StopUnit") \
	X(RESTART, "restart", "RestartUnit") \
	X(RELOAD, "reload", "ReloadUnit")

enum service_verb {
#define X(name, word, method) SERVICE_##name,
	SERVICE_VERBS(X)
#undef X
		SERVICE_VERB_MAX
};

/* The word of the policy and of the CLI, or NULL if there is no such verb. */
static inline const char *service_verb_word(unsigned int verb)
{
	static const char *const words[] = {
#define X(name, word, method) [SERVICE_##name] = word,
		SERVICE_VERBS(X)
#undef X
	};

	return verb < SERVICE_VERB_MAX ? words[verb] : NULL;
}

/* The method of org.freedesktop.systemd1.Manager; NULL for status, which reads properties. */
static inline const char *service_verb_method(enum service_verb verb)
{
	static const char *const methods[] = {
#define X(name, word, method) [SERVICE_##name] = method,
		SERVICE_VERBS(X)
#undef X
	};

	return methods[verb];
}

#endif
