/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COMPAT_SETTINGS_H
#define EXM_COMPAT_SETTINGS_H

#include "compat.h"

/*
 * The root directory and the directories of lenses that the program asks for, in arguments or in
 * the environment, NULL for none. They are the server's to choose: if they are other ones the
 * answer is false, with the error set.
 */
bool settings_are_those_of_server(struct augeas *aug, const char *root, const char *loadpath);

#endif
