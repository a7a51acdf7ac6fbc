/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root: the few files that hold the system's identity.
 * Their names are ours; what is in them is the administrator's.
 */
#include "monitor/identity/identity_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "common/fd.h"
#include "common/memfd.h"
#include "common/root_open.h"
#include "monitor/replace.h"

enum { FILE_SIZE_MAX = 64 << 10 };

enum job_outcome identity_why_not(struct identity_why *why, enum job_outcome outcome, int error,
				  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, sizeof(why->text), format, arguments);
	va_end(arguments);
	why->error = error;
	return outcome;
}

int identity_file_read(int root_fd, const char *path, char **ret_text)
{
	scoped_fd fd = root_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	scoped_ptr char *text = NULL;
	size_t length;
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = fd_read_text(fd, FILE_SIZE_MAX, &text, &length);
	if (r < 0)
		return r;
	if (strlen(text) != length)
		return -EINVAL;
	*ret_text = take_ptr(text);
	return 0;
}

static enum job_outcome explain(enum mon_outcome outcome, const char *path,
				const struct replace_failure *failure, struct identity_why *why)
{
	const char *what = strerror(failure->error);

	if (outcome == OUTCOME_DONE)
		return JOB_DONE;
	if (outcome == OUTCOME_CONFLICT)
		return identity_why_not(why, JOB_FAILED, 0,
					"%s was changed by somebody else meanwhile", path);
	if (failure->error == ELOOP)
		what = "it is a symbolic link";
	else if (failure->error == EXDEV)
		what = "it is a mount point";
	else if (failure->error == EMLINK)
		what = "it has another name (hard link)";
	return identity_why_not(why, JOB_FAILED, failure->error, "%s: cannot %s: %s", path,
				failure->step, what);
}

static enum mon_outcome replace(struct replacement *replacement, struct replace_failure *failure)
{
	enum mon_outcome outcome = replace_prepare(replacement, failure);
	int r;

	if (outcome == OUTCOME_DONE)
		outcome = replace_switch(replacement, failure);
	if (outcome != OUTCOME_DONE)
		return outcome;
	r = replace_sync(replacement);
	if (r == 0)
		r = replace_finish(replacement);
	else
		/* the temporary file goes with the replacement, if it is ours again */
		(void)!replace_undo(replacement);
	if (r == 0)
		return OUTCOME_DONE;
	*failure = (struct replace_failure){ "bring the directory to disk", -r };
	return OUTCOME_IO;
}

enum job_outcome identity_file_write(int root_fd, const char *path, const char *text,
				     struct identity_why *why)
{
	static const struct policy_file made = { .create_mode = 0644 };
	scoped(replacement_clear) struct replacement replacement = { .target = TARGET_NONE,
								     .old = -1,
								     .made = -1 };
	struct replace_failure failure = { "look at the file", 0 };
	scoped_target target = TARGET_NONE;
	scoped_fd base = -1, content = memfd_of("identity", text, strlen(text));
	enum mon_outcome outcome;
	int r;

	if (content < 0)
		return identity_why_not(why, JOB_FAILED, -content, "%s: %s", path,
					strerror(-content));
	r = target_open(root_fd, path, &target);
	if (r < 0)
		return identity_why_not(why, JOB_FAILED, -r, "%s: %s", path, strerror(-r));
	outcome = target_snapshot(&target, &base, &failure.error);
	if (outcome != OUTCOME_DONE && outcome != OUTCOME_ABSENT)
		return explain(outcome, path, &failure, why);
	replacement = replacement_of(&target, &made, base, content);
	return explain(replace(&replacement, &failure), path, &failure, why);
}
