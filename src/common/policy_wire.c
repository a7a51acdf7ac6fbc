/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor writes, the engine reads. The reading side takes the bytes for
 * hostile: no count is believed before the bytes for it are there, and every
 * text must be one that a policy file could have held.
 */
#include "common/policy.h"

#include <errno.h>
#include <string.h>

#include "common/wire.h"

static void put_list(struct wire *w, const struct policy_list *list)
{
	wire_put_u32(w, (uint32_t)list->count);
	for (size_t i = 0; i < list->count; i++)
		wire_put_str(w, list->item[i], POLICY_TEXT_MAX);
}

static void put_file(struct wire *w, const struct policy_file *file)
{
	wire_put_str(w, file->path, POLICY_TEXT_MAX);
	wire_put_str(w, file->lens, POLICY_TEXT_MAX);
	for (size_t i = 0; i < RIGHT_MAX; i++)
		put_list(w, &file->rights[i]);
	wire_put_u32(w, (uint32_t)file->value_count);
	for (size_t i = 0; i < file->value_count; i++) {
		wire_put_str(w, file->values[i].pattern, POLICY_TEXT_MAX);
		wire_put_str(w, file->values[i].ere, POLICY_TEXT_MAX);
	}
	put_list(w, &file->secrets);
	put_list(w, &file->checks);
	wire_put_u32(w, (uint32_t)file->apply_count);
	for (size_t i = 0; i < file->apply_count; i++) {
		wire_put_u8(w, (uint8_t)file->apply[i].verb);
		wire_put_str(w, file->apply[i].unit, POLICY_TEXT_MAX);
	}
	wire_put_u8(w, file->may_create);
	wire_put_u8(w, file->may_delete);
	wire_put_u8(w, file->unverified);
	wire_put_u8(w, file->other_lens);
}

void policy_put(struct wire *w, const struct policy *policy)
{
	wire_put_str(w, policy->user, POLICY_USER_MAX);
	wire_put_u32(w, policy->timeout_ms);
	wire_put_u32(w, policy->manager);
	wire_put_u32(w, policy->audit);
	wire_put_u8(w, policy->has_system);
	wire_put_u32(w, policy->system_items);
	wire_put_u32(w, (uint32_t)policy->file_count);
	for (size_t i = 0; i < policy->file_count; i++)
		put_file(w, &policy->files[i]);
	wire_put_u32(w, (uint32_t)policy->service_count);
	for (size_t i = 0; i < policy->service_count; i++) {
		wire_put_str(w, policy->services[i].unit, POLICY_TEXT_MAX);
		wire_put_u32(w, policy->services[i].verbs);
		wire_put_u32(w, policy->services[i].timeout_ms);
	}
	wire_put_u32(w, (uint32_t)policy->log_count);
	for (size_t i = 0; i < policy->log_count; i++) {
		wire_put_str(w, policy->logs[i].unit, POLICY_TEXT_MAX);
		wire_put_u32(w, policy->logs[i].lines);
	}
	wire_put_u32(w, (uint32_t)policy->package_count);
	for (size_t i = 0; i < policy->package_count; i++) {
		wire_put_str(w, policy->packages[i].name, POLICY_TEXT_MAX);
		wire_put_u32(w, policy->packages[i].verbs);
		wire_put_u32(w, policy->packages[i].timeout_ms);
	}
}

/* A number of things that follow; each takes a byte at least. */
static uint32_t get_count(struct wire *w, uint32_t max)
{
	uint32_t count = wire_get_u32(w);

	if (count > max || count > w->size - w->pos)
		w->bad = true;
	return w->bad ? 0 : count;
}

/* A text that the policy may hold: fault() says NULL of it. */
static const char *get_text(struct wire *w, const char *(*fault)(const char *text))
{
	const char *text = wire_get_str(w, POLICY_TEXT_MAX);

	if (!w->bad && fault(text))
		w->bad = true;
	return w->bad ? "" : text;
}

static bool get_bool(struct wire *w)
{
	uint8_t value = wire_get_u8(w);

	if (value > 1)
		w->bad = true;
	return value == 1;
}

