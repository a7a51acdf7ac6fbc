/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_COLD_H
#define EXM_BENCH_COLD_H

/*
 * Measures of a struct scene, over the sandbox's own root: one node of /etc/hosts, by whoever knows
 * nothing of it yet.
 */
double cold_get(void *data);
double cold_augtool(void *data);

#endif
