/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client, as root: the audit trail. No server is asked;
 * the files are read, and may be anybody's if they are named.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/log_files.h"
#include "cli/log_view.h"
#include "cli/verb.h"

static enum status broken(const struct cli *cli, const char *path, uint64_t offset, int error)
{
	const char *why = error == -EBADMSG   ? "what stands here is no record"
			  : error == -ENODATA ? "it ends within a record"
					      : strerror(-error);

	return report_wrong(cli, STATUS_FAILED, "%s: at byte %" PRIu64 ": %s", path, offset, why);
}

/* How many records there are, as far as they can be read. */
static uint64_t count_records(const struct log_files *files)
{
	uint64_t count = 0;

	for (size_t i = 0; i < files->count; i++) {
		scoped_trail reader = trail_reader_of(files->fd[i], 0);
		struct export_record record;
		const char *bytes;

		while (trail_next(&reader, &record, &bytes) > 0)
			count++;
	}
	return count;
}

/* All of them but the first `skip`. */
static enum status show(const struct cli *cli, const struct log_files *files, uint64_t skip)
{
	enum status status = STATUS_PRINTED;

	for (size_t i = 0; i < files->count; i++) {
		scoped_trail reader = trail_reader_of(files->fd[i], 0);
		struct export_record record;
		const char *bytes;
		int r;

		while ((r = trail_next(&reader, &record, &bytes)) > 0) {
			if (skip > 0)
				skip--;
			else if (cli->json)
				log_view_json(&record);
			else
				log_view_record(&record);
		}
		if (r < 0)
			status = broken(cli, files->path[i], reader.offset, r);
	}
	return status;
}

struct telling {
	const struct log_files *files;
	struct json_object *faults; /* NULL: for people */
};

static void tell_fault(const struct trail_fault *fault, void *data)
{
	const struct telling *telling = data;
	const char *path = telling->files->path[fault->file];

	if (!telling->faults)
		log_view_fault(path, fault);
	else
		call_add(telling->faults, log_view_fault_json(path, fault));
}

static enum status verify(const struct cli *cli, const struct log_files *files)
{
	struct telling telling = {
		.files = files,
		.faults = cli->json ? call_memory(json_new_array()) : NULL,
	};
	struct trail_summary summary;
	int r = trail_verify(files->fd, files->count, files->has_head ? &files->head : NULL,
			     tell_fault, &telling, &summary);

	if (r < 0) {
		json_free(telling.faults);
		return report_wrong(cli, STATUS_FAILED, "log: %s", strerror(-r));
	}
	if (cli->json)
		log_view_summary_json(&summary, telling.faults);
	else
		log_view_summary(&summary, files->count);
	return summary.faults > 0 ? STATUS_FAILED : STATUS_PRINTED;
}

static enum status run_log(struct cli *cli, const struct verb *verb, int argc, char **argv,
			   struct json_object **ret_result)
{
	uint64_t most = (uint64_t)cli->given[OPTION_LINES], count;
	scoped_log_files files = { .count = 0 };
	enum status status;

	(void)verb;
	(void)ret_result;
	if (argc == 0 && cli->text_count == 0)
		status = log_files_of_system(cli, &files);
	else
		status = log_files_named(cli, argc, argv, &files);
	if (status != STATUS_DONE)
		return status;
	if (cli->given[OPTION_VERIFY])
		return verify(cli, &files);
	count = most > 0 ? count_records(&files) : 0;
	return show(cli, &files, count > most ? count - most : 0);
}

static const struct verb verbs[] = {
	{
		.name = "log",
		.arguments = "[FILE...]",
		.summary = "what was done for clients: the audit trail (as root)",
		.most = VERB_MANY,
		.flags = VERB_LOCAL | VERB_NO_SCRIPT,
		.names = NAMES_FILES,
		.options = OPTION(LINES) | OPTION(VERIFY) | OPTION(FILE) | OPTION(JSON),
		.run = run_log,
	},
};

const struct verb *verb_log_table(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(verbs);
	return verbs;
}