/* The same, but "" stands for nothing. */
static int get_optional(struct wire *w, const char *(*fault)(const char *text), char **ret_text)
{
	const char *text = wire_get_str(w, POLICY_TEXT_MAX);

	if (text[0] == '\0')
		return 0;
	if (fault(text))
		w->bad = true;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int get_list(struct wire *w, struct policy_list *list)
{
	uint32_t count = get_count(w, POLICY_ITEMS_MAX);
	int r = 0;

	for (uint32_t i = 0; r == 0 && !w->bad && i < count; i++)
		r = policy_list_add(list, get_text(w, policy_pattern_fault));
	return r;
}

static int get_checks(struct wire *w, struct policy_list *list)
{
	uint32_t count = get_count(w, POLICY_CHECKS_MAX);
	int r = 0;

	for (uint32_t i = 0; r == 0 && !w->bad && i < count; i++)
		r = policy_list_add(list, get_text(w, policy_check_fault));
	return r;
}

static int get_values(struct wire *w, struct policy_file *file)
{
	uint32_t count = get_count(w, POLICY_ITEMS_MAX);
	int r = 0;

	for (uint32_t i = 0; r == 0 && !w->bad && i < count; i++) {
		const char *pattern = get_text(w, policy_pattern_fault);
		const char *ere = wire_get_str(w, POLICY_TEXT_MAX);

		if (!w->bad)
			r = policy_value_add(file, pattern, ere);
	}
	return r > 0 ? -EBADMSG : r;
}

static int get_apply(struct wire *w, struct policy_file *file)
{
	uint32_t count = get_count(w, POLICY_APPLY_MAX);
	int r = 0;

	for (uint32_t i = 0; r == 0 && !w->bad && i < count; i++) {
		uint8_t verb = wire_get_u8(w);
		const char *unit = wire_get_str(w, POLICY_TEXT_MAX);

		if (!w->bad && (verb >= SERVICE_VERB_MAX || service_verb_kind(verb) != VERB_JOB ||
				!policy_unit_name_valid(unit)))
			w->bad = true;
		if (!w->bad)
			r = policy_apply_add(file, verb, unit);
	}
	return r;
}

static int get_file(struct wire *w, struct policy *policy)
{
	const char *path = get_text(w, policy_path_fault);
	struct policy_file *file;
	int r;

	if (w->bad)
		return -EBADMSG;
	r = policy_file_add(policy, path, &file);
	if (r == 0)
		r = get_optional(w, policy_lens_fault, &file->lens);
	for (size_t i = 0; r == 0 && i < RIGHT_MAX; i++)
		r = get_list(w, &file->rights[i]);
	if (r == 0)
		r = get_values(w, file);
	if (r == 0)
		r = get_list(w, &file->secrets);
	if (r == 0)
		r = get_checks(w, &file->checks);
	if (r == 0)
		r = get_apply(w, file);
	if (r < 0)
		return r;
	file->may_create = get_bool(w);
	file->may_delete = get_bool(w);
	file->unverified = get_bool(w);
	file->other_lens = get_bool(w);
	if (file->unverified && file->other_lens)
		w->bad = true;
	return 0;
}

/* A set of bits below 1u << max. */
static uint32_t get_set(struct wire *w, unsigned int max)
{
	uint32_t set = wire_get_u32(w);

	if (set >> max != 0)
		w->bad = true;
	return set;
}

static bool is_timeout(uint32_t ms)
{
	return ms >= POLICY_TIMEOUT_MIN_MS && ms <= POLICY_TIMEOUT_MAX_MS;
}

/* 0: the section has none of its own */
static uint32_t get_own_timeout(struct wire *w)
{
	uint32_t ms = wire_get_u32(w);

	if (ms != 0 && !is_timeout(ms))
		w->bad = true;
	return ms;
}

static int get_service(struct wire *w, struct policy *policy)
{
	const char *unit = get_text(w, policy_unit_fault);
	uint32_t verbs = get_set(w, SERVICE_VERB_MAX), timeout_ms = get_own_timeout(w);
	struct policy_service *service;
	int r;

	if (w->bad)
		return -EBADMSG;
	r = policy_service_add(policy, unit, &service);
	if (r < 0)
		return r;
	service->verbs = verbs;
	service->timeout_ms = timeout_ms;
	return 0;
}

static int get_log(struct wire *w, struct policy *policy)
{
	const char *unit = get_text(w, policy_unit_fault);
	uint32_t lines = wire_get_u32(w);
	struct policy_log *log;
	int r;

	if (w->bad || lines > POLICY_LOG_LINES_MAX)
		return -EBADMSG;
	r = policy_log_add(policy, unit, &log);
	if (r == 0)
		log->lines = lines;
	return r;
}

static int get_package(struct wire *w, struct policy *policy)
{
	const char *name = get_text(w, policy_package_fault);
	uint32_t verbs = get_set(w, PACKAGE_VERB_MAX), timeout_ms = get_own_timeout(w);
	struct policy_package *package;
	int r;

	if (w->bad)
		return -EBADMSG;
	r = policy_package_add(policy, name, &package);
	if (r < 0)
		return r;
	package->verbs = verbs;
	package->timeout_ms = timeout_ms;
	return 0;
}

/* A list of entries: their number, and each by its reader. */
static int get_entries(struct wire *w, struct policy *policy, uint32_t max,
		       int (*get)(struct wire *w, struct policy *policy))
{
	uint32_t count = get_count(w, max);
	int r = 0;

	for (uint32_t i = 0; r == 0 && !w->bad && i < count; i++)
		r = get(w, policy);
	return r;
}

static int get_session(struct wire *w, struct policy *policy)
{
	int r = get_optional(w, policy_user_fault, &policy->user);
	uint32_t manager, audit;

	policy->timeout_ms = wire_get_u32(w);
	manager = wire_get_u32(w);
	audit = wire_get_u32(w);
	policy->has_system = get_bool(w);
	policy->system_items = get_set(w, SYSTEM_ITEM_MAX);
	if (!is_timeout(policy->timeout_ms) || manager >= MANAGER_MAX || audit >= AUDIT_PLACE_MAX)
		w->bad = true;
	policy->manager = manager < MANAGER_MAX ? manager : MANAGER_AUTO;
	policy->audit = audit < AUDIT_PLACE_MAX ? audit : AUDIT_TO_FILE;
	return r;
}

int policy_get(struct wire *w, struct policy **ret_policy)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	int r;

	if (!policy)
		return -ENOMEM;
	r = get_session(w, policy);
	if (r == 0)
		r = get_entries(w, policy, POLICY_FILES_MAX, get_file);
	if (r == 0)
		r = get_entries(w, policy, POLICY_SERVICES_MAX, get_service);
	if (r == 0)
		r = get_entries(w, policy, POLICY_LOGS_MAX, get_log);
	if (r == 0)
		r = get_entries(w, policy, POLICY_PACKAGES_MAX, get_package);
	if (r < 0)
		return r;
	if (!wire_done(w))
		return -EBADMSG;
	*ret_policy = take_ptr(policy);
	return 0;
}
