/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_PAIR_H
#define EXM_SERVICE_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/service_verb.h"
#include "monitor/systemd/unit_state.h"

/*
 * X.socket and X.service are one thing to a person. To stop X.service is to
 * stop X.socket first, which would start it again. To restart X.socket, which
 * systemd refuses while X.service runs, is to stop X.service first; the socket
 * starts it again when it is wanted.
 *
 * Does the verb concern the other half too? If so ret_other is its name, and
 * ret_any_of the verbs (bit set of 1u << enum service_verb) of which the policy
 * has to allow one for it.
 */
bool service_pair(enum service_verb verb, const char *unit, char ret_other[static UNIT_NAME_SIZE],
		  uint32_t *ret_any_of) must_check;

#endif
