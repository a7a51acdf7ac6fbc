/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in the engine's place and says one wrong thing to the monitor. The
 * cases are made from the real list of messages, so that a new message is
 * attacked without anybody remembering to. "--list WORD" prints the names of those that
 * the monitor has to end the session for, or to bear (family.h); which one is played stands in
 * CASE_FILE, since the monitor decides what this process is started with.
 *
 * It is fair up to the phase in which the case belongs, using the secret that
 * the client sent it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/memfd.h"
#include "common/policy.h"
#include "common/wire.h"

#include "family.h"
#include "peer.h"

#define CASE_FILE "/etc/exmachina-hostile"

/* What the monitor keeps at most of what it was asked for (monitor/handout.h), and more. */
enum { HANDOUTS = 512, NAMES = 1000 };

static void open_hosts(void)
{
	struct message message = { .type = MON_OPEN, .open = { ENTRY_HOSTS, "" } };
	struct packet packet;
	int fd = -1;

	peer_send(&message, -1);
	peer_receive(&packet, &message, &fd);
	if (message.type != MON_OPEN_REPLY || message.open_reply.outcome != OUTCOME_DONE)
		_exit(7);
}

/* ---- cases of their own -------------------------------------------------------------- */

#define OPENS(entry_, name_) \
	peer_say((struct message){ .type = MON_OPEN, .open = { entry_, name_ } }, -1)
#define STAGES(entry_, name_, fd_) \
	peer_say((struct message){ .type = MON_STAGE, .stage = { entry_, name_ } }, fd_)
static void other_protocol(void)
{
	peer_say((struct message){ .type = MON_READY, .ready = { 99, ENTRY_COUNT, 0 } }, -1);
}

static void other_policy(void)
{
	peer_say((struct message){ .type = MON_READY,
				   .ready = { MESSAGE_PROTOCOL, ENTRY_COUNT + 1, 0 } },
		 -1);
}

static void unknown_type(void)
{
	const uint32_t types[] = { MESSAGE_TYPE_MAX };

	peer_send_raw(types, sizeof(types), NULL, 0);
}

static void no_type(void)
{
	peer_send_raw("\1\0", 2, NULL, 0);
}

static void too_large(void)
{
	static uint8_t data[MESSAGE_MAX + 4096] = { MON_FORGET };

	peer_send_raw(data, sizeof(data), NULL, 0);
}

static void reply_type(void)
{
	peer_say((struct message){ .type = MON_AUTH_REPLY }, -1);
}

static void guess_on(void)
{
	for (int i = 0; i < 10; i++)
		peer_say(peer_good_message(MON_AUTH), -1);
}

static void entry_out_of_range(void)
{
	OPENS(ENTRY_COUNT, "");
}

static void entry_huge(void)
{
	OPENS(UINT32_MAX, "");
}

static void name_without_wildcard(void)
{
	OPENS(ENTRY_HOSTS, "hosts");
}

static void name_upwards(void)
{
	OPENS(ENTRY_GLOB, "../passwd");
}

static void name_upwards_deep(void)
{
	OPENS(ENTRY_GLOB, "a.list/../../shadow");
}

static void name_absolute(void)
{
	OPENS(ENTRY_GLOB, "/etc/shadow");
}

static void name_empty(void)
{
	OPENS(ENTRY_GLOB, "");
}

static void name_other_suffix(void)
{
	OPENS(ENTRY_GLOB, "a.conf");
}

static void name_with_slash(void)
{
	OPENS(ENTRY_GLOB, "dir/a.list");
}

static void name_of_stricter_entry(void)
{
	OPENS(ENTRY_GLOB, "fixed.list");
}

static void name_with_nul(void)
{
	/* type, entry, a length of 6 for "a.li\0t" */
	struct wire w;
	uint8_t data[64];

	w = wire_over(data, sizeof(data));
	wire_put_u32(&w, MON_OPEN);
	wire_put_u32(&w, ENTRY_GLOB);
	wire_put_str(&w, "a.list", 6);
	data[w.pos - 3] = '\0';
	peer_send_raw(data, w.pos, NULL, 0);
}

static void prepare_out_of_range(void)
{
	peer_say((struct message){ .type = MON_PREPARE, .prepare = { ENTRY_COUNT } }, -1);
}

static void list_without_wildcard(void)
{
	peer_say((struct message){ .type = MON_LIST, .list = { ENTRY_HOSTS } }, -1);
}

static void stage_never_opened(void)
{
	STAGES(ENTRY_HOSTS, "", memfd_of("hostile", "x\n", 2));
}

static void stage_unsealed(void)
{
	int fd = memfd_new("hostile");

	open_hosts();
	STAGES(ENTRY_HOSTS, "", fd);
}

static void stage_socket(void)
{
	open_hosts();
	STAGES(ENTRY_HOSTS, "", FD_CLIENT);
}

