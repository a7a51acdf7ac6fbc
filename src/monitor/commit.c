/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Which files may be written was decided when
 * they were staged; here they change together or not at all.
 */
#include "monitor/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/log.h"

struct transaction {
	struct replacement *item;
	size_t count;
};

static void transaction_clear(struct transaction *t)
{
	for (size_t i = 0; i < t->count; i++)
		replacement_clear(&t->item[i]);
	free(t->item);
}

static enum mon_outcome add_file(struct transaction *t, int root_fd, const struct policy *policy,
				 const struct staged *staged, struct handouts *handouts,
				 struct replace_failure *ret_failure)
{
	const struct handout *handout = handout_find(handouts, staged->path);
	struct target target = TARGET_NONE;
	int r = target_open(root_fd, staged->path, &target);

	if (r < 0) {
		*ret_failure = (struct replace_failure){ "open its directory", -r };
		return r == -ELOOP || r == -ENOTDIR ? OUTCOME_NOT_PLAIN : OUTCOME_IO;
	}
	t->item[t->count++] = replacement_of(&target, &policy->files[staged->entry],
					     handout->content, staged->content);
	return OUTCOME_DONE;
}

/* Those before `end` may be switched; what cannot be brought back is said as loudly as can be. */
static void undo(struct transaction *t, const struct staged *staged, size_t end)
{
	while (end-- > 0) {
		struct replacement *item = &t->item[end];
		int r = item->state == REPLACE_SWITCHED ? replace_undo(item) : 0;

		if (r < 0)
			log_write(LOG_CRIT, "%s could not be brought back%s%s: %s",
				  staged[end].path, item->old >= 0 ? ", what was there is in " : "",
				  item->old >= 0 ? item->temporary : "", strerror(-r));
	}
}

static void finish(struct transaction *t, const struct staged *staged, struct handouts *handouts)
{
	for (size_t i = 0; i < t->count; i++) {
		int r = replace_finish(&t->item[i]), content = -1;

		if (r < 0)
			log_warning("%s was committed, but not everything is on disk: %s",
				    staged[i].path, strerror(-r));
		if (staged[i].content >= 0) {
			content = fcntl(staged[i].content, F_DUPFD_CLOEXEC, 0);
			if (content < 0)
				log_warning("cannot keep the content of %s: %s", staged[i].path,
					    strerror(errno));
		}
		/* replaces a hand-out that exists */
		if (handout_set(handouts, staged[i].path, content) < 0)
			log_warning("%s has to be read again", staged[i].path);
		log_notice("%s %s", staged[i].path,
			   staged[i].content < 0 ? "removed"
			   : t->item[i].base < 0 ? "created"
						 : "changed");
	}
}

struct commit_result commit_files(int root_fd, const struct policy *policy,
				  const struct staged *staged, size_t count,
				  struct handouts *handouts)
{
	scoped(transaction_clear) struct transaction t = {
		.item = calloc(count + 1, sizeof(struct replacement)),
	};
	struct commit_result result = { .outcome = OUTCOME_IO, .failure = { "start", ENOMEM } };

	if (!t.item)
		return result;
	result.outcome = OUTCOME_DONE;
	for (uint32_t i = 0; i < count && result.outcome == OUTCOME_DONE; i++) {
		result.index = i;
		result.outcome =
			add_file(&t, root_fd, policy, &staged[i], handouts, &result.failure);
		if (result.outcome == OUTCOME_DONE)
			result.outcome = replace_prepare(&t.item[i], &result.failure);
	}
	for (uint32_t i = 0; i < count && result.outcome == OUTCOME_DONE; i++) {
		result.index = i;
		result.outcome = replace_switch(&t.item[i], &result.failure);
		if (result.outcome != OUTCOME_DONE)
			undo(&t, staged, i + 1);
	}
	if (result.outcome == OUTCOME_DONE)
		finish(&t, staged, handouts);
	return result;
}
