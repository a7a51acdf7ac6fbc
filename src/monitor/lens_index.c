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
#include "monitor/policy/policy_memfd.h"

enum { INDEX_TIMEOUT_MS = 60000 };

static size_t count_missing(const struct policy *policy)
{
	size_t missing = 0;

	for (size_t i = 0; i < policy->file_count; i++)
		missing += policy->files[i].lens == NULL;
	return missing;
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

static int ask(struct policy *policy, struct starter *starter, const char *lens_path)
{
	struct message welcome = {
		.type = MON_WELCOME,
		.welcome = { .user = "", .root = "", .lens_path = lens_path },
	};
	scoped_fd ours = -1, theirs = -1, memfd = policy_to_memfd(policy);
	int fds[2], r;
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
	waitpid(pid, NULL, 0);
	return r;
}

int lens_index_complete(struct policy *policy, struct starter *starter, const char *lens_path)
{
	int r;

	if (count_missing(policy) == 0)
		return 0;
	r = ask(policy, starter, lens_path);
	if (r < 0) {
		log_error("cannot find out which lenses serve which files: %s", strerror(-r));
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
