/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "scene.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "harness.h"

enum { PAUSE_USEC = 50000 };

/* ---- the file -------------------------------------------------------------------------- */

char *hosts_text(int entries, size_t *ret_size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, ret_size);

	if (!file)
		die("hosts");
	for (int i = 0; i < entries; i++)
		fprintf(file, "10.%d.%d.%d\th%d.example.com h%d\n", i >> 16, i >> 8 & 255, i & 255,
			i, i);
	if (fclose(file) != 0)
		die("hosts");
	return text;
}

static void make_directory(const char *root, const char *below)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, below);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		die(path);
}

void hosts_write(const char *root, int entries)
{
	size_t size;
	scoped_ptr char *text = hosts_text(entries, &size);
	char path[PATH_MAX];
	FILE *file;

	make_directory(root, "");
	make_directory(root, "/etc");
	snprintf(path, sizeof(path), "%s" HOSTS, root);
	file = fopen(path, "we");
	if (!file || fwrite(text, 1, size, file) != size || fclose(file) != 0)
		die(path);
}

augeas *augeas_open(const char *root)
{
	augeas *aug = aug_init(root, LENS_PATH, AUG_NO_STDINC | AUG_NO_MODL_AUTOLOAD | AUG_NO_LOAD);

	if (!aug || aug_transform(aug, "Hosts.lns", HOSTS, 0) < 0 || aug_load(aug) < 0 ||
	    aug_get(aug, HOSTS_NODE "/1/ipaddr", NULL) != 1)
		die("libaugeas");
	return aug;
}

/* ---- the scene -------------------------------------------------------------------------- */

struct scene scene_begin(const char *policy, int entries, bool server, bool aug)
{
	struct scene scene = { .policy = policy, .entries = entries, .server.fd = -1 };
	char answer[LINE];

	if (server) {
		hosts_write(SCENE_ROOT, entries);
		scene.server = server_start(policy, SCENE_ROOT);
		exchange(scene.server.fd,
			 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.get\",\"params\":"
			 "[\"" HOSTS_NODE "/1/ipaddr\"]}\n",
			 answer);
	}
	if (aug) {
		hosts_write(SCENE_PEER_ROOT, entries);
		scene.aug = augeas_open(SCENE_PEER_ROOT);
	}
	return scene;
}

void scene_end(struct scene *scene)
{
	if (scene->server.fd >= 0)
		server_stop(&scene->server);
	aug_close(scene->aug);
	*scene = (struct scene){ .server.fd = -1 };
}

/* ---- edits ------------------------------------------------------------------------------ */

static double set_us(const struct scene *scene, int entry, const char *node, const char *value)
{
	char request[256];

	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.set\",\"params\":"
		 "[\"" HOSTS_NODE "/%d/%s\",\"%s\"]}\n",
		 entry, node, value);
	return ask_us(scene->server.fd, request);
}

void scene_wait(const struct scene *scene)
{
	if (scene->pause)
		usleep(PAUSE_USEC);
}

static double commit_us(const struct scene *scene)
{
	scene_wait(scene);
	return ask_us(scene->server.fd,
		      "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"config.commit\"}\n");
}

double scene_change(void *data)
{
	struct scene *scene = data;
	char value[32];
	double set;

	snprintf(value, sizeof(value), "r%06d", scene->round++);
	set = set_us(scene, scene->entries / 2, "alias", value);
	return isnan(set) ? NAN : set + commit_us(scene);
}

double scene_append(void *data)
{
	struct scene *scene = data;
	int entry = scene->entries + ++scene->round;
	double address = set_us(scene, entry, "ipaddr", "192.0.2.1");
	double name = set_us(scene, entry, "canonical", "new.example.com");

	return isnan(address) || isnan(name) ? NAN : address + name + commit_us(scene);
}

static int peer_set(const struct scene *scene, int entry, const char *node, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), HOSTS_NODE "/%d/%s", entry, node);
	return aug_set(scene->aug, path, value);
}

double scene_peer_change(void *data)
{
	struct scene *scene = data;
	char value[32];
	double begin;

	scene_wait(scene);
	begin = now_us();
	snprintf(value, sizeof(value), "r%06d", scene->round++);
	if (peer_set(scene, scene->entries / 2, "alias", value) < 0 || aug_save(scene->aug) < 0)
		return NAN;
	return now_us() - begin;
}

double scene_peer_append(void *data)
{
	struct scene *scene = data;
	int entry = scene->entries + ++scene->round;
	double begin;

	scene_wait(scene);
	begin = now_us();
	if (peer_set(scene, entry, "ipaddr", "192.0.2.1") < 0 ||
	    peer_set(scene, entry, "canonical", "new.example.com") < 0 || aug_save(scene->aug) < 0)
		return NAN;
	return now_us() - begin;
}
