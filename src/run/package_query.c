/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run. What the programs print is bounded, and read by package_state.c. */
#include "run/package_query.h"

#include <errno.h>
#include <string.h>

enum { QUERY_MAX = 32 << 20 };

/* All lines of an output, each with its end. */
struct collected {
	char *text;
	size_t length, room;
	int error;
};

static void collect(char *line, void *data)
{
	struct collected *all = data;
	size_t length = strlen(line), wanted = all->length + length + 2;

	if (wanted > QUERY_MAX)
		all->error = E2BIG;
	if (all->error)
		return;
	if (wanted > all->room) {
		char *text = realloc(all->text, 2 * wanted);

		if (!text) {
			all->error = ENOMEM;
			return;
		}
		all->text = text;
		all->room = 2 * wanted;
	}
	memcpy(all->text + all->length, line, length);
	memcpy(all->text + all->length + length, "\n", 2);
	all->length += length + 1;
}

static bool query(struct job *job, const char *const *argv, uint32_t extra_ms, char **ret_text)
{
	static const char *const environment[] = { "LC_ALL=C", NULL };
	struct collected all = { .text = strdup("") };
	const struct job_step step = {
		.path = argv[0],
		.argv = argv,
		.environment = environment,
		.on_output = collect,
		.data = &all,
		.extra_ms = extra_ms,
	};

	all.error = all.text ? 0 : ENOMEM;
	job_step(job, &step, &job->end);
	if (job->end.outcome == RUN_EXITED && job->end.status == 0 && all.error == 0) {
		*ret_text = all.text;
		return true;
	}
	free(all.text);
	if (job->end.outcome == RUN_EXITED)
		job_fail(job, RUN_CANNOT, all.error ? all.error : EIO,
			 "%s could not be asked: it exited with status %d", argv[0],
			 job->end.status);
	return false;
}

bool package_query_states(struct job *job, uint32_t extra_ms, struct package_states *ret_states)
{
	static const char *const argv[] = { "/usr/bin/dpkg-query", "-W", "-f", PACKAGE_STATE_FORMAT,
					    NULL };
	char *text;
	int r;

	if (!query(job, argv, extra_ms, &text))
		return false;
	r = package_states_read(text, ret_states);
	if (r < 0)
		job_fail(job, RUN_CANNOT, -r, "what dpkg-query printed is not understood");
	return r == 0;
}

bool package_query_policy(struct job *job, const struct package_names *names, char **ret_text)
{
	const char *argv[PACKAGES_MAX + 4] = { "/usr/bin/apt-cache", "policy", "--" };

	for (size_t i = 0; i < names->count; i++)
		argv[3 + i] = names->name[i];
	return query(job, argv, 0, ret_text);
}

bool package_query_native(struct job *job, char **ret_text)
{
	static const char *const argv[] = { "/usr/bin/dpkg", "--print-architecture", NULL };

	if (!query(job, argv, 0, ret_text))
		return false;
	(*ret_text)[strcspn(*ret_text, "\n")] = '\0';
	return true;
}
