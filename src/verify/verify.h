/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_VERIFY_H
#define EXM_VERIFY_H

#include "common/cleanup.h"
#include "common/verdict.h"

/*
 * Compares two texts, each a sealed memfd (before -1: there is no file yet,
 * after -1: there will be none), and writes the report into the memfd `result`.
 */
enum verify_verdict verify_run(int before, int after, int result, const char *lens,
			       const char *lens_path);

#endif
