/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls about edits as a whole, and about the session itself. */
#include <errno.h>

#include "commit.h"
#include "exchange.h"
#include "session.h"

static const struct field node_fields[] = {
	{ "node", FIELD_TEXT, true, offsetof(struct exm_node_change, node), NULL },
	{ "action", FIELD_TEXT, true, offsetof(struct exm_node_change, action), NULL },
	{ "old", FIELD_TEXT, false, offsetof(struct exm_node_change, old_value), NULL },
	{ "new", FIELD_TEXT, false, offsetof(struct exm_node_change, new_value), NULL },
	{ "secret", FIELD_BOOL, false, offsetof(struct exm_node_change, secret), NULL },
	{ "moved", FIELD_BOOL, false, offsetof(struct exm_node_change, moved), NULL },
};
const struct record commit_node_record = RECORD(struct exm_node_change, node_fields);

static const struct field change_fields[] = {
	{ "file", FIELD_TEXT, true, offsetof(struct exm_change, file), NULL },
	{ "action", FIELD_TEXT, true, offsetof(struct exm_change, action), NULL },
	{ "diff", FIELD_TEXT, false, offsetof(struct exm_change, diff), NULL },
	{ "changes", FIELD_RECORDS, false, offsetof(struct exm_change, changes),
	  &commit_node_record },
};
const struct record commit_change_record = RECORD(struct exm_change, change_fields);

static const struct field error_fields[] = {
	{ "file", FIELD_TEXT, true, offsetof(struct exm_file_error, file), NULL },
	{ "kind", FIELD_TEXT, true, offsetof(struct exm_file_error, kind), NULL },
	{ "lens", FIELD_TEXT, false, offsetof(struct exm_file_error, lens), NULL },
	{ "path", FIELD_TEXT, false, offsetof(struct exm_file_error, path), NULL },
	{ "reason", FIELD_TEXT, false, offsetof(struct exm_file_error, reason), NULL },
	{ "line", FIELD_INT, false, offsetof(struct exm_file_error, line), NULL },
	{ "column", FIELD_INT, false, offsetof(struct exm_file_error, column), NULL },
};
static const struct record error_record = RECORD(struct exm_file_error, error_fields);

static int call_plain(struct exm *session, const char *method, struct json_object **ret_result)
{
	return session ? exchange(session, method, NULL, ret_result) : -EINVAL;
}

static int take_changes(const struct json_object *result, struct exm_change ***ret_changes)
{
	scoped_ptr void **list = NULL;
	int r = result_records(json_get(result, "files"), &commit_change_record, &list);

	if (r >= 0 && ret_changes)
		*ret_changes = (struct exm_change **)take_ptr(list);
	return r;
}

int commit_changes(struct exm *session, const char *method, struct json_object *params,
		   struct exm_change ***ret_changes)
{
	scoped_json *result = NULL;
	int r;

	session->last_revision = 0;
	r = exchange(session, method, params, &result);
	if (r < 0)
		return r;
	session->last_revision = json_int(json_get(result, "revision"));
	return take_changes(result, ret_changes);
}

int exm_diff(struct exm *session, struct exm_change ***ret_changes)
{
	scoped_json *result = NULL;
	int r = ret_changes ? call_plain(session, "config.diff", &result) : -EINVAL;

	return r < 0 ? r : take_changes(result, ret_changes);
}

int exm_commit(struct exm *session, struct exm_change ***ret_changes)
{
	return session ? commit_changes(session, "config.commit", NULL, ret_changes) : -EINVAL;
}

int exm_save(struct exm *session, struct exm_change ***ret_changes)
{
	return session ? commit_changes(session, "augeas.save", NULL, ret_changes) : -EINVAL;
}

int exm_discard(struct exm *session, char ***ret_files)
{
	scoped_json *result = NULL;
	scoped_ptr char **files = NULL;
	int r;

	r = call_plain(session, "config.discard", &result);
	if (r == 0)
		r = result_texts(json_get(result, "files"), &files);
	if (r >= 0 && ret_files)
		*ret_files = take_ptr(files);
	return r;
}

int exm_errors(struct exm *session, struct exm_file_error ***ret_errors)
{
	scoped_json *result = NULL;
	void **list = NULL;
	int r;

	if (!ret_errors)
		return -EINVAL;
	r = call_plain(session, "augeas.errors", &result);
	if (r == 0)
		r = result_records(result, &error_record, &list);
	if (r >= 0)
		*ret_errors = (struct exm_file_error **)list;
	return r;
}

int exm_call(struct exm *session, const char *method, const char *params, char **ret_result)
{
	struct json_object *given = NULL;
	scoped_json *result = NULL;
	int r;

	if (!session || !method)
		return -EINVAL;
	session_clear_error(session);
	r = call_parse_params(params, &given);
	if (r == 0)
		r = exchange(session, method, given, &result);
	if (r < 0 || !ret_result)
		return r;
	return result_json(result, ret_result);
}

int exm_ping(struct exm *session)
{
	scoped_json *result = NULL;

	return call_plain(session, "session.ping", &result);
}

int exm_bye(struct exm *session)
{
	scoped_json *result = NULL;

	return call_plain(session, "session.bye", &result);
}

static int as_json(struct exm *session, const char *method, char **ret_json)
{
	scoped_json *result = NULL;
	int r;

	if (!ret_json)
		return -EINVAL;
	r = call_plain(session, method, &result);
	return r < 0 ? r : result_json(result, ret_json);
}

int exm_info(struct exm *session, char **ret_json)
{
	return as_json(session, "session.info", ret_json);
}

int exm_methods(struct exm *session, char **ret_json)
{
	return as_json(session, "session.methods", ret_json);
}

int exm_whatcan(struct exm *session, const char *path, const char *unit, char **ret_json)
{
	scoped_json *result = NULL;
	int r;

	if (!session || !ret_json || (path && unit))
		return -EINVAL;
	if (path)
		r = CALL(session, "session.whatcan", &result, NEEDED("path", path));
	else if (unit)
		r = CALL(session, "session.whatcan", &result, NEEDED("unit", unit));
	else
		r = exchange(session, "session.whatcan", NULL, &result);
	return r < 0 ? r : result_json(result, ret_json);
}
