/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_COVERAGE_H
#define EXM_COVERAGE_H

/*
 * Included by the compiler into each source of the monitor, where coverage.sh
 * counts lines: whatever links one of them links what maps its counters, too.
 */

extern int __llvm_profile_runtime;
__attribute__((used)) static int *const coverage_runtime = &__llvm_profile_runtime;

#endif
