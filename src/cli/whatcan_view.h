/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_WHATCAN_VIEW_H
#define EXM_WHATCAN_VIEW_H

/* What the policy allows, as session.whatcan tells it, for people. */

#include "cli/verb.h"

enum status whatcan_run(struct cli *cli, const struct verb *verb, int argc, char **argv,
			struct json_object **ret_result);
void whatcan_print(const struct cli *cli, char **argv, const struct json_object *answer);

#endif
