/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: the forms in which the client was started by somebody
 * else. A stranger at the socket is turned away before a byte of his is read.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "common/fd.h"
#include "common/log.h"
#include "exmachina.h"
#include "monitor/confirm/confirm.h"
#include "monitor/exit_status.h"
#include "monitor/server.h"

/* Connections a second, so that one that cannot be taken does not keep the loop busy. */
enum { ACCEPT_PERIOD_USEC = 1000000, ACCEPT_BURST = 100 };

/* How soon it is noticed that what waited to be confirmed was, or is another server's. */
enum { DECIDED_USEC = 1000000 };

static bool peer_is_user(const struct server *server, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		log_error("cannot tell who connected: %s", strerror(errno));
		return false;
	}
	if (peer.uid == server->user.uid)
		return true;
	log_warning("process %d of user %u is not user %s and was turned away", (int)peer.pid,
		    (unsigned int)peer.uid, server->user.name);
	return false;
}

/* The one line that the monitor says to a client: a constant. */
static void say_busy(int fd)
{
	char line[256];
	int length = snprintf(line, sizeof(line),
			      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,"
			      "\"message\":\"another client is served now\","
			      "\"data\":{\"name\":\"BUSY\"}}}\n",
			      EXM_ERROR_BUSY);

	if (send(fd, line, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_info("a second client left at once");
}

static int load_secret(const struct server *server, struct secret *ret_secret)
{
	const char *path = server->options->secret_file;
	int r = secret_from_file(path, server->user.uid, ret_secret);

	if (r == -EPERM)
		log_error("%s: only root or %s may own or read it", path, server->user.name);
	else if (r == -EBADMSG)
		log_error("%s: not 64 hexadecimal digits", path);
	else if (r < 0)
		log_error("%s: %s; exmachinad --make-secret writes it", path, strerror(-r));
	return r;
}

static int serve(struct server *server, int client)
{
	struct secret secret;
	int r = load_secret(server, &secret);

	if (r < 0) {
		close_fd(client);
		return r;
	}
	r = server_start_session(server, client, &secret);
	secret_wipe(&secret);
	if (r < 0)
		log_error("cannot start a session: %s", strerror(-r));
	return r;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct server *server = data;
	scoped_fd client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)source;
	(void)events;
	if (client < 0) {
		/* it is still waiting, and tried again at the rate of the source */
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			log_warning("cannot take a connection: %s", strerror(errno));
		return 0;
	}
	if (!peer_is_user(server, client))
		return 0;
	if (server_is_serving(server) || server->leaving) {
		say_busy(client);
		return 0;
	}
	if (serve(server, take_fd(&client)) < 0)
		log_warning("the client was turned away");
	return 0;
}

/*
 * A commit in hand comes to its end first, and what is taken back when its client goes is; a second
 * signal does not wait for that.
 */
void form_socket_stop(struct server *server)
{
	if (!server->transaction && !server_waits_to_take_back(server)) {
		sd_event_exit(server->event, EXIT_SUCCESS);
		return;
	}
	server->leaving = true;
	if (server_is_serving(server))
		server_drain(server);
	else
		server_leave(server, EXIT_SUCCESS);
}

static int on_decided(sd_event_source *source, uint64_t usec, void *data)
{
	struct server *server = data;

	(void)usec;
	if (!confirm_watches(server->host.confirm))
		server_leave(server, server->verdict);
	else if (sd_event_source_set_time_relative(source, DECIDED_USEC) < 0 ||
		 sd_event_source_set_enabled(source, SD_EVENT_ONESHOT) < 0)
		return -EIO;
	return 0;
}

/*
 * What the client has left to be confirmed is to be taken back in time though no other client may
 * ever come. Nobody waits for this server: each of its kind has one client.
 */
static void leave_when_decided(struct server *server)
{
	int r = confirm_watches(server->host.confirm)
			? sd_event_add_time_relative(server->event, NULL, CLOCK_MONOTONIC,
						     DECIDED_USEC, 0, on_decided, server)
			: -ENOENT;

	if (r < 0)
		server_leave(server, server->verdict);
	else
		log_notice("the client has gone, and the server stays until what waits to be "
			   "confirmed is, or its time is over");
}

void form_socket_session_over(struct server *server)
{
	/* with the first one go the others, where it has to */
	if (server_is_serving(server) && server->failed)
		server_drain(server);
	if (server_is_serving(server))
		return;
	server->failed = false;
	if (server->leaving)
		server_leave(server, EXIT_SUCCESS);
	else if (server->listener < 0)
		leave_when_decided(server);
	else
		log_info("waiting for the next client");
}

/* A socket file that nobody listens on any more is replaced; anything else is not touched. */
static int clear_the_way(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	return unlink(path) < 0 ? -errno : 0;
}

static int make_listener(const struct server *server, int *ret_fd)
{
	const char *path = server->options->listen_path;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	scoped_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int r;

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return -EADDRINUSE;
	r = clear_the_way(path);
	if (r < 0)
		return r;
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return r;
	/* once it is the user's it can be connected: who waits for it looks at that */
	if (listen(fd, SOMAXCONN) < 0 || chown(path, server->user.uid, server->user.gid) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Never called: the limit needs a clock, and that its descriptor, when there may be none left. */
static int on_never(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	(void)data;
	return 0;
}

static int watch_listener(struct server *server)
{
	sd_event_source *source = NULL;
	int r = sd_event_add_time(server->event, NULL, CLOCK_MONOTONIC, UINT64_MAX, 0, on_never,
				  NULL);

	if (r >= 0)
		r = sd_event_add_io(server->event, &source, server->listener, EPOLLIN,
				    on_connection, server);
	if (r >= 0)
		r = sd_event_source_set_ratelimit(source, ACCEPT_PERIOD_USEC, ACCEPT_BURST);
	if (r >= 0)
		r = sd_event_source_set_floating(source, true);
	sd_event_source_unref(source);
	return r;
}

static int start_listening(struct server *server)
{
	struct secret secret;
	int r = load_secret(server, &secret);

	/* a missing secret should be noticed now and not by the first client */
	if (r < 0)
		return EXIT_OTHER;
	secret_wipe(&secret);
	r = watch_listener(server);
	if (r < 0) {
		log_error("cannot watch the socket: %s", strerror(-r));
		return EXIT_OTHER;
	}
	daemon_ready(server->daemon);
	return 0;
}

static int start_listen(struct server *server)
{
	int r = make_listener(server, &server->listener);

	if (r < 0) {
		log_error("cannot listen on %s: %s", server->options->listen_path, strerror(-r));
		return EXIT_OTHER;
	}
	return start_listening(server);
}

static int find_activated(struct server *server)
{
	int count = sd_listen_fds(1), fd = SD_LISTEN_FDS_START;

	if (count != 1) {
		log_error("%d sockets from the service manager; one is expected", count);
		return EXIT_OTHER;
	}
	if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0) {
		server->listener = fd;
		return 0;
	}
	if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 0) <= 0) {
		log_error("what the service manager passed is no Unix stream socket");
		return EXIT_OTHER;
	}
	server->client = fd;
	return peer_is_user(server, fd) ? 0 : EXIT_OTHER;
}

