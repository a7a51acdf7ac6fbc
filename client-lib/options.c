/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. The options of a call, from a program that may be older
 * or newer than this library: a member that it does not know must be unset.
 */
#include "options.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"

int options_read(const struct exm_options *given, struct exm_options *ret_options)
{
	struct exm_options options = EXM_OPTIONS_INIT;
	const char *bytes = (const char *)given;

	if (given) {
		if (given->size < sizeof(given->size))
			return -EINVAL;
		for (size_t i = sizeof(options); i < given->size; i++)
			if (bytes[i])
				return -EINVAL;
		memcpy(&options, given,
		       given->size < sizeof(options) ? given->size : sizeof(options));
	}
	if (options.timeout_s < 0 || options.settle_s < 0)
		return -EINVAL;
	*ret_options = options;
	return 0;
}

int options_put(struct json_object *params, const struct exm_options *options)
{
	int r = 0;

	if (options->timeout_s > 0)
		r |= json_put(params, "timeout", json_new_int(options->timeout_s));
	if (options->settle_s > 0)
		r |= json_put(params, "settle", json_new_int(options->settle_s));
	if (options->progress)
		r |= json_put(params, "progress", json_new_bool(true));
	return r < 0 ? -ENOMEM : 0;
}
