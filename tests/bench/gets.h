/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_GETS_H
#define EXM_BENCH_GETS_H

/*
 * Measures of a struct scene: many values, of entries all over the file, in one batch; and the same
 * by whoever does it in process, with libaugeas and json-c, out of the same requests.
 */
double gets_spread(void *data);
double gets_in_process(void *data);

#endif