static int start_activated(struct server *server)
{
	if (server->listener >= 0)
		return start_listening(server);
	return serve(server, take_fd(&server->client)) < 0 ? EXIT_OTHER : 0;
}

static int find_fd(struct server *server)
{
	const struct options *options = server->options;
	int r;

	if (sd_is_socket(options->fd, AF_UNIX, SOCK_STREAM, 0) <= 0) {
		log_error("--fd %d is no connected Unix stream socket", options->fd);
		return EXIT_OTHER;
	}
	server->client = options->fd;
	r = fd_set_cloexec(server->client, true);
	if (r < 0)
		log_error("--fd %d: %s", options->fd, strerror(-r));
	return r < 0 ? EXIT_OTHER : 0;
}

static int start_with_fds(struct server *server)
{
	const struct options *options = server->options;
	scoped_fd secret_fd = options->secret_fd;
	struct secret secret;
	int r = secret_read(secret_fd, &secret);

	if (r < 0) {
		log_error("--secret-fd %d: %s", options->secret_fd,
			  r == -EBADMSG ? "not 64 hexadecimal digits" : strerror(-r));
		return EXIT_OTHER;
	}
	r = server_start_session(server, take_fd(&server->client), &secret);
	secret_wipe(&secret);
	return r < 0 ? EXIT_OTHER : 0;
}

int form_socket_find(struct server *server)
{
	switch (server->options->form) {
	case FORM_FD:
		return find_fd(server);
	case FORM_ACTIVATED:
		return find_activated(server);
	case FORM_LISTEN:
	case FORM_PROGRAM:
	default:
		return 0;
	}
}

int form_socket_start(struct server *server)
{
	switch (server->options->form) {
	case FORM_FD:
		return start_with_fds(server);
	case FORM_LISTEN:
		return start_listen(server);
	case FORM_ACTIVATED:
		return start_activated(server);
	case FORM_PROGRAM:
	default:
		return EXIT_OTHER;
	}
}
