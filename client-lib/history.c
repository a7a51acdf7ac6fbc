/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls about commits of the past, in which is what anybody wrote. */
#include <errno.h>

#include "commit.h"
#include "exchange.h"
#include "result.h"
#include "session.h"

#define FILE_FIELD(key, type, required, name, record) \
	{ \
		key, type, required, offsetof(struct exm_revision_file, name), record \
	}

static const struct field file_fields[] = {
	FILE_FIELD("file", FIELD_TEXT, true, file, NULL),
	FILE_FIELD("action", FIELD_TEXT, true, action, NULL),
	FILE_FIELD("section", FIELD_TEXT, false, section, NULL),
	FILE_FIELD("change_count", FIELD_NUMBER, false, change_count, NULL),
	FILE_FIELD("diff", FIELD_TEXT, false, diff, NULL),
	FILE_FIELD("withheld", FIELD_BOOL, false, withheld, NULL),
	FILE_FIELD("changes", FIELD_RECORDS, false, changes, &commit_node_record),
	FILE_FIELD("more", FIELD_BOOL, false, more, NULL),
};
static const struct record file_record = RECORD(struct exm_revision_file, file_fields);

static const struct field client_fields[] = {
	{ "pid", FIELD_NUMBER, false, offsetof(struct exm_revision_client, pid), NULL },
	{ "uid", FIELD_NUMBER, false, offsetof(struct exm_revision_client, uid), NULL },
	{ "user", FIELD_TEXT, true, offsetof(struct exm_revision_client, user), NULL },
	{ "unit", FIELD_TEXT, false, offsetof(struct exm_revision_client, unit), NULL },
};
static const struct record client_record = RECORD(struct exm_revision_client, client_fields);

static const struct field revision_fields[] = {
	{ "revision", FIELD_NUMBER, true, offsetof(struct exm_revision, revision), NULL },
	{ "reverts", FIELD_NUMBER, false, offsetof(struct exm_revision, reverts), NULL },
	{ "time", FIELD_TEXT, false, offsetof(struct exm_revision, time), NULL },
	{ "method", FIELD_TEXT, true, offsetof(struct exm_revision, method), NULL },
	{ "client", FIELD_RECORD, true, offsetof(struct exm_revision, client), &client_record },
	{ "partial", FIELD_BOOL, false, offsetof(struct exm_revision, partial), NULL },
	{ "files", FIELD_RECORDS, true, offsetof(struct exm_revision, files), &file_record },
};
static const struct record revision_record = RECORD(struct exm_revision, revision_fields);

static struct json_object *history_params(const char *path, int64_t below, int limit)
{
	struct json_object *params = json_new_object();
	int r = params ? 0 : -ENOMEM;

	if (path)
		r |= json_put(params, "path", json_new_bytes(path));
	if (below)
		r |= json_put(params, "below", json_new_int(below));
	if (limit)
		r |= json_put(params, "limit", json_new_int(limit));
	return r < 0 ? json_free(params) : params;
}

int exm_history(struct exm *session, const char *path, int64_t below, int limit,
		struct exm_revision ***ret_revisions, int64_t *ret_next)
{
	struct json_object *params;
	scoped_json *result = NULL;
	void **list = NULL;
	int r;

	if (!session || !ret_revisions)
		return -EINVAL;
	params = history_params(path, below, limit);
	if (!params)
		return -ENOMEM;
	r = exchange(session, "config.history", params, &result);
	if (r == 0)
		r = result_records(json_get(result, "revisions"), &revision_record, &list);
	if (r < 0)
		return r;
	if (ret_next)
		*ret_next = json_int(json_get(result, "next"));
	*ret_revisions = (struct exm_revision **)list;
	return r;
}

static struct json_object *revision_params(int64_t revision)
{
	struct json_object *params = json_new_object();

	return json_put(params, "revision", json_new_int(revision)) < 0 ? json_free(params)
									: params;
}

int exm_show(struct exm *session, int64_t revision, struct exm_revision **ret_revision)
{
	struct json_object *params;
	scoped_json *result = NULL;
	void *record = NULL;
	int r;

	if (!session || !ret_revision)
		return -EINVAL;
	params = revision_params(revision);
	if (!params)
		return -ENOMEM;
	r = exchange(session, "config.show", params, &result);
	if (r == 0)
		r = result_record(result, &revision_record, &record);
	if (r == 0)
		*ret_revision = record;
	return r;
}

int exm_revert(struct exm *session, int64_t revision, struct exm_change ***ret_changes)
{
	struct json_object *params;

	if (!session)
		return -EINVAL;
	params = revision_params(revision);
	if (!params)
		return -ENOMEM;
	return commit_changes(session, "config.revert", params, ret_changes);
}

int64_t exm_last_revision(const struct exm *session)
{
	return session ? session->last_revision : 0;
}
