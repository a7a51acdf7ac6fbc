/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dpkg-query prints, and apt-cache. */
#include "fuzz.h"

#include "run/package_state.h"

enum { VERSION_SIZE = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr char *policy = fuzz_text(data, size);
	scoped_ptr char *name = fuzz_text(data, strcspn(policy, ":\n"));
	scoped_states states = { .text = NULL };
	char version[VERSION_SIZE] = "";

	if (package_candidate(policy, name, version, sizeof(version)))
		expect(strlen(version) < sizeof(version));
	if (package_states_read(fuzz_text(data, size), &states) < 0)
		return 0;
	for (size_t i = 0; i < states.count; i++) {
		const struct package_state *state = &states.state[i];

		expect(state->name[0] != '\0');
		expect(package_states_find(&states, state->name, state->arch));
		expect(!package_state_is_there(state) ||
		       package_states_installed(&states, state->name));
	}
	return 0;
}
