/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The new text was made by an engine that may be the enemy;
 * it is not looked at here. The verifier that does may be taken over by it, so
 * its list is taken only after it has ended, typed and bounded, and each file
 * gets a verifier of its own.
 */
#include "monitor/verify.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "common/memfd.h"
#include "common/verdict.h"
#include "monitor/judge.h"
#include "monitor/text.h"

static void conclude(struct verify_result *result, enum mon_outcome outcome, int error,
		     const char *why)
{
	result->outcome = outcome;
	result->error = error;
	text_copy(result->why, sizeof(result->why), why, strlen(why));
}

static const char *verdict_text(int status)
{
	switch (status) {
#define X(name, number, text) \
	case number: \
		return text;
		VERIFY_VERDICTS(X)
#undef X
	default:
		return "the verifier was lost";
	}
}

static void refuse(int status, struct verify_result *ret_result)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	bool bounds = code == VERIFY_TOO_DEEP || code == VERIFY_TOO_MUCH || code == VERIFY_MEMORY;

	conclude(ret_result,
		 bounds                   ? OUTCOME_LIMIT
		 : code == VERIFY_SANDBOX ? OUTCOME_IO
					  : OUTCOME_UNVERIFIED,
		 code == VERIFY_SANDBOX ? EPERM : 0, verdict_text(code));
}

static int copy_rows(int list, uint32_t index, struct report *report)
{
	scoped_reader reader = { .rows = 0 };
	struct change_row row;
	int r = report_open(list, REPORT_CHANGE, &reader);

	while (r >= 0 && (r = report_next_change_row(&reader, &row)) > 0) {
		row.file = index;
		r = report_add_change_row(report, &row);
	}
	return r;
}

static void judge_list(const struct verify_file *file, int list, struct report *report,
		       struct verify_result *ret_result)
{
	scoped_reader reader = { .rows = 0 };
	struct judgement judgement = { .rule = "" };
	int r = report_open(list, REPORT_CHANGE, &reader);

	if (r == 0)
		r = judge(file->policy, file->after < 0, &reader, &judgement);
	if (r == 1) {
		conclude(ret_result, OUTCOME_DENIED, 0, judgement.rule);
		text_copy(ret_result->node, sizeof(ret_result->node), judgement.node,
			  strlen(judgement.node));
		/* for the record; it is denied as well if that shows less */
		(void)copy_rows(list, file->index, report);
		return;
	}
	if (r == 0)
		r = copy_rows(list, file->index, report);
	if (r == -EBADMSG)
		conclude(ret_result, OUTCOME_UNVERIFIED, 0, "the verifier's list is malformed");
	else if (r == -E2BIG)
		conclude(ret_result, OUTCOME_LIMIT, 0, "it changes more than can be listed");
	else if (r < 0)
		conclude(ret_result, OUTCOME_IO, -r, "read the verifier's list");
	else
		conclude(ret_result, OUTCOME_DONE, 0, "");
}

void verify_impossible(int error, struct verify_result *ret_result)
{
	conclude(ret_result, OUTCOME_IO, -error, "start the verifier");
}

void verify_file(const struct verify_file *file, struct verifier *verifier, struct report *report,
		 struct verify_result *ret_result)
{
	scoped_fd list = memfd_new("exmachina-changes");
	int status = 0, r = list;

	*ret_result = (struct verify_result){ .outcome = OUTCOME_IO };
	if (r >= 0)
		r = verifier_run(verifier, file->before, file->after, list, file->timeout_ms,
				 &status);
	if (r == -ETIMEDOUT) {
		conclude(ret_result, OUTCOME_LIMIT, ETIMEDOUT, "to verify it takes too long");
	} else if (r < 0) {
		verify_impossible(r, ret_result);
	} else if (!WIFEXITED(status) || WEXITSTATUS(status) != VERIFY_DONE) {
		refuse(status, ret_result);
	} else {
		/* it has ended, so nobody has the memfd mapped who could still change it */
		r = memfd_seal(list);
		if (r < 0)
			conclude(ret_result, OUTCOME_UNVERIFIED, -r, "its list can't be sealed");
		else
			judge_list(file, list, report, ret_result);
	}
}
