/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of the crash tests: a table, and what its rows look like on disk. */
#include "scene.h"

#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "must.h"

const char scene_policy[] = "[Session]\nUser=panel\nTimeout=60s\n"
			    "[File /etc/one.d/*.conf]\n"
			    "Lens=Hosts.lns\nVerify=no\nSet=**\nCreate=0640 root:disk\nDelete=yes\n"
			    "[File /etc/two.d/*.conf]\n"
			    "Lens=Hosts.lns\nVerify=no\nSet=**\nCreate=0640 root:disk\nDelete=yes\n"
			    /* as many as hostile/peer.c tells of */
			    "[File /etc/unused]\nLens=Hosts.lns\n";

static const struct scene scenes[] = {
	{ "one file changed",
	  { { TREE_ONE, "a.conf", "before\n", "behind\n", 0, 0, 0, 0, 0 } },
	  0 },
	{ "the first commit of all",
	  { { TREE_ONE, "a.conf", "before\n", "after\n", 0, 0, 0, 0, 0 },
	    { TREE_TWO, "b.conf", NULL, "after\n", 0, 0, 0, 0, 0 } },
	  1 },
	{ "three files changed in two directories",
	  { { TREE_ONE, "a.conf", "a before\n", "a after\n", 0, 0, 0, 0, 0 },
	    { TREE_TWO, "b.conf", "b before\n", "b after, and longer\n", 0600, 0, 0, 0, 0 },
	    { TREE_ONE, "c.conf", "c before, and longer\n", "c\n", 0, 33, 33, 0, 0 } },
	  0 },
	{ "one file created", { { TREE_ONE, "a.conf", NULL, "after\n", 0, 0, 0, 0, 0 } }, 0 },
	{ "one file deleted", { { TREE_ONE, "a.conf", "before\n", NULL, 0640, 1, 2, 1, 0 } }, 0 },
	{ "changed, created, deleted and emptied",
	  { { TREE_ONE, "a.conf", "a before\n", "a after\n", 0, 0, 0, 0, 0 },
	    { TREE_TWO, "b.conf", NULL, "b after\n", 0, 0, 0, 0, 0 },
	    { TREE_TWO, "c.conf", "c before\n", NULL, 0600, 4711, 4711, 0, 0 },
	    { TREE_ONE, "d.conf", "d before\n", "", 0, 0, 0, 0, 0 },
	    { TREE_ONE, "e.conf", "", "e after\n", 0, 0, 0, 0, 0 } },
	  0 },
	{ "a file with attributes, an access control list and an odd mode",
	  { { TREE_ONE, "a.conf", "before\n", "after\n", 06754, 4711, 4712, 1, 0 } },
	  0 },
	{ "files of many pages",
	  { { TREE_ONE, "a.conf", "ten bytes\n", "ten more.\n", 0, 0, 0, 0, 6600 },
	    { TREE_TWO, "b.conf", NULL, "new bytes\n", 0, 0, 0, 0, 500 } },
	  0 },
};

const struct scene *scene_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(scenes);
	return scenes;
}

size_t scene_file_count(const struct scene *scene)
{
	size_t count = 0;

	while (count < SCENE_FILES_MAX && scene->file[count].name)
		count++;
	return count;
}

char *scene_text(const struct scene_file *file, const char *text, size_t *ret_size)
{
	size_t length = strlen(text), times = file->repeat ? file->repeat : 1;
	char *data = malloc(length * times + 1);

	MUST(data);
	for (size_t i = 0; i < times; i++)
		memcpy(data + i * length, text, length);
	*ret_size = length * times;
	return data;
}

/* ---- metadata ------------------------------------------------------------------------ */

struct access_list {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entry[5];
};

static size_t put_attribute(char *at, const char *name, const void *value, ssize_t size)
{
	size_t length = strlen(name) + 1;

	memcpy(at, name, length);
	memcpy(at + length, &size, sizeof(size));
	memcpy(at + length + sizeof(size), value, (size_t)size);
	return length + sizeof(size) + (size_t)size;
}

/* Sorted by name. The list agrees with the mode, since that is set last. */
static void add_attributes(struct tree_file *file)
{
	const uint32_t group = (file->mode >> 3) & 7;
	const struct access_list list = {
		{ POSIX_ACL_XATTR_VERSION },
		{ { ACL_USER_OBJ, (file->mode >> 6) & 7, ACL_UNDEFINED_ID },
		  { ACL_USER, 4, 4712 },
		  { ACL_GROUP_OBJ, 4, ACL_UNDEFINED_ID },
		  { ACL_MASK, (uint16_t)group, ACL_UNDEFINED_ID },
		  { ACL_OTHER, file->mode & 7, ACL_UNDEFINED_ID } },
	};
	const struct vfs_cap_data capabilities = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = { { 1u << CAP_NET_BIND_SERVICE, 0 } },
	};
	size_t used = 0;

	file->attributes = malloc(1024);
	MUST(file->attributes);
	used += put_attribute(file->attributes + used, "security.capability", &capabilities,
			      XATTR_CAPS_SZ_2);
	used += put_attribute(file->attributes + used, "system.posix_acl_access", &list,
			      sizeof(list));
	used += put_attribute(file->attributes + used, "user.empty", "", 0);
	used += put_attribute(file->attributes + used, "user.exm", "kept\0too", 8);
	file->attributes_size = used;
}

static void add_old(const struct scene_file *from, struct tree *tree)
{
	struct tree_file *file = tree_add(tree, from->place, from->name);

	file->mode = S_IFREG | (from->mode ? from->mode : 0644);
	file->uid = from->uid;
	file->gid = from->gid;
	file->data = scene_text(from, from->old, &file->size);
	if (from->has_attributes)
		add_attributes(file);
}

/* The new one has all of the old one but its bytes. */
static void add_new(const struct scene_file *from, struct tree *tree)
{
	struct tree_file *file;

	if (from->old) {
		add_old(from, tree);
		file = &tree->file[tree->count - 1];
		free(file->data);
	} else {
		file = tree_add(tree, from->place, from->name);
		file->mode = S_IFREG | SCENE_CREATE_MODE;
		file->gid = SCENE_CREATE_GID;
	}
	file->data = scene_text(from, from->new, &file->size);
}

void scene_trees(const struct scene *scene, struct tree *ret_old, struct tree *ret_new)
{
	const struct scene_file bystander = {
		TREE_ONE, "other.conf", "other\n", "other\n", 0, 0, 0, 0, 0
	};

	for (size_t i = 0; i < scene_file_count(scene); i++) {
		if (scene->file[i].old)
			add_old(&scene->file[i], ret_old);
		if (scene->file[i].new)
			add_new(&scene->file[i], ret_new);
	}
	add_old(&bystander, ret_old);
	add_new(&bystander, ret_new);
}
