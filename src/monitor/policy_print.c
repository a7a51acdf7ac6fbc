/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachinad under -T: prints a policy that policy_read() has taken, and touches nothing.
 */
#include <stdio.h>

#include "monitor/policy_read.h"

static void print_file(FILE *out, const struct policy_file *file)
{
	fprintf(out, "\n[File %s]\n", file->path);
	if (file->lens)
		fprintf(out, "Lens=%s\n", file->lens);
	for (unsigned int right = 0; right < RIGHT_MAX; right++)
		for (size_t i = 0; i < file->rights[right].count; i++)
			fprintf(out, "%s=%s\n", policy_right_key(right),
				file->rights[right].item[i]);
	for (size_t i = 0; i < file->value_count; i++)
		fprintf(out, "Value=%s %s\n", file->values[i].pattern, file->values[i].ere);
	if (file->may_create)
		fprintf(out, "Create=%04o %s:%s\n", (unsigned int)file->create_mode,
			file->create_owner, file->create_group);
	if (file->may_delete)
		fprintf(out, "Delete=yes\n");
}

static void print_service(FILE *out, const struct policy_service *service)
{
	fprintf(out, "\n[Service %s]\n", service->unit);
	if (service->verbs == 0)
		return;
	fprintf(out, "Allow=");
	for (unsigned int verb = 0, printed = 0; verb < SERVICE_VERB_MAX; verb++)
		if (service->verbs & 1u << verb)
			fprintf(out, "%s%s", printed++ ? " " : "", service_verb_word(verb));
	fprintf(out, "\n");
}

void policy_print(FILE *out, const struct policy *policy)
{
	fprintf(out, "[Session]\n");
	if (policy->user)
		fprintf(out, "User=%s\n", policy->user);
	fprintf(out, "Timeout=%us\n", policy->timeout_ms / 1000);
	for (size_t i = 0; i < policy->file_count; i++)
		print_file(out, &policy->files[i]);
	for (size_t i = 0; i < policy->service_count; i++)
		print_service(out, &policy->services[i]);
}
