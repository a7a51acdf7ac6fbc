/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_JUDGE_H
#define EXM_JUDGE_H

#include "common/message.h"
#include "common/policy.h"
#include "common/report.h"

/* Why a change is not allowed: the node, and the line that would allow it or that forbids it. */
struct judgement {
	char node[MESSAGE_TEXT_MAX + 1]; /* canonical, below the file */
	char rule[MESSAGE_TEXT_MAX + 1]; /* "Set=Port" */
};

/*
 * Holds a list of changes from exmachina-verify against the policy of their
 * file. With `removal` the whole file goes, which Delete= has allowed already, so
 * that only Deny= counts. 0 if all of them are allowed, 1 with the first one
 * that is not, -EBADMSG for what is no such list, or another -errno.
 */
int judge(const struct policy_file *file, bool removal, struct report_reader *changes,
	  struct judgement *ret_judgement) must_check;

#endif
