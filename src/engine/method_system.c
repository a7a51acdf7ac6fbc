/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: time zone, host name and locale. Whether a value is one
 * is for the monitor to say, which can look; here it only has to fit.
 */
#include <stdio.h>
#include <string.h>

#include "common/policy_rule.h"
#include "engine/engine.h"
#include "engine/method.h"

/* Assignments, one blank apart, as an object. */
static struct json_object *locale_of(const char *text)
{
	struct json_object *words = pending_split(text, ' ');
	struct json_object *locale = json_new_object();

	for (size_t i = 0; i < json_length(words); i++) {
		scoped_ptr char *name = strdup(json_string(json_at(words, i), NULL));
		char *value = name ? strchr(name, '=') : NULL;

		if (!value)
			continue;
		*value++ = '\0';
		json_put(locale, name, json_new_text(value));
	}
	json_free(words);
	return locale;
}

static const char *verb_of(const struct call *call)
{
	return strchr(call->method, '.') + 1;
}

static int denied(struct call *call, enum system_item item)
{
	scoped_rule rule = { 0 };

	/* SYSTEM_ITEM_MAX: all of them were to be looked at */
	if (policy_rule_system(call->engine->policy, item, &rule) < 0)
		return call_no_memory(call);
	return call_denied(call, data_of("verb", verb_of(call)), rule.key, rule.line,
			   "%s is not allowed; it would need %s", call->method,
			   rule.line ? rule.line : "another policy");
}

static void identity_done(const struct pending *pending, const struct message *event, int fd)
{
	const struct msg_identity *identity = &event->identity;
	struct json_object *result;
	enum job_outcome outcome = identity->outcome;

	(void)fd;
	if (outcome == JOB_DENIED) {
		denied(pending->call, pending->verb);
		return;
	}
	result = json_new_object();
	if (outcome != JOB_DONE) {
		json_put(result, "verb", json_new_string(verb_of(pending->call)));
		/* a time zone that is not there is a value that cannot be */
		if (outcome == JOB_NO_UNIT)
			outcome = JOB_BAD_VALUE;
		pending_refuse(pending, outcome, identity->error, identity->detail, result);
		return;
	}
	json_put(result, "hostname", json_new_text(identity->hostname));
	json_put(result, "timezone", json_new_text(identity->timezone));
	json_put(result, "locale", locale_of(identity->locale));
	json_put(result, "via", json_new_text(identity->via));
	if (call_result(pending->call, result) < 0)
		pending->call->engine->stream.ended = true;
}

static const struct pending_family family = { .end = MON_IDENTITY, .finish = identity_done };

static int ask(struct call *call, enum system_item item, const char *value)
{
	struct msg_system request = { .item = (uint8_t)item, .value = value };
	struct pending *pending = pending_keep(call, &family, item, value, false);

	if (!pending)
		return -1;
	request.ticket = pending->ticket;
	return pending_sent(pending, mon_system(&call->engine->mon, &request));
}

int system_get(struct call *call, const struct arguments *a)
{
	(void)a;
	if (!call->engine->policy->has_system)
		return denied(call, SYSTEM_ITEM_MAX);
	return ask(call, SYSTEM_ITEM_MAX, NULL);
}

/*
 * One blank apart; what is no assignment is a value of LANG. Values with a
 * blank in them would be taken for two, and there is no locale with one.
 */
static int join_locale(struct call *call, const struct argument_list *list,
		       char value[static MESSAGE_NAME_MAX + 1])
{
	size_t used = 0;

	value[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->item[i], *lang = strchr(item, '=') ? "" : "LANG=";

		if (item[0] == '\0' || strpbrk(item, " \t\n"))
			return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "locale"),
					  "%.200s is no locale; it would be like de_DE.UTF-8 or "
					  "LC_TIME=de_DE.UTF-8",
					  item);
		if (used + strlen(lang) + strlen(item) + 1 > MESSAGE_NAME_MAX)
			return call_error(call, EXM_ERROR_LIMIT, data_of("limit", "locale"),
					  "%s: the assignments have more than %d bytes",
					  call->method, MESSAGE_NAME_MAX);
		used += (size_t)sprintf(value + used, "%s%s%s", used ? " " : "", lang, item);
	}
	if (used > 0)
		return 0;
	return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "locale"),
			  "%s: there is no assignment", call->method);
}

int system_set(struct call *call, const struct arguments *a, enum system_item item)
{
	const char *word = system_item_word(item);
	const char *value = item == SYSTEM_TIMEZONE ? a->timezone : a->hostname;
	char locale[MESSAGE_NAME_MAX + 1];

	if (!(call->engine->policy->system_items & (1u << item)))
		return denied(call, item);
	if (item == SYSTEM_LOCALE) {
		if (join_locale(call, &a->locale, locale) < 0)
			return -1;
		value = locale;
	}
	if (strlen(value) > MESSAGE_NAME_MAX)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", word),
				  "%s: %s has more than %d bytes", call->method, word,
				  MESSAGE_NAME_MAX);
	return ask(call, item, value);
}
