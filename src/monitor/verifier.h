/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFIER_H
#define EXM_VERIFIER_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "monitor/starter/starter.h"

/*
 * One exmachina-verify, for one file of one commit. It may be started before it is needed, and
 * then waits, with its lens ready, for the texts. The one before the commit, which is the system's
 * own, it may get and read ahead as well; then it is for that text only.
 */
struct verifier;

/* optional: layers of its sandbox that may be missing. 0 or -errno. */
int verifier_new(struct starter *starter, sd_event *event, uint32_t optional, const char *lens,
		 struct verifier **ret_verifier) must_check;

/* Ends it, if it has not ended. */
struct verifier *verifier_free(struct verifier *verifier);

static inline void verifier_freep(struct verifier **verifier)
{
	verifier_free(*verifier);
}

/* Is it there yet? One that waits may have been killed by somebody else. */
bool verifier_waits(const struct verifier *verifier);

/* A sealed memfd, of which a copy is kept. 0 or -errno. */
int verifier_give_before(struct verifier *verifier, int before) must_check;

const char *verifier_lens(const struct verifier *verifier);

/* Has it not got another text before than that memfd or, -1, none? */
bool verifier_fits(const struct verifier *verifier, int before);

/*
 * Gives it the texts, sealed memfds or -1, and an empty memfd for its list, and waits until it
 * has ended. 0 with how it ended as waitpid(2) tells; -ETIMEDOUT if it had to be killed, or -errno.
 */
int verifier_run(struct verifier *verifier, int before, int after, int list, uint32_t timeout_ms,
		 int *ret_status) must_check;

#endif
