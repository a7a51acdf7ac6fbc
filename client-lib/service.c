/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls for service.* methods. */
#include <errno.h>

#include "result.h"
#include "session.h"

static const struct field service_fields[] = {
	{ "unit", FIELD_TEXT, true, offsetof(struct exm_service, unit) },
	{ "job", FIELD_TEXT, false, offsetof(struct exm_service, job) },
	{ "load", FIELD_TEXT, true, offsetof(struct exm_service, load) },
	{ "active", FIELD_TEXT, true, offsetof(struct exm_service, active) },
	{ "sub", FIELD_TEXT, true, offsetof(struct exm_service, sub) },
	{ "result", FIELD_TEXT, false, offsetof(struct exm_service, result) },
	{ "main_pid", FIELD_NUMBER, false, offsetof(struct exm_service, main_pid) },
	{ "main_pid_before", FIELD_NUMBER, false, offsetof(struct exm_service, main_pid_before) },
};
static const struct record service_record = RECORD(struct exm_service, service_fields);

static int service(struct exm *session, const char *method, const char *unit,
		   struct exm_service **ret_service)
{
	scoped_json *result = NULL;
	void *status = NULL;
	int r;

	r = CALL(session, method, &result, NEEDED("unit", unit));
	if (r < 0 || !ret_service)
		return r;
	r = result_record(result, &service_record, &status);
	if (r == 0)
		*ret_service = status;
	return r;
}

int exm_service_start(struct exm *session, const char *unit, struct exm_service **ret_service)
{
	return service(session, "service.start", unit, ret_service);
}

int exm_service_stop(struct exm *session, const char *unit, struct exm_service **ret_service)
{
	return service(session, "service.stop", unit, ret_service);
}

int exm_service_restart(struct exm *session, const char *unit, struct exm_service **ret_service)
{
	return service(session, "service.restart", unit, ret_service);
}

int exm_service_reload(struct exm *session, const char *unit, struct exm_service **ret_service)
{
	return service(session, "service.reload", unit, ret_service);
}

int exm_service_status(struct exm *session, const char *unit, struct exm_service **ret_service)
{
	return service(session, "service.status", unit, ret_service);
}
