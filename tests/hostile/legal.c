/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test program's part: what an engine may say, told apart from what the monitor does about it.
 * A new request needs a row here, which the compiler asks for.
 */
#include "legal.h"

#include <limits.h>
#include <string.h>

#include "common/package_verb.h"
#include "common/service_verb.h"
#include "common/system_item.h"

#include "peer.h"

static bool is_unit(uint32_t entry, const char *unit)
{
	return entry == 0 && strcmp(unit, "ssh.service") == 0;
}

/* of its layers it may say what it likes */
static bool legal_ready(const struct msg_ready *m)
{
	return m->protocol == MESSAGE_PROTOCOL && m->entry_count == ENTRY_COUNT;
}

static bool legal_auth(const struct msg_auth *m)
{
	(void)m;
	return true;
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '\177')
			return false;
	return true;
}

/* A name that *.list matches: one component, and the whole a path. */
static bool is_list(const char *name)
{
	size_t length = strlen(name), suffix = strlen(".list");

	return length >= suffix && strcmp(name + length - suffix, ".list") == 0 && name[0] != '.' &&
	       !strchr(name, '/') && is_printable(name) &&
	       strlen("/etc/apt/sources.list.d/") + length < PATH_MAX;
}

/* Nothing for the one without a wildcard; the third is the stricter one for a name of the second.
 */
static bool legal_open(const struct msg_open *m)
{
	if (m->entry == ENTRY_HOSTS)
		return m->name[0] == '\0';
	return m->entry == ENTRY_GLOB && is_list(m->name) && strcmp(m->name, "fixed.list") != 0;
}

static bool legal_list(const struct msg_list *m)
{
	return m->entry == ENTRY_GLOB;
}

static bool legal_prepare(const struct msg_prepare *m)
{
	return m->entry < ENTRY_COUNT;
}

/* what was opened before, and nothing else */
static bool legal_stage(const struct msg_stage *m)
{
	return m->entry == ENTRY_GLOB && strcmp(m->name, "a.list") == 0;
}

static bool legal_commit(const struct msg_commit *m)
{
	return m->drop <= 1 && m->dry_run <= 1 && m->progress <= 1 && m->dead_man <= 1 &&
	       m->confirm <= 24 * 3600 && m->reverts <= INT64_MAX;
}

static bool legal_history(const struct msg_history *m)
{
	return m->limit > 0 && m->limit <= REVISIONS_MAX;
}

/* there is one revision, and of others it may ask what it likes */
static bool legal_revision(const struct msg_revision *m)
{
	(void)m;
	return true;
}

static bool legal_part(const struct msg_part *m)
{
	return m->part < PART_MAX && (m->revision != REVISION || m->file == REVISION_FILE);
}

/* its other file is of no section, and of others it has not been told */
static bool legal_restore(const struct msg_restore *m)
{
	return m->revision != REVISION || m->file == REVISION_FILE;
}

static bool legal_confirm(const struct msg_confirm *m)
{
	return m->verb < CONFIRM_MAX && m->seconds <= 24 * 3600 &&
	       (m->verb == CONFIRM_EXTEND) == (m->seconds > 0);
}

/* more than there may be are refused, and those whose client has gone go */
static bool legal_channel(const struct msg_channel *m)
{
	(void)m;
	return true;
}

static bool legal_forget(const struct msg_forget *m)
{
	(void)m;
	return true;
}

static bool legal_service(const struct msg_service *m)
{
	return is_unit(m->entry, m->unit) && m->verb < SERVICE_VERB_MAX;
}

static bool legal_units(const struct msg_units *m)
{
	(void)m;
	return true;
}

static bool legal_log(const struct msg_log *m)
{
	return is_unit(m->entry, m->unit);
}

static bool legal_watch(const struct msg_watch *m)
{
	return is_unit(m->entry, m->unit);
}

static bool legal_unwatch(const struct msg_unwatch *m)
{
	(void)m;
	return true;
}

/* names that are none are a wrong value, which is answered */
static bool legal_package(const struct msg_package *m)
{
	return m->verb < PACKAGE_VERB_MAX;
}

/* the one behind the last item asks for all of them */
static bool legal_system(const struct msg_system *m)
{
	return m->item <= SYSTEM_ITEM_MAX;
}

/* its word goes into the trail, as its word */
static bool legal_refused(const struct msg_refused *m)
{
	(void)m;
	return true;
}

static bool legal_bye(const struct msg_bye *m)
{
	return m->reason < BYE_MAX;
}

bool legal(const struct message *message)
{
	switch (message->type) {
#define X(NAME, name, phases, flags) \
	case MON_##NAME: \
		return legal_##name(&message->name);
		MON_REQUESTS(X)
#undef X
	default:
		return false;
	}
}

unsigned int legal_times(enum message_type type)
{
	switch (type) {
	case MON_READY:
	case MON_STAGE:   /* of one file, before a commit */
	case MON_RESTORE: /* likewise */
	case MON_WATCH:   /* with one ticket */
		return 1;
	case MON_AUTH: /* with a wrong secret */
		return 3;
	default:
		return 0;
	}
}

bool legal_is_answered(enum message_type type)
{
	switch (type) {
	case MON_READY:
	case MON_PREPARE:
	case MON_FORGET:
	case MON_UNWATCH:
	case MON_REFUSED:
	case MON_BYE:
		return false;
	default:
		return true;
	}
}
