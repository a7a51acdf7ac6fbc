/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in the verifier's place, as one that the text of a file has taken over. It hands in lists
 * that are none, made from the row's own fields, plays with the memory that they are in, and ends
 * in every way. "--list" prints each case and, behind a tab, what is to come of the commit:
 * "done", "denied", "unverified", "limit", "io", "refused" for any of the last four, "any", and
 * "time" for one that has to be ended. Which one is played stands in CASE_FILE.
 *
 * The list says that /1/alias gets the value "new", which the policy of
 * tests/system/test_verifier.py allows, unless the case is about the row.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/fd.h"
#include "common/memfd.h"

#include "rows.h"

#define CASE_FILE "/etc/exmachina-hostile-verifier"

enum { FD_VERIFY_CHANNEL = 3, OTHER_STATUS = 99 };

/* A whole list of these rows, all the same. */
static void write_rows(int list, struct row_case *c, uint32_t said, uint32_t count)
{
	uint8_t head[8], data[4 * REPORT_TEXT_MAX], end[8] = { 0 };
	struct wire h = wire_over(head, sizeof(head)), w = wire_over(data, sizeof(data));

	wire_put_u32(&h, REPORT_CHANGE);
	wire_put_u32(&h, said);
	row_put(&c->row, &c->change, &w);
	if (fd_write_all(list, head, h.pos) < 0)
		_exit(OTHER_STATUS);
	for (uint32_t i = 0; i < count; i++)
		if (fd_write_all(list, data, w.pos) < 0)
			_exit(OTHER_STATUS);
	/* the trailer: a text without a byte */
	if (fd_write_all(list, end, sizeof(uint32_t) + 1) < 0)
		_exit(OTHER_STATUS);
}

static void write_right(int list)
{
	struct row_case c = right_case();

	write_rows(list, &c, 1, 1);
}

static void write_forbidden(int list)
{
	struct row_case c = right_case();

	c.row.path = "/1/ipaddr";
	write_rows(list, &c, 1, 1);
}

/* ---- lists that are none as a whole --------------------------------------------------- */

static void nothing(int list)
{
	(void)list;
}

static void of_another_kind(int list)
{
	scoped_report report = report_begin(REPORT_UNIT);

	if (report_write(&report, "", list) < 0)
		_exit(OTHER_STATUS);
}

static void resize(int list, off_t by)
{
	off_t size = lseek(list, 0, SEEK_END);

	if (ftruncate(list, size + by) < 0)
		_exit(OTHER_STATUS);
}

static void one_byte_short(int list)
{
	write_right(list);
	resize(list, -1);
}

static void one_byte_long(int list)
{
	write_right(list);
	resize(list, 1);
}

static void half(int list)
{
	write_right(list);
	resize(list, -lseek(list, 0, SEEK_END) / 2);
}

static void of_1_tib(int list)
{
	write_right(list);
	resize(list, (off_t)1 << 40);
}

static void counts(int list, uint32_t said, uint32_t count)
{
	struct row_case c = right_case();

	write_rows(list, &c, said, count);
}

static void row_missing(int list)
{
	counts(list, 2, 1);
}

static void row_left(int list)
{
	counts(list, 1, 2);
}

static void no_row_said(int list)
{
	counts(list, 0, 1);
}

static void rows_without_end(int list)
{
	counts(list, UINT32_MAX, 1);
}

/* All of them the same, in one write each time that the buffer is full. */
static void many_rows(int list, uint32_t count, bool last_is_forbidden)
{
	struct row_case c = right_case();
	struct row_case last = right_case();
	const size_t room = (size_t)64 << 20;
	uint8_t *data = malloc(room);
	struct wire w = wire_over(data, room);

	if (!data)
		_exit(OTHER_STATUS);
	if (last_is_forbidden)
		last.row.path = "/1/ipaddr";
	wire_put_u32(&w, REPORT_CHANGE);
	wire_put_u32(&w, count);
	for (uint32_t i = 1; i < count; i++)
		row_put(&c.row, &c.change, &w);
	row_put(&last.row, &last.change, &w);
	wire_put_str(&w, "", 0);
	if (w.bad || fd_write_all(list, data, w.pos) < 0)
		_exit(OTHER_STATUS);
	free(data);
}

static void as_many_rows_as_may_be(int list)
{
	many_rows(list, REPORT_ROWS_MAX, false);
}

static void more_rows_than_may_be(int list)
{
	many_rows(list, REPORT_ROWS_MAX + 1, false);
}

static void the_last_one_forbidden(int list)
{
	many_rows(list, REPORT_ROWS_MAX, true);
}

/* ---- games with its memory -------------------------------------------------------------- */

/* A child that outlives it, for a while. True in the child. */
static bool outlived(void)
{
	if (fork() != 0)
		return false;
	setsid();
	prctl(PR_SET_PDEATHSIG, 0);
	alarm(3);
	return true;
}

static void kept_mapped(int list)
{
	char *map;

	write_right(list);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, list, 0);
	if (map == MAP_FAILED)
		_exit(OTHER_STATUS);
	if (outlived())
		for (;;)
			memcpy(map, "\xff\xff\xff\xff", 4);
}

/* A forbidden row and the right one in turn, for as long as that goes. */
static void kept_open(int list)
{
	write_right(list);
	if (outlived())
		for (bool forbidden = true;; forbidden = !forbidden) {
			if (lseek(list, 0, SEEK_SET) < 0)
				_exit(1);
			(forbidden ? write_forbidden : write_right)(list);
		}
}

static void kept_growing(int list)
{
	write_right(list);
	if (outlived())
		while (write(list, "\0", 1) == 1)
			;
}

static void sealed_by_itself(int list)
{
	write_right(list);
	if (memfd_seal(list) < 0)
		_exit(OTHER_STATUS);
}

