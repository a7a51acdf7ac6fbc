/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the engine: config.history and config.show, of which the monitor says what may be seen.
 */
#include <errno.h>
#include <string.h>

#include "engine/diff.h"
#include "engine/engine.h"
#include "engine/method.h"
#include "engine/revision.h"

enum {
	LIMIT_DEFAULT = 20,
	CHANGES_SHOWN = 1000,
	DIFFS_SHOWN = 1 << 20, /* bytes of all of them in one answer */
};

/* ---- config.history ----------------------------------------------------------------- */

static int check_arguments(struct call *call, const struct arguments *a)
{
	if (argument_given(a, PARAM_limit) && (a->limit < 1 || a->limit > REVISIONS_MAX))
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "limit"),
				  "%s: limit %lld is not from 1 to %d", call->method,
				  (long long)a->limit, REVISIONS_MAX);
	if (argument_given(a, PARAM_below) && a->below < 1)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "below"),
				  "%s: below %lld there is no revision; they are counted from 1",
				  call->method, (long long)a->below);
	if (a->path && strlen(a->path) > MESSAGE_NAME_MAX)
		return call_error(call, EXM_ERROR_BAD_VALUE, data_of("parameter", "path"),
				  "%s: path has more than %d bytes", call->method,
				  MESSAGE_NAME_MAX);
	return 0;
}

/* A revision for each run of rows with its number. */
static int put_revisions(struct json_object *revisions, int list)
{
	scoped_reader reader = { .rows = 0 };
	struct json_object *files = NULL;
	struct revision_row row;
	uint64_t last = 0;
	int r = report_open(list, REPORT_REVISION, &reader);

	while (r >= 0 && (r = report_next_revision_row(&reader, &row)) > 0) {
		if (row.revision != last) {
			struct json_object *item = revision_describe(&row);

			files = json_new_array();
			json_put(item, "files", files);
			if (json_append(revisions, item) < 0)
				return -ENOMEM;
		}
		last = row.revision;
		if (json_append(files, revision_describe_file(&row)) < 0)
			return -ENOMEM;
	}
	return r;
}

int config_history(struct call *call, const struct arguments *a)
{
	const struct msg_history request = {
		.before = (uint64_t)a->below,
		.limit = argument_given(a, PARAM_limit) ? (uint32_t)a->limit : LIMIT_DEFAULT,
		.glob = a->path ? a->path : "",
	};
	struct json_object *result, *revisions;
	struct msg_history_reply reply;
	scoped_fd list = -1;
	int r;

	if (check_arguments(call, a) < 0)
		return -1;
	r = mon_history(&call->engine->mon, &request, &reply, &list);
	if (r == 0 && reply.outcome != OUTCOME_DONE)
		return revision_fail(call, 0, reply.outcome, reply.error);
	result = json_new_object();
	revisions = json_new_array();
	json_put(result, "revisions", revisions);
	json_put(result, "next", reply.next ? json_new_int((int64_t)reply.next) : NULL);
	if (r == 0)
		r = put_revisions(revisions, list);
	if (r < 0) {
		json_free(result);
		return call_internal(call, "read the history", r);
	}
	return call_result(call, result);
}

/* ---- config.show -------------------------------------------------------------------- */

/* What is left of the bounds of one answer. */
struct room {
	size_t changes, diffs;
};

static struct json_object *describe_node(const struct node_row *row)
{
	static const char *const actions[] = {
		[CHANGE_VALUE] = "changed",
		[CHANGE_ADDED] = "added",
		[CHANGE_REMOVED] = "removed",
	};
	struct json_object *one = data_of("node", row->path + (row->path[0] == '/'));

	json_put(one, "action",
		 json_new_string(row->action < CHANGE_MAX ? actions[row->action] : "changed"));
	if (row->moved)
		json_put(one, "moved", json_new_bool(true));
	if (row->secret) {
		json_put(one, "secret", json_new_bool(true));
		return one;
	}
	json_put(one, "old", json_new_bytes(row->has_old ? row->old_value : NULL));
	json_put(one, "new", json_new_bytes(row->has_new ? row->new_value : NULL));
	return one;
}

static int put_changes(struct call *call, const struct revision_row *row, struct room *room,
		       struct json_object *item)
{
	scoped_reader reader = { .rows = 0 };
	struct json_object *changes = json_new_array();
	struct node_row node;
	scoped_fd list = -1;
	uint64_t shown = 0;
	int r;

	json_put(item, "changes", changes);
	if (revision_part(call, row, PART_CHANGES, &list) < 0)
		return -1;
	r = report_open(list, REPORT_NODE, &reader);
	while (r >= 0 && room->changes > 0 && (r = report_next_node_row(&reader, &node)) > 0) {
		json_append(changes, describe_node(&node));
		room->changes--;
		shown++;
	}
	if (r < 0)
		return call_internal(call, "read a list of changes", r);
	json_put(item, "more", json_new_bool(shown < row->changes));
	return 0;
}

static int map_part(struct call *call, const struct revision_row *row, uint8_t part,
		    struct mapping *ret_mapping)
{
	scoped_fd fd = -1;
	int r;

	if (revision_part(call, row, part, &fd) < 0)
		return -1;
	r = fd < 0 ? 0 : memfd_map(fd, CONTENT_MAX, ret_mapping);
	return r < 0 ? call_internal(call, "read a revision", r) : 0;
}

/* null where it is withheld, since there are secrets in the file, and where it is too long. */
static int put_diff(struct call *call, const struct revision_row *row, struct room *room,
		    struct json_object *item)
{
	scoped_mapping old = { 0 }, new = { 0 };
	scoped_ptr char *diff = NULL;
	size_t length;

	json_put(item, "withheld", json_new_bool(row->withheld));
	json_put(item, "diff", NULL);
	if (row->withheld)
		return 0;
	if (map_part(call, row, PART_OLD, &old) < 0 || map_part(call, row, PART_NEW, &new) < 0)
		return -1;
	diff = diff_unified(row->path, (struct text){ old.data, old.size },
			    (struct text){ new.data, new.size });
	length = diff ? strlen(diff) : 0;
	if (!diff || length > room->diffs)
		return 0;
	room->diffs -= length;
	json_put(item, "diff", json_new_bytes(diff));
	return 0;
}

int config_show(struct call *call, const struct arguments *a)
{
	struct room room = { .changes = CHANGES_SHOWN, .diffs = DIFFS_SHOWN };
	scoped_revision revision = { .count = 0 };
	struct json_object *result, *files;
	int r = 0;

	if (revision_take(call, a->revision, &revision) < 0)
		return -1;
	result = revision_describe(&revision.row[0]);
	files = json_new_array();
	json_put(result, "files", files);
	for (size_t i = 0; r == 0 && i < revision.count; i++) {
		struct json_object *item = revision_describe_file(&revision.row[i]);

		json_append(files, item);
		r = put_diff(call, &revision.row[i], &room, item);
		if (r == 0)
			r = put_changes(call, &revision.row[i], &room, item);
	}
	if (r < 0) {
		json_free(result);
		return -1;
	}
	return call_result(call, result);
}
