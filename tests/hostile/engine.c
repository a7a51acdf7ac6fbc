/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in the engine's place and says one wrong thing to the monitor. The
 * cases are made from the real list of messages, so that a new message is
 * attacked without anybody remembering to. "--list" prints their names; which
 * one is played stands in CASE_FILE, since the monitor decides what this
 * process is started with.
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

#include "common/channel.h"
#include "common/fd.h"
#include "common/memfd.h"
#include "common/policy.h"
#include "common/wire.h"

#define CASE_FILE "/etc/exmachina-hostile"

enum { FD_CHANNEL = 3, FD_CLIENT = 4, ENTRY_HOSTS = 0, ENTRY_GLOB = 1, ENTRY_COUNT = 3 };

/* What a case sends is a packet, well-formed or not, and perhaps a descriptor. */
static void send_raw(const void *data, size_t size, const int *fds, size_t fd_count)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int))];
	} control = { 0 };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd_count > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, fd_count * sizeof(int));
	}
	if (sendmsg(FD_CHANNEL, &header, MSG_NOSIGNAL) < 0)
		_exit(3);
}

static void send_message(const struct message *message, int fd)
{
	if (channel_send(FD_CHANNEL, message, fd, true) < 0)
		_exit(3);
}

/* One good message of each type; its fields are what a fair engine might send. */
static struct message good_message(enum message_type type)
{
	struct message m = { .type = type };

	switch (type) {
	case MON_READY:
		m.ready = (struct msg_ready){ MESSAGE_PROTOCOL, ENTRY_COUNT };
		break;
	case MON_AUTH:
		m.auth.secret = "wrong";
		break;
	case MON_OPEN:
		m.open = (struct msg_open){ ENTRY_HOSTS, "" };
		break;
	case MON_LIST:
		m.list.entry = ENTRY_GLOB;
		break;
	case MON_STAGE:
		m.stage = (struct msg_stage){ ENTRY_HOSTS, "" };
		break;
	case MON_SERVICE:
		m.service = (struct msg_service){ 1, 0, SERVICE_STATUS, 0, 0, 0, "ssh.service" };
		break;
	case MON_UNITS:
		m.units = (struct msg_units){ 1, "*" };
		break;
	case MON_LOG:
		m.log = (struct msg_log){ 1, 0, 10, "", "ssh.service" };
		break;
	case MON_WATCH:
		m.watch = (struct msg_watch){ 1, 0, "ssh.service" };
		break;
	case MON_PACKAGE:
		m.package = (struct msg_package){ 1, PACKAGE_STATUS, 0, 0, "hello" };
		break;
	case MON_SYSTEM:
		m.system = (struct msg_system){ 1, SYSTEM_TIMEZONE, "Etc/UTC" };
		break;
	default:
		break;
	}
	return m;
}

static enum message_phase phase_of(enum message_type type)
{
	const struct message_info *info = message_info(type);

	for (int phase = PHASE_MAX - 1; phase > PHASE_START; phase--)
		if (info->phases & PHASE_BIT(phase))
			return (enum message_phase)phase;
	return PHASE_START;
}

/* ---- getting there in a fair way ------------------------------------------------- */

static void receive(struct packet *packet, struct message *message, int *fd)
{
	if (channel_recv(FD_CHANNEL, true, packet, message, fd) != 1)
		_exit(4);
}

/* The client's first line holds the secret as its only run of 64 hexadecimal digits. */
static void read_secret(char *secret)
{
	char text[4096];
	size_t used = 0;
	ssize_t n;

	while (used < sizeof(text) - 1 &&
	       (n = read(FD_CLIENT, text + used, sizeof(text) - 1 - used)) > 0) {
		used += (size_t)n;
		text[used] = '\0';
		for (char *p = text; *p; p++) {
			if (strspn(p, "0123456789abcdef") < SECRET_TEXT_SIZE)
				continue;
			memcpy(secret, p, SECRET_TEXT_SIZE);
			secret[SECRET_TEXT_SIZE] = '\0';
			return;
		}
	}
	_exit(5);
}

