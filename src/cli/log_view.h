/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_LOG_VIEW_H
#define EXM_LOG_VIEW_H

#include "cli/cli.h"
#include "common/trail.h"

/* Records of the audit trail for people: a line, and below it what was changed. */
void log_view_record(const struct export_record *record);

/* All fields of the record as a JSON object on one line, as journalctl(1) names them. */
void log_view_json(const struct export_record *record);

/* What verification found: people get a line for each fault, and the summary. */
void log_view_fault(const char *path, const struct trail_fault *fault);
void log_view_summary(const struct trail_summary *summary, size_t files);

/* The same for programs, in one object; faults is a list of log_view_fault_json(), taken over. */
struct json_object *log_view_fault_json(const char *path, const struct trail_fault *fault);
void log_view_summary_json(const struct trail_summary *summary, struct json_object *faults);

#endif
