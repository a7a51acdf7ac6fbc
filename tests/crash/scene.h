/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_CRASH_SCENE_H
#define EXM_CRASH_SCENE_H

/* What is committed: files before and after. */
#include "tree.h"

enum {
	SCENE_FILES_MAX = 6,
	/* sections of the policy */
	SCENE_ENTRY_ONE = TREE_ONE,
	SCENE_ENTRY_TWO = TREE_TWO,
	/* what the policy says of a file that is made */
	SCENE_CREATE_MODE = 0640,
	SCENE_CREATE_GID = 6,
};

struct scene_file {
	enum tree_place place;
	const char *name;
	const char *old, *new; /* NULL: it is not there */
	mode_t mode;           /* of the old one; 0: 0644 */
	uid_t uid;
	gid_t gid;
	bool has_attributes;
	unsigned int repeat; /* both texts that often; 0: once */
};

struct scene {
	const char *name;
	struct scene_file file[SCENE_FILES_MAX];
	bool is_first; /* there was no commit before */
};

const struct scene *scene_table(size_t *ret_count);
size_t scene_file_count(const struct scene *scene);
char *scene_text(const struct scene_file *file, const char *text, size_t *ret_size);

/* Both trees, without a state directory. A file that is not of the commit is in either. */
void scene_trees(const struct scene *scene, struct tree *ret_old, struct tree *ret_new);

/* What is committed after the scene, to see that it can be: nothing else than TREE_ONE/next. */
#define SCENE_NEXT "next.conf"

extern const char scene_policy[];

#endif
