/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/common/policy_wire.c: the policy arrives whole, and no forged one arrives at all. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/policy.h"
#include "common/wire.h"

enum { ROOM = 1 << 16 };

static struct policy *sample(void)
{
	struct policy *policy = policy_new();
	struct policy_package *package;
	struct policy_service *service;
	struct policy_file *file;
	struct policy_log *log;

	assert_non_null(policy);
	policy->manager = MANAGER_INITD;
	policy->audit = AUDIT_TO_JOURNAL;
	policy->has_system = true;
	policy->system_items = (1u << SYSTEM_ITEM_MAX) - 1;
	policy->user = strdup("plinth");
	policy->timeout_ms = POLICY_TIMEOUT_MAX_MS;
	assert_int_equal(policy_file_add(policy, "/etc/ssh/sshd_config", &file), 0);
	file->lens = strdup("Sshd.lns");
	assert_int_equal(policy_list_add(&file->rights[RIGHT_SET], "Port"), 0);
	assert_int_equal(policy_list_add(&file->rights[RIGHT_SET], "a\\ b/**"), 0);
	assert_int_equal(policy_list_add(&file->rights[RIGHT_DENY], "Match"), 0);
	assert_int_equal(policy_value_add(file, "Port", "[0-9]{1,5}"), 0);
	assert_int_equal(policy_list_add(&file->checks, "/usr/sbin/sshd -t"), 0);
	assert_int_equal(policy_file_add(policy, "/etc/apt/*.list", &file), 0);
	file->may_create = true;
	file->may_delete = true;
	file->other_lens = true;
	assert_int_equal(policy_service_add(policy, "ssh.service", &service), 0);
	service->verbs = (1u << SERVICE_VERB_MAX) - 1;
	service->timeout_ms = POLICY_TIMEOUT_MAX_MS;
	assert_int_equal(policy_log_add(policy, "*.service", &log), 0);
	log->lines = POLICY_LOG_LINES_MAX;
	assert_int_equal(policy_package_add(policy, "libstdc++?-*", &package), 0);
	package->verbs = (1u << PACKAGE_VERB_MAX) - 1;
	package->timeout_ms = POLICY_TIMEOUT_MIN_MS;
	return policy;
}

static size_t put(uint8_t *buffer, const struct policy *policy)
{
	struct wire w = wire_over(buffer, ROOM);

	policy_put(&w, policy);
	assert_false(w.bad);
	return w.pos;
}

static int get(uint8_t *buffer, size_t size, struct policy **ret_policy)
{
	/* a block of its own lets the sanitizer see each byte read too far */
	scoped_ptr uint8_t *copy = malloc(size ? size : 1);
	struct wire w = wire_over(copy, size);

	assert_non_null(copy);
	memcpy(copy, buffer, size);
	return policy_get(&w, ret_policy);
}

static void test_everything_that_the_engine_needs_arrives(void **state)
{
	scoped(policy_freep) struct policy *sent = sample(), *got = NULL;
	uint8_t buffer[ROOM], again[ROOM];
	size_t size = put(buffer, sent);
	const struct policy_file *file;
	regmatch_t match;

	(void)state;
	assert_int_equal(get(buffer, size, &got), 0);
	assert_string_equal(got->user, "plinth");
	assert_int_equal(got->timeout_ms, POLICY_TIMEOUT_MAX_MS);
	assert_int_equal(got->file_count, 2);
	file = &got->files[0];
	assert_string_equal(file->path, "/etc/ssh/sshd_config");
	assert_string_equal(file->lens, "Sshd.lns");
	assert_int_equal(file->rights[RIGHT_SET].count, 2);
	assert_string_equal(file->rights[RIGHT_SET].item[1], "a\\ b/**");
	assert_int_equal(file->rights[RIGHT_INSERT].count, 0);
	assert_string_equal(file->rights[RIGHT_DENY].item[0], "Match");
	assert_int_equal(file->value_count, 1);
	assert_string_equal(file->values[0].ere, "[0-9]{1,5}");
	assert_int_equal(regexec(&file->values[0].compiled, "22", 1, &match, 0), 0);
	assert_int_equal(regexec(&file->values[0].compiled, "x", 1, &match, 0), REG_NOMATCH);
	assert_int_equal(file->checks.count, 1);
	assert_string_equal(file->checks.item[0], "/usr/sbin/sshd -t");
	assert_false(file->may_create || file->may_delete);
	assert_null(got->files[1].lens);
	assert_true(got->files[1].may_create && got->files[1].may_delete);
	assert_true(got->files[1].other_lens && !got->files[0].other_lens);
	assert_int_equal(got->manager, MANAGER_INITD);
	assert_int_equal(got->audit, AUDIT_TO_JOURNAL);
	assert_true(got->has_system);
	assert_int_equal(got->system_items, (1u << SYSTEM_ITEM_MAX) - 1);
	assert_int_equal(got->services[0].verbs, (1u << SERVICE_VERB_MAX) - 1);
	assert_int_equal(got->services[0].timeout_ms, POLICY_TIMEOUT_MAX_MS);
	assert_int_equal(got->log_count, 1);
	assert_string_equal(got->logs[0].unit, "*.service");
	assert_int_equal(got->logs[0].lines, POLICY_LOG_LINES_MAX);
	assert_int_equal(got->package_count, 1);
	assert_string_equal(got->packages[0].name, "libstdc++?-*");
	assert_int_equal(got->packages[0].verbs, (1u << PACKAGE_VERB_MAX) - 1);
	assert_int_equal(got->packages[0].timeout_ms, POLICY_TIMEOUT_MIN_MS);
	assert_int_equal(put(again, got), size);
	assert_memory_equal(buffer, again, size);
}

