/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the client. The typed calls about commits with options, and those that are confirmed. */
#include <errno.h>
#include <limits.h>

#include "commit.h"
#include "exchange.h"
#include "loop.h"
#include "options.h"

static const struct field commit_fields[] = {
	{ "files", FIELD_RECORDS, true, offsetof(struct exm_commit, files), &commit_change_record },
	{ "more", FIELD_BOOL, false, offsetof(struct exm_commit, more), NULL },
	{ "revision", FIELD_NUMBER, false, offsetof(struct exm_commit, revision), NULL },
	{ "rebased", FIELD_TEXTS, false, offsetof(struct exm_commit, rebased), NULL },
	{ "plan", FIELD_TEXT, false, offsetof(struct exm_commit, plan), NULL },
	{ "confirm_s", FIELD_NUMBER, false, offsetof(struct exm_commit, confirm_s), NULL },
	{ "token", FIELD_TEXT, false, offsetof(struct exm_commit, token), NULL },
};
static const struct record commit_record = RECORD(struct exm_commit, commit_fields);

static const struct field rolled_back_fields[] = {
	{ "reason", FIELD_TEXT, true, offsetof(struct exm_rolled_back, reason), NULL },
	{ "restored", FIELD_BOOL, true, offsetof(struct exm_rolled_back, restored), NULL },
};
static const struct record rolled_back_record = RECORD(struct exm_rolled_back, rolled_back_fields);

/* ---- commit ----------------------------------------------------------------------------- */

static int read_options(const struct exm_commit_options *given,
			struct exm_commit_options *ret_options)
{
	struct exm_commit_options options = EXM_COMMIT_OPTIONS_INIT;
	int r = options_copy(given, sizeof(options), &options);

	if (r < 0)
		return r;
	if (options.confirm_s < 0 || (options.dead_man && options.confirm_s == 0))
		return -EINVAL;
	*ret_options = options;
	return 0;
}

static int put_flag(struct json_object *params, const char *name, bool value)
{
	return value ? json_put(params, name, json_new_bool(true)) : 0;
}

/* NULL: no memory. */
static struct json_object *params_of(const struct exm_commit_options *options)
{
	struct json_object *params = json_new_object();
	int r = params ? 0 : -ENOMEM;

	r |= put_flag(params, "rebase", options->rebase);
	r |= put_flag(params, "dry_run", options->dry_run);
	if (options->plan)
		r |= json_put(params, "plan", json_new_text(options->plan));
	if (options->confirm_s > 0)
		r |= json_put(params, "confirm", json_new_int(options->confirm_s));
	r |= put_flag(params, "dead_man", options->dead_man);
	r |= put_flag(params, "progress", options->progress);
	return r < 0 ? json_free(params) : params;
}

/* What waits to be confirmed is an object within the answer, and two members of ours. */
static int read_commit(struct json_object *result, struct exm_commit **ret_commit)
{
	struct json_object *confirm = json_get(result, "confirm");
	void *commit = NULL;
	int r = 0;

	if (confirm) {
		r |= json_put(result, "confirm_s", json_share(json_get(confirm, "seconds")));
		r |= json_put(result, "token", json_share(json_get(confirm, "token")));
	}
	if (r < 0)
		return -ENOMEM;
	r = result_record(result, &commit_record, &commit);
	if (r == 0)
		*ret_commit = commit;
	return r;
}

/* The number of files, and the revision for exm_last_revision(). */
static int take_commit(struct exm *session, struct json_object *result,
		       struct exm_commit **ret_commit)
{
	int r;

	session->last_revision = json_int(json_get(result, "revision"));
	r = read_commit(result, ret_commit);
	return r < 0 ? r : (int)json_length(json_get(result, "files"));
}

/* Takes params over. */
static int ask_commit(struct exm *session, const char *method, struct json_object *params,
		      const struct exm_commit_options *options, struct exm_commit **ret_commit)
{
	scoped_ptr struct exm_commit *done = NULL;
	scoped_json *result = NULL;
	int r;

	session->last_revision = 0;
	r = exchange_with_progress(session, method, params, options->progress,
				   options->progress_data, &result);
	if (r < 0)
		return r;
	r = take_commit(session, result, &done);
	if (r >= 0 && ret_commit)
		*ret_commit = take_ptr(done);
	return r;
}

int exm_commit_with(struct exm *session, const struct exm_commit_options *options,
		    struct exm_commit **ret_commit)
{
	struct exm_commit_options known;
	struct json_object *params;
	int r = session ? read_options(options, &known) : -EINVAL;

