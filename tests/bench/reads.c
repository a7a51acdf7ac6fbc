/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the benchmark, which runs as root inside the sandbox and trusts all. */
#include "reads.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "scene.h"

static void middle_node(const struct scene *scene, char *path, size_t size)
{
	snprintf(path, size, HOSTS_NODE "/%d/canonical", scene->entries / 2);
}

double reads_get(void *data)
{
	const struct scene *scene = data;
	char path[64], request[256];

	middle_node(scene, path, sizeof(path));
	snprintf(request, sizeof(request),
		 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"augeas.get\",\"params\":[\"%s\"]}\n",
		 path);
	return ask_us(scene->server.fd, request);
}

double reads_aug_get(void *data)
{
	const struct scene *scene = data;
	const char *value;
	char path[64];
	double begin;

	middle_node(scene, path, sizeof(path));
	begin = now_us();
	if (aug_get(scene->aug, path, &value) != 1)
		die("aug_get");
	return now_us() - begin;
}

/* The time of the second one; the first one makes the tree another one. */
static double read_changed_us(struct scene *scene, const char *request)
{
	char change[256], answer[LINE];

	snprintf(change, sizeof(change),
		 "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.set\",\"params\":"
		 "[\"" HOSTS_NODE "/1/canonical\",\"r%d\"]}\n",
		 scene->round++);
	exchange(scene->server.fd, change, answer);
	return ask_us(scene->server.fd, request);
}

double reads_match(void *data)
{
	return read_changed_us(data, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.match\","
				     "\"params\":[\"" HOSTS_NODE "//*\"]}\n");
}

double reads_print(void *data)
{
	return read_changed_us(data, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.print\","
				     "\"params\":[\"" HOSTS_NODE "\"]}\n");
}

double reads_dump(void *data)
{
	return read_changed_us(data, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"augeas.dump\","
				     "\"params\":[\"" HOSTS_NODE "\"]}\n");
}

double reads_aug_match(void *data)
{
	const struct scene *scene = data;
	double begin = now_us();
	char **paths;
	int count = aug_match(scene->aug, HOSTS_NODE "//*", &paths);

	begin = now_us() - begin;
	if (count < 0)
		die("aug_match");
	for (int i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
	return begin;
}

double reads_aug_print(void *data)
{
	const struct scene *scene = data;
	scoped_file *nowhere = fopen("/dev/null", "we");
	double begin = now_us();

	if (!nowhere || aug_print(scene->aug, nowhere, HOSTS_NODE) < 0)
		die("aug_print");
	return now_us() - begin;
}

double reads_aug_to_xml(void *data)
{
	const struct scene *scene = data;
	double begin = now_us();
	xmlNode *tree = NULL;

	if (aug_to_xml(scene->aug, HOSTS_NODE, &tree, 0) < 0)
		die("aug_to_xml");
	begin = now_us() - begin;
	xmlFreeNode(tree);
	return begin;
}
