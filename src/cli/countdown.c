/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Asks whoever sits at the terminal whether a
 * commit stays. The server counts; here it is asked once a second how much is
 * left, since others may confirm or extend as well. The session is not kept
 * from other processes meanwhile.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

#include "cli/cli.h"
#include "common/fd.h"
#include "exmachina.h"

enum {
	SECOND_MS = 1000,
	LOOK_MS = 100,
	LOOKS_MAX = 600, /* for what services made of it */
	LOOKS_LATE = 50, /* for a server that is busy when the time is over */
	LOOKS_ELSE = 10, /* for a notification, where nothing says that one comes */
};

struct countdown {
	struct cli *cli;
	const char *token;
	int64_t revision;
	int64_t left; /* seconds; 0: nothing waits any more */
	int64_t before;
	bool told; /* that it was taken back, and: */
	bool restored;
	int signals;
	bool half_a_line; /* was read, whose rest is no answer */
};

enum answer {
	ANSWER_NONE,
	ANSWER_KEEP,
	ANSWER_BACK,
	ANSWER_GONE, /* the terminal is, and nobody can be asked */
};

bool countdown_is_possible(const struct cli *cli)
{
	return !cli->json && !cli->script && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static sigset_t interruptions(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

void countdown_prepare(void)
{
	sigset_t set = interruptions();

	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

void countdown_finish(const struct cli *cli)
{
	sigset_t set;

	if (cli->interrupts < 0)
		return;
	(void)interrupt_take(cli);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void came(struct cli *cli, const char *method, struct json_object *params)
{
	struct countdown *countdown = cli->notified_data;

	if (strcmp(method, "config.rolled_back") != 0)
		return;
	countdown->told = true;
	countdown->restored = json_boolean(json_get(params, "restored"));
}

static struct json_object *params_of(const struct countdown *countdown, bool roll_back)
{
	struct json_object *params = call_memory(json_new_object());

	call_put(params, "token", call_argument(countdown->token));
	if (roll_back)
		call_put(params, "rollback", call_memory(json_new_bool(true)));
	return params;
}

/* ---- how it ends ------------------------------------------------------------------------- */

static enum status taken_back(const struct countdown *countdown, const char *why, bool restored)
{
	const struct cli *cli = countdown->cli;

	if (restored) {
		report(cli, "%s: the files are as they were before", why);
		return STATUS_TAKEN_BACK;
	}
	report(cli, "%s: not everything is as it was before, see the log of exmachinad", why);
	return STATUS_FAILED;
}

/* Is the newest thing that was done a rollback, and not our commit? */
static bool is_rolled_back(const struct countdown *countdown)
{
	struct json_object *params = call_memory(json_new_object());
	scoped_json *result = NULL;
	const struct json_object *newest;
	const char *method;

	call_put(params, "limit", call_memory(json_new_int(1)));
	if (call_quietly(countdown->cli, "config.history", params, &result) < 0)
		return false;
	newest = json_at(json_get(result, "revisions"), 0);
	method = json_string(json_get(newest, "method"), NULL);
	return method && strcmp(method, "config.rollback") == 0 &&
	       json_int(json_get(newest, "revision")) > countdown->revision;
}

/* How long it may still take, as the server has it; what it tells meanwhile is heard. */
static int look(struct countdown *countdown)
{
	scoped_json *result = NULL;
	int r = call_quietly(countdown->cli, "config.confirm", NULL, &result);

	countdown->before = countdown->left;
	if (r == 0)
		countdown->left = json_int(json_get(result, "seconds"));
	return r;
}

/* Nothing waits any more: its time was over, or somebody else has decided. */
static enum status ended(struct countdown *countdown)
{
	bool is_late = countdown->before <= 1, back = is_rolled_back(countdown);
	/* who asks for a rollback is answered, and nobody of the same session notified */
	int looks = !is_late ? LOOKS_ELSE : back ? LOOKS_MAX : LOOKS_LATE, r = 0;

	while (r == 0 && !countdown->told && looks-- > 0) {
		(void)poll(NULL, 0, LOOK_MS);
		r = look(countdown);
		if (r == 0 && is_late && !back && is_rolled_back(countdown)) {
			back = true;
			looks = LOOKS_MAX;
		}
	}
	if (r < 0)
		return report_failure(countdown->cli, r);
	if (countdown->told)
		return taken_back(countdown,
				  "the commit was taken back, since it was not confirmed",
				  countdown->restored);
	if (back) {
		report(countdown->cli,
		       "the commit was taken back; how services took that is not known");
		return STATUS_TAKEN_BACK;
	}
	fputs("The commit stays: it was confirmed elsewhere.\n", stderr);
	return STATUS_DONE;
}

static bool is_error(const struct countdown *countdown, int r, int code)
{
	const struct exm_error *error = exm_last_error(countdown->cli->session);

	return r == -EREMOTEIO && error && error->code == code;
}

/* While something else of the server is under way it is asked again. 0 or the library's error. */
static int decide(const struct countdown *countdown, bool roll_back,
		  struct json_object **ret_result)
{
	int tries = LOOKS_MAX, r;

	do {
		r = call_quietly(countdown->cli, "config.confirm", params_of(countdown, roll_back),
				 ret_result);
		if (!is_error(countdown, r, EXM_ERROR_BUSY))
			return r;
		(void)poll(NULL, 0, LOOK_MS);
	} while (--tries > 0);
	return r;
}

/* It was not to be decided any more. */
static enum status failed(struct countdown *countdown, int r)
{
	if (is_error(countdown, r, EXM_ERROR_NO_MATCH))
		return ended(countdown);
	return report_failure(countdown->cli, r);
}

static enum status keep(struct countdown *countdown)
{
	scoped_json *result = NULL;
	int r = decide(countdown, false, &result);

	if (r < 0)
		return failed(countdown, r);
	fputs("The commit stays.\n", stderr);
	return STATUS_DONE;
}

static enum status take_back(struct countdown *countdown)
{
	scoped_json *result = NULL;
	int r;

	fputs("The commit is taken back ...\n", stderr);
	r = decide(countdown, true, &result);
	if (r < 0)
		return failed(countdown, r);
	return taken_back(countdown, "the commit was taken back",
			  json_boolean(json_get(result, "restored")));
}

/* ---- asking -------------------------------------------------------------------------------- */

static bool is_word(const char *text, const char *word)
{
	return strcasecmp(text, word) == 0;
}

/* What has been typed, as the terminal gives it: a line, or the end. */
static enum answer read_answer(struct countdown *countdown)
{
	char line[128];
	ssize_t n = read(STDIN_FILENO, line, sizeof(line) - 1);
	bool was_half = countdown->half_a_line;

	if (n < 0 && errno == EINTR)
		return ANSWER_NONE;
	if (n <= 0)
		return n == 0 && isatty(STDIN_FILENO) ? ANSWER_BACK : ANSWER_GONE;
	countdown->half_a_line = line[n - 1] != '\n';
	line[n - !countdown->half_a_line] = '\0';
	if (was_half || countdown->half_a_line)
		return ANSWER_NONE;
	if (!*line || is_word(line, "y") || is_word(line, "yes"))
		return ANSWER_KEEP;
	return is_word(line, "n") || is_word(line, "no") ? ANSWER_BACK : ANSWER_NONE;
}

static enum answer await_answer(struct countdown *countdown)
{
	struct pollfd pollers[] = {
		{ .fd = countdown->signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int n = poll(pollers, ARRAY_SIZE(pollers), SECOND_MS);

	if (n == 0 || (n < 0 && errno == EINTR))
		return ANSWER_NONE;
	return n < 0 || pollers[0].revents ? ANSWER_BACK : read_answer(countdown);
}

static enum status ask(struct countdown *countdown)
{
	enum answer answer = ANSWER_NONE;
	int r;

	while (answer == ANSWER_NONE) {
		r = look(countdown);
		if (r < 0) {
			fputc('\n', stderr);
			return report_failure(countdown->cli, r);
		}
		if (countdown->left == 0 || countdown->told)
			break;
		fprintf(stderr,
			"\r\033[KKeep it? Enter keeps it, n takes it back; %lld s are left: ",
			(long long)countdown->left);
		fflush(stderr);
		answer = await_answer(countdown);
	}
	fputs(answer == ANSWER_KEEP ? "" : "\n", stderr);
	if (answer == ANSWER_NONE)
		return ended(countdown);
	/* it has the token, or had, who may come back and decide */
	if (answer == ANSWER_GONE)
		return STATUS_FAILED;
	return answer == ANSWER_KEEP ? keep(countdown) : take_back(countdown);
}

enum status countdown_run(struct cli *cli, const struct json_object *commit)
{
	sigset_t set = interruptions();
	scoped_fd signals = signalfd(-1, &set, SFD_CLOEXEC);
	struct countdown countdown = {
		.cli = cli,
		.signals = signals,
		.token = json_string(json_get(json_get(commit, "confirm"), "token"), NULL),
		.revision = json_int(json_get(commit, "revision")),
	};
	enum status status;

	fprintf(stderr,
		"The commit is taken back unless it is confirmed, here or with:\n"
		"  exmachina confirm %s\n",
		countdown.token);
	/* what was typed before this was asked is no answer to it */
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
	cli->notified = came;
	cli->notified_data = &countdown;
	status = ask(&countdown);
	cli->notified = NULL;
	return status;
}