static void test_an_empty_policy_arrives(void **state)
{
	scoped(policy_freep) struct policy *sent = policy_new(), *got = NULL;
	uint8_t buffer[ROOM];

	(void)state;
	assert_int_equal(get(buffer, put(buffer, sent), &got), 0);
	assert_null(got->user);
	assert_int_equal(got->timeout_ms, POLICY_TIMEOUT_DEFAULT_MS);
	assert_int_equal(got->file_count, 0);
	assert_int_equal(got->service_count, 0);
	assert_int_equal(got->log_count, 0);
	assert_int_equal(got->package_count, 0);
	assert_int_equal(got->manager, MANAGER_AUTO);
	assert_false(got->has_system);
}

static void test_every_truncation_is_refused(void **state)
{
	scoped(policy_freep) struct policy *sent = sample();
	struct policy *got = NULL;
	uint8_t buffer[ROOM];
	size_t size = put(buffer, sent);

	(void)state;
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(get(buffer, cut, &got), -EBADMSG);
	assert_null(got);
}

static void test_left_over_bytes_are_refused(void **state)
{
	scoped(policy_freep) struct policy *sent = sample();
	struct policy *got = NULL;
	uint8_t buffer[ROOM] = { 0 };
	size_t size = put(buffer, sent);

	(void)state;
	for (size_t more = 1; more < 9; more++)
		assert_int_equal(get(buffer, size + more, &got), -EBADMSG);
}

static void test_a_buffer_too_small_is_told(void **state)
{
	scoped(policy_freep) struct policy *sent = sample();
	uint8_t buffer[ROOM];
	struct wire w = wire_over(buffer, put(buffer, sent) - 1);

	(void)state;
	policy_put(&w, sent);
	assert_true(w.bad);
}

/* ---- one forged thing at a time, in an otherwise good policy --------------------- */

static void assert_refused(struct policy *forged)
{
	struct policy *got = NULL;
	uint8_t buffer[ROOM];

	assert_int_equal(get(buffer, put(buffer, forged), &got), -EBADMSG);
	assert_null(got);
	policy_free(forged);
}

static void replace(char **text, const char *with)
{
	free(*text);
	*text = strdup(with);
	assert_non_null(*text);
}

static void test_each_text_that_no_file_could_hold_is_refused(void **state)
{
	static const char *const paths[] = {
		"", "etc", "/etc/../x", "/a//b", "/a\n", "/a\\b", "/"
	};
	static const char *const patterns[] = { "", "/a", "a/", "a[1]", "..", "a\\" };
	struct policy *policy;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		policy = sample();
		replace(&policy->files[1].path, paths[i]);
		assert_refused(policy);
	}
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		policy = sample();
		replace(&policy->files[0].rights[RIGHT_SET].item[0], patterns[i]);
		assert_refused(policy);
		policy = sample();
		replace(&policy->files[0].values[0].pattern, patterns[i]);
		assert_refused(policy);
	}
	policy = sample();
	replace(&policy->user, "a b");
	assert_refused(policy);
	policy = sample();
	replace(&policy->files[0].lens, "../Sshd.lns");
	assert_refused(policy);
	policy = sample();
	replace(&policy->services[0].unit, "ssh");
	assert_refused(policy);
	policy = sample();
	replace(&policy->logs[0].unit, "../ssh.service");
	assert_refused(policy);
	policy = sample();
	replace(&policy->files[0].checks.item[0], "sshd -t");
	assert_refused(policy);
	policy = sample();
	replace(&policy->files[0].checks.item[0], "");
	assert_refused(policy);
	policy = sample();
	policy->files[1].unverified = true;
	assert_refused(policy);
}

