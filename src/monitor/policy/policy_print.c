/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachinad under -T: prints a policy that policy_read() has taken, and touches nothing.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/layer.h"
#include "monitor/policy/policy_read.h"

static void print_file(FILE *out, const struct policy_file *file)
{
	fprintf(out, "\n[File %s]\n", file->path);
	if (file->lens)
		fprintf(out, "Lens=%s\n", file->lens);
	for (unsigned int right = 0; right < RIGHT_MAX; right++)
		for (size_t i = 0; i < file->rights[right].count; i++)
			fprintf(out, "%s=%s\n", policy_right_key(right),
				file->rights[right].item[i]);
	for (size_t i = 0; i < file->secrets.count; i++)
		fprintf(out, "Secret=%s\n", file->secrets.item[i]);
	for (size_t i = 0; i < file->value_count; i++)
		fprintf(out, "Value=%s %s\n", file->values[i].pattern, file->values[i].ere);
	if (file->may_create)
		fprintf(out, "Create=%04o %s:%s\n", (unsigned int)file->create_mode,
			file->create_owner, file->create_group);
	if (file->may_make_dirs)
		fprintf(out, "MakeDirs=%04o %s:%s\n", (unsigned int)file->dirs.mode,
			file->dirs.owner, file->dirs.group);
	if (file->may_delete)
		fprintf(out, "Delete=yes\n");
	for (size_t i = 0; i < file->apply_count; i++)
		fprintf(out, "Apply=%s %s\n", service_verb_word(file->apply[i].verb),
			file->apply[i].unit);
	if (file->unverified)
		fprintf(out, "Verify=no\n");
	if (file->other_lens)
		fprintf(out, "OtherLens=yes\n");
	for (size_t i = 0; i < file->checks.count; i++)
		fprintf(out, "Check=%s\n", file->checks.item[i]);
}

static void print_allow(FILE *out, uint32_t set, const char *(*word_of)(unsigned int))
{
	if (set == 0)
		return;
	fprintf(out, "Allow=");
	for (unsigned int bit = 0, printed = 0; word_of(bit); bit++)
		if (set & 1u << bit)
			fprintf(out, "%s%s", printed++ ? " " : "", word_of(bit));
	fprintf(out, "\n");
}

static void print_timeout(FILE *out, uint32_t ms)
{
	if (ms)
		fprintf(out, "Timeout=%us\n", ms / 1000);
}

static void print_service(FILE *out, const struct policy_service *service)
{
	fprintf(out, "\n[Service %s]\n", service->unit);
	print_allow(out, service->verbs, service_verb_word);
	print_timeout(out, service->timeout_ms);
}

static void print_package(FILE *out, const struct policy_package *package)
{
	fprintf(out, "\n[Package %s]\n", package->name);
	print_allow(out, package->verbs, package_verb_word);
	print_timeout(out, package->timeout_ms);
}

static void print_layers(FILE *out, uint32_t layers)
{
	if (layers == 0)
		return;
	fprintf(out, "OptionalLayers=");
	for (unsigned int layer = 0, printed = 0; layer < LAYER_MAX; layer++)
		if (layers & UINT32_C(1) << layer)
			fprintf(out, "%s%s", printed++ ? " " : "", layer_word(layer));
	fprintf(out, "\n");
}

static void print_history(FILE *out, const struct policy_history *history)
{
	fprintf(out, "\n[History]\n");
	if (history->off)
		fprintf(out, "Record=no\n");
	fprintf(out, "Keep=%u\n", history->count);
	if (history->seconds > 0)
		fprintf(out, "MaxAge=%" PRIu64 "min\n", history->seconds / 60);
	fprintf(out, "MaxSize=%" PRIu64 "K\n", history->bytes >> 10);
}

void policy_print(FILE *out, const struct policy *policy)
{
	fprintf(out, "[Session]\n");
	if (policy->user)
		fprintf(out, "User=%s\n", policy->user);
	print_timeout(out, policy->timeout_ms);
	fprintf(out, "ServiceManager=%s\n", policy_manager_word(policy->manager));
	print_layers(out, policy->optional_layers);
	if (policy->audit != AUDIT_TO_FILE)
		fprintf(out, "Audit=%s\n", policy_audit_word(policy->audit));
	for (size_t i = 0; i < policy->lens_dirs.count; i++)
		fprintf(out, "Lenses=%s\n", policy->lens_dirs.item[i]);
	for (size_t i = 0; i < policy->file_count; i++)
		print_file(out, &policy->files[i]);
	for (size_t i = 0; i < policy->service_count; i++)
		print_service(out, &policy->services[i]);
	for (size_t i = 0; i < policy->log_count; i++)
		fprintf(out, "\n[Log %s]\nLines=%u\n", policy->logs[i].unit,
			policy_log_lines(&policy->logs[i]));
	for (size_t i = 0; i < policy->package_count; i++)
		print_package(out, &policy->packages[i]);
	if (policy->has_system) {
		fprintf(out, "\n[System]\n");
		print_allow(out, policy->system_items, system_item_word);
	}
	print_history(out, &policy->history);
}
