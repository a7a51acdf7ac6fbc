/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "common/policy.h"

int policy_apply_add(struct policy_file *file, enum service_verb verb, const char *unit)
{
	scoped_ptr char *copy = strdup(unit);
	struct policy_apply *list;

	if (file->apply_count == POLICY_APPLY_MAX)
		return -E2BIG;
	if (!copy)
		return -ENOMEM;
	list = reallocarray(file->apply, file->apply_count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	file->apply = list;
	list[file->apply_count++] = (struct policy_apply){ .verb = verb, .unit = take_ptr(copy) };
	return 0;
}

void policy_apply_clear(struct policy_file *file)
{
	for (size_t i = 0; i < file->apply_count; i++)
		free(file->apply[i].unit);
	free(file->apply);
}

bool policy_applies(const struct policy *policy, uint32_t verbs, const char *unit)
{
	for (size_t i = 0; i < policy->file_count; i++)
		for (size_t k = 0; k < policy->files[i].apply_count; k++)
			if ((verbs & 1u << policy->files[i].apply[k].verb) &&
			    strcmp(policy->files[i].apply[k].unit, unit) == 0)
				return true;
	return false;
}
