/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_POLICY_KEYS_H
#define EXM_POLICY_KEYS_H

#include "common/policy.h"

/* What the lines of a policy file mean. policy_read.c feeds them in, one by one. */

enum policy_section {
	SECTION_NONE,    /* before the first header */
	SECTION_UNKNOWN, /* its header was refused; its keys are passed over */
	SECTION_SESSION,
	SECTION_FILE,
	SECTION_SERVICE,
	SECTION_LOG,
	SECTION_PACKAGE,
	SECTION_SYSTEM,
	SECTION_HISTORY,
};

enum policy_history_key { HISTORY_RECORD, HISTORY_KEEP, HISTORY_MAX_AGE, HISTORY_MAX_SIZE };

struct policy_reader {
	struct policy *policy;
	const char *file; /* as it is named in messages */
	unsigned int line;
	enum policy_section section;
	size_t index; /* of the file, service ... that the section is about */
	bool timeout_given;
	bool manager_given;
	bool audit_given;
	unsigned int history_given; /* bit set of 1u << enum policy_history_key */
	bool delete_given[POLICY_FILES_MAX];
	bool verify_given[POLICY_FILES_MAX];
	bool other_lens_given[POLICY_FILES_MAX];
	unsigned int mistakes;
};

/* Most bytes of what was read that a message repeats. */
#define QUOTE "'%.80s'"

/* Logs FILE:LINE: and the text, and counts it. */
void policy_mistake(struct policy_reader *reader, const char *format, ...) printf_like(2, 3);

/*
 * The text of one file, changed, with a NUL behind it (policy_read.c). Mistakes are logged
 * and counted; 0 or -ENOMEM.
 */
int policy_read_text(struct policy_reader *reader, char *text, size_t length) must_check;

/*
 * The header "[NAME]" or "[NAME ARGUMENT]", without its brackets (argument may
 * be NULL), and a line KEY=VALUE. Mistakes are logged and counted; 0 or -ENOMEM.
 */
int policy_section_open(struct policy_reader *reader, const char *name,
			const char *argument) must_check;
int policy_key_read(struct policy_reader *reader, const char *key, char *value) must_check;

/* The next word of a list, or NULL; a backslash keeps the byte after it in the word. */
char *policy_next_word(char **cursor);

/* Decimal digits only, up to max. */
bool policy_read_number(const char *text, size_t length, uint32_t max, uint32_t *ret_number);

/* A Timeout= in milliseconds; 0, and a mistake, if it is not between the least and the most. */
uint32_t policy_read_timeout(struct policy_reader *reader, const char *value);

/* The reader of a key; value is not empty. Only Set=, Insert=, Remove= and Deny= have a right. */
typedef int policy_key(struct policy_reader *reader, enum policy_right right, char *value);

/* of [Session] */
policy_key policy_key_lenses;

/* of [File] */
policy_key policy_key_lens, policy_key_right, policy_key_value, policy_key_create,
	policy_key_make_dirs, policy_key_delete, policy_key_verify, policy_key_other_lens,
	policy_key_secret, policy_key_apply, policy_key_check;

/* of [Service], [Log], [Package] and [System] */
policy_key policy_key_service_allow, policy_key_service_timeout, policy_key_log_lines,
	policy_key_package_allow, policy_key_package_timeout, policy_key_system_allow;

/* of [History] */
policy_key policy_key_history_record, policy_key_history_keep, policy_key_history_max_age,
	policy_key_history_max_size;

#endif
