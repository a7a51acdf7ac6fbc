/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server of the tests of client-lib/, and the way to it. */
#include "client_fixture.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

void say(const struct server *server, const char *text)
{
	if (send(server->out, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		_exit(3);
}

void hear(struct server *server, const char *part)
{
	static const char key[] = "\"id\":\"";
	const char *id;

	server->guards = 0;
	do {
		if (getline(&server->line, &server->size, server->in) < 0)
			_exit(4);
		id = strstr(server->line, key);
		server->guards += id ? 0 : 1;
	} while (!id);
	if (!strstr(server->line, part))
		_exit(5);
	id += strlen(key);
	snprintf(server->id, sizeof(server->id), "%.*s", (int)strcspn(id, "\""), id);
}

void answer(const struct server *server, const char *id, const char *rest)
{
	scoped_ptr char *text = NULL;

	if (asprintf(&text, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",%s}\n", id, rest) < 0)
		_exit(6);
	say(server, text);
}

void greet(struct server *server)
{
	char hello[160];

	hear(server, "session.hello");
	strcpy(hello, server->id);
	/* both are there before either is answered */
	hear(server, "session.authenticate");
	if (!strstr(server->line, DIGITS))
		_exit(7);
	answer(server, hello, HELLO);
	answer(server, server->id, GRANTED);
}

int secret_file(const char *text)
{
	int fd = memfd_create("secret", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

int client_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	int fds[2];

	assert_non_null(world);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	world->fd = fds[0];
	world->peer = fds[1];
	world->secret_fd = secret_file(DIGITS "\n");
	assert_int_equal(exm_new(&world->session), 0);
	exm_set_timeout(world->session, 60000);
	*state = world;
	return 0;
}

int client_teardown(void **state)
{
	struct world *world = *state;
	int status;

	exm_free(world->session);
	close_fd(world->fd);
	close_fd(world->peer);
	close_fd(world->secret_fd);
	/* the child's own status is its verdict */
	if (world->server > 0 &&
	    (waitpid(world->server, &status, 0) != world->server || status != 0))
		return -1;
	free(world);
	return 0;
}

void serve(struct world *world, void (*script)(struct server *server))
{
	struct server server = { .out = world->peer };

	world->server = fork();
	assert_true(world->server >= 0);
	if (world->server == 0) {
		alarm(300);
		close(world->fd);
		server.in = fdopen(dup(world->peer), "r");
		script(&server);
		_exit(0);
	}
	world->peer = close_fd(world->peer);
}

int connect_world(struct world *world, unsigned int flags)
{
	int r = exm_connect_fds(world->session, world->fd, world->secret_fd, flags);

	if (r == 0)
		world->fd = world->secret_fd = -1;
	return r;
}

void connect_to(struct world *world, void (*script)(struct server *server))
{
	serve(world, script);
	assert_int_equal(connect_world(world, 0), 0);
}

void assert_error(const struct world *world, int code, const char *name)
{
	const struct exm_error *error = exm_last_error(world->session);

	assert_non_null(error);
	assert_int_equal(error->code, code);
	assert_string_equal(error->name, name);
}
