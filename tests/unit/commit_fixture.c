/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the unit tests only, as root in a mount name space of its own. */
#include "commit_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/memfd.h"
#include "monitor/history/history.h"

/* ---- services ---- */

static struct {
	int refusal;
	size_t called, ended;
	struct service_order order[COMMIT_ORDERS_MAX];
	char text[COMMIT_ORDERS_MAX][128];
} services;

static int take_order(const struct service_order *order)
{
	if (services.refusal < 0)
		return services.refusal;
	assert_true(services.called < COMMIT_ORDERS_MAX);
	services.order[services.called] = *order;
	snprintf(services.text[services.called++], sizeof(services.text[0]), "%s %s",
		 service_verb_word(order->verb), order->unit);
	return 0;
}

int __wrap_service_call(struct service *service, const struct service_order *order);
int __wrap_initd_call(struct initd *initd, const struct service_order *order);

int __wrap_service_call(struct service *service, const struct service_order *order)
{
	assert_null(service);
	return take_order(order);
}

int __wrap_initd_call(struct initd *initd, const struct service_order *order)
{
	assert_null(initd);
	return take_order(order);
}

void commit_services_refuse(int r)
{
	services.refusal = r;
}

void commit_services_forget(void)
{
	services.called = services.ended = 0;
}

size_t commit_services_called(void)
{
	return services.called;
}

size_t commit_services_under_way(void)
{
	return services.called - services.ended;
}

const char *commit_service(size_t number)
{
	assert_true(number < services.called);
	return services.text[number];
}

void commit_service_end(struct commit_world *w, enum job_outcome outcome)
{
	bool good = outcome == JOB_DONE;
	const struct msg_job job = {
		.outcome = (uint8_t)outcome,
		.error = 0,
		.manager = "systemd",
		.job_result = good ? "done" : "failed",
		.load_state = "loaded",
		.active_state = good ? "active" : "failed",
		.sub_state = "",
		.file_state = "",
		.result = good ? "success" : "exit-code",
		.triggered_by = "",
		.changes = "",
		.detail = good ? "" : "it has said no",
		.log = good ? "" : "a line\n",
	};
	const struct service_order *order;

	if (commit_services_under_way() == 0)
		fail_msg("no service was called");
	order = &services.order[services.ended++];
	order->done(&job, order->data);
	commit_settle(w);
}

void commit_service_tell(const char *stage, const char *detail)
{
	const struct service_order *order = &services.order[services.ended];
	const struct msg_progress progress = { .stage = stage, .detail = detail };

	assert_true(commit_services_under_way() > 0);
	if (order->progress)
		order->progress(&progress, order->data);
}

/* ---- checks ---- */

static struct {
	int refusal;
	bool is_under_way;
	struct checks_order order;
} checks;

int __wrap_checks_begin(const struct checks_order *order, struct checks **ret_checks);
struct checks *__wrap_checks_free(struct checks *of_these);

int __wrap_checks_begin(const struct checks_order *order, struct checks **ret_checks)
{
	if (checks.refusal < 0)
		return checks.refusal;
	assert_false(checks.is_under_way);
	checks.is_under_way = true;
	checks.order = *order;
	*ret_checks = (struct checks *)&checks;
	return 0;
}

struct checks *__wrap_checks_free(struct checks *of_these)
{
	if (!of_these)
		return NULL;
	assert_ptr_equal(of_these, &checks);
	checks.is_under_way = false;
	return NULL;
}

void commit_checks_refuse(int r)
{
	checks.refusal = r;
}

bool commit_checks_under_way(void)
{
	return checks.is_under_way;
}

void commit_checks_end(struct commit_world *w, enum mon_outcome outcome)
{
	bool good = outcome == OUTCOME_DONE;
	const struct checks_result result = {
		.outcome = outcome,
		.check = good ? "" : "/bin/false",
		.how = RUN_EXITED,
		.status = good ? 0 : 1,
		.error = outcome == OUTCOME_IO ? EMFILE : 0,
		.why = good ? "" : "Check=/bin/false: exit status 1",
		.output = good ? "" : "no\n",
	};

	assert_true(checks.is_under_way);
	checks.order.done(&result, checks.order.data);
	commit_settle(w);
}

/* ---- the session ---- */

static void on_ended(enum session_end how, void *data)
{
	struct commit_world *w = data;

	(void)how;
	w->ended++;
}

