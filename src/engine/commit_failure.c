/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: what a client is told of a commit that was not done. */
#include <errno.h>
#include <string.h>

#include "common/node_path.h"
#include "common/policy_rule.h"
#include "common/target.h"
#include "engine/conflict.h"
#include "engine/dirty.h"
#include "engine/engine.h"
#include "engine/guard.h"
#include "engine/method_commit.h"

/* What the monitor says of the file as a whole; the rule is the one that we would say it by. */
int commit_denied_file(struct call *call, const struct dirty *p)
{
	const struct policy_file *entry = &call->engine->policy->files[p->file->entry];
	const struct node_path whole = { 0 };
	const char *action = dirty_action(p);
	scoped_rule rule = { 0 };
	int r;

	if (dirty_removes(p))
		r = policy_rule_removal(entry, &whole, &rule);
	else if (p->from < 0)
		r = policy_rule_addition(entry, &whole, true, &rule);
	else
		r = policy_rule_commit(entry, &rule);
	if (r < 0)
		return call_no_memory(call);
	return call_denied(call, guard_data(entry, p->file->path, ""), rule.key, rule.line,
			   "%s: the policy does not allow to %s it; [File %s] would need %s",
			   p->file->path, action, entry->path,
			   rule.line ? rule.line : "to be another");
}

static const char *obstacle(int error)
{
	const char *known = target_obstacle(error);

	return known ? known : target_obstacle(EINVAL);
}

/* By effect: what the verifier found in the new text, whatever was asked for. */
static int not_permitted(struct call *call, const struct dirty *p,
			 const struct msg_commit_reply *commit)
{
	const struct policy_file *entry = &call->engine->policy->files[p->file->entry];
	scoped_ptr char *key = strndup(commit->step, strcspn(commit->step, "="));

	return call_denied(call, guard_data(entry, p->file->path, commit->node), key, commit->step,
			   "the commit would change %s in %s, which is not allowed%s [File %s] %s "
			   "%s",
			   commit->node, p->file->path, policy_rule_forbids(key) ? ":" : ";",
			   entry->path, policy_rule_forbids(key) ? "has" : "would need",
			   commit->step);
}

/* The services are told apart from the files: the caller may want to know what is wrong now. */
static int not_applied(struct call *call, const struct msg_commit_reply *commit)
{
	struct json_object *data = data_of("unit", commit->unit);
	const char *verb = service_verb_word(commit->verb);

	json_put(data, "verb", json_new_text(verb ? verb : ""));
	json_put(data, "job", json_new_text(commit->job_result));
	json_put(data, "active", json_new_text(commit->active_state));
	json_put(data, "result", json_new_text(commit->result));
	json_put(data, "log", pending_split(commit->log, '\n'));
	json_put(data, "restored", json_new_bool(commit->restored));
	return call_error(call, EXM_ERROR_SERVICE_FAILED, data,
			  "%s of %.200s failed after the commit%s%s; %s, the edits are kept",
			  verb ? verb : "the action", commit->unit, commit->detail[0] ? ": " : "",
			  commit->detail,
			  commit->restored ? "the files and services are as they were before"
					   : "not everything could be brought back");
}

/* Those of the commit whose section names it. */
static struct json_object *files_of(const struct call *call, const struct dirty_list *list,
				    const char *check)
{
	struct json_object *files = json_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct tree_file *file = list->item[i].file;
		const struct policy_list *checks = &call->engine->policy->files[file->entry].checks;

		for (size_t k = 0; k < checks->count; k++)
			if (strcmp(checks->item[k], check) == 0)
				json_append(files, json_new_bytes(file->path));
	}
	return files;
}

static int not_checked(struct call *call, const struct dirty_list *list, const struct dirty *p,
		       const struct msg_commit_reply *commit)
{
	struct json_object *data = data_of("file", p->file->path);

	json_put(data, "files", files_of(call, list, commit->step));
	json_put(data, "check", json_new_bytes(commit->step));
	if (commit->how == RUN_EXITED)
		json_put(data, "status", json_new_int(commit->status));
	else if (commit->how == RUN_SIGNALED)
		json_put(data, "signal", json_new_int(commit->status));
	else
		json_put(data, "timeout", json_new_bool(true));
	json_put(data, "output", pending_split(commit->log, '\n'));
	return call_error(call, EXM_ERROR_CHECK_FAILED, data,
			  "%s; nothing was written, the edits are kept", commit->detail);
}

static int not_written(struct call *call, const struct dirty *p,
		       const struct msg_commit_reply *commit)
{
	const char *path = p->file->path;
	struct json_object *data = data_of("file", path);

	if (commit->outcome == OUTCOME_UNVERIFIED)
		return call_error(
			call, EXM_ERROR_PARSE_FAILED, data,
			"%s cannot be verified: %s; nothing was written, the edits are kept", path,
			commit->step);
	if (commit->outcome == OUTCOME_LIMIT) {
		json_put(data, "limit", json_new_string(commit->error ? "time" : "changes"));
		return call_error(call, EXM_ERROR_LIMIT, data,
				  "%s: %s; nothing was written, the edits are kept", path,
				  commit->step);
	}
	json_put(data, "step", json_new_text(commit->step));
	/* no call of the system failed, and the step is why */
	if (commit->error == 0)
		return call_error(call, EXM_ERROR_IO, data,
				  "%s: %s; nothing was written, the edits are kept", path,
				  commit->step);
	json_put(data, "errno", json_new_string(strerrorname_np(commit->error)));
	if (commit->outcome == OUTCOME_NOT_PLAIN)
		return call_error(call, EXM_ERROR_IO, data,
				  "%s: %s; nothing was written, the edits are kept", path,
				  obstacle(commit->error));
	return call_error(call, EXM_ERROR_IO, data,
			  "%s: cannot %s: %s; nothing was written, the edits are kept", path,
			  commit->step, strerror(commit->error));
}

int commit_failed(struct call *call, const struct dirty_list *list, const struct mon_commit *answer)
{
	const struct msg_commit_reply *commit = &answer->reply;
	const struct dirty *p;

	if (commit->outcome == OUTCOME_NO_CONFIRM)
		return call_error(
			call, EXM_ERROR_BAD_VALUE, data_of("parameter", "confirm"),
			"there is no history here to take it back with, so a commit "
			"cannot wait to be confirmed; it takes a state directory (Audit=) "
			"and no Record=no in [History]");
	if (commit->outcome == OUTCOME_BUSY)
		return call_error(call, EXM_ERROR_BUSY, NULL,
				  "another commit is under way, or one of another user waits to be "
				  "confirmed; the edits are kept");
	if (commit->outcome == OUTCOME_NOT_APPLIED)
		return not_applied(call, commit);
	if (commit->index >= list->count)
		return call_internal(call, "understand the monitor", EPROTO);
	p = &list->item[commit->index];
	if (commit->outcome == OUTCOME_CONFLICT)
		return conflict_answer(call, p, answer->enclosed);
	if (commit->outcome == OUTCOME_DENIED)
		return not_permitted(call, p, commit);
	if (commit->outcome == OUTCOME_CHECK_FAILED)
		return not_checked(call, list, p, commit);
	return not_written(call, p, commit);
}
