/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real exmachinad, stopped in a commit: tests/system/test_crash.py has it done. engine.c must
 * be in the engine's place.
 *
 *     crash --list                      the names of the scenes
 *     crash kills|confirm|rollback|errors|power SCENE DIR
 *
 * Exit status 1 if a commit was not whole or absent, 3 if that could not be found out.
 */
#include "trial.h"

#include "common/cleanup.h"
#include "must.h"

static const struct {
	const char *name;
	bool (*run)(const struct scene *scene, const char *dir);
} kinds[] = {
	{ "kills", kills },   { "confirm", kills_confirm }, { "rollback", kills_rollback },
	{ "errors", errors }, { "power", power },
};

static int list(void)
{
	size_t count;
	const struct scene *scenes = scene_table(&count);

	for (size_t i = 0; i < count; i++)
		puts(scenes[i].name);
	return 0;
}

static const struct scene *find_scene(const char *name)
{
	size_t count;
	const struct scene *scenes = scene_table(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(scenes[i].name, name) == 0)
			return &scenes[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct scene *scene;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	scene = argc == 4 ? find_scene(argv[2]) : NULL;
	for (size_t i = 0; scene && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, argv[1]) == 0)
			return kinds[i].run(scene, argv[3]) ? 0 : 1;
	fprintf(stderr, "usage: crash kills|confirm|rollback|errors|power SCENE DIRECTORY\n");
	return 2;
}
