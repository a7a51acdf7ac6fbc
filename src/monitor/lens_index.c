/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor before the first client. Its engine has seen nothing but
 * the policy and the lenses, both root's; its answers are checked all the same.
 */
#include "monitor/lens_index.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "common/channel.h"
#include "common/log.h"
#include "monitor/lens_memo.h"
#include "monitor/policy/policy_memfd.h"

enum { INDEX_TIMEOUT_MS = 60000 };

static size_t count_missing(const struct policy *policy)
{
	size_t missing = 0;

	for (size_t i = 0; i < policy->file_count; i++)
		missing += policy->files[i].lens == NULL;
	return missing;
}

/* Those that were found out earlier, as long as the lenses are the same. */
static void remember(struct policy *policy, const struct lens_memo *memo)
{
	for (size_t i = 0; i < policy->file_count; i++)
		if (!policy->files[i].lens)
			policy->files[i].lens = lens_memo_find(memo, policy->files[i].path);
}

static int take_lens(struct policy *policy, const struct msg_lens *answer)
{
	struct policy_file *file;

	if (answer->entry >= policy->file_count || policy->files[answer->entry].lens)
		return -EPROTO;
	if (answer->lens[0] == '\0')
		return 0;
	file = &policy->files[answer->entry];
	file->lens = strdup(answer->lens);
	return file->lens ? 0 : -ENOMEM;
}

static int receive(int channel, struct policy *policy)
{
	struct packet packet;
	struct message message;
	int r;

	for (;;) {
		struct pollfd poll_fd = { .fd = channel, .events = POLLIN };
		scoped_fd fd = -1;

		r = poll(&poll_fd, 1, INDEX_TIMEOUT_MS);
		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			continue;
		r = channel_recv(channel, false, &packet, &message, &fd);
		if (r == 0)
			return 0;
		if (r == -EAGAIN)
			continue;
		if (r > 0)
			r = message.type == MON_LENS ? take_lens(policy, &message.lens) : -EPROTO;
		if (r < 0)
			return r;
	}
}

static int ask(struct policy *policy, struct starter *starter)
{
	const struct message welcome = {
		.type = MON_WELCOME,
		.welcome = { .user = "", .root = "" },
	};
	scoped_fd ours = -1, theirs = -1, memfd = policy_to_memfd(policy);
	int fds[2], r, status;
	pid_t pid;

	if (memfd < 0)
		return memfd;
	r = channel_pair(&ours, &theirs);
	if (r < 0)
		return r;
	fds[0] = theirs;
	fds[1] = STDERR_FILENO;
	r = starter_start(starter, START_INDEX, fds, ARRAY_SIZE(fds), policy->optional_layers,
			  &pid);
	if (r < 0)
		return r;
	theirs = close_fd(theirs);
	r = channel_send(ours, &welcome, memfd, false);
	if (r == 0)
		r = receive(ours, policy);
	if (r < 0)
		kill(pid, SIGKILL);
	/* if it ends before it has read the policy, that may show as a broken pipe, or not */
	if (waitpid(pid, &status, 0) != pid || (r == 0 && status != 0))
		r = -EPIPE;
	return r;
}

static void note_all(const struct policy *policy, const bool *missing, struct lens_memo *memo)
{
	for (size_t i = 0; i < policy->file_count; i++)
		if (missing[i] && policy->files[i].lens)
			lens_memo_note(memo, policy->files[i].path, policy->files[i].lens);
}

/* What is asked is kept only if the engine that answered has kept to the protocol to its end. */
static int ask_and_note(struct policy *policy, struct starter *starter, struct lens_memo *memo)
{
	scoped_ptr bool *missing = calloc(policy->file_count, sizeof(*missing));
	int r;

	if (!missing)
		return -ENOMEM;
	for (size_t i = 0; i < policy->file_count; i++)
		missing[i] = !policy->files[i].lens;
	r = ask(policy, starter);
	if (r == 0)
		note_all(policy, missing, memo);
	return r;
}

int lens_index_complete(struct policy *policy, const struct lens_source *source)
{
	scoped(lens_memo_closep) struct lens_memo *memo = NULL;
	int r;

	if (count_missing(policy) == 0)
		return 0;
	memo = lens_memo_open(source->state_fd, source->lens_path, time(NULL));
	remember(policy, memo);
	r = count_missing(policy) > 0 ? ask_and_note(policy, source->starter, memo) : 0;
	if (r < 0) {
		log_error("cannot find out which lenses serve which files: %s",
			  r == -EPIPE ? "the engine that was asked has failed" : strerror(-r));
		return r;
	}
	for (size_t i = 0; i < policy->file_count; i++) {
		if (policy->files[i].lens)
			continue;
		log_error("[File %s]: Augeas has no lens for it by default; name one with Lens=",
			  policy->files[i].path);
		r = -EINVAL;
	}
	return r;
}
