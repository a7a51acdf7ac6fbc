/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/engine/timer.c: a request over its time ends the process that works on
 * it, whatever was written for others in between. Each case is played by a child,
 * which works on until a signal ends it: SIGALRM, or too late the limit of its CPU time.
 * For timer.c time is here what the child has worked, so that nothing takes longer
 * because the machine had something else to do.
 */
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/timer.h"

enum { LIMIT_MS = 300, CPU_SECONDS = 2, DONE = 33 };

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_setitimer(int which, const struct itimerval *value, struct itimerval *old);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	return __real_clock_gettime(clock == CLOCK_MONOTONIC ? CLOCK_PROCESS_CPUTIME_ID : clock,
				    now);
}

int __wrap_setitimer(int which, const struct itimerval *value, struct itimerval *old)
{
	static timer_t timer;
	static bool is_made;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	const struct itimerspec wanted = {
		.it_value = { value->it_value.tv_sec, value->it_value.tv_usec * 1000 },
	};

	/* of real time, and once */
	if (which != ITIMER_REAL || old || value->it_interval.tv_sec || value->it_interval.tv_usec)
		_exit(2);
	if (!is_made && timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) < 0)
		_exit(3);
	is_made = true;
	return timer_settime(timer, 0, &wanted, NULL);
}

static void work(void)
{
	for (volatile unsigned int i = 0;; i++)
		;
}

/* Works a third of the time that a request has. */
static void work_a_little(void)
{
	clock_t end = clock() + CLOCKS_PER_SEC * LIMIT_MS / 3000;

	while (clock() < end)
		;
}

/* How a child ends that does this: by which signal, or 0. */
static int play(void (*what)(void))
{
	const struct rlimit limit = { CPU_SECONDS, CPU_SECONDS };
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (setrlimit(RLIMIT_CPU, &limit) < 0 || timer_init(LIMIT_MS) < 0)
			_exit(1);
		what();
		_exit(DONE);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		assert_int_equal(WEXITSTATUS(status), DONE);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void begin_and_work(void)
{
	timer_begin();
	work();
}

static void pause_and_work(void)
{
	timer_begin();
	timer_resume(timer_pause());
	work();
}

/* The alarm may come while nothing is timed; then it has to be set again. */
static void pause_long_and_work(void)
{
	int64_t used;

	timer_begin();
	used = timer_pause();
	for (int i = 0; i < 6; i++)
		work_a_little();
	timer_resume(used);
	work();
}

static void pause_again_and_again(void)
{
	timer_begin();
	for (;;) {
		work_a_little();
		timer_resume(timer_pause());
	}
}

static void work_in_pauses(void)
{
	int64_t used;

	timer_begin();
	used = timer_pause();
	for (int i = 0; i < 6; i++)
		work_a_little();
	timer_resume(used);
	timer_end();
}

static void work_after_the_end(void)
{
	timer_begin();
	timer_end();
	/* nothing is timed, so there is nothing to go on with */
	timer_resume(timer_pause());
	for (int i = 0; i < 6; i++)
		work_a_little();
}

static void test_a_request_over_its_time_ends_the_process(void **state)
{
	(void)state;
	assert_int_equal(play(begin_and_work), SIGALRM);
}

static void test_what_is_written_meanwhile_does_not_take_the_limit_away(void **state)
{
	(void)state;
	assert_int_equal(play(pause_and_work), SIGALRM);
	assert_int_equal(play(pause_long_and_work), SIGALRM);
}

static void test_pauses_do_not_begin_the_time_anew(void **state)
{
	(void)state;
	assert_int_equal(play(pause_again_and_again), SIGALRM);
}

static void test_time_in_a_pause_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(play(work_in_pauses), 0);
}

static void test_nothing_is_timed_after_the_end(void **state)
{
	(void)state;
	assert_int_equal(play(work_after_the_end), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_over_its_time_ends_the_process),
		cmocka_unit_test(test_what_is_written_meanwhile_does_not_take_the_limit_away),
		cmocka_unit_test(test_pauses_do_not_begin_the_time_anew),
		cmocka_unit_test(test_time_in_a_pause_does_not_count),
		cmocka_unit_test(test_nothing_is_timed_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
