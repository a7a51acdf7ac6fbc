/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in exmachina-run. Reads what dpkg-query and apt-cache print, in the C locale. */
#include "run/package_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field { NAME, ARCH, STATE, VERSION, ESSENTIAL, PROTECTED, FIELD_MAX };

void package_states_clear(struct package_states *states)
{
	free(states->text);
	free(states->state);
	*states = (struct package_states){ .text = NULL };
}

static int state_line(struct package_states *states, char *line)
{
	struct package_state *state;
	char *field[FIELD_MAX];

	for (size_t i = 0; i < FIELD_MAX; i++) {
		field[i] = strsep(&line, "\t");
		if (!field[i])
			return -EBADMSG;
	}
	if (field[NAME][0] == '\0' || line)
		return -EBADMSG;
	state = reallocarray(states->state, states->count + 1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	states->state = state;
	state[states->count++] = (struct package_state){
		.name = field[NAME],
		.arch = field[ARCH],
		.state = field[STATE],
		.version = field[VERSION],
		.essential = strcmp(field[ESSENTIAL], "yes") == 0 ||
			     strcmp(field[PROTECTED], "yes") == 0,
	};
	return 0;
}

int package_states_read(char *text, struct package_states *ret_states)
{
	scoped_states states = { .text = text };
	char *line;
	int r;

	while ((line = strsep(&text, "\n"))) {
		/* the end of the last line */
		if (!text && line[0] == '\0')
			break;
		r = state_line(&states, line);
		if (r < 0)
			return r;
	}
	*ret_states = states;
	states = (struct package_states){ .text = NULL };
	return 0;
}

const struct package_state *package_states_find(const struct package_states *states,
						const char *name, const char *arch)
{
	for (size_t i = 0; i < states->count; i++)
		if (strcmp(states->state[i].name, name) == 0 &&
		    strcmp(states->state[i].arch, arch) == 0)
			return &states->state[i];
	return NULL;
}

const struct package_state *package_states_of(const struct package_states *states, const char *name,
					      const char *native)
{
	const struct package_state *state = package_states_find(states, name, native);

	return state ? state : package_states_find(states, name, "all");
}

bool package_state_is_there(const struct package_state *state)
{
	return strcmp(state->state, "not-installed") != 0 &&
	       strcmp(state->state, "config-files") != 0;
}

bool package_states_installed(const struct package_states *states, const char *name)
{
	for (size_t i = 0; i < states->count; i++)
		if (strcmp(states->state[i].name, name) == 0 &&
		    package_state_is_there(&states->state[i]))
			return true;
	return false;
}

/* The rest of the line after "  LABEL: ", which is the next one. */
static const char *labelled(const char *text, const char *label, size_t *ret_length)
{
	const char *line = strchr(text, '\n');
	size_t length = strlen(label);

	if (!line || strncmp(line + 1, label, length) != 0)
		return NULL;
	line += 1 + length;
	*ret_length = strcspn(line, "\n");
	return line;
}

static const char *header_of(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && strncmp(line + length, ":\n", 2) == 0)
			return line;
	}
	return NULL;
}

static bool is_none(const char *version, size_t length)
{
	return length == strlen("(none)") && strncmp(version, "(none)", length) == 0;
}

bool package_candidate(const char *text, const char *name, char *ret_version, size_t size)
{
	const char *header = header_of(text, name);
	size_t there_length, length;
	const char *there = header ? labelled(header, "  Installed: ", &there_length) : NULL;
	const char *version = there ? labelled(there, "  Candidate: ", &length) : NULL;

	if (!version || (is_none(there, there_length) && is_none(version, length)))
		return false;
	snprintf(ret_version, size, "%.*s", is_none(version, length) ? 0 : (int)length, version);
	return true;
}
