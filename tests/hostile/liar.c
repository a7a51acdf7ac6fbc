/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in the engine's place, keeps to the protocol, and asks the monitor to
 * commit what the policy does not allow. What the monitor answers goes to the
 * client as one line. "--list" prints the names of the cases.
 */
#include <stdio.h>
#include <string.h>

#include "common/fd.h"
#include "common/memfd.h"

#include "peer.h"

/*
 * As in test_hostile.py: /etc/hosts with aliases that may change, and /etc/fixed,
 * of which nothing may but Port.
 */
enum { ENTRY_FIXED = 1, TEXT_SIZE = 1 << 17, ENTRIES = 1000 };

#define CASE_FILE "/etc/exmachina-hostile"

struct text {
	char data[TEXT_SIZE];
	size_t length;
};

/* The test's own hosts file, with another word for each alias, and whatever the case does to a
 * line. */
static void write_hosts(struct text *text, int odd_entry, const char *odd_line)
{
	text->length = 0;
	for (int i = 1; i <= ENTRIES; i++) {
		char *at = text->data + text->length;

		if (i == odd_entry)
			text->length += (size_t)sprintf(at, "%s", odd_line);
		else
			text->length += (size_t)sprintf(at, "10.0.%d.%d\thost%d new%d\n", i / 250,
							i % 250, i, i);
	}
}

/* Content of one file; it counts as handed out from now on. */
static void open_file(uint32_t entry)
{
	const struct message message = { .type = MON_OPEN, .open = { .entry = entry, .name = "" } };
	struct message reply;
	struct packet packet;
	int fd = -1;

	peer_send(&message, -1);
	peer_receive(&packet, &reply, &fd);
	if (reply.type != MON_OPEN_REPLY || reply.open_reply.outcome != OUTCOME_DONE)
		_exit(7);
	close_fd(fd);
}

static void stage(uint32_t entry, const struct text *text)
{
	scoped_fd content = memfd_of("content", text->data, text->length);
	const struct message message = {
		.type = MON_STAGE,
		.stage = { .entry = entry, .name = "" },
	};
	struct message reply;
	struct packet packet;
	int fd = -1;

	peer_send(&message, content);
	peer_receive(&packet, &reply, &fd);
	if (reply.type != MON_STAGE_REPLY || reply.stage_reply.outcome != OUTCOME_DONE)
		_exit(8);
}

static void stage_hosts(int odd_entry, const char *odd_line)
{
	static struct text text;

	open_file(ENTRY_HOSTS);
	write_hosts(&text, odd_entry, odd_line);
	stage(ENTRY_HOSTS, &text);
}

static void only_what_is_allowed(void)
{
	stage_hosts(0, "");
}

static void one_name(void)
{
	stage_hosts(500, "10.0.2.0\tother new500\n");
}

static void one_address(void)
{
	stage_hosts(777, "10.9.9.9\thost777 new777\n");
}

static void one_more(void)
{
	stage_hosts(500, "10.0.2.0\thost500 new500\n10.9.9.9\tmore\n");
}

static void one_less(void)
{
	stage_hosts(500, "");
}

static void one_alias_more(void)
{
	stage_hosts(500, "10.0.2.0\thost500 new500 more\n");
}

static void a_comment(void)
{
	stage_hosts(500, "10.0.2.0\thost500 new500\n# and so on\n");
}

static void the_denied_one(void)
{
	stage_hosts(13, "10.0.0.13\thost13 other\n");
}

static void a_bad_value(void)
{
	stage_hosts(500, "10.0.2.0\thost500 UPPER\n");
}

static void exchanged(void)
{
	stage_hosts(500, "10.0.2.1\thost501 new501\n");
}

static void no_hosts_at_all(void)
{
	stage_hosts(500, "nonsense\n");
}

static void nothing_left(void)
{
	static struct text text;

	open_file(ENTRY_HOSTS);
	stage(ENTRY_HOSTS, &text);
}

static void behind_a_nul(void)
{
	static struct text text;

	open_file(ENTRY_HOSTS);
	write_hosts(&text, 0, "");
	text.length += (size_t)sprintf(text.data + text.length + 1, "10.9.9.9 more\n") + 1;
	stage(ENTRY_HOSTS, &text);
}

/* The first file is as it may be; with the second none is written. */
static void in_another_file(void)
{
	static struct text text;

	stage_hosts(0, "");
	open_file(ENTRY_FIXED);
	text.length = (size_t)sprintf(text.data, "Port 2222\nPermitRootLogin yes\n");
	stage(ENTRY_FIXED, &text);
}

static const struct {
	const char *name;
	void (*stage)(void);
} cases[] = {
	{ "only what is allowed", only_what_is_allowed },
	{ "one name among a thousand aliases", one_name },
	{ "one address among a thousand aliases", one_address },
	{ "one entry more", one_more },
	{ "one entry less", one_less },
	{ "one alias more", one_alias_more },
	{ "a comment", a_comment },
	{ "the entry that is denied", the_denied_one },
	{ "a value that does not fit", a_bad_value },
	{ "one entry in another's place", exchanged },
	{ "a line that is none", no_hosts_at_all },
	{ "nothing left", nothing_left },
	{ "more behind a NUL", behind_a_nul },
	{ "a good file and a bad one", in_another_file },
};

/* The verdict, as a line of JSON for the client. */
static void commit_and_tell(void)
{
	struct message message = { .type = MON_COMMIT };
	struct message reply;
	struct packet packet;
	char line[2048];
	int fd = -1, length;

	peer_send(&message, -1);
	peer_receive(&packet, &reply, &fd);
	if (reply.type != MON_COMMIT_REPLY)
		_exit(9);
	length = snprintf(line, sizeof(line),
			  "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {\"outcome\": %u, "
			  "\"index\": %u, \"step\": \"%s\", \"node\": \"%s\"}}\n",
			  reply.commit_reply.outcome, reply.commit_reply.index,
			  reply.commit_reply.step, reply.commit_reply.node);
	if (fd_write_all(FD_CLIENT, line, (size_t)length) < 0)
		_exit(10);
}

static void read_case(char *text, size_t size)
{
	FILE *file = fopen(CASE_FILE, "r");

	if (!file || !fgets(text, (int)size, file))
		_exit(1);
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
}

int main(int argc, char **argv)
{
	const struct message bye = { .type = MON_BYE };
	char wanted[128] = "";

	if (argc > 1 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
			puts(cases[i].name);
		return 0;
	}
	read_case(wanted, sizeof(wanted));
	peer_reach(PHASE_OPEN);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (strcmp(cases[i].name, wanted) != 0)
			continue;
		cases[i].stage();
		commit_and_tell();
		peer_send(&bye, -1);
		return 0;
	}
	return 2;
}
