/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_MONITOR_VERIFY_H
#define EXM_MONITOR_VERIFY_H

#include "common/message.h"
#include "common/policy.h"
#include "common/report.h"
#include "monitor/verifier.h"

/* One file of a commit, as it was handed out and as it is to be. */
struct verify_file {
	const struct policy_file *policy;
	uint32_t timeout_ms;
	uint32_t index; /* among the files of the commit */
	const struct handout *before;
	int after; /* sealed memfd; -1: there will be none */
};

struct verify_result {
	enum mon_outcome outcome; /* OUTCOME_DONE, _DENIED, _UNVERIFIED, _LIMIT, _IO */
	int error;                /* OUTCOME_IO, or ETIMEDOUT with OUTCOME_LIMIT */
	char node[MESSAGE_TEXT_MAX + 1];
	char why[MESSAGE_TEXT_MAX + 1]; /* the rule that is missing or in the way, or a sentence */
};

/*
 * Has the verifier, which fits the text before, compare the two, and judges every change by the
 * policy. Waits for it, for the given time at most. All changes are added to the
 * report, which is one of REPORT_CHANGE; so are, as far as they can be, those of which one is
 * denied.
 */
void verify_file(const struct verify_file *file, struct verifier *verifier, struct report *report,
		 struct verify_result *ret_result);

/* There is no verifier for the file, and so no commit: -errno tells why. */
void verify_impossible(int error, struct verify_result *ret_result);

#endif
