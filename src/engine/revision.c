/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the engine: what the monitor tells of commits that were done. The monitor is trusted;
 * what it tells of is what clients have made.
 */
#include "engine/revision.h"

#include <errno.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/when.h"

void revision_clear(struct revision *revision)
{
	free(revision->row);
	report_close(&revision->reader);
	*revision = (struct revision){ .count = 0 };
}

int revision_fail(struct call *call, int64_t number, enum mon_outcome outcome, int error)
{
	struct json_object *data = json_new_object();

	if (number > 0)
		json_put(data, "revision", json_new_int(number));
	if (outcome == OUTCOME_NO_STATE)
		return call_error(call, EXM_ERROR_IO, data,
				  "the server has no state directory, and so no history");
	if (outcome == OUTCOME_ABSENT)
		return call_error(call, EXM_ERROR_NO_MATCH, data,
				  "there is no revision %lld of files that the policy names",
				  (long long)number);
	json_put(data, "errno", json_new_string(strerrorname_np(error)));
	return call_error(call, EXM_ERROR_IO, data, "the history cannot be read: %s",
			  error == EBADMSG ? "the revision is damaged" : strerror(error));
}

static int read_rows(struct revision *revision)
{
	struct revision_row row;
	int r;

	revision->row = calloc(revision->reader.rows + (size_t)1, sizeof(row));
	if (!revision->row)
		return -ENOMEM;
	while ((r = report_next_revision_row(&revision->reader, &row)) > 0)
		revision->row[revision->count++] = row;
	return r == 0 && revision->count == 0 ? -EBADMSG : r;
}

int revision_take(struct call *call, int64_t number, struct revision *ret_revision)
{
	struct revision revision = { .count = 0 };
	struct msg_revision_reply reply;
	scoped_fd list = -1;
	int r;

	if (number <= 0)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "revision"),
				  "%s: revision %lld cannot be; they are counted from 1",
				  call->method, (long long)number);
	r = mon_revision(&call->engine->mon, (uint64_t)number, &reply, &list);
	if (r == 0 && reply.outcome != OUTCOME_DONE)
		return revision_fail(call, number, reply.outcome, reply.error);
	if (r == 0)
		r = report_open(list, REPORT_REVISION, &revision.reader);
	if (r == 0)
		r = read_rows(&revision);
	if (r < 0) {
		revision_clear(&revision);
		return call_internal(call, "read a revision", r);
	}
	*ret_revision = revision;
	return 0;
}

int revision_part(struct call *call, const struct revision_row *row, uint8_t part, int *ret_fd)
{
	const struct msg_part request = {
		.revision = row->revision,
		.file = row->file,
		.part = part,
	};
	struct msg_part_reply reply;
	int r = mon_part(&call->engine->mon, &request, &reply, ret_fd);

	if (r < 0)
		return call_internal(call, "read a revision", r);
	if (reply.outcome == OUTCOME_DONE || reply.outcome == OUTCOME_DENIED)
		return 0;
	return revision_fail(call, (int64_t)row->revision, reply.outcome, reply.error);
}

static struct json_object *client_of(const struct revision_row *row)
{
	struct json_object *client = json_new_object();

	json_put(client, "pid", json_new_int(row->pid));
	json_put(client, "uid", json_new_int(row->uid));
	json_put(client, "user", json_new_text(row->user));
	json_put(client, "unit", row->unit[0] ? json_new_text(row->unit) : NULL);
	return client;
}

struct json_object *revision_describe(const struct revision_row *row)
{
	struct json_object *item = json_new_object();

	json_put(item, "revision", json_new_int((int64_t)row->revision));
	json_put(item, "time", when_json(row->usec));
	json_put(item, "method", json_new_text(row->method));
	json_put(item, "reverts", row->reverts ? json_new_int((int64_t)row->reverts) : NULL);
	json_put(item, "client", client_of(row));
	json_put(item, "partial", json_new_bool(row->partial));
	return item;
}

struct json_object *revision_describe_file(const struct revision_row *row)
{
	struct json_object *item = data_of("file", row->path);

	json_put(item, "action",
		 json_new_string(!row->had   ? "create"
				 : !row->has ? "delete"
					     : "change"));
	json_put(item, "section", json_new_bytes(row->section));
	json_put(item, "change_count", json_new_int((int64_t)row->changes));
	return item;
}
