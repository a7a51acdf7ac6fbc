/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what an engine, which may be the enemy, wants to commit. Whether the nodes
 * may change is found out at the commit; here it is whether anything may happen to the file.
 */
#include "monitor/stage.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"

/* What the section as a whole permits; which nodes may change is not decided here. */
static bool may_stage(const struct policy_file *entry, const struct handout *base, bool removal)
{
	if (removal)
		return entry->may_delete;
	if (base->content < 0)
		return entry->may_create;
	return policy_may_change(entry);
}

static void deny(const struct session *session, const struct stage_order *order, const char *why)
{
	const struct audit_event event = {
		.client = &session->who,
		.method = order->method,
		.subject = order->path,
		.result = AUDIT_DENIED,
		.detail = why,
	};

	log_warning("commit of %s denied: %s", order->path, why);
	audit_record(session->host->audit, &event);
}

static int add(struct session *session, const struct stage_order *order)
{
	char *path = strdup(order->path);

	if (!path)
		return -ENOMEM;
	session->staged[session->staged_count++] = (struct staged){
		.entry = order->entry,
		.path = path,
		.content = take_fd(order->content),
		.former = order->former ? take_ptr(*order->former) : NULL,
	};
	return 0;
}

int stage_file(struct session *session, const struct stage_order *order,
	       enum mon_outcome *ret_outcome)
{
	const struct policy_file *entry = &session->policy->files[order->entry];
	const struct handout *base = handout_find(&session->handouts, order->path);
	bool removal = *order->content < 0;

	if (!base)
		return -EPROTO;
	for (size_t i = 0; i < session->staged_count; i++)
		if (strcmp(session->staged[i].path, order->path) == 0)
			return -EPROTO;
	*ret_outcome = OUTCOME_LIMIT;
	if (session->staged_count == STAGED_MAX)
		return 0;
	*ret_outcome = OUTCOME_DENIED;
	if (!may_stage(entry, base, removal)) {
		deny(session, order,
		     removal             ? "the policy does not allow to remove it"
		     : base->content < 0 ? "the policy does not allow to create it"
					 : "the policy does not allow to change it");
		return 0;
	}
	*ret_outcome = OUTCOME_DONE;
	return add(session, order);
}