static void test_each_package_that_no_file_could_hold_is_refused(void **state)
{
	static const char *const names[] = { "",         "-o",      "x-",  "a;b", "x=1",
					     "x/stable", "x:amd64", "a b", "X",   "x\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct policy *policy = sample();

		replace(&policy->packages[0].name, names[i]);
		assert_refused(policy);
	}
}

static void test_each_regex_that_cannot_be_used_is_refused(void **state)
{
	static const char *const eres[] = { "(", "a)", "[", "(a)\\1", "((a{99}){99}){99}", "\\" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(eres); i++) {
		struct policy *policy = sample();

		replace(&policy->files[0].values[0].ere, eres[i]);
		assert_refused(policy);
	}
}

/* Each of the sets with each bit beyond its table, alone and with all others. */
static void test_bits_beyond_the_tables_are_refused(void **state)
{
	static const struct {
		size_t list, field; /* list 0: the policy itself */
		unsigned int max;
	} sets[] = {
		{ 0, offsetof(struct policy, system_items), SYSTEM_ITEM_MAX },
		{ offsetof(struct policy, services), offsetof(struct policy_service, verbs),
		  SERVICE_VERB_MAX },
		{ offsetof(struct policy, packages), offsetof(struct policy_package, verbs),
		  PACKAGE_VERB_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		for (unsigned int bit = sets[i].max; bit < 32; bit++) {
			struct policy *policy = sample();
			char *base = (char *)policy;
			uint32_t set = 1u << bit | (bit % 2 ? 1 : 0);

			if (sets[i].list)
				memcpy(&base, base + sets[i].list, sizeof(base));
			memcpy(base + sets[i].field, &set, sizeof(set));
			assert_refused(policy);
		}
}

static void test_times_out_of_range_are_refused(void **state)
{
	/* a section's own may be 0: it has none */
	static const uint32_t times[] = { 999, 1, POLICY_TIMEOUT_MAX_MS + 1, UINT32_MAX, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct policy *policy = sample();

		policy->timeout_ms = times[i];
		assert_refused(policy);
		if (times[i] == 0)
			continue;
		policy = sample();
		policy->services[0].timeout_ms = times[i];
		assert_refused(policy);
		policy = sample();
		policy->packages[0].timeout_ms = times[i];
		assert_refused(policy);
	}
}

static void test_a_manager_that_there_is_not_is_refused(void **state)
{
	static const uint32_t managers[] = { MANAGER_MAX, MANAGER_MAX + 1, 255, 256, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++) {
		struct policy *policy = sample();

		policy->manager = (enum service_manager)managers[i];
		assert_refused(policy);
	}
}

static void test_a_place_for_records_that_there_is_not_is_refused(void **state)
{
	static const uint32_t places[] = { AUDIT_PLACE_MAX, 255, 256, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct policy *policy = sample();

		policy->audit = (enum audit_place)places[i];
		assert_refused(policy);
	}
}

static void test_which_nodes_are_secret_is_told(void **state)
{
	scoped(policy_freep) struct policy *policy = sample(), *got = NULL;
	uint8_t buffer[ROOM];
	size_t size;

	(void)state;
	assert_int_equal(policy_list_add(&policy->files[0].secrets, "pass-phrase"), 0);
	size = put(buffer, policy);
	assert_int_equal(get(buffer, size, &got), 0);
	assert_int_equal(got->files[0].secrets.count, 1);
	assert_string_equal(got->files[0].secrets.item[0], "pass-phrase");
}

static void test_more_lines_than_there_may_be_are_refused(void **state)
{
	static const uint32_t lines[] = { POLICY_LOG_LINES_MAX + 1, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct policy *policy = sample();

		policy->logs[0].lines = lines[i];
		assert_refused(policy);
	}
}

static void test_counts_without_the_bytes_for_them_are_refused(void **state)
{
	static const uint32_t counts[] = {
		1, POLICY_ITEMS_MAX, POLICY_FILES_MAX, POLICY_FILES_MAX + 1, 0x7fffffff, UINT32_MAX
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		uint8_t buffer[64];
		struct policy *got = NULL;
		struct wire w = wire_over(buffer, sizeof(buffer));

		wire_put_str(&w, "", POLICY_USER_MAX);
		wire_put_u32(&w, 1000);
		wire_put_u32(&w, MANAGER_AUTO);
		wire_put_u32(&w, AUDIT_TO_FILE);
		wire_put_u8(&w, 0);
		wire_put_u32(&w, 0);
		/* files, services, logs, packages */
		for (size_t list = 0; list < 4; list++) {
			wire_put_u32(&w, counts[i]);
			assert_int_equal(get(buffer, w.pos, &got), -EBADMSG);
			w.pos -= 4;
			wire_put_u32(&w, 0);
		}
		assert_int_equal(get(buffer, w.pos, &got), 0);
		got = policy_free(got);
		w.pos -= 16;
		wire_put_u32(&w, 1);
		wire_put_str(&w, "/a", POLICY_TEXT_MAX);
		wire_put_str(&w, "", POLICY_TEXT_MAX);
		wire_put_u32(&w, counts[i]); /* patterns of the first right */
		assert_int_equal(get(buffer, w.pos, &got), -EBADMSG);
	}
}

static void test_flags_that_are_neither_yes_nor_no_are_refused(void **state)
{
	scoped(policy_freep) struct policy *sent = policy_new();
	struct policy *got = NULL;
	struct policy_file *file;
	uint8_t buffer[ROOM];
	size_t size;

	(void)state;
	assert_int_equal(policy_file_add(sent, "/a", &file), 0);
	size = put(buffer, sent);
	/* the last bytes: create, delete, numbers of services, logs and packages */
	buffer[size - 14] = 2;
	assert_int_equal(get(buffer, size, &got), -EBADMSG);
	buffer[size - 14] = 0;
	buffer[size - 13] = 0xff;
	assert_int_equal(get(buffer, size, &got), -EBADMSG);
	buffer[size - 13] = 1;
	/* the first: no user, timeout, manager, audit, [System] */
	buffer[4 + 1 + 4 + 4 + 4] = 2;
	assert_int_equal(get(buffer, size, &got), -EBADMSG);
	buffer[4 + 1 + 4 + 4 + 4] = 1;
	assert_int_equal(get(buffer, size, &got), 0);
	policy_free(got);
}

/* A fuzzer's first minute: each byte once at each of a few values. Nothing may crash or leak. */
static void test_each_changed_byte_is_taken_or_refused_cleanly(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	scoped(policy_freep) struct policy *sent = sample();
	uint8_t buffer[ROOM];
	size_t size = put(buffer, sent), refused = 0;

	(void)state;
	for (size_t at = 0; at < size; at++) {
		uint8_t kept = buffer[at];

		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			struct policy *got = NULL;
			int r;

			buffer[at] = values[i];
			r = get(buffer, size, &got);
			assert_true(r == 0 || r == -EBADMSG);
			refused += r < 0;
			policy_free(got);
		}
		buffer[at] = kept;
	}
	assert_true(refused > size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_that_the_engine_needs_arrives),
		cmocka_unit_test(test_an_empty_policy_arrives),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_left_over_bytes_are_refused),
		cmocka_unit_test(test_a_buffer_too_small_is_told),
		cmocka_unit_test(test_each_text_that_no_file_could_hold_is_refused),
		cmocka_unit_test(test_each_regex_that_cannot_be_used_is_refused),
		cmocka_unit_test(test_each_package_that_no_file_could_hold_is_refused),
		cmocka_unit_test(test_bits_beyond_the_tables_are_refused),
		cmocka_unit_test(test_a_manager_that_there_is_not_is_refused),
		cmocka_unit_test(test_a_place_for_records_that_there_is_not_is_refused),
		cmocka_unit_test(test_which_nodes_are_secret_is_told),
		cmocka_unit_test(test_more_lines_than_there_may_be_are_refused),
		cmocka_unit_test(test_times_out_of_range_are_refused),
		cmocka_unit_test(test_counts_without_the_bytes_for_them_are_refused),
		cmocka_unit_test(test_flags_that_are_neither_yes_nor_no_are_refused),
		cmocka_unit_test(test_each_changed_byte_is_taken_or_refused_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