	if (r == 0 && known.confirm_s > 0 && !ret_commit)
		r = -EINVAL;
	if (r < 0)
		return r;
	params = params_of(&known);
	return params ? ask_commit(session, "config.commit", params, &known, ret_commit) : -ENOMEM;
}

int exm_revert_with(struct exm *session, int64_t revision, const struct exm_commit_options *options,
		    struct exm_commit **ret_commit)
{
	struct exm_commit_options known;
	scoped_json *params = NULL;
	int r = session ? read_options(options, &known) : -EINVAL;

	if (r == 0 && (known.rebase || known.plan || (known.confirm_s > 0 && !ret_commit)))
		r = -EINVAL;
	if (r < 0)
		return r;
	params = params_of(&known);
	if (!params || json_put(params, "revision", json_new_int(revision)) < 0)
		return -ENOMEM;
	return ask_commit(session, "config.revert", take_ptr(params), &known, ret_commit);
}

static void end_commit(struct exm *session, struct call *call, int result,
		       struct json_object *value)
{
	exm_commit_callback *callback = (exm_commit_callback *)call->callback;
	scoped_ptr struct exm_commit *commit = NULL;

	if (result == 0)
		result = take_commit(session, value, &commit);
	callback(session, result, commit, call->data);
}

int exm_commit_async(struct exm *session, const struct exm_commit_options *options,
		     exm_commit_callback *callback, void *data, uint64_t *ret_call)
{
	struct loop_call how = {
		.timeout_ms = -1,
		.end = end_commit,
		.callback = (void (*)(void))callback,
		.data = data,
	};
	struct exm_commit_options known;
	struct json_object *params;
	int r = session && callback ? read_options(options, &known) : -EINVAL;

	if (r < 0)
		return r;
	params = params_of(&known);
	if (!params)
		return -ENOMEM;
	session->last_revision = 0;
	how.progress = known.progress;
	how.progress_data = known.progress_data;
	return loop_call(session, "config.commit", params, &how, ret_call);
}

/* ---- confirm ---------------------------------------------------------------------------- */

/* name: of one more parameter, or NULL, for none; takes value over. */
static int ask(struct exm *session, const char *token, const char *name, struct json_object *value,
	       struct json_object **ret_result)
{
	scoped_json *params = json_new_object(), *more = value;

	if (!session || !token)
		return -EINVAL;
	if (json_put(params, "token", json_new_text(token)) < 0 ||
	    (name && json_put(params, name, take_ptr(more)) < 0))
		return -ENOMEM;
	return exchange(session, "config.confirm", take_ptr(params), ret_result);
}

/* How many are left, of an answer. */
static int seconds_of(const struct json_object *result)
{
	int r = result_count(json_get(result, "seconds"));

	return json_kind(json_get(result, "pending")) == JSON_BOOL ? r : -EBADMSG;
}

int exm_confirm(struct exm *session, const char *token)
{
	scoped_json *result = NULL;
	int r = ask(session, token, NULL, NULL, &result);

	if (r < 0)
		return r;
	return json_kind(json_get(result, "pending")) == JSON_BOOL ? 0 : -EBADMSG;
}

int exm_confirm_extend(struct exm *session, const char *token, int seconds)
{
	scoped_json *result = NULL;
	int r;

	if (seconds <= 0)
		return -EINVAL;
	r = ask(session, token, "extend", json_new_int(seconds), &result);
	return r < 0 ? r : seconds_of(result);
}

int exm_confirm_rollback(struct exm *session, const char *token)
{
	const struct json_object *restored;
	scoped_json *result = NULL;
	int r = ask(session, token, "rollback", json_new_bool(true), &result);

	if (r < 0)
		return r;
	restored = json_get(result, "restored");
	return json_kind(restored) == JSON_BOOL ? json_boolean(restored) : -EBADMSG;
}

int exm_confirm_seconds(struct exm *session)
{
	scoped_json *result = NULL;
	int r = session ? exchange(session, "config.confirm", NULL, &result) : -EINVAL;

	return r < 0 ? r : seconds_of(result);
}

int exm_rolled_back_parse(const char *json, struct exm_rolled_back **ret_rolled_back)
{
	scoped_json *value = NULL;
	void *record = NULL;
	int r;

	if (!json || !ret_rolled_back)
		return -EINVAL;
	r = call_parse_params(json, &value);
	if (r == 0)
		r = result_record(value, &rolled_back_record, &record);
	if (r == 0)
		*ret_rolled_back = record;
	return r;
}
