/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A policy file: one that is taken is printed in a form that is taken, and means the same. */
#include "fuzz.h"

#include "monitor/policy/policy_keys.h"
#include "monitor/policy/policy_read.h"

/* NULL if it is refused. */
static struct policy *read_text(char *text, size_t length)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	struct policy_reader reader = { .policy = policy, .file = "fuzz" };

	expect(policy);
	expect(policy_read_text(&reader, text, length) == 0);
	return reader.mistakes == 0 ? take_ptr(policy) : NULL;
}

static char *print(const struct policy *policy, size_t *ret_length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_length);

	expect(out);
	policy_print(out, policy);
	expect(fclose(out) == 0);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *text = fuzz_text(data, size), *printed = NULL, *read = NULL, *again = NULL;
	scoped(policy_freep) struct policy *policy = read_text(text, size), *same = NULL;
	size_t length, length_again;

	if (!policy)
		return 0;
	printed = print(policy, &length);
	read = fuzz_text((const uint8_t *)printed, length);
	same = read_text(read, length);
	expect(same);
	again = print(same, &length_again);
	expect(strcmp(printed, again) == 0);
	return 0;
}
