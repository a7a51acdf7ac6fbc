/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine; touches only the private staging directory. */
#include "engine/texts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/log.h"
#include "engine/staging.h"

/* Bytes from which on the square of them takes longer than to put a text together. */
enum { SPLICED_MIN = 8 << 10 };

static bool is_long(const struct tree *tree, const struct tree_file *file)
{
	scoped_ptr char *staged = tree_staging_path(tree, file->path);
	struct stat st;

	return staged && stat(staged, &st) == 0 && st.st_size >= SPLICED_MIN;
}

/* One that cannot be had is none: Augeas writes the text. */
static void begin(struct tree *tree, struct tree_file *file)
{
	scoped_ptr char *node = staging_node(file->path);

	if (node && splice_new(tree->aug, node, file->lens, tree->lens_path, &tree->room,
			       &file->splice) < 0)
		file->splice = NULL;
}

void texts_read(struct tree *tree, struct tree_file *file, bool alone)
{
	file->splice = splice_free(file->splice);
	if (file->state == TREE_LOADED && (alone || is_long(tree, file)))
		begin(tree, file);
	texts_settled(file);
}

static int read_staged(const struct tree *tree, const struct tree_file *file, char **ret_text)
{
	scoped_ptr char *staged = tree_staging_path(tree, file->path);
	scoped_fd fd = staged ? open(staged, O_RDONLY | O_CLOEXEC) : -1;

	if (!staged)
		return -ENOMEM;
	return fd < 0 ? -errno : fd_read_text(fd, CONTENT_MAX, ret_text, NULL);
}

static const char *why(int outcome)
{
	switch (outcome) {
	case SPLICE_NOWHERE:
		return "it is not known where its entries are";
	case SPLICE_TOO_MUCH:
		return "too much of it was edited";
	case SPLICE_NO_WINDOW:
		return "its lens does not take the edited entries by themselves";
	default:
		return "in parts it would be read as something else";
	}
}

void texts_doubt(struct tree_file *file)
{
	file->splice = splice_free(file->splice);
}

int texts_splice(struct tree *tree, struct tree_file *file)
{
	scoped_ptr char *before = NULL, *after = NULL;
	int r;

	/* one that is gone, for Augeas, is for Augeas to remove */
	if (!file->splice || file->state != TREE_LOADED || !is_long(tree, file) ||
	    read_staged(tree, file, &before) < 0)
		return 0;
	r = splice_text(file->splice, before, &after);
	if (r < 0) {
		texts_doubt(file);
		return 0;
	}
	if (r != SPLICE_DONE) {
		log_info("%s is written as a whole: %s", file->path, why(r));
		return 0;
	}
	r = after ? staging_write(tree, file, after) : 0;
	if (r < 0) {
		texts_doubt(file);
		return r;
	}
	tree->texts_spliced += after != NULL;
	return 1;
}

void texts_written(struct tree *tree, struct tree_file *file)
{
	tree->texts_whole++;
	if (!file->splice)
		begin(tree, file);
	if (file->splice && splice_whole(file->splice) < 0)
		file->splice = splice_free(file->splice);
}

bool texts_differ(const struct tree_file *file)
{
	return file->splice && file->handed_out != 0 &&
	       splice_total(file->splice) != file->handed_out;
}

void texts_settled(struct tree_file *file)
{
	file->handed_out = file->splice ? splice_total(file->splice) : 0;
}
