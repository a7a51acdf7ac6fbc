/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. From a notification of progress to the function that its call named. */
#include "progress.h"

#include <string.h>

#include "call.h"
#include "common/json.h"
#include "exmachina.h"
#include "result.h"

static const struct field progress_fields[] = {
	{ "verb", FIELD_TEXT, false, offsetof(struct exm_progress, verb), NULL },
	{ "unit", FIELD_TEXT, false, offsetof(struct exm_progress, unit), NULL },
	{ "stage", FIELD_TEXT, true, offsetof(struct exm_progress, stage), NULL },
	{ "detail", FIELD_TEXT, false, offsetof(struct exm_progress, detail), NULL },
	{ "percent", FIELD_INT, false, offsetof(struct exm_progress, percent), NULL },
	{ "elapsed_ms", FIELD_NUMBER, false, offsetof(struct exm_progress, elapsed_ms), NULL },
};
static const struct record progress_record = RECORD(struct exm_progress, progress_fields);

bool progress_is(const char *method)
{
	return strcmp(method, "service.progress") == 0 || strcmp(method, "package.progress") == 0 ||
	       strcmp(method, "config.progress") == 0;
}

void progress_tell(const struct call *call, const struct json_object *params)
{
	scoped_ptr void *memory = NULL;
	struct exm_progress *progress;

	/* what cannot be read is not worth more than silence: the answer is what counts */
	if (result_record(params, &progress_record, &memory) < 0)
		return;
	progress = memory;
	if (!json_get(params, "percent"))
		progress->percent = -1;
	call->progress(call->progress_data, progress);
}
