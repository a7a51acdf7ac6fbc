/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proves src/monitor/client.c: who the other end of a socket is said to be. */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "monitor/client.h"

static void each_session_has_a_number_of_its_own(void **state)
{
	struct client a = client_new("panel"), b = client_new("panel");

	(void)state;
	assert_string_equal(a.user, "panel");
	assert_int_equal(strlen(a.session), 32);
	assert_int_equal(strspn(a.session, "0123456789abcdef"), 32);
	assert_string_not_equal(a.session, b.session);
	assert_int_equal(a.pid, 0);
	assert_string_equal(a.unit, "");
}

static void one_more_session_of_a_client_differs_in_its_number_only(void **state)
{
	struct client first = client_new("panel"), again;

	(void)state;
	first.pid = 7;
	first.uid = 8;
	snprintf(first.unit, sizeof(first.unit), "panel.service");
	again = client_again(&first);
	assert_int_equal(strlen(again.session), 32);
	assert_string_not_equal(again.session, first.session);
	memcpy(again.session, first.session, sizeof(again.session));
	assert_memory_equal(&again, &first, sizeof(first));
}

static void a_user_of_any_length_fits(void **state)
{
	scoped_ptr char *name = unit_repeat('x', 4000);
	struct client client = client_new(name);

	(void)state;
	assert_int_equal(strlen(client.user), POLICY_USER_MAX);
}

static void the_kernel_says_who_the_peer_is(void **state)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct client client = client_new("panel");
	sd_event *event = NULL;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(sd_event_new(&event) >= 0);
	client_is_peer(&client, pair[0], event, root);
	assert_int_equal(client.pid, getpid());
	assert_int_equal(client.uid, getuid());
	sd_event_unref(event);
	close_fd(pair[0]);
	close_fd(pair[1]);
}

static void what_is_no_socket_has_no_peer(void **state)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct client client = client_new("panel");

	(void)state;
	client_is_peer(&client, root, NULL, root);
	assert_int_equal(client.pid, 0);
	assert_string_equal(client.unit, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_session_has_a_number_of_its_own),
		cmocka_unit_test(one_more_session_of_a_client_differs_in_its_number_only),
		cmocka_unit_test(a_user_of_any_length_fits),
		cmocka_unit_test(the_kernel_says_who_the_peer_is),
		cmocka_unit_test(what_is_no_socket_has_no_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
