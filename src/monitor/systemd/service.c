/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Keeps the connection to systemd and the calls
 * under way, and hands each what the connection tells. The unit's name comes from the
 * engine and was matched with the policy.
 */
#include "monitor/systemd/service.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "common/policy.h"
#include "monitor/systemd/service_action.h"
#include "monitor/systemd/service_job.h"
#include "monitor/systemd/unit_state.h"
#include "monitor/text.h"

enum {
	REMOVED_MAX = 64,      /* jobs remembered for an answer that is still on its way */
	PLACES = JOBS_MAX + 1, /* one is the monitor's own */
};

struct removed_job {
	char path[JOB_PATH_SIZE];
	char result[JOB_WORD_SIZE];
};

struct service {
	sd_event *event;
	int root_fd;
	struct service_bus *bus;
	struct service_job *jobs[PLACES];
	struct removed_job removed[REMOVED_MAX];
	unsigned int next_removed;
};

static void on_removed(const char *path, const char *result, void *data)
{
	struct service *service = data;
	struct removed_job *place = &service->removed[service->next_removed++ % REMOVED_MAX];

	if (strlen(path) >= sizeof(place->path))
		return;
	text_copy(place->path, sizeof(place->path), path, strlen(path));
	text_copy(place->result, sizeof(place->result), result, strlen(result));
	for (size_t i = 0; i < PLACES; i++)
		if (service->jobs[i])
			service_job_removed(service->jobs[i], path, result);
}

static void on_back(void *data)
{
	struct service *service = data;

	for (size_t i = 0; i < PLACES; i++)
		if (service->jobs[i])
			service_job_back(service->jobs[i]);
}

static void on_lost(int error, const char *text, void *data)
{
	struct service *service = data;

	for (size_t i = 0; i < PLACES; i++)
		if (service->jobs[i])
			service_job_lost(service->jobs[i], error, text);
	service->bus = service_bus_free(service->bus);
}

int service_new(sd_event *event, const char *root, struct service **ret_service)
{
	scoped_fd fd = open(root[0] ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct service *service;

	if (fd < 0)
		return -errno;
	service = calloc(1, sizeof(*service));
	if (!service)
		return -ENOMEM;
	service->event = sd_event_ref(event);
	service->root_fd = take_fd(&fd);
	*ret_service = service;
	return 0;
}

struct service *service_free(struct service *service)
{
	if (!service)
		return NULL;
	for (size_t i = 0; i < PLACES; i++)
		service_job_free(service->jobs[i]);
	service_bus_free(service->bus);
	sd_event_unref(service->event);
	close_fd(service->root_fd);
	free(service);
	return NULL;
}

int service_call(struct service *service, const struct service_order *order)
{
	size_t places = order->entry == UINT32_MAX ? PLACES : JOBS_MAX, place = 0;

	if (!service_verb_word(order->verb) || !policy_unit_name_valid(order->unit))
		return -EINVAL;
	while (place < places && service->jobs[place])
		place++;
	if (place == places)
		return -EBUSY;
	return service_job_new(service, order, &service->jobs[place]);
}

bool service_is_systemd(int root_fd)
{
	/* as sd_booted(3), below another root */
	return faccessat(root_fd, "run/systemd/system", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

enum service_manager service_manager_below(int root_fd, enum service_manager wanted)
{
	if (wanted != MANAGER_AUTO)
		return wanted;
	return service_is_systemd(root_fd) ? MANAGER_SYSTEMD : MANAGER_INITD;
}

sd_event *service_event(struct service *service)
{
	return service->event;
}

uint64_t service_now(const struct service *service)
{
	uint64_t now = 0;

	/* fails for a clock only that sd-event does not know */
	(void)sd_event_now(service->event, CLOCK_MONOTONIC, &now);
	return now;
}

int service_root_fd(const struct service *service)
{
	return service->root_fd;
}

int service_connect(struct service *service, struct service_bus **ret_bus)
{
	static const struct service_bus_events events = {
		.job_removed = on_removed,
		.back = on_back,
		.lost = on_lost,
	};
	int r = 0;

	if (!service->bus)
		r = service_bus_open(service->event, service->root_fd, &events, service,
				     &service->bus);
	if (r >= 0)
		*ret_bus = service->bus;
	return r;
}

const char *service_removed_result(const struct service *service, const char *path)
{
	for (size_t i = 0; i < REMOVED_MAX; i++)
		if (strcmp(service->removed[i].path, path) == 0)
			return service->removed[i].result;
	return NULL;
}

void service_forget(struct service *service, struct service_job *job)
{
	bool idle = true;

	for (size_t i = 0; i < PLACES; i++) {
		if (service->jobs[i] == job)
			service->jobs[i] = NULL;
		idle = idle && !service->jobs[i];
	}
	/* a connection that never came about is not waited for by the next call */
	if (idle && service->bus && !service_bus_is_ready(service->bus))
		service->bus = service_bus_free(service->bus);
}
