/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine; touches only the private staging directory. The content
 * comes from the monitor, who read it from the system, and may be anything.
 */
#include "engine/staging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/glob.h"
#include "engine/texts.h"

char *staging_join(const char *pattern, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%.*s/%s", (int)glob_fixed_length(pattern), pattern, name) < 0)
		return NULL;
	return path;
}

const char *staging_name(const char *pattern, const char *path)
{
	return glob_has_wildcard(pattern) ? path + glob_fixed_length(pattern) + 1 : "";
}

/* Puts a backslash in front of each byte of text that is in special. */
static char *escaped(const char *before, const char *text, const char *special)
{
	size_t used = strlen(before);
	char *out = malloc(used + 2 * strlen(text) + 1);

	if (!out)
		return NULL;
	memcpy(out, before, used);
	for (; *text; text++) {
		if (strchr(special, *text))
			out[used++] = '\\';
		out[used++] = *text;
	}
	out[used] = '\0';
	return out;
}

/* The bytes that aug_escape_name(3) escapes, but for the slash between components. */
char *staging_node(const char *path)
{
	return escaped("/files", path, "\\|=[](),!&<>'\"+-* \t\n");
}

char *staging_plain_node(const char *path)
{
	return escaped("/files", path, "");
}

char *staging_source(const struct tree *tree, char *source)
{
	size_t length = strlen(tree->staging);

	if (!source || strncmp(source, tree->staging, length) != 0)
		return source;
	return staging_plain_node(source + length);
}

