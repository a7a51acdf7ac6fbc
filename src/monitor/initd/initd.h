/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_INITD_H
#define EXM_INITD_H

#include "monitor/runner.h"
#include "monitor/systemd/service.h"

/*
 * Services by their init scripts, for machines without systemd: the same orders
 * and the same answers as service_call(). X.service is /etc/init.d/X; the script's
 * exit statuses are those of the LSB, and what it claims is checked with its
 * status action afterwards.
 */
struct initd;

/* root_fd and runner must outlive it; without a runner (NULL) calls are refused. 0 or -errno. */
int initd_new(sd_event *event, int root_fd, struct runner *runner,
	      struct initd **ret_initd) must_check;

/* Calls still under way end without a word; their scripts go on. */
struct initd *initd_free(struct initd *initd);

/*
 * As service_call(), but the deadline ends the script, and -ENOTCONN is returned
 * where there is no exmachina-run.
 */
int initd_call(struct initd *initd, const struct service_order *order) must_check;

#endif
