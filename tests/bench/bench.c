/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures a server from the client's side and prints ratios: the numbers of
 * one machine alone say little. Runs as root inside the sandbox, trusts all.
 *
 * usage: bench POLICY-DIRECTORY NODE
 */
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "peer.h"

enum {
	COLD_RUNS = 31,
	AUGTOOL_RUNS = 3,
	PAIRS = 15,   /* measurements of echo and of get, side by side */
	ROUND = 2000, /* calls of one measurement */
};

/* What the numbers are to stay below. */
#define BOUND_COLD_MS 30.0
#define BOUND_WARM_RATIO 2.5
#define BOUND_DAEMON_KIB 3072
#define BOUND_ENGINE_KIB 9216

static const char *verdict(bool good)
{
	return good ? "within" : "OVER";
}

/* ---- servers --------------------------------------------------------------------- */

/* Answers each line with `size` bytes, doing nothing else: what any server must cost. */
static struct server start_echo(size_t size)
{
	struct server server;
	int pair[2];
	char line[LINE], answer[LINE];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	server.fd = pair[0];
	server.pid = fork();
	if (server.pid < 0)
		die("fork");
	if (server.pid > 0) {
		close(pair[1]);
		return server;
	}
	close(pair[0]);
	memset(answer, 'x', size);
	answer[size - 1] = '\n';
	while (read_line(pair[1], line) > 0)
		send_all(pair[1], answer, size);
	_exit(0);
}

/* ---- measurements ------------------------------------------------------------------ */

static double augtool_ms(const char *node)
{
	double times[AUGTOOL_RUNS];

	for (size_t i = 0; i < AUGTOOL_RUNS; i++) {
		double begin = now_us();
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			if (!freopen("/dev/null", "w", stdout))
				_exit(127);
			execlp("augtool", "augtool", "get", node, NULL);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			return -1;
		times[i] = (now_us() - begin) / 1e3;
	}
	return median(times, AUGTOOL_RUNS);
}

static bool cold_start(const char *policy, const char *request, const char *node)
{
	double times[COLD_RUNS], cold, augtool = augtool_ms(node);
	char answer[LINE];

	for (size_t i = 0; i < COLD_RUNS; i++) {
		double begin = now_us();
		struct server server = start_daemon(policy);

		authenticate(&server);
		exchange(server.fd, request, answer);
		times[i] = (now_us() - begin) / 1e3;
		stop(&server);
	}
	cold = median(times, COLD_RUNS);
	printf("cold   exec to first answered augeas.get  %8.1f ms   bound %.0f ms: %s\n", cold,
	       BOUND_COLD_MS, verdict(cold <= BOUND_COLD_MS));
	if (augtool >= 0)
		printf("       augtool get                        %8.1f ms   %.0f times as long\n",
		       augtool, augtool / cold);
	return cold <= BOUND_COLD_MS;
}

/* Echo and get in turn, so that a change of the machine's pace meets both. */
static bool warm(const struct server *server, const char *request)
{
	double echoes[PAIRS], gets[PAIRS], ratios[PAIRS], ratio;
	char answer[LINE];
	size_t size = exchange(server->fd, request, answer);
	struct server echo = start_echo(size);

	for (size_t i = 0; i < PAIRS; i++) {
		echoes[i] = round_us(echo.fd, request, answer, ROUND);
		gets[i] = round_us(server->fd, request, answer, ROUND);
		ratios[i] = gets[i] / echoes[i];
	}
	stop(&echo);
	ratio = median(ratios, PAIRS);
	printf("warm   augeas.get, p50                    %8.1f us   %.2f times the echo, "
	       "bound %.1f: %s\n",
	       median(gets, PAIRS), ratio, BOUND_WARM_RATIO, verdict(ratio <= BOUND_WARM_RATIO));
	printf("       bare echo, %4zu + %3zu bytes, p50    %8.1f us\n", strlen(request), size,
	       median(echoes, PAIRS));
	return ratio <= BOUND_WARM_RATIO;
}

/*
 * The same with an expression that was never read before, so that Augeas has
 * to parse it: what a client pays who does not ask the same things again.
 */
static void warm_anew(const struct server *server, const char *node)
{
	double fresh[PAIRS], again[PAIRS], ratios[PAIRS];
	static double times[ROUND];
	char request[1024], answer[LINE];

	for (size_t i = 0; i < PAIRS; i++) {
		for (size_t n = 0; n < ROUND; n++) {
			double begin;

			snprintf(request, sizeof(request),
				 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"augeas.get\","
				 "\"params\":[\"%s[. != '%06zu']\"]}\n",
				 node, i * ROUND + n);
			begin = now_us();
			exchange(server->fd, request, answer);
			times[n] = now_us() - begin;
		}
		fresh[i] = median(times, ROUND);
		again[i] = round_us(server->fd, request, answer, ROUND);
		ratios[i] = fresh[i] / again[i];
	}
	printf("       another expression each time       %8.1f us   %.2f times the same one "
	       "again\n",
	       median(fresh, PAIRS), median(ratios, PAIRS));
}

static long private_kib(long pid)
{
	char path[64], line[256];
	long value, total = 0;
	scoped_file *file = NULL;

	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", pid);
	file = fopen(path, "re");
	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Clean: %ld", &value) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &value) == 1)
			total += value;
	return total;
}

static long engine_of(const struct server *server)
{
	char answer[LINE];
	const char *place;
	long pid = 0;

	exchange(server->fd, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session.info\"}\n",
		 answer);
	place = strstr(answer, "\"engine\"");
	place = place ? strstr(place, "\"pid\"") : NULL;
	if (!place || sscanf(place, "\"pid\": %ld", &pid) != 1) {
		fprintf(stderr, "bench: no engine in %s", answer);
		exit(1);
	}
	return pid;
}

static bool memory(const struct server *server)
{
	long daemon = private_kib(server->pid), engine = private_kib(engine_of(server));

	printf("memory exmachinad, private                %8ld KiB  bound %d KiB: %s\n", daemon,
	       BOUND_DAEMON_KIB, verdict(daemon <= BOUND_DAEMON_KIB));
	printf("       engine, private, one lens loaded   %8ld KiB  bound %d KiB: %s\n", engine,
	       BOUND_ENGINE_KIB, verdict(engine <= BOUND_ENGINE_KIB));
	return daemon <= BOUND_DAEMON_KIB && engine <= BOUND_ENGINE_KIB;
}

int main(int argc, char **argv)
{
	char request[1024], answer[LINE];
	struct server server;
	bool good;

	if (argc != 3) {
		fprintf(stderr, "usage: bench POLICY-DIRECTORY NODE\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"augeas.get\",\"params\":[\"%s\"]}\n",
		 argv[2]);
	good = cold_start(argv[1], request, argv[2]);
	pin_to_one_core();
	server = start_daemon(argv[1]);
	authenticate(&server);
	exchange(server.fd, request, answer);
	good = memory(&server) && good;
	good = warm(&server, request) && good;
	warm_anew(&server, argv[2]);
	stop(&server);
	puts(good ? "all within their bounds" : "something is over its bound");
	return good ? 0 : 1;
}
