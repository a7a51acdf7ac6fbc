/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine. Nothing depends on it but the client's own certainty. */
#include "engine/plan.h"

#include <sha2.h>
#include <string.h>

#include "common/memfd.h"
#include "common/message.h"

static int add_content(SHA2_CTX *sum, int fd)
{
	scoped_mapping mapping = { 0 };
	uint64_t size = UINT64_MAX;
	int r = fd < 0 ? 0 : memfd_map(fd, CONTENT_MAX, &mapping);

	if (r < 0)
		return r;
	if (fd >= 0)
		size = mapping.size;
	SHA256Update(sum, (const uint8_t *)&size, sizeof(size));
	SHA256Update(sum, (const uint8_t *)mapping.data, mapping.size);
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct dirty *const *one = a, *const *other = b;

	return strcmp((*one)->file->path, (*other)->file->path);
}

int plan_of(const struct dirty_list *list, char plan[static PLAN_SIZE])
{
	const struct dirty *sorted[TREE_FILES_MAX];
	SHA2_CTX sum;
	int r = 0;

	/* they come in the order in which they were edited */
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->item[i];
	qsort(sorted, list->count, sizeof(sorted[0]), by_path);
	SHA256Init(&sum);
	for (size_t i = 0; r == 0 && i < list->count; i++) {
		const char *path = sorted[i]->file->path;

		/* with the NUL, which no path has inside */
		SHA256Update(&sum, (const uint8_t *)path, strlen(path) + 1);
		r = add_content(&sum, sorted[i]->from);
		if (r == 0)
			r = add_content(&sum, sorted[i]->content);
	}
	SHA256End(&sum, plan);
	return r;
}
