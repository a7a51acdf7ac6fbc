/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor. The list was made by a verifier from hostile text: one that lies can at
 * most have a secret shown to the client that has just written it.
 */
#include "monitor/check_secrets.h"

#include <errno.h>
#include <string.h>

#include "common/report.h"

void check_secrets_clear(struct candidate_secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		explicit_bzero(secrets->item[i], strlen(secrets->item[i]));
		free(secrets->item[i]);
	}
	free(secrets->item);
	*secrets = (struct candidate_secrets){ 0 };
}

static int add(struct candidate_secrets *secrets, bool has, const char *value)
{
	if (!has || !value[0])
		return 0;
	if (secrets->count == CANDIDATES_SECRETS_MAX) {
		secrets->unknown = true;
		return 0;
	}
	if (!secrets->item)
		secrets->item = calloc(CANDIDATES_SECRETS_MAX, sizeof(*secrets->item));
	if (!secrets->item)
		return -ENOMEM;
	secrets->item[secrets->count] = strdup(value);
	return secrets->item[secrets->count] ? (int)(secrets->count++, 0) : -ENOMEM;
}

static int add_row(struct candidate_secrets *secrets, const struct change_row *row)
{
	int r = add(secrets, row->has_old, row->old_value);

	/* of a value that was cut the end is not known */
	secrets->unknown |= row->cut;
	return r < 0 ? r : add(secrets, row->has_new, row->new_value);
}

static int read_changes(const struct policy *policy, const struct staged *staged, size_t count,
			int changes, struct candidate_secrets *secrets)
{
	scoped_reader reader = { .rows = 0 };
	struct change_row row;
	int r = report_open(changes, REPORT_CHANGE, &reader);

	while (r >= 0 && (r = report_next_change_row(&reader, &row)) > 0) {
		if (row.file >= count)
			return -EBADMSG;
		if (policy_is_secret_path(&policy->files[staged[row.file].entry], row.path))
			r = add_row(secrets, &row);
	}
	return r;
}

int check_secrets_find(const struct policy *policy, const struct staged *staged, size_t count,
		       int changes, struct candidate_secrets *ret_secrets)
{
	scoped(check_secrets_clear) struct candidate_secrets secrets = { 0 };
	int r = changes < 0 ? 0 : read_changes(policy, staged, count, changes, &secrets);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const struct policy_file *file = &policy->files[staged[i].entry];

		if (file->secrets.count > 0 && (changes < 0 || file->unverified))
			secrets.unknown = true;
	}
	*ret_secrets = secrets;
	secrets = (struct candidate_secrets){ 0 };
	return 0;
}