static int make_directories(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		int r;

		*p = '\0';
		r = mkdir(path, 0700);
		*p = '/';
		if (r < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* Whole seconds, each later than the last: aug_load(3) compares nothing finer. */
static int write_staged(struct tree *tree, const char *staged, int content)
{
	const struct timespec times[2] = {
		{ .tv_sec = tree->next_mtime },
		{ .tv_sec = tree->next_mtime },
	};
	scoped_fd fd = open(staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_copy(content, fd, CONTENT_MAX, NULL);
	if (r == 0 && futimens(fd, times) < 0)
		r = -errno;
	tree->next_mtime++;
	return r;
}

/* Augeas takes a NUL byte for the end of the file, and would cut off the rest. */
static int find_nul(int content, long *ret_offset)
{
	scoped_mapping text = { 0 };
	const char *nul;
	int r = memfd_map(content, CONTENT_MAX, &text);

	if (r < 0)
		return r;
	nul = memchr(text.data, '\0', text.size);
	*ret_offset = nul ? nul - text.data : -1;
	return 0;
}

/* Where Augeas notes what is wrong with the file. NULL without memory. */
static char *error_node(const struct tree_file *file)
{
	scoped_ptr char *node = staging_node(file->path);
	char *error = NULL;

	return node && asprintf(&error, "/augeas%s/error", node) >= 0 ? error : NULL;
}

void staging_clear_error(struct tree *tree, const struct tree_file *file)
{
	scoped_ptr char *error = error_node(file);

	if (error)
		aug_rm(tree->aug, error);
}

bool staging_has_error(const struct tree *tree, const struct tree_file *file)
{
	scoped_ptr char *error = error_node(file);

	return error && aug_match(tree->aug, error, NULL) > 0;
}

/* The lens of the policy, or what the client has put in its place. 0 or -ENOMEM. */
static int choose_lens(struct tree *tree, struct tree_file *file)
{
	const char *policy = tree->policy->files[file->entry].lens, *lens = policy;

	file->attached = LOAD_BY;
	if (tree->load)
		file->attached = load_table_find(tree->load, file->path, &lens);
	if (tree->empty && !file->asked)
		file->attached = LOAD_BY_NO;
	free(file->lens);
	file->lens = strdup(lens ? lens : policy);
	if (!file->lens)
		return -ENOMEM;
	file->foreign = strcmp(file->lens, policy) != 0;
	return 0;
}

/* Says so where Augeas would. */
static void note_two_lenses(struct tree *tree, const struct tree_file *file)
{
	scoped_ptr char *error = error_node(file);

	if (error)
		aug_set(tree->aug, error, "mxfm_load");
}

int staging_load(struct tree *tree, struct tree_file *file)
{
	int r = load_table_begin(tree->aug);

	if (r < 0)
		return r;
	r = load_table_add(tree->aug, file->lens, file->path);
	file->state = TREE_LOADED;
	/* a lens that is missing is told by aug_error(3) alone */
	if (r == 0 && (aug_load_file(tree->aug, file->path) < 0 ||
		       aug_error(tree->aug) != AUG_NOERROR || staging_has_error(tree, file)))
		file->state = TREE_PARSE_FAILED;
	load_table_end(tree->aug);
	texts_read(tree, file, true);
	return r;
}

static int stage_and_load(struct tree *tree, struct tree_file *file)
{
	scoped_ptr char *staged = tree_staging_path(tree, file->path);
	int r = staged ? make_directories(staged) : -ENOMEM;

	if (r == 0)
		r = choose_lens(tree, file);
	if (r == 0 && file->attached == LOAD_BY_TWO) {
		note_two_lenses(tree, file);
		file->state = TREE_PARSE_FAILED;
		return 0;
	}
	if (file->attached == LOAD_BY_NO)
		file->state = TREE_DETACHED;
	if (r < 0 || file->base < 0 || file->attached == LOAD_BY_NO)
		return r;
	r = find_nul(file->base, &file->nul_offset);
	if (r < 0)
		return r;
	if (file->nul_offset >= 0) {
		file->state = TREE_PARSE_FAILED;
		return 0;
	}
	r = write_staged(tree, staged, file->base);
	if (r == 0 && tree->bulk) {
		file->state = TREE_STAGED;
		return 0;
	}
	return r < 0 ? r : staging_load(tree, file);
}

int staging_fetch(struct tree *tree, struct tree_file *file)
{
	const char *name = staging_name(tree->policy->files[file->entry].path, file->path);
	struct msg_open_reply reply;
	int r = mon_open(tree->mon, file->entry, name, &reply, &file->base);

	if (r < 0)
		return r;
	file->outcome = reply.outcome;
	file->error = reply.error;
	switch (file->outcome) {
	case OUTCOME_DONE:
		return file->base < 0 ? -EBADMSG : stage_and_load(tree, file);
	case OUTCOME_ABSENT:
		file->state = TREE_ABSENT;
		return stage_and_load(tree, file);
	default:
		file->state = TREE_UNREADABLE;
		return choose_lens(tree, file);
	}
}

int staging_fetch_newer(struct tree *tree, struct tree_file *file, struct msg_open_reply *ret_reply)
{
	const char *name = staging_name(tree->policy->files[file->entry].path, file->path);
	scoped_fd content = -1;
	int r = mon_open(tree->mon, file->entry, name, ret_reply, &content);

	if (r < 0)
		return r;
	if (ret_reply->outcome != OUTCOME_DONE && ret_reply->outcome != OUTCOME_ABSENT)
		return 0;
	if ((ret_reply->outcome == OUTCOME_DONE) != (content >= 0))
		return -EBADMSG;
	close_fd(file->newer);
	file->newer = take_fd(&content);
	file->stale = true;
	return 0;
}

void staging_forget_newer(struct tree_file *file)
{
	file->newer = close_fd(file->newer);
	file->stale = false;
}

int staging_read_anew(struct tree *tree, struct tree_file *file)
{
	int r = choose_lens(tree, file), content = file->newer;

	if (r < 0)
		return r;
	file->newer = -1;
	file->nul_offset = -1;
	r = staging_forget(tree, file);
	file->splice = splice_free(file->splice);
	close_fd(file->base);
	file->base = content;
	file->edited = file->unwritten = file->stale = false;
	file->state = TREE_ABSENT;
	return r < 0 ? r : stage_and_load(tree, file);
}

int staging_adopt(struct tree *tree, struct tree_file *file, int content)
{
	scoped_ptr char *staged = tree_staging_path(tree, file->path);
	int r = staging_forget(tree, file);

	file->splice = splice_free(file->splice);
	close_fd(file->base);
	file->base = content;
	staging_forget_newer(file);
	file->state = TREE_ABSENT;
	if (r == 0 && !staged)
		r = -ENOMEM;
	/* one that no lens reads by now, or two, is no part of the tree */
	if (file->attached != LOAD_BY)
		file->state = file->attached == LOAD_BY_NO ? TREE_DETACHED : TREE_PARSE_FAILED;
	if (r < 0 || content < 0 || file->attached != LOAD_BY)
		return r;
	r = write_staged(tree, staged, content);
	return r < 0 ? r : staging_load(tree, file);
}

int staging_forget(struct tree *tree, const struct tree_file *file)
{
	scoped_ptr char *staged = tree_staging_path(tree, file->path);
	scoped_ptr char *node = staging_node(file->path), *meta = NULL;

	if (!staged || !node || asprintf(&meta, "/augeas%s", node) < 0)
		return -ENOMEM;
	if (aug_rm(tree->aug, node) < 0 || aug_rm(tree->aug, meta) < 0)
		return -EINVAL;
	return unlink(staged) < 0 && errno != ENOENT ? -errno : 0;
}

/* What Augeas notes of a file that it has written. */
static int note_written(struct tree *tree, const struct tree_file *file, time_t mtime)
{
	scoped_ptr char *node = staging_node(file->path), *meta = NULL, *text = NULL;

	if (!node || asprintf(&meta, "/augeas%s/mtime", node) < 0 ||
	    asprintf(&text, "%lld", (long long)mtime) < 0)
		return -ENOMEM;
	return aug_set(tree->aug, meta, text) < 0 ? -EINVAL : 0;
}

int staging_write(struct tree *tree, const struct tree_file *file, const char *text)
{
	scoped_fd content = memfd_of("exmachina-text", text, strlen(text));
	scoped_ptr char *staged = tree_staging_path(tree, file->path);
	time_t mtime = tree->next_mtime;
	int r;

	if (content < 0 || !staged)
		return content < 0 ? content : -ENOMEM;
	r = write_staged(tree, staged, content);
	return r < 0 ? r : note_written(tree, file, mtime);
}

int staging_content(const struct tree *tree, const struct tree_file *file, int *ret_content)
{
	scoped_ptr char *staged = tree_staging_path(tree, file->path);
	scoped_fd from = -1, content = -1;
	int r;

	if (!staged)
		return -ENOMEM;
	from = open(staged, O_RDONLY | O_CLOEXEC);
	if (from < 0 && errno == ENOENT) {
		*ret_content = -1;
		return 0;
	}
	content = from < 0 ? -errno : memfd_new("exmachina-new");
	if (content < 0)
		return content;
	r = fd_copy(from, content, CONTENT_MAX, NULL);
	if (r == 0)
		r = memfd_seal(content);
	if (r < 0)
		return r;
	*ret_content = take_fd(&content);
	return 0;
}