static void session_begin(struct commit_world *w)
{
	struct session *session = calloc(1, sizeof(*session));

	assert_non_null(session);
	session->host = &w->host;
	session->policy = w->host.policy;
	session->phase = PHASE_OPEN;
	session->ended = on_ended;
	session->ended_data = w;
	session->who = client_new(w->host.user);
	session->client = session->stream = -1;
	assert_int_equal(channel_pair(&session->channel, &w->engine), 0);
	w->session = session;
}

void commit_session_again(struct commit_world *w)
{
	session_begin(w);
}

void commit_session_over(struct commit_world *w)
{
	if (!w->session)
		return;
	session_end(w->session, SESSION_CLIENT_GONE);
	w->session = session_free(w->session);
	w->engine = close_fd(w->engine);
}

/* ---- the server ---- */

static void server_begin(struct commit_world *w)
{
	assert_int_equal(confirm_new(&w->host, &w->host.confirm), 0);
}

void commit_give_up(struct commit_world *w)
{
	w->session = session_free(w->session);
	transaction_abort(w->transaction);
	w->host.confirm = confirm_free(w->host.confirm);
	w->engine = close_fd(w->engine);
	services.ended = services.called;
}

void commit_server_again(struct commit_world *w)
{
	commit_give_up(w);
	server_begin(w);
	session_begin(w);
}

struct policy_file *commit_section(struct commit_world *w, const char *path)
{
	struct policy_file *file;

	assert_int_equal(policy_file_add(w->policy, path, &file), 0);
	assert_int_equal(policy_list_add(&file->rights[RIGHT_SET], "**"), 0);
	file->unverified = true;
	file->may_create = file->may_delete = true;
	file->create_mode = 0640;
	return file;
}

int commit_setup(void **state)
{
	struct commit_world *w = calloc(1, sizeof(*w));
	scoped_ptr char *place = NULL;
	void *root;

	assert_non_null(w);
	memset(&services, 0, sizeof(services));
	memset(&checks, 0, sizeof(checks));
	root_setup(&root);
	w->root = root;
	root_mkdir(w->root, COMMIT_STATE);
	place = root_path(w->root, COMMIT_STATE);
	assert_int_equal(chmod(place, 0700), 0);
	root_mkdir(w->root, "/etc");
	w->policy = policy_new();
	assert_non_null(w->policy);
	w->policy->history.count = 1000;
	w->policy->history.bytes = UINT64_C(1) << 40;
	w->policy->timeout_ms = 1000;
	commit_section(w, "/etc/*");
	w->file = &w->policy->files[0];
	w->host = (struct session_host){
		.policy = w->policy,
		.root_fd = w->root->fd,
		.state_fd = openat(w->root->fd, "s", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.user = "unit",
		.root = "",
		.manager = MANAGER_SYSTEMD,
		.calls = &w->calls,
		.transaction = &w->transaction,
	};
	assert_true(w->host.state_fd >= 0);
	assert_true(sd_event_new(&w->host.event) >= 0);
	audit_record(NULL, &(struct audit_event){
				   .method = "unit", .subject = "", .result = AUDIT_DONE });
	w->open = unit_open_descriptors();
	server_begin(w);
	session_begin(w);
	*state = w;
	return 0;
}

int commit_teardown(void **state)
{
	struct commit_world *w = *state;
	void *root = w->root;

	commit_give_up(w);
	assert_int_equal(w->calls.count, 0);
	assert_null(w->transaction);
	commit_settle(w);
	sd_event_unref(w->host.event);
	w->host.event = NULL;
	close_fd(w->host.state_fd);
	policy_free(w->policy);
	root_teardown(&root);
	free(w);
	return 0;
}

void commit_stage(struct commit_world *w, const char *path, const char *content)
{
	scoped_ptr char *full = root_path(w->root, path);
	scoped_ptr char *now = unit_file_read(full);
	struct session *session = w->session;
	int base = now ? memfd_of("base", now, strlen(now)) : -1;

	assert_int_equal(handout_set(&session->handouts, path, base), 0);
	session->staged[session->staged_count++] = (struct staged){
		.entry = (uint32_t)policy_find_file(w->policy, path),
		.path = strdup(path),
		.content = content ? memfd_of("new", content, strlen(content)) : -1,
	};
}

void commit_settle(struct commit_world *w)
{
	while (sd_event_run(w->host.event, 0) > 0)
		;
}

struct message commit_answer(struct commit_world *w, enum message_type type)
{
	struct message reply = { 0 };
	scoped_fd fd = -1;

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), 1);
	assert_int_equal(reply.type, type);
	return reply;
}

void commit_no_answer(struct commit_world *w)
{
	struct message reply;
	scoped_fd fd = -1;

	assert_int_equal(channel_recv(w->engine, false, &w->packet, &reply, &fd), -EAGAIN);
}
