/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERDICT_H
#define EXM_VERDICT_H

/*
 * How exmachina-verify ends: its exit status, and what that means. What it has
 * found is in the memfd that it was given, as a report, if and only if it ends with
 * VERIFY_DONE. X(NAME, status, text)
 */
#define VERIFY_VERDICTS(X) \
	X(DONE, 0, "done") \
	X(NO_PARSE, 65, "the new text is not what the lens describes") \
	X(OLD_NO_PARSE, 66, "the present text is not what the lens describes") \
	X(NO_RENDER, 67, "the lens does not make the same text of it again") \
	X(TOO_DEEP, 68, "it nests too deep") \
	X(TOO_MUCH, 69, "it changes more than can be listed") \
	X(NO_LENS, 70, "there is no such lens") \
	X(MEMORY, 71, "there is not enough memory to verify it") \
	X(NO_NAME, 72, "the lens makes nodes without a name, which no pattern can be about") \
	X(SANDBOX, 122, "the verifier has no sandbox")

enum verify_verdict {
#define X(name, status, text) VERIFY_##name = status,
	VERIFY_VERDICTS(X)
#undef X
};

#endif
