/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root): the keys of a [File] section. The administrator
 * is trusted but makes mistakes; whatever is not understood to the last byte
 * is refused. Touches the user database and nothing else.
 */
#include "monitor/policy/policy_keys.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "common/log.h"

static struct policy_file *this_file(struct policy_reader *reader)
{
	return &reader->policy->files[reader->index];
}

int policy_key_lens(struct policy_reader *reader, enum policy_right unused, char *value)
{
	struct policy_file *file = this_file(reader);
	const char *fault = policy_lens_fault(value);

	(void)unused;
	if (fault) {
		policy_mistake(reader, "Lens=" QUOTE " %s", value, fault);
	} else if (file->lens && strcmp(file->lens, value) != 0) {
		policy_mistake(reader, "Lens=" QUOTE " after Lens=%s; a file has one lens", value,
			       file->lens);
	} else if (!file->lens) {
		file->lens = strdup(value);
		return file->lens ? 0 : -ENOMEM;
	}
	return 0;
}

/* The patterns of one key, added to its list. */
static int read_patterns(struct policy_reader *reader, const char *key, char *value,
			 struct policy_list *list)
{
	const char *word;

	while ((word = policy_next_word(&value))) {
		const char *fault = policy_pattern_fault(word);
		int r;

		if (fault) {
			policy_mistake(reader, "%s=" QUOTE " %s", key, word, fault);
			continue;
		}
		r = policy_list_add(list, word);
		if (r == -ENOMEM)
			return r;
		if (r < 0) {
			policy_mistake(reader,
				       "more than %d patterns of %s= in one section; "
				       "use wildcards",
				       POLICY_ITEMS_MAX, key);
			return 0;
		}
	}
	return 0;
}

int policy_key_right(struct policy_reader *reader, enum policy_right right, char *value)
{
	return read_patterns(reader, policy_right_key(right), value,
			     &this_file(reader)->rights[right]);
}

int policy_key_secret(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
	return read_patterns(reader, "Secret", value, &this_file(reader)->secrets);
}

/* A line that stands twice, in two files of the policy, is one check. */
int policy_key_check(struct policy_reader *reader, enum policy_right unused, char *value)
{
	struct policy_list *checks = &this_file(reader)->checks;
	const char *fault = policy_check_fault(value);

	(void)unused;
	for (size_t i = 0; i < checks->count; i++)
		if (strcmp(checks->item[i], value) == 0)
			return 0;
	if (fault)
		policy_mistake(reader, "Check=" QUOTE " %s", value, fault);
	else if (checks->count == POLICY_CHECKS_MAX)
		policy_mistake(reader, "more than %d Check= in one section", POLICY_CHECKS_MAX);
	else
		return policy_list_add(checks, value);
	return 0;
}

int policy_key_value(struct policy_reader *reader, enum policy_right unused, char *value)
{
	char *ere = value, *pattern = policy_next_word(&ere);
	const char *fault = policy_pattern_fault(pattern);
	char reason[128];
	int r;

	(void)unused;
	ere += strspn(ere, " \t");
	if (fault) {
		policy_mistake(reader, "Value=" QUOTE " %s", pattern, fault);
		return 0;
	}
	if (*ere == '\0') {
		policy_mistake(reader,
			       "Value=" QUOTE " has no regular expression; write "
			       "Value=PATTERN ERE",
			       pattern);
		return 0;
	}
	r = policy_value_add(this_file(reader), pattern, ere);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		policy_mistake(reader, "more than %d Value= in one section; use wildcards",
			       POLICY_ITEMS_MAX);
	} else if (r > 0) {
		regerror(r, NULL, reason, sizeof(reason));
		policy_mistake(reader,
			       "Value=%.80s: " QUOTE " is no regular expression that can be "
			       "used: %s",
			       pattern, ere, reason);
	}
	return 0;
}

static bool find_user(const char *name, uid_t *ret_uid)
{
	const struct passwd *account;
	uint32_t number;

	if (policy_read_number(name, strlen(name), UINT32_MAX - 1, &number)) {
		*ret_uid = number;
		return true;
	}
	account = policy_user_fault(name) ? NULL : getpwnam(name);
	if (account)
		*ret_uid = account->pw_uid;
	return account != NULL;
}

static bool find_group(const char *name, gid_t *ret_gid)
{
	const struct group *group;
	uint32_t number;

	if (policy_read_number(name, strlen(name), UINT32_MAX - 1, &number)) {
		*ret_gid = number;
		return true;
	}
	group = policy_user_fault(name) ? NULL : getgrnam(name);
	if (group)
		*ret_gid = group->gr_gid;
	return group != NULL;
}

