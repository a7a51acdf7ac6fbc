/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs as root, up to exec: the caller wants a server for one call. The server
 * drops every privilege before it starts this program again.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"

enum { OWN_ARGUMENTS = 16 };

struct arguments {
	const char **item;
	size_t count;
};

static void add(struct arguments *arguments, const char *word)
{
	arguments->item[arguments->count++] = word;
}

static void add_option(struct arguments *arguments, const char *name, const char *value)
{
	if (!value)
		return;
	add(arguments, name);
	add(arguments, value);
}

enum status spawn_server(const struct options *options, char **verb)
{
	struct arguments arguments = { 0 };
	scoped_ptr const char **item = NULL;
	size_t words = 0;

	if (geteuid() != 0) {
		fputs("exmachina: --spawn starts a server, which only root can\n", stderr);
		return STATUS_NO_SERVER;
	}
	while (verb[words])
		words++;
	item = call_memory(calloc(words + OWN_ARGUMENTS, sizeof(*item)));
	arguments.item = item;
	add(&arguments, "exmachinad");
	add_option(&arguments, "--policy", options->policy);
	add_option(&arguments, "--root", options->root);
	add_option(&arguments, "--user", options->user);
	add(&arguments, "--");
	add(&arguments, BINDIR "/exmachina");
	add(&arguments, "--once");
	if (options->json)
		add(&arguments, "--json");
	/* a verb is never an option, but another call's words must not become one */
	add(&arguments, "--");
	for (size_t i = 0; i < words; i++)
		add(&arguments, verb[i]);
	execv(SBINDIR "/exmachinad", (char *const *)(uintptr_t)arguments.item);
	fprintf(stderr, "exmachina: cannot start %s: %s\n", SBINDIR "/exmachinad", strerror(errno));
	return STATUS_NO_SERVER;
}
