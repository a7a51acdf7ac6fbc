/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. A session of one's own out of another: its socket comes with the answer, and
 * that it came over a session that had shown the secret is all that it has to show.
 */
#include <errno.h>

#include "exchange.h"
#include "loop.h"
#include "session.h"

#define METHOD "session.channel"

/* Takes the descriptor over. The session is that of whoever uses it first. */
static int make_channel(const struct exm *parent, int fd, struct exm **ret_channel)
{
	struct exm *channel = NULL;
	int r = fd < 0 ? -EBADMSG : exm_new(&channel);

	if (r < 0) {
		close_fd(fd);
		return r;
	}
	channel->stream.fd = fd;
	channel->timeout_ms = parent->timeout_ms;
	*ret_channel = channel;
	return 0;
}

int exm_open_channel(struct exm *session, struct exm **ret_channel)
{
	scoped_fd fd = -1;
	int r;

	if (!session || !ret_channel)
		return -EINVAL;
	r = exchange_fd(session, METHOD, &fd);
	return r < 0 ? r : make_channel(session, take_fd(&fd), ret_channel);
}

static void end_open(struct exm *session, struct call *call, int result, struct json_object *value)
{
	exm_channel_callback *callback = (exm_channel_callback *)call->callback;
	struct exm *channel = NULL;

	(void)value;
	if (result == 0)
		result = make_channel(session, take_fd(&call->fd), &channel);
	callback(session, result, channel, call->data);
}

int exm_open_channel_async(struct exm *session, exm_channel_callback *callback, void *data,
			   uint64_t *ret_call)
{
	const struct loop_call how = {
		.timeout_ms = -1,
		.end = end_open,
		.callback = (void (*)(void))callback,
		.data = data,
		.takes_fd = true,
	};

	if (!session || !callback)
		return -EINVAL;
	return loop_call(session, METHOD, NULL, &how, ret_call);
}
