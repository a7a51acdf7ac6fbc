/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A packet that is taken is the one packet that says this. */
#include "fuzz.h"

#include "common/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_ptr uint8_t *packet = fuzz_bytes(data, size);
	uint8_t again[MESSAGE_MAX];
	struct message message;
	size_t length;

	if (size > MESSAGE_MAX || message_decode(packet, size, &message) < 0)
		return 0;
	expect(message_info(message.type));
	expect(message_encode(&message, again, sizeof(again), &length) == 0);
	expect(length == size && memcmp(again, data, size) == 0);
	return 0;
}