static void reach(enum message_phase phase)
{
	struct message message = good_message(MON_READY);
	char secret[SECRET_TEXT_SIZE + 1];
	struct packet packet;
	int fd = -1;

	receive(&packet, &message, &fd); /* the welcome */
	if (phase == PHASE_START)
		return;
	message = good_message(MON_READY);
	send_message(&message, -1);
	if (phase == PHASE_LOCKED)
		return;
	read_secret(secret);
	message = (struct message){ .type = MON_AUTH, .auth.secret = secret };
	send_message(&message, -1);
	receive(&packet, &message, &fd);
	if (message.type != MON_AUTH_REPLY || !message.auth_reply.granted)
		_exit(6);
}

static void open_hosts(void)
{
	struct message message = good_message(MON_OPEN);
	struct packet packet;
	int fd = -1;

	send_message(&message, -1);
	receive(&packet, &message, &fd);
	if (message.type != MON_OPEN_REPLY || message.open_reply.outcome != OUTCOME_DONE)
		_exit(7);
}

/* ---- cases that every message has -------------------------------------------------- */

enum mangling { OUT_OF_PHASE, SHORT, LONG, WITH_FD, WITH_TWO_FDS, MANGLING_MAX };

static const char *const mangling_names[] = {
	[OUT_OF_PHASE] = "out of phase",
	[SHORT] = "one byte short",
	[LONG] = "one byte long",
	[WITH_FD] = "with a descriptor",
	[WITH_TWO_FDS] = "with two descriptors",
};

/* Is the case wrong at all? A message that is allowed always is never out of phase. */
static bool applies(enum message_type type, enum mangling mangling)
{
	const struct message_info *info = message_info(type);

	switch (mangling) {
	case OUT_OF_PHASE:
		return type == MON_READY || !(info->phases & PHASE_BIT(PHASE_START));
	case WITH_FD:
		return info->phases != 0 && !(info->flags & (MSG_FD | MSG_MAY_FD));
	default:
		return true;
	}
}

static void play_mangled(enum message_type type, enum mangling mangling)
{
	const int fds[] = { FD_CLIENT, FD_CLIENT };
	struct message message = good_message(type);
	uint8_t data[MESSAGE_MAX + 1];
	size_t length = 0;

	/* READY may be said once, and everything else not before it */
	if (mangling == OUT_OF_PHASE)
		reach(type == MON_READY ? PHASE_LOCKED : PHASE_START);
	else
		reach(phase_of(type));
	if (message_encode(&message, data, sizeof(data), &length) < 0)
		_exit(8);
	data[length] = 0;
	switch (mangling) {
	case SHORT:
		send_raw(data, length - 1, NULL, 0);
		break;
	case LONG:
		send_raw(data, length + 1, NULL, 0);
		break;
	case WITH_FD:
		send_raw(data, length, fds, 1);
		break;
	case WITH_TWO_FDS:
		send_raw(data, length, fds, 2);
		break;
	default:
		send_raw(data, length, NULL, 0);
	}
}

/* ---- cases of their own -------------------------------------------------------------- */

static void say(struct message message, int fd)
{
	send_message(&message, fd);
}

#define OPENS(entry_, name_) \
	say((struct message){ .type = MON_OPEN, .open = { entry_, name_ } }, -1)
#define STAGES(entry_, name_, fd_) \
	say((struct message){ .type = MON_STAGE, .stage = { entry_, name_ } }, fd_)
#define SERVES(entry_, verb_, unit_) \
	say((struct message){ .type = MON_SERVICE, \
			      .service = { .ticket = 1, \
					   .entry = (entry_), \
					   .verb = (verb_), \
					   .unit = (unit_) } }, \
	    -1)

static void other_protocol(void)
{
	say((struct message){ .type = MON_READY, .ready = { 99, ENTRY_COUNT } }, -1);
}

static void other_policy(void)
{
	say((struct message){ .type = MON_READY, .ready = { MESSAGE_PROTOCOL, ENTRY_COUNT + 1 } },
	    -1);
}

static void unknown_type(void)
{
	const uint32_t types[] = { MESSAGE_TYPE_MAX };

	send_raw(types, sizeof(types), NULL, 0);
}

