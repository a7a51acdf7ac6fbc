/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_BENCH_READS_H
#define EXM_BENCH_READS_H

/*
 * Measures of a struct scene: one value of the entry in the middle, all nodes of the file, and all
 * of it printed, and as a tree. A file that was just changed, so that nothing is known of its tree
 * yet; but for the one value.
 */
double reads_get(void *data);
double reads_aug_get(void *data);
double reads_match(void *data);
double reads_aug_match(void *data);
double reads_print(void *data);
double reads_aug_print(void *data);
double reads_dump(void *data);
double reads_aug_to_xml(void *data);

#endif
