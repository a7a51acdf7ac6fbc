/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in tests. */
#include "starter_fixture.h"

#include <sys/mount.h>

#include "config.h"

static const struct identity nobody = {
	.uid = 65534,
	.gid = 65534,
	.name = (char[]){ "nobody" },
	.home = (char[]){ "/" },
	.shell = (char[]){ "/bin/sh" },
};

int starter_ground_enter(void)
{
	int r = root_enter();

	if (r != 0)
		return r;
	return mount("run", "/run", "tmpfs", 0, "mode=755") < 0 || mkdir(RUN_DIR, 0755) < 0;
}

void starter_ground_make(struct starter_ground *ground)
{
	ground->libexec = unit_directory_make();
	ground->lenses = unit_directory_make();
	assert_int_equal(chmod(ground->libexec, 0755), 0);
	assert_int_equal(chmod(ground->lenses, 0755), 0);
	ground->spec = (struct starter_spec){
		.libexec = ground->libexec,
		.lens_path = ground->lenses,
		.reader = &nobody,
		.user = &nobody,
	};
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &ground->spec.descriptors), 0);
	assert_true(sd_event_new(&ground->event) >= 0);
}

void starter_ground_clear(struct starter_ground *ground)
{
	starter_free(ground->starter);
	sd_event_unref(ground->event);
	unit_directory_remove(ground->libexec);
	unit_directory_remove(ground->lenses);
}

void starter_ground_write(const struct starter_ground *ground, const char *name, const char *body)
{
	scoped_ptr char *path = unit_path(ground->libexec, name), *text = NULL;

	assert_true(asprintf(&text, "#!/bin/sh\n%s\n", body) > 0);
	unit_file_write(path, text);
	assert_int_equal(chmod(path, 0755), 0);
}