static void no_type(void)
{
	send_raw("\1\0", 2, NULL, 0);
}

static void too_large(void)
{
	static uint8_t data[MESSAGE_MAX + 4096] = { MON_FORGET };

	send_raw(data, sizeof(data), NULL, 0);
}

static void reply_type(void)
{
	say((struct message){ .type = MON_AUTH_REPLY }, -1);
}

static void guess_on(void)
{
	for (int i = 0; i < 10; i++)
		say(good_message(MON_AUTH), -1);
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
	send_raw(data, w.pos, NULL, 0);
}

static void list_without_wildcard(void)
{
	say((struct message){ .type = MON_LIST, .list = { ENTRY_HOSTS } }, -1);
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
	say((struct message){ .type = MON_COMMIT, .commit = { 2 } }, -1);
}

static void service_out_of_range(void)
{
	SERVES(1, SERVICE_STATUS, "ssh.service");
}

static void service_verb_unknown(void)
{
	SERVES(0, SERVICE_VERB_MAX, "ssh.service");
}

static void service_other_unit(void)
{
	SERVES(0, SERVICE_STATUS, "cron.service");
}

static void service_path(void)
{
	SERVES(0, SERVICE_STATUS, "../ssh.service");
}

static void service_option(void)
{
	SERVES(0, SERVICE_STATUS, "--force.service");
}

static void bye_oddly(void)
{
	say((struct message){ .type = MON_BYE, .bye = { BYE_MAX } }, -1);
}

static const struct {
	const char *name;
	enum message_phase phase;
	void (*play)(void);
} cases[] = {
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
	{ "LIST of an entry without wildcard", PHASE_OPEN, list_without_wildcard },
	{ "STAGE of a file never opened", PHASE_OPEN, stage_never_opened },
	{ "STAGE of an unsealed memfd", PHASE_OPEN, stage_unsealed },
	{ "STAGE of a socket", PHASE_OPEN, stage_socket },
	{ "STAGE of one file twice", PHASE_OPEN, stage_twice },
	{ "STAGE of ../hosts", PHASE_OPEN, stage_elsewhere },
	{ "COMMIT with an odd flag", PHASE_OPEN, commit_oddly },
	{ "SERVICE of an entry after the last", PHASE_OPEN, service_out_of_range },
	{ "SERVICE with an unknown verb", PHASE_OPEN, service_verb_unknown },
	{ "SERVICE of a unit of no entry", PHASE_OPEN, service_other_unit },
	{ "SERVICE of a path", PHASE_OPEN, service_path },
	{ "SERVICE of an option", PHASE_OPEN, service_option },
	{ "BYE for an odd reason", PHASE_OPEN, bye_oddly },
};

static int list_cases(void)
{
	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++)
		for (enum mangling m = 0; m < MANGLING_MAX; m++)
			if (applies(type, m))
				printf("%s %s\n", message_info(type)->name, mangling_names[m]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		puts(cases[i].name);
	return 0;
}

static bool play(const char *wanted)
{
	char name[128];

	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++)
		for (enum mangling m = 0; m < MANGLING_MAX; m++) {
			snprintf(name, sizeof(name), "%s %s", message_info(type)->name,
				 mangling_names[m]);
			if (applies(type, m) && strcmp(name, wanted) == 0) {
				play_mangled(type, m);
				return true;
			}
		}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(cases[i].name, wanted) == 0) {
			reach(cases[i].phase);
			cases[i].play();
			return true;
		}
	return false;
}

int main(int argc, char **argv)
{
	char wanted[128] = "";
	FILE *file;

	if (argc > 1 && strcmp(argv[1], "--list") == 0)
		return list_cases();
	file = fopen(CASE_FILE, "r");
	if (!file || !fgets(wanted, sizeof(wanted), file))
		return 1;
	fclose(file);
	wanted[strcspn(wanted, "\n")] = '\0';
	if (!play(wanted))
		return 2;
	/* the monitor ends this process; one that it does not end ends by itself */
	sleep(10);
	return 0;
}
