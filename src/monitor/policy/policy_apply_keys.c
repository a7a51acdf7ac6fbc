/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root): what a [File] section says of the time after a commit. The
 * administrator is trusted but makes mistakes; whatever is not understood to the last byte
 * is refused. Touches nothing.
 */
#include <errno.h>
#include <string.h>

#include "monitor/policy/policy_keys.h"

static struct policy_file *this_file(struct policy_reader *reader)
{
	return &reader->policy->files[reader->index];
}

/* A verb after which one can tell whether the service took the change; SERVICE_VERB_MAX: none. */
static enum service_verb verb_of(const char *word)
{
	for (unsigned int verb = 0; verb < SERVICE_VERB_MAX; verb++)
		if (strcmp(service_verb_word(verb), word) == 0 &&
		    service_verb_kind(verb) == VERB_JOB)
			return verb;
	return SERVICE_VERB_MAX;
}

static bool has_suffix(const char *unit, const char *suffix)
{
	size_t length = strlen(unit), end = strlen(suffix);

	return length > end && strcmp(unit + length - end, suffix) == 0;
}

/* What no system can do; NULL: it may be right. */
static const char *fault_of(enum service_verb verb, const char *unit)
{
	const char *at = strchr(unit, '@');

	if (at && at[1] == '.' && strchr(at + 1, '.') == strrchr(unit, '.'))
		return "is a template; name an instance of it, as in getty@tty1.service";
	if (at == unit)
		return "has no name before its '@'";
	if (has_suffix(unit, ".device") || has_suffix(unit, ".scope"))
		return "is none that can be started or stopped here";
	if (verb == SERVICE_RELOAD && !has_suffix(unit, ".service") && !has_suffix(unit, ".mount"))
		return "cannot be reloaded; only services and mounts can";
	return NULL;
}

int policy_key_apply(struct policy_reader *reader, enum policy_right unused, char *value)
{
	const char *word = policy_next_word(&value), *unit = policy_next_word(&value);
	enum service_verb verb;
	const char *fault;
	int r;

	(void)unused;
	if (!unit || policy_next_word(&value)) {
		policy_mistake(reader, "Apply= is VERB UNIT, as in reload ssh.service");
		return 0;
	}
	verb = verb_of(word);
	if (verb == SERVICE_VERB_MAX) {
		policy_mistake(reader,
			       "Apply=" QUOTE " is no verb for this; there are start stop restart "
			       "try_restart reload reload_or_restart",
			       word);
		return 0;
	}
	if (!policy_unit_name_valid(unit)) {
		policy_mistake(reader, "Apply=%s " QUOTE " is not the name of a unit", word, unit);
		return 0;
	}
	fault = fault_of(verb, unit);
	if (fault) {
		policy_mistake(reader, "Apply=%s " QUOTE " %s", word, unit, fault);
		return 0;
	}
	r = policy_apply_add(this_file(reader), verb, unit);
	if (r == -E2BIG)
		policy_mistake(reader, "more than %d Apply= in one section", POLICY_APPLY_MAX);
	return r == -ENOMEM ? r : 0;
}
