/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_SERVICE_VIEW_H
#define EXM_SERVICE_VIEW_H

/* What people see of units and of what they log, and the verbs that take a while. */

#include "cli/verb.h"

/* service_view.c */

void service_print(const struct cli *cli, char **argv, const struct json_object *unit);
void service_print_list(const struct cli *cli, char **argv, const struct json_object *units);
/* The lines of an answer of service.log; with --json each as an object. */
void service_print_log(const struct cli *cli, FILE *file, const struct json_object *log);
/* How far a call is, as a notification tells it. */
void service_print_progress(FILE *file, const struct json_object *progress);

/* service_follow.c */

/* Calls with everything shown meanwhile; takes params over. */
enum status service_follow(struct cli *cli, const char *method, struct json_object *params,
			   struct json_object **ret_result) must_check;
enum status service_run_log(struct cli *cli, const struct verb *verb, int argc, char **argv,
			    struct json_object **ret_result);
enum status service_run_watch(struct cli *cli, const struct verb *verb, int argc, char **argv,
			      struct json_object **ret_result);

#endif
