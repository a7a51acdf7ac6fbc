/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFIER_H
#define EXM_VERIFIER_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "monitor/handout.h"
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

/*
 * Once only, of a file that is there. One that has the processor for longer than that time before
 * it is run is ended. 0 or -errno; the verifier is of no use then.
 */
int verifier_give_before(struct verifier *verifier, const struct handout *before,
			 uint32_t timeout_ms) must_check;

const char *verifier_lens(const struct verifier *verifier);

/* Has it not got another text before than that one? */
bool verifier_fits(const struct verifier *verifier, const struct handout *before);

/*
 * Gives it the texts, `after` a sealed memfd or -1, and an empty memfd for its list, and waits
 * until it has ended. 0 with how it ended as waitpid(2) tells; -EINVAL if it does not fit,
 * -ETIMEDOUT if it had to be killed, or -errno.
 */
int verifier_run(struct verifier *verifier, const struct handout *before, int after, int list,
		 uint32_t timeout_ms, int *ret_status) must_check;

#endif
