/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in an engine that serves nobody, before any client exists: asks Augeas
 * which lens it would choose for the files whose policy names none. Reads lenses and
 * policy only, both root's.
 */
#include <augeas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/glob.h"
#include "common/log.h"
#include "engine/confine.h"
#include "engine/engine.h"

/* Do any of the filters of this transform name the path? */
static bool filter_matches(augeas *aug, const char *transform, const char *filter, const char *path)
{
	scoped_ptr char *expr = NULL;
	char **nodes = NULL;
	bool matches = false;
	int count;

	if (asprintf(&expr, "%s/%s", transform, filter) < 0)
		return false;
	count = aug_match(aug, expr, &nodes);
	for (int i = 0; i < count; i++) {
		const char *glob = NULL;

		if (!matches && aug_get(aug, nodes[i], &glob) == 1 && glob) {
			/* a filter without a slash is about the last component */
			const char *subject = strchr(glob, '/') ? path : strrchr(path, '/') + 1;

			matches = strcmp(glob, path) == 0 || glob_match_path(glob, subject);
		}
		free(nodes[i]);
	}
	free(nodes);
	return matches;
}

static char *lens_for(augeas *aug, char *const *transforms, int count, const char *path)
{
	for (int i = 0; i < count; i++) {
		scoped_ptr char *expr = NULL;
		const char *lens = NULL;

		if (!filter_matches(aug, transforms[i], "incl", path) ||
		    filter_matches(aug, transforms[i], "excl", path))
			continue;
		if (asprintf(&expr, "%s/lens", transforms[i]) < 0 ||
		    aug_get(aug, expr, &lens) != 1 || !lens)
			continue;
		return strdup(lens);
	}
	return NULL;
}

/* "@Hosts" means what module Hosts loads by default, which goes by the name "lns" in all of them.
 */
static char *spelled_out(const char *lens)
{
	char *name = NULL;

	if (lens[0] != '@')
		return strdup(lens);
	return asprintf(&name, "%s.lns", lens + 1) < 0 ? NULL : name;
}

static int answer_all(struct mon *mon, const struct policy *policy, augeas *aug)
{
	char **transforms = NULL;
	int count = aug_match(aug, "/augeas/load/*", &transforms), r = 0;

	for (uint32_t i = 0; i < policy->file_count && r == 0; i++) {
		scoped_ptr char *lens = NULL, *name = NULL;

		if (policy->files[i].lens)
			continue;
		lens = lens_for(aug, transforms, count, policy->files[i].path);
		name = lens ? spelled_out(lens) : NULL;
		r = mon_lens(mon, i, name ? name : "");
	}
	for (int i = 0; i < count; i++)
		free(transforms[i]);
	free(transforms);
	return r;
}

int engine_index(int channel, struct sandbox *sandbox)
{
	struct mon mon = { .channel = channel };
	const char *step = "start";
	scoped(policy_freep) struct policy *policy = NULL;
	struct packet packet;
	struct msg_welcome welcome;
	augeas *aug;
	int r = engine_receive_policy(&mon, &packet, &welcome, &policy);

	if (r == 0)
		r = confine(sandbox, &step);
	if (r < 0) {
		log_error("cannot %s: %s", step, strerror(-r));
		return SANDBOX_EXIT_STATUS;
	}
	aug = aug_init(sandbox->staging, sandbox->lens_path, AUG_NO_STDINC | AUG_NO_LOAD);
	if (!aug) {
		log_error("Augeas cannot load its modules");
		return EXIT_FAILURE;
	}
	r = answer_all(&mon, policy, aug);
	aug_close(aug);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
