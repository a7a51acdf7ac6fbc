/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LAYER_H
#define EXM_LAYER_H

/*
 * The layers of the sandbox, declared once: their names are those of the policy's
 * OptionalLayers= and of session.info.
 */

#include <stdbool.h>
#include <stdint.h>

/* Around the processes that read hostile text. X(NAME, word, may be missing if the policy says so)
 */
#define READER_LAYERS(X) \
	X(USER, "user", false) \
	X(CAPABILITIES, "capabilities", false) \
	X(NO_NEW_PRIVS, "no_new_privs", false) \
	X(NOT_DUMPABLE, "not_dumpable", false) \
	X(RLIMITS, "rlimits", false) \
	X(MOUNT_NAMESPACE, "mount_namespace", true) \
	X(PRIVATE_ROOT, "private_root", true) \
	X(NET_NAMESPACE, "net_namespace", true) \
	X(IPC_NAMESPACE, "ipc_namespace", true) \
	X(UTS_NAMESPACE, "uts_namespace", true) \
	X(LANDLOCK, "landlock", true) \
	X(SECCOMP, "seccomp", false)

/* Around the monitor itself. */
#define MONITOR_LAYERS(X) \
	X(MONITOR_CAPABILITIES, "monitor_capabilities", false) \
	X(MONITOR_NO_NEW_PRIVS, "monitor_no_new_privs", false) \
	X(MONITOR_LANDLOCK, "monitor_landlock", true)

#define LAYERS(X) READER_LAYERS(X) MONITOR_LAYERS(X)

enum layer {
#define X(NAME, word, optional) LAYER_##NAME,
	LAYERS(X)
#undef X
		LAYER_MAX
};

/* A set of layers: 1u << enum layer. */
#define LAYER(name) (UINT32_C(1) << LAYER_##name)

#define X(NAME, word, optional) | LAYER(NAME)
enum { READER_LAYERS_ALL = 0 READER_LAYERS(X), MONITOR_LAYERS_ALL = 0 MONITOR_LAYERS(X) };
#undef X

static inline const char *layer_word(enum layer layer)
{
	static const char *const words[] = {
#define X(NAME, word, optional) [LAYER_##NAME] = word,
		LAYERS(X)
#undef X
	};

	return words[layer];
}

/* May the administrator do without it? */
static inline bool layer_is_optional(enum layer layer)
{
	static const bool optional[] = {
#define X(NAME, word, optional) [LAYER_##NAME] = optional,
		LAYERS(X)
#undef X
	};

	return optional[layer];
}

#endif