static void stage_twice(void)
{
	int fd = memfd_of("hostile", "127.0.0.1 x\n", 12);

	open_hosts();
	STAGES(ENTRY_HOSTS, "", fd);
	STAGES(ENTRY_HOSTS, "", fd);
}

static void stage_elsewhere(void)
{
	open_hosts();
	STAGES(ENTRY_GLOB, "../hosts", memfd_of("hostile", "x\n", 2));
}

static void commit_oddly(void)
{
	peer_say((struct message){ .type = MON_COMMIT, .commit.drop = 2 }, -1);
}

static void reverts_huge(void)
{
	peer_say((struct message){ .type = MON_COMMIT, .commit.reverts = (uint64_t)INT64_MAX + 1 },
		 -1);
}

#define PARTS(file_, part_) \
	peer_say((struct message){ .type = MON_PART, .part = { REVISION, file_, part_ } }, -1)
#define RESTORES(file_) \
	peer_say((struct message){ .type = MON_RESTORE, .restore = { REVISION, file_ } }, -1)

static void history_of_none(void)
{
	peer_say((struct message){ .type = MON_HISTORY, .history = { 0, 0, "" } }, -1);
}

static void history_of_too_many(void)
{
	peer_say((struct message){ .type = MON_HISTORY, .history = { 0, REVISIONS_MAX + 1, "" } },
		 -1);
}

static void part_other_file(void)
{
	PARTS(REVISION_FILE + 1, PART_OLD);
}

static void part_other_changes(void)
{
	PARTS(REVISION_FILE + 1, PART_CHANGES);
}

static void part_out_of_range(void)
{
	PARTS(REVISION_FILE + 2, PART_NEW);
}

static void part_unknown(void)
{
	PARTS(REVISION_FILE, PART_MAX);
}

static void restore_other_file(void)
{
	RESTORES(REVISION_FILE + 1);
}

static void restore_never_opened(void)
{
	RESTORES(REVISION_FILE);
}

static void restore_what_is_staged(void)
{
	OPENS(ENTRY_GLOB, "a.list");
	RESTORES(REVISION_FILE);
	STAGES(ENTRY_GLOB, "a.list", -1);
}

static void package_verb_unknown(void)
{
	peer_say((struct message){ .type = MON_PACKAGE,
				   .package = { 1, PACKAGE_VERB_MAX, 0, 0, "hello" } },
		 -1);
}

static void system_item_unknown(void)
{
	peer_say((struct message){ .type = MON_SYSTEM, .system = { 1, SYSTEM_ITEM_MAX + 1, "x" } },
		 -1);
}

static void bye_oddly(void)
{
	peer_say((struct message){ .type = MON_BYE, .bye = { BYE_MAX } }, -1);
}

static const struct hostile_case cases[] = {
	{ "READY for another protocol", PHASE_START, other_protocol },
	{ "READY for another policy", PHASE_START, other_policy },
	{ "a type that does not exist", PHASE_OPEN, unknown_type },
	{ "half a type", PHASE_OPEN, no_type },
	{ "a packet over the limit", PHASE_OPEN, too_large },
	{ "a reply as a request", PHASE_OPEN, reply_type },
	{ "AUTH after the last try", PHASE_LOCKED, guess_on },
	{ "OPEN of an entry after the last", PHASE_OPEN, entry_out_of_range },
	{ "OPEN of a huge entry", PHASE_OPEN, entry_huge },
	{ "OPEN with a name where none belongs", PHASE_OPEN, name_without_wildcard },
	{ "OPEN of ../passwd", PHASE_OPEN, name_upwards },
	{ "OPEN of a.list/../../shadow", PHASE_OPEN, name_upwards_deep },
	{ "OPEN of an absolute name", PHASE_OPEN, name_absolute },
	{ "OPEN of an empty name", PHASE_OPEN, name_empty },
	{ "OPEN of a name with another suffix", PHASE_OPEN, name_other_suffix },
	{ "OPEN of a name in a directory below", PHASE_OPEN, name_with_slash },
	{ "OPEN of a file that a stricter section governs", PHASE_OPEN, name_of_stricter_entry },
	{ "OPEN of a name with a NUL", PHASE_OPEN, name_with_nul },
	{ "PREPARE of an entry after the last", PHASE_OPEN, prepare_out_of_range },
	{ "LIST of an entry without wildcard", PHASE_OPEN, list_without_wildcard },
	{ "STAGE of a file never opened", PHASE_OPEN, stage_never_opened },
	{ "STAGE of an unsealed memfd", PHASE_OPEN, stage_unsealed },
	{ "STAGE of a socket", PHASE_OPEN, stage_socket },
	{ "STAGE of one file twice", PHASE_OPEN, stage_twice },
	{ "STAGE of ../hosts", PHASE_OPEN, stage_elsewhere },
	{ "COMMIT with an odd flag", PHASE_OPEN, commit_oddly },
	{ "COMMIT that takes back a huge number", PHASE_OPEN, reverts_huge },
	{ "HISTORY of no revisions", PHASE_OPEN, history_of_none },
	{ "HISTORY of more than may be", PHASE_OPEN, history_of_too_many },
	{ "PART of a file that the policy does not name", PHASE_OPEN, part_other_file },
	{ "PART, changes of a file that the policy does not name", PHASE_OPEN, part_other_changes },
	{ "PART of a file after the last", PHASE_OPEN, part_out_of_range },
	{ "PART of an unknown kind", PHASE_OPEN, part_unknown },
	{ "RESTORE of a file that the policy does not name", PHASE_OPEN, restore_other_file },
	{ "RESTORE of a file never opened", PHASE_OPEN, restore_never_opened },
	{ "STAGE of what was restored", PHASE_OPEN, restore_what_is_staged },
	{ "PACKAGE with an unknown verb", PHASE_OPEN, package_verb_unknown },
	{ "SYSTEM with an unknown item", PHASE_OPEN, system_item_unknown },
	{ "BYE for an odd reason", PHASE_OPEN, bye_oddly },
};

