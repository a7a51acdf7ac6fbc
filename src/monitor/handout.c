/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the monitor. Holds what the monitor itself read; nothing here comes from the engine. */
#include "monitor/handout.h"

#include <errno.h>
#include <string.h>

struct handout *handout_find(struct handouts *handouts, const char *path)
{
	for (size_t i = 0; i < handouts->count; i++)
		if (strcmp(handouts->item[i].path, path) == 0)
			return &handouts->item[i];
	return NULL;
}

int handout_set(struct handouts *handouts, const char *path, int content)
{
	struct handout *handout = handout_find(handouts, path);

	if (!handout) {
		char *copy;

		copy = handouts->count < HANDOUTS_MAX ? strdup(path) : NULL;
		if (!copy) {
			close_fd(content);
			return handouts->count < HANDOUTS_MAX ? -ENOMEM : -E2BIG;
		}
		handout = &handouts->item[handouts->count++];
		*handout = (struct handout){ .path = copy, .content = -1 };
	}
	close_fd(handout->content);
	handout->content = content;
	handout->number = ++handouts->last;
	return 0;
}

void handouts_clear(struct handouts *handouts)
{
	for (size_t i = 0; i < handouts->count; i++) {
		free(handouts->item[i].path);
		close_fd(handouts->item[i].content);
	}
	handouts->count = 0;
}
