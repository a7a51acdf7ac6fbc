/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. The options of a call, from a program that may be older
 * or newer than this library: a member that it does not know must be unset.
 */
#include "options.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"

int options_copy(const void *given, size_t known, void *options)
{
	const char *bytes = given;
	size_t size;

	if (!given)
		return 0;
	memcpy(&size, given, sizeof(size));
	if (size < sizeof(size))
		return -EINVAL;
	for (size_t i = known; i < size; i++)
		if (bytes[i])
			return -EINVAL;
	memcpy(options, given, size < known ? size : known);
	return 0;
}

int options_read(const struct exm_options *given, struct exm_options *ret_options)
{
	struct exm_options options = EXM_OPTIONS_INIT;
	int r = options_copy(given, sizeof(options), &options);

	if (r < 0)
		return r;
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
