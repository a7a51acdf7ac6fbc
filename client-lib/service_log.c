/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed call for the log of a unit, whose lines anybody may have written.
 */
#include <errno.h>

#include "exchange.h"
#include "result.h"
#include "session.h"

static const struct field line_fields[] = {
	{ "time", FIELD_TEXT, true, offsetof(struct exm_log_line, time), NULL },
	{ "identifier", FIELD_TEXT, false, offsetof(struct exm_log_line, identifier), NULL },
	{ "message", FIELD_TEXT, true, offsetof(struct exm_log_line, message), NULL },
	{ "priority", FIELD_INT, false, offsetof(struct exm_log_line, priority), NULL },
	{ "pid", FIELD_NUMBER, false, offsetof(struct exm_log_line, pid), NULL },
};
static const struct record line_record = RECORD(struct exm_log_line, line_fields);

static const struct field log_fields[] = {
	{ "unit", FIELD_TEXT, true, offsetof(struct exm_log, unit), NULL },
	{ "lines", FIELD_RECORDS, true, offsetof(struct exm_log, lines), &line_record },
	{ "cursor", FIELD_TEXT, false, offsetof(struct exm_log, cursor), NULL },
};
static const struct record log_record = RECORD(struct exm_log, log_fields);

int exm_service_log(struct exm *session, const char *unit, int lines, const char *after,
		    struct exm_log **ret_log)
{
	struct json_object *params;
	scoped_json *result = NULL;
	void *log = NULL;
	int r;

	if (!session || !unit || lines < 0 || !ret_log)
		return -EINVAL;
	params = json_new_object();
	r = json_put(params, "unit", json_new_bytes(unit));
	if (lines > 0)
		r |= json_put(params, "lines", json_new_int(lines));
	if (after)
		r |= json_put(params, "after", json_new_bytes(after));
	if (r < 0) {
		json_free(params);
		return -ENOMEM;
	}
	r = exchange(session, "service.log", params, &result);
	if (r == 0)
		r = result_record(result, &log_record, &log);
	if (r == 0)
		*ret_log = log;
	return r;
}