static void sealed_but_for_writing(int list)
{
	write_right(list);
	(void)fcntl(list, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW);
}

static void position_elsewhere(int list)
{
	write_right(list);
	(void)lseek(list, 1000, SEEK_SET);
}

/* ---- and with its channel and its end ---------------------------------------------------- */

static void said_on_the_channel(int list)
{
	write_right(list);
	for (int i = 0; i < 1000000; i++)
		if (send(FD_VERIFY_CHANNEL, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
}

static void said_in_the_log(int list)
{
	write_right(list);
	for (int i = 0; i < 100; i++)
		dprintf(STDERR_FILENO, "engine 1 broke the protocol \033[2J %d\n", i);
}

static void log_filled(int list)
{
	write_right(list);
	for (int i = 0; i < 100000; i++)
		dprintf(STDERR_FILENO, "more and more and more and more and more and more %d\n", i);
}

static void channel_closed(int list)
{
	write_right(list);
	close(FD_VERIFY_CHANNEL);
	pause();
}

static void stopped(int list)
{
	write_right(list);
	raise(SIGSTOP);
}

static void endless(int list)
{
	write_right(list);
	for (;;)
		;
}

static void exit_before(int list)
{
	(void)list;
	_exit(0);
}

static const struct {
	const char *name;
	void (*play)(int list);
	const char *outcome;
} cases[] = {
	{ "nothing at all", nothing, "unverified" },
	{ "a list of another kind", of_another_kind, "unverified" },
	{ "the right list", write_right, "done" },
	{ "one forbidden row", write_forbidden, "denied" },
	{ "a list one byte short", one_byte_short, "unverified" },
	{ "a list one byte long", one_byte_long, "unverified" },
	{ "half a list", half, "unverified" },
	{ "a list of 1 TiB", of_1_tib, "refused" },
	{ "one row fewer than said", row_missing, "unverified" },
	{ "one row more than said", row_left, "unverified" },
	{ "one row where none is said", no_row_said, "unverified" },
	{ "1048577 rows", more_rows_than_may_be, "unverified" },
	{ "4294967295 rows said", rows_without_end, "unverified" },
	{ "1048576 rows", as_many_rows_as_may_be, "done" },
	{ "1048576 rows, the last of them forbidden", the_last_one_forbidden, "denied" },
	{ "a list that a child has mapped and writes to", kept_mapped, "unverified" },
	{ "a list that a child writes anew", kept_open, "any" },
	{ "a list that a child makes longer", kept_growing, "any" },
	{ "a list that it has sealed itself", sealed_by_itself, "unverified" },
	{ "a list that cannot be sealed for writing", sealed_but_for_writing, "unverified" },
	{ "a list with its position elsewhere", position_elsewhere, "done" },
	{ "the right list, and much on its channel", said_on_the_channel, "done" },
	{ "the right list, and lines in the log", said_in_the_log, "done" },
	{ "the end before it is asked", exit_before, "unverified" },
	{ "more in its log than anybody reads", log_filled, "time" },
	{ "the right list, but no end", endless, "time" },
	{ "the right list, its channel closed, but no end", channel_closed, "time" },
	{ "the right list, but it is stopped", stopped, "time" },
};

/* Whatever it is that the list says, only status 0 has it looked at. */
static bool play_end(const char *wanted, int list)
{
	int number;

	if (sscanf(wanted, "status %d", &number) == 1) {
		write_right(list);
		_exit(number);
	}
	if (sscanf(wanted, "signal %d", &number) == 1) {
		write_right(list);
		signal(number, SIG_DFL);
		raise(number);
		_exit(OTHER_STATUS);
	}
	return false;
}

/* ------------------------------------------------------------------------------------------ */

static bool list_row(struct row_case *c, const void *data)
{
	(void)data;
	printf("%s\t%s\n", c->name, c->outcome);
	return false;
}

static int list_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		printf("%s\t%s\n", cases[i].name, cases[i].outcome);
	each_row(list_row, NULL);
	for (int status = 1; status < 256; status++)
		printf("status %d\trefused\n", status);
	for (int number = 1; number < 32; number++)
		if (number != SIGSTOP && number != SIGTSTP && number != SIGTTIN &&
		    number != SIGTTOU)
			printf("signal %d\tunverified\n", number);
	return 0;
}

struct play {
	const char *wanted;
	int list;
};

static bool play_row(struct row_case *c, const void *data)
{
	const struct play *play = data;

	if (strcmp(c->name, play->wanted) != 0)
		return false;
	/* in the structure it is odd already */
	if (!is_malformed(c->change.oddity))
		c->change.which = SIZE_MAX;
	write_rows(play->list, c, 1, 1);
	return true;
}

/* The fourth message brings the memfd for the list. */
static int receive_list(void)
{
	struct packet packet;
	struct message message = { .type = MESSAGE_NONE };
	int fd = -1;

	while (message.type != MON_VERIFY_RESULT) {
		close_fd(fd);
		fd = -1;
		if (channel_recv(FD_VERIFY_CHANNEL, true, &packet, &message, &fd) != 1)
			_exit(OTHER_STATUS);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct play play = { .list = -1 };
	char wanted[ROW_NAME_SIZE] = "";
	FILE *file;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list_cases();
	play.list = receive_list();
	file = fopen(CASE_FILE, "re");
	if (!file || !fgets(wanted, sizeof(wanted), file))
		return OTHER_STATUS;
	wanted[strcspn(wanted, "\n")] = '\0';
	play.wanted = wanted;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(cases[i].name, wanted) == 0) {
			cases[i].play(play.list);
			return 0;
		}
	return play_end(wanted, play.list) || each_row(play_row, &play) ? 0 : OTHER_STATUS;
}