/* Refused as often as it comes, like every try, and each of these is right. */
static void right_secret_again(void)
{
	struct message reply;
	struct packet packet;
	int fd = -1;

	for (int i = 0; i < 1000; i++) {
		peer_say((struct message){ .type = MON_AUTH, .auth.secret = peer_secret() }, -1);
		peer_receive(&packet, &reply, &fd);
		if (reply.type != MON_AUTH_REPLY || !reply.auth_reply.granted)
			_exit(12);
	}
}

/* What was looked for is kept, up to a bound. */
static void open_without_end(void)
{
	char name[32];
	struct message reply;
	struct packet packet;
	int fd = -1;

	for (int i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "no-%d.list", i);
		OPENS(ENTRY_GLOB, name);
		peer_receive(&packet, &reply, &fd);
		if (reply.type != MON_OPEN_REPLY ||
		    reply.open_reply.outcome != (i < HANDOUTS ? OUTCOME_ABSENT : OUTCOME_LIMIT))
			_exit(13);
	}
}

static const struct hostile_case borne_cases[] = {
	{ "AUTH with the secret, a thousand times", PHASE_OPEN, right_secret_again },
	{ "OPEN of a thousand names that are not there", PHASE_OPEN, open_without_end },
};

/* ---- all of them ------------------------------------------------------------------- */

static const struct hostile_case *table_of(enum verdict verdict, bool of_units, size_t *ret_count)
{
	if (of_units)
		return verdict == ENDS ? unit_cases(ret_count) : unit_borne_cases(ret_count);
	*ret_count = verdict == ENDS ? ARRAY_SIZE(cases) : ARRAY_SIZE(borne_cases);
	return verdict == ENDS ? cases : borne_cases;
}

static void list_tables(enum verdict verdict)
{
	for (int of_units = 0; verdict <= BORNE && of_units < 2; of_units++) {
		size_t count;
		const struct hostile_case *table = table_of(verdict, of_units, &count);

		for (size_t i = 0; i < count; i++)
			puts(table[i].name);
	}
}

static bool play_of_tables(const char *wanted)
{
	for (int n = 0; n < 4; n++) {
		size_t count;
		const struct hostile_case *table = table_of(n % 2 ? ENDS : BORNE, n / 2, &count);

		for (size_t i = 0; i < count; i++)
			if (strcmp(table[i].name, wanted) == 0) {
				peer_reach(table[i].phase);
				table[i].play();
				return true;
			}
	}
	return false;
}

static const struct family table_family = { list_tables, play_of_tables };

static const struct family *const families[] = { &mangled_family, &table_family, &field_family,
						 &descriptor_family, &repeat_family };

static const char *const verdict_words[VERDICT_MAX] = {
	[ENDS] = "ends",
	[BORNE] = "borne",
	[FLOOD_ENDS] = "flood-ends",
	[FLOOD_BORNE] = "flood-borne",
};

static int list_cases(const char *word)
{
	for (enum verdict verdict = 0; verdict < VERDICT_MAX; verdict++) {
		if (strcmp(word, verdict_words[verdict]) != 0)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(families); i++)
			families[i]->list(verdict);
		return 0;
	}
	return 2;
}

int main(int argc, char **argv)
{
	char wanted[128] = "";
	FILE *file;

	/* as an engine it gets two numbers */
	if (argc == 3 && strcmp(argv[1], "--list") == 0)
		return list_cases(argv[2]);
	file = fopen(CASE_FILE, "r");
	if (!file || !fgets(wanted, sizeof(wanted), file))
		return 1;
	fclose(file);
	wanted[strcspn(wanted, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (!families[i]->play(wanted))
			continue;
		/* one that has ended the session says it to nobody; to others it is the end */
		peer_say((struct message){ .type = MON_BYE, .bye = { BYE_CLIENT_ASKED } }, -1);
		/* the monitor ends this process; one that it does not end ends by itself */
		sleep(10);
		return 0;
	}
	return 2;
}