/* Three octal digits, or four beginning with 0: no set-id or sticky bit. */
static bool read_mode(const char *text, mode_t *ret_mode)
{
	size_t length = strlen(text);
	mode_t mode = 0;

	if (length == 4 && *text == '0') {
		text++;
		length--;
	}
	if (length != 3 || strspn(text, "01234567") != 3)
		return false;
	for (; *text; text++)
		mode = mode << 3 | (mode_t)(*text - '0');
	*ret_mode = mode;
	return true;
}

/* "MODE OWNER:GROUP", taken apart in place: the names are those of the value. */
static bool read_owner(struct policy_reader *reader, const char *key, const char *example,
		       char *value, struct policy_owner *ret_owner)
{
	char *mode = policy_next_word(&value), *owner = policy_next_word(&value);
	char *group = owner ? strchr(owner, ':') : NULL;

	if (!group || policy_next_word(&value)) {
		policy_mistake(reader, "%s= is MODE OWNER:GROUP, as in %s root:root", key, example);
		return false;
	}
	*group++ = '\0';
	ret_owner->owner = owner;
	ret_owner->group = group;
	if (!read_mode(mode, &ret_owner->mode))
		policy_mistake(reader,
			       "%s=" QUOTE " is no mode; write it as in %s, without set-id bits",
			       key, mode, example);
	else if (!find_user(owner, &ret_owner->uid))
		policy_mistake(reader, "%s= names the user " QUOTE ", who is not known here", key,
			       owner);
	else if (!find_group(group, &ret_owner->gid))
		policy_mistake(reader, "%s= names the group " QUOTE ", which is not known here",
			       key, group);
	else
		return true;
	return false;
}

static void other_than_before(struct policy_reader *reader, const char *key)
{
	policy_mistake(reader, "%s= differs from an earlier one of this file; give one", key);
}

int policy_key_create(struct policy_reader *reader, enum policy_right unused, char *value)
{
	struct policy_file *file = this_file(reader);
	struct policy_owner wanted;

	(void)unused;
	if (!read_owner(reader, "Create", "0644", value, &wanted))
		return 0;
	if (file->may_create) {
		if (file->create_mode != wanted.mode || file->create_uid != wanted.uid ||
		    file->create_gid != wanted.gid)
			other_than_before(reader, "Create");
		return 0;
	}
	file->create_owner = strdup(wanted.owner);
	file->create_group = strdup(wanted.group);
	if (!file->create_owner || !file->create_group)
		return -ENOMEM;
	file->create_mode = wanted.mode;
	file->create_uid = wanted.uid;
	file->create_gid = wanted.gid;
	file->may_create = true;
	return 0;
}

int policy_key_make_dirs(struct policy_reader *reader, enum policy_right unused, char *value)
{
	struct policy_file *file = this_file(reader);
	struct policy_owner wanted;

	(void)unused;
	if (!read_owner(reader, "MakeDirs", "0755", value, &wanted))
		return 0;
	if (file->may_make_dirs) {
		if (file->dirs.mode != wanted.mode || file->dirs.uid != wanted.uid ||
		    file->dirs.gid != wanted.gid)
			other_than_before(reader, "MakeDirs");
		return 0;
	}
	file->dirs = wanted;
	file->dirs.owner = strdup(wanted.owner);
	file->dirs.group = strdup(wanted.group);
	file->may_make_dirs = true;
	return file->dirs.owner && file->dirs.group ? 0 : -ENOMEM;
}

/* yes or no, and the same each time; anything else is a mistake and changes nothing. */
static void read_answer(struct policy_reader *reader, const char *key, const char *value,
			bool *given, bool *answer)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		policy_mistake(reader, "%s=" QUOTE " is neither yes nor no", key, value);
	else if (*given && *answer != yes)
		policy_mistake(reader, "%s=%s after %s=%s; give one", key, value, key,
			       yes ? "no" : "yes");
	else
		*answer = yes;
	*given = true;
}

int policy_key_delete(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
	read_answer(reader, "Delete", value, &reader->delete_given[reader->index],
		    &this_file(reader)->may_delete);
	return 0;
}

int policy_key_other_lens(struct policy_reader *reader, enum policy_right unused, char *value)
{
	(void)unused;
	read_answer(reader, "OtherLens", value, &reader->other_lens_given[reader->index],
		    &this_file(reader)->other_lens);
	return 0;
}

int policy_key_verify(struct policy_reader *reader, enum policy_right unused, char *value)
{
	struct policy_file *file = this_file(reader);
	bool verified = !file->unverified;

	(void)unused;
	read_answer(reader, "Verify", value, &reader->verify_given[reader->index], &verified);
	if (!verified && !file->unverified)
		log_warning("%s:%u: Verify=no: which nodes of %s change is decided by the engine "
			    "alone, which reads hostile input",
			    reader->file, reader->line, file->path);
	file->unverified = !verified;
	return 0;
}
