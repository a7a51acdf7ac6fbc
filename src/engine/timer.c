/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. The signal handler uses nothing that signal-safety(7) does not list. */
#include "engine/timer.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

/* A signal handler has no argument of ours, so this is the engine's one global state. */
static struct {
	int64_t limit_us;
	volatile int64_t started_us; /* of the request under way; 0: none */
	volatile sig_atomic_t armed;
	volatile sig_atomic_t retiring;
} state;

enum { NUDGE_US = 5000 };

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void arm(int64_t us)
{
	const struct itimerval timer = {
		.it_value = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 },
	};

	state.armed = 1;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_alarm(int number)
{
	int64_t started = state.started_us, left;
	int saved = errno;

	state.armed = 0;
	if (state.retiring)
		arm(NUDGE_US);
	if (started != 0) {
		left = started + state.limit_us - now_us();
		if (left <= 0) {
			signal(number, SIG_DFL);
			raise(number);
		} else if (!state.retiring) {
			arm(left);
		}
	}
	errno = saved;
}

/*
 * A system call that waits is interrupted; one that is about to wait when the
 * signal comes would not be, so the timer goes on nudging.
 */
static void on_terminate(int number)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	int saved = errno;

	(void)number;
	state.retiring = 1;
	sigaction(SIGALRM, &action, NULL);
	arm(NUDGE_US);
	errno = saved;
}

bool timer_retiring(void)
{
	return state.retiring;
}

int timer_init(uint32_t timeout_ms)
{
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	const struct sigaction retire = { .sa_handler = on_terminate };

	state.limit_us = (int64_t)timeout_ms * 1000;
	if (sigaction(SIGALRM, &action, NULL) < 0 || sigaction(SIGTERM, &retire, NULL) < 0)
		return -errno;
	return 0;
}

void timer_begin(void)
{
	timer_resume(0);
}

void timer_end(void)
{
	state.started_us = 0;
}

int64_t timer_pause(void)
{
	int64_t started = state.started_us;

	state.started_us = 0;
	return started != 0 ? now_us() - started : -1;
}

void timer_resume(int64_t used)
{
	if (used < 0)
		return;
	state.started_us = now_us() - used;
	if (!state.armed)
		arm(used < state.limit_us ? state.limit_us - used : NUDGE_US);
}
