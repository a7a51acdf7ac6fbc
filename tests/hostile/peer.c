/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test program's part: it stands in the engine's place, and is fair so far. */
#include "peer.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/layer.h"
#include "common/memfd.h"
#include "common/package_verb.h"
#include "common/policy.h"

static void send_with(int socket, const void *data, size_t size, const int *fds, size_t fd_count)
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
	if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0)
		_exit(3);
}

/* What a case sends is a packet, well-formed or not, and perhaps a descriptor. */
void peer_send_raw(const void *data, size_t size, const int *fds, size_t fd_count)
{
	send_with(FD_CHANNEL, data, size, fds, fd_count);
}

void peer_hand_over(int stream, int fd)
{
	send_with(stream, "", 1, &fd, 1);
}

void peer_send(const struct message *message, int fd)
{
	if (channel_send(FD_CHANNEL, message, fd, true) < 0)
		_exit(3);
}

/* One good message of each type; its fields are what a fair engine might send. */
struct message peer_good_message(enum message_type type)
{
	struct message m = { .type = type };

	switch (type) {
	case MON_READY:
		m.ready = (struct msg_ready){ MESSAGE_PROTOCOL, ENTRY_COUNT, READER_LAYERS_ALL };
		break;
	case MON_AUTH:
		m.auth.secret = "wrong";
		break;
	case MON_OPEN:
		m.open = (struct msg_open){ ENTRY_GLOB, "a.list" };
		break;
	case MON_PREPARE:
		m.prepare.entry = ENTRY_HOSTS;
		break;
	case MON_LIST:
		m.list.entry = ENTRY_GLOB;
		break;
	case MON_STAGE:
		m.stage = (struct msg_stage){ ENTRY_GLOB, "a.list" };
		break;
	case MON_HISTORY:
		m.history = (struct msg_history){ 0, 10, "" };
		break;
	case MON_REVISION:
		m.revision.revision = REVISION;
		break;
	case MON_PART:
		m.part = (struct msg_part){ REVISION, REVISION_FILE, PART_OLD };
		break;
	case MON_RESTORE:
		m.restore = (struct msg_restore){ REVISION, REVISION_FILE };
		break;
	case MON_CONFIRM:
		m.confirm =
			(struct msg_confirm){ CONFIRM_KEEP, 0, "00112233445566778899aabbccddeeff" };
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
	case MON_REFUSED:
		m.refused = (struct msg_refused){ "augeas.set", "/etc/hosts", "Set=1/ipaddr" };
		break;
	default:
		break;
	}
	return m;
}

int peer_good_fd(enum message_type type)
{
	static const char text[] = "deb http://a b c\n";
	int fd = -1;

	if (message_info(type)->flags & (MSG_FD | MSG_MAY_FD)) {
		fd = memfd_of("content", text, strlen(text));
		if (fd < 0)
			_exit(20);
	}
	return fd;
}

enum message_phase peer_phase_of(enum message_type type)
{
	const struct message_info *info = message_info(type);

	for (int phase = PHASE_MAX - 1; phase > PHASE_START; phase--)
		if (info->phases & PHASE_BIT(phase))
			return (enum message_phase)phase;
	return PHASE_START;
}

/* ---- getting there in a fair way ------------------------------------------------- */

void peer_receive(struct packet *packet, struct message *message, int *fd)
{
	if (channel_recv(FD_CHANNEL, true, packet, message, fd) != 1)
		_exit(4);
}

static char secret[SECRET_TEXT_SIZE + 1];

const char *peer_secret(void)
{
	return secret;
}

/* The client's first line holds the secret as its only run of 64 hexadecimal digits. */
static void read_secret(void)
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

static void show_secret(void)
{
	struct message message = { .type = MON_AUTH, .auth.secret = secret };
	struct packet packet;
	int fd = -1;

	read_secret();
	peer_send(&message, -1);
	peer_receive(&packet, &message, &fd);
	if (message.type != MON_AUTH_REPLY || !message.auth_reply.granted)
		_exit(6);
}

void peer_reach(enum message_phase phase)
{
	struct message message = { .type = MESSAGE_NONE };
	struct packet packet;
	int fd = -1;

	peer_receive(&packet, &message, &fd); /* the welcome */
	if (phase == PHASE_START)
		return;
	message = peer_good_message(MON_READY);
	peer_send(&message, -1);
	if (phase == PHASE_OPEN)
		show_secret();
}

void peer_say(struct message message, int fd)
{
	peer_send(&message, fd);
}

/* The next message must be of that type and tell of that outcome. */
void peer_expect(enum message_type type, enum job_outcome outcome)
{
	struct message message;
	struct packet packet;
	int fd = -1;

	peer_receive(&packet, &message, &fd);
	close_fd(fd);
	if (message.type != type ||
	    (type == MON_UNIT ? message.unit.outcome : message.data.outcome) != outcome)
		_exit(9);
}

/* ---- what is to come of a message -------------------------------------------------- */

/* MESSAGE_NONE if there is none. */
static enum message_type reply_of(enum message_type request)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_REPLY", message_info(request)->name);
	for (enum message_type type = 1; type < MESSAGE_TYPE_MAX; type++)
		if (strcmp(message_info(type)->name, name) == 0)
			return type;
	return MESSAGE_NONE;
}

static bool is_reply(enum message_type type)
{
	return strstr(message_info(type)->name, "_REPLY") != NULL;
}

static enum message_type receive_type(void)
{
	struct message message;
	struct packet packet;
	scoped_fd fd = -1;

	peer_receive(&packet, &message, &fd);
	return message.type;
}

static void ask(struct message message)
{
	peer_send(&message, -1);
	if (receive_type() != reply_of(message.type))
		_exit(7);
}

void peer_prepare(enum message_type type)
{
	if (type == MON_STAGE || type == MON_RESTORE)
		ask(peer_good_message(MON_OPEN));
}

static void fail(enum message_type type, const char *what, const char *problem)
{
	fprintf(stderr, "%s, %s: %s\n", message_info(type)->name, what, problem);
	_exit(11);
}

void peer_prove(enum message_type type, const char *what)
{
	const struct message last = peer_good_message(MON_OPEN);
	enum message_type wanted = reply_of(type), got = MESSAGE_NONE;
	bool is_due = wanted != MESSAGE_NONE;

	/* nothing more is heard of the monitor, which ends this process */
	if (type == MON_BYE)
		sleep(10);
	if (type == MON_READY)
		show_secret();
	peer_send(&last, -1);
	while (is_due || got != MON_OPEN_REPLY) {
		got = receive_type();
		if (is_due && got == wanted) {
			is_due = false;
			got = MESSAGE_NONE;
		} else if (is_reply(got) && got != MON_OPEN_REPLY) {
			fail(type, what, "a reply to something else");
		} else if (is_due && got == MON_OPEN_REPLY) {
			fail(type, what, "no reply");
		}
	}
	/* nothing of it shall be committed */
	if (type == MON_STAGE || type == MON_RESTORE)
		ask((struct message){ .type = MON_COMMIT, .commit.drop = 1 });
}
