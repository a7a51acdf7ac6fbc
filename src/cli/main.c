/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exmachina(1): all of it is in cli.c and what that calls, so that tests can link it. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
