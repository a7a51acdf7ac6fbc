/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor: what the engine asks about services. Every field is
 * hostile; a unit's name reaches systemd only after its characters were looked
 * at and the policy allowed this verb for it.
 */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "monitor/session.h"

/* A call under way; the session may end, or the engine change, before it does. */
struct op_job {
	LIST_ENTRY(op_job) link;
	struct session *session; /* NULL: ended */
	unsigned int generation;
	enum service_verb verb;
	char *unit;
};

static void job_free(struct op_job *job)
{
	if (job->session) {
		LIST_REMOVE(job, link);
		job->session->jobs--;
	}
	free(job->unit);
	free(job);
}

void op_service_orphan_jobs(struct session *session)
{
	struct op_job *job;

	while ((job = LIST_FIRST(&session->job_list))) {
		LIST_REMOVE(job, link);
		job->session = NULL;
	}
}

static int send_job(struct session *session, const struct msg_job *result)
{
	struct message event = { .type = MON_JOB, .job = *result };

	return session_reply(session, &event, -1);
}

static void on_done(const struct msg_job *result, void *data)
{
	struct op_job *job = data;
	struct session *session = job->session;
	bool asker_lives = session && job->generation == session->engine_generation;

	if (result->outcome != JOB_DONE)
		log_warning("%s of %s failed: %s", service_verb_word(job->verb), job->unit,
			    result->job_result[0] ? result->job_result : result->detail);
	else if (!asker_lives)
		log_notice("%s of %s is done", service_verb_word(job->verb), job->unit);
	job_free(job);
	if (asker_lives && send_job(session, result) < 0)
		session_end(session, SESSION_PROTOCOL);
}

static int allowed(const struct session *session, const struct msg_service *request)
{
	const struct policy *policy = session->policy;

	if (request->verb >= SERVICE_VERB_MAX || request->entry >= policy->service_count)
		return -EPROTO;
	if (!policy_unit_name_valid(request->unit) ||
	    policy_find_service(policy, request->unit) != (ssize_t)request->entry)
		return -EPROTO;
	return (policy->services[request->entry].verbs & (1u << request->verb)) != 0;
}

int op_service(struct session *session, const struct msg_service *request, int *fd)
{
	struct msg_job refusal = { .ticket = request->ticket };
	struct op_job *job = NULL;
	int r = allowed(session, request);

	(void)fd;
	if (r < 0)
		return r;
	if (r == 0) {
		log_warning("%s of %s denied", service_verb_word(request->verb), request->unit);
		refusal.outcome = JOB_DENIED;
		return send_job(session, &refusal);
	}
	if (session->jobs >= JOBS_MAX) {
		refusal.outcome = JOB_BUSY;
		return send_job(session, &refusal);
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->session = session;
	job->generation = session->engine_generation;
	job->verb = request->verb;
	job->unit = strdup(request->unit);
	LIST_INSERT_HEAD(&session->job_list, job, link);
	session->jobs++;
	if (!job->unit) {
		job_free(job);
		return -ENOMEM;
	}
	r = service_call(session->host->service, request->ticket, request->verb, request->unit,
			 session->policy->timeout_ms, on_done, job);
	if (r < 0) {
		job_free(job);
		log_warning("%s of %s: systemd cannot be asked", service_verb_word(request->verb),
			    request->unit);
		refusal.outcome = r == -EBUSY    ? JOB_BUSY
				  : r == -EINVAL ? JOB_NO_UNIT
						 : JOB_UNAVAILABLE;
		refusal.error = -r;
		return send_job(session, &refusal);
	}
	if (request->verb != SERVICE_STATUS)
		log_notice("%s of %s", service_verb_word(request->verb), request->unit);
	return 0;
}
