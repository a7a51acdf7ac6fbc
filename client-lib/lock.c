/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client. The processes that share a session take turns. What a
 * predecessor left on the stream, killed in the middle of it, is not trusted.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "session.h"

/* F_SETLKW would wait without end, and a library has no signals to interrupt it with. */
static int wait_for_lock(const struct exm *session, int64_t deadline)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct timespec pause = { 0, 100000 };

	if (deadline == DEADLINE_NEVER)
		deadline = deadline_after(LOCK_TIMEOUT_MS);
	while (fcntl(session->secret_fd, F_SETLK, &lock) < 0) {
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (deadline_left(deadline) == 0)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

int session_lock(struct exm *session, int64_t deadline)
{
	int r;

	if (!session->shared)
		return 0;
	if (session->locks == 0) {
		r = wait_for_lock(session, deadline);
		if (r < 0)
			return r;
		session->process = getpid();
	}
	session->locks++;
	if (session->locks > 1)
		return 0;
	r = call_send_guard(session);
	if (r < 0)
		session_unlock(session);
	return r;
}

void session_unlock(struct exm *session)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (session->locks == 0 || --session->locks > 0)
		return;
	/* the rest of a line begun here may be read by the next process, or swallowed by its guard
	 */
	stream_drop_input(&session->stream);
	stream_drop_output(&session->stream);
	/* a lock that ends with its process, whatever ends it */
	(void)fcntl(session->secret_fd, F_SETLK, &lock);
}

int exm_lock(struct exm *session)
{
	int r;

	if (!session)
		return -EINVAL;
	r = session_check(session);
	if (r < 0)
		return r;
	if (session->kept)
		return -EALREADY;
	r = session_lock(session, deadline_after(session->timeout_ms));
	if (r == 0)
		session->kept = true;
	return r;
}

int exm_unlock(struct exm *session)
{
	if (!session || !session->kept)
		return -EINVAL;
	if (!TAILQ_EMPTY(&session->open) || !TAILQ_EMPTY(&session->done))
		return -EBUSY;
	session->kept = false;
	session_unlock(session);
	return 0;
}
