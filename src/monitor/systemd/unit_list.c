/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. systemd is trusted; of what it answers only the units are
 * kept that the policy grants. Texts are not copied: they stand in the answers, which
 * are kept until the list is made.
 */
#include "monitor/systemd/unit_list.h"

#include <errno.h>
#include <string.h>

#include "common/report.h"
#include "monitor/systemd/service_bus.h"
#include "monitor/text.h"

enum { USEC_PER_MSEC = 1000, ACCURACY = 1 };

struct unit_list {
	struct unit_list_order order;
	struct service_bus *bus;
	sd_event_source *deadline;
	sd_bus_slot *slots[2];
	sd_bus_message *loaded, *files; /* the answers */
	struct unit_row *rows;
	size_t count;
};

static void finish(struct unit_list *list, enum job_outcome outcome, int error, const char *detail)
{
	char text[MESSAGE_TEXT_MAX + 1];

	text_copy(text, sizeof(text), detail, strlen(detail));
	list->order.done(outcome, error, text, -1, list->order.data);
}

/* An instance's template is nothing that could run. */
static bool is_template(const char *unit)
{
	const char *dot = strrchr(unit, '.');

	return dot && dot > unit && dot[-1] == '@';
}

static int add_row(struct unit_list *list, const struct unit_row *row)
{
	struct unit_row *rows;

	if (is_template(row->unit) || !list->order.wanted(row->unit, list->order.data))
		return 0;
	if (list->count == REPORT_ROWS_MAX)
		return -E2BIG;
	rows = reallocarray(list->rows, list->count + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	list->rows = rows;
	rows[list->count++] = *row;
	return 0;
}

static int read_loaded(struct unit_list *list)
{
	struct unit_row row = { .file_state = "" };
	int r = sd_bus_message_enter_container(list->loaded, 'a', "(ssssssouso)");

	while (r >= 0 &&
	       (r = sd_bus_message_read(list->loaded, "(ssssssouso)", &row.unit, &row.description,
					&row.load_state, &row.active_state, &row.sub_state, NULL,
					NULL, NULL, NULL, NULL)) > 0)
		r = add_row(list, &row);
	return r;
}

/* An alias is another name of a unit that has a line of its own. */
static int read_files(struct unit_list *list)
{
	struct unit_row row = { .description = "", .load_state = "" };
	const char *path;
	int r = sd_bus_message_enter_container(list->files, 'a', "(ss)");

	row.active_state = "inactive";
	row.sub_state = "dead";
	while (r >= 0 &&
	       (r = sd_bus_message_read(list->files, "(ss)", &path, &row.file_state)) > 0) {
		const char *slash = strrchr(path, '/');

		row.unit = slash ? slash + 1 : path;
		if (strcmp(row.file_state, "alias") != 0)
			r = add_row(list, &row);
	}
	return r;
}

/* By name, what is loaded before its file. */
static int compare(const void *a, const void *b)
{
	const struct unit_row *one = a, *other = b;
	int order = strcmp(one->unit, other->unit);

	return order != 0 ? order : (one->load_state[0] == '\0') - (other->load_state[0] == '\0');
}

/* A description is whatever a unit file says. */
static int report_row(struct report *report, const struct unit_row *row)
{
	char description[MESSAGE_TEXT_MAX + 1];
	struct unit_row clean = *row;

	text_copy(description, sizeof(description), row->description, strlen(row->description));
	clean.description = description;
	return report_add_unit_row(report, &clean);
}

static int make_report(struct unit_list *list)
{
	scoped_report report = report_begin(REPORT_UNIT);
	struct unit_row *rows = list->rows;

	if (list->count > 0)
		qsort(rows, list->count, sizeof(*rows), compare);
	for (size_t i = 0; i < list->count; i++) {
		bool again = i > 0 && strcmp(rows[i - 1].unit, rows[i].unit) == 0;
		bool has_file = i + 1 < list->count && rows[i].file_state[0] == '\0' &&
				strcmp(rows[i].unit, rows[i + 1].unit) == 0;
		int r = 0;

		if (has_file)
			rows[i].file_state = rows[i + 1].file_state;
		if (!again)
			r = report_row(&report, &rows[i]);
		if (r < 0)
			return r;
	}
	return report_seal(&report, "");
}

static void answer(struct unit_list *list)
{
	scoped_fd fd = -1;
	int r = read_loaded(list);

	if (r >= 0)
		r = read_files(list);
	if (r >= 0)
		r = fd = make_report(list);
	if (r < 0)
		finish(list, JOB_UNAVAILABLE, -r,
		       r == -E2BIG ? "there are too many units" : "systemd's answer can't be read");
	else
		list->order.done(JOB_DONE, 0, "", fd, list->order.data);
}

static int take_answer(struct unit_list *list, sd_bus_message *message, sd_bus_message **place)
{
	const sd_bus_error *refusal = sd_bus_message_get_error(message);

	if (refusal) {
		finish(list, JOB_UNAVAILABLE, sd_bus_error_get_errno(refusal),
		       refusal->message ? refusal->message : refusal->name);
		return 0;
	}
	*place = sd_bus_message_ref(message);
	if (list->loaded && list->files)
		answer(list);
	return 0;
}

static int on_loaded(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct unit_list *list = data;

	(void)error;
	return take_answer(list, message, &list->loaded);
}

static int on_files(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct unit_list *list = data;

	(void)error;
	return take_answer(list, message, &list->files);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	finish(data, JOB_TIMEOUT, 0, "systemd does not answer");
	return 0;
}

/* systemd has executed itself anew: the calls end with errors of their own. */
static void on_back(void *data)
{
	(void)data;
}

static void on_lost(int error, const char *text, void *data)
{
	finish(data, JOB_UNAVAILABLE, error, text ? text : strerror(error));
}

static int begin(struct unit_list *list)
{
	static const struct service_bus_events events = { .back = on_back, .lost = on_lost };
	const struct unit_list_order *order = &list->order;
	int r = service_bus_open(order->event, order->root_fd, &events, list, &list->bus);

	if (r >= 0)
		r = service_bus_ask_patterns(list->bus, "ListUnitsByPatterns", order->patterns,
					     on_loaded, list, &list->slots[0]);
	if (r >= 0)
		r = service_bus_ask_patterns(list->bus, "ListUnitFilesByPatterns", order->patterns,
					     on_files, list, &list->slots[1]);
	if (r >= 0)
		r = sd_event_add_time_relative(order->event, &list->deadline, CLOCK_MONOTONIC,
					       (uint64_t)order->timeout_ms * USEC_PER_MSEC,
					       ACCURACY, on_deadline, list);
	return r;
}

int unit_list_new(const struct unit_list_order *order, struct unit_list **ret_list)
{
	struct unit_list *list = calloc(1, sizeof(*list));
	int r;

	if (!list)
		return -ENOMEM;
	list->order = *order;
	r = begin(list);
	list->order.patterns = NULL;
	if (r < 0) {
		unit_list_free(list);
		return r;
	}
	*ret_list = list;
	return 0;
}

struct unit_list *unit_list_free(struct unit_list *list)
{
	if (!list)
		return NULL;
	sd_event_source_disable_unref(list->deadline);
	for (size_t i = 0; i < ARRAY_SIZE(list->slots); i++)
		sd_bus_slot_unref(list->slots[i]);
	sd_bus_message_unref(list->loaded);
	sd_bus_message_unref(list->files);
	service_bus_free(list->bus);
	free(list->rows);
	free(list);
	return NULL;
}
