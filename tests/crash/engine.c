/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in the engine's place: fair until the client has shown the secret, then it hands its end
 * of the channel to the client, which is a crash test, and says no more.
 */
#include <unistd.h>

#include "hostile/peer.h"

int main(void)
{
	char byte;

	peer_reach(PHASE_OPEN);
	peer_hand_over(FD_CLIENT, FD_CHANNEL);
	while (read(FD_CLIENT, &byte, 1) > 0)
		;
	return 0;
}
