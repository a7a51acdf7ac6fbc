/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in exmachinad (root), at start and on SIGHUP. Trusts a file only if
 * root owns it and nobody else can write it, which is asked of the opened
 * descriptor; touches nothing outside the policy directory.
 */
#include "monitor/policy/policy_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/fd.h"
#include "common/log.h"
#include "monitor/policy/policy_keys.h"

enum {
	POLICY_FILE_SIZE_MAX = 1 << 20,
	POLICY_LINE_MAX = 2 * POLICY_TEXT_MAX,
};

/*
 * Cuts the comment and the blanks around the line. A backslash keeps the byte
 * after it from being either.
 */
static char *strip_line(char *line)
{
	char *end, *at;

	line += strspn(line, " \t");
	if (*line == '#' || *line == ';')
		*line = '\0';
	for (at = end = line; *at; at++) {
		if (*at == '\\' && at[1])
			end = ++at + 1;
		else if (*at != ' ' && *at != '\t')
			end = at + 1;
		else if (at[1] == ';')
			break;
	}
	*end = '\0';
	return line;
}

/* "[NAME]" or "[NAME ARGUMENT]", stripped. */
static int read_header(struct policy_reader *reader, char *line)
{
	size_t length = strlen(line);
	char *name = line + 1, *argument;

	if (line[length - 1] != ']') {
		policy_mistake(reader, "a section's header must end with ']'");
		reader->section = SECTION_UNKNOWN;
		return 0;
	}
	line[length - 1] = '\0';
	argument = strpbrk(name, " \t");
	if (argument) {
		*argument++ = '\0';
		argument = strip_line(argument);
	}
	return policy_section_open(reader, name, argument && *argument ? argument : NULL);
}

static int read_key(struct policy_reader *reader, char *line)
{
	char *value = strchr(line, '='), *end;

	if (!value || value == line) {
		policy_mistake(reader, QUOTE " is neither [SECTION] nor KEY=VALUE", line);
		return 0;
	}
	end = value;
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	value++;
	return policy_key_read(reader, line, value + strspn(value, " \t"));
}

static int read_line(struct policy_reader *reader, char *line, size_t length)
{
	if (length > POLICY_LINE_MAX) {
		policy_mistake(reader,
			       "the line is longer than %d bytes; repeat the key on another",
			       POLICY_LINE_MAX);
		return 0;
	}
	line = strip_line(line);
	if (*line == '\0')
		return 0;
	return *line == '[' ? read_header(reader, line) : read_key(reader, line);
}

/* Only the first such byte is told of: a file with one line end of another system has many. */
static bool is_plain_text(struct policy_reader *reader, const char *text, size_t length)
{
	reader->line = 1;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n') {
			reader->line++;
		} else if ((c < 0x20 && c != '\t') || c == 0x7f) {
			policy_mistake(reader,
				       "the line holds byte 0x%02x; a policy is plain text "
				       "with LF line ends",
				       c);
			return false;
		}
	}
	return true;
}

static int read_lines(struct policy_reader *reader, char *text, size_t length)
{
	char *end = text + length;

	reader->section = SECTION_NONE;
	for (reader->line = 1; text < end; reader->line++) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		int r;

		if (!newline)
			newline = end;
		*newline = '\0';
		r = read_line(reader, text, (size_t)(newline - text));
		if (r < 0)
			return r;
		text = newline + 1;
	}
	return 0;
}

int policy_read_text(struct policy_reader *reader, char *text, size_t length)
{
	return is_plain_text(reader, text, length) ? read_lines(reader, text, length) : 0;
}

const char *policy_trust_fault(const struct stat *st, mode_t type)
{
	if ((st->st_mode & S_IFMT) != type)
		return type == S_IFDIR ? "is not a directory" : "is not a regular file";
	if (st->st_uid != 0)
		return "is not owned by root; chown it";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "can be written by others than root; chmod go-w";
	return NULL;
}

/* Logs why, and counts it, for a file as a whole. */
static int refuse(struct policy_reader *reader, const char *reason)
{
	log_error("%s: %s", reader->file, reason);
	reader->mistakes++;
	return 0;
}

static const char *open_fault(int error)
{
	return error == ELOOP ? "is a symbolic link; put the file itself here" : strerror(error);
}

static int read_file(struct policy_reader *reader, int directory, const char *name)
{
	scoped_fd fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	scoped_ptr char *text = NULL;
	const char *fault;
	size_t length;
	struct stat st;
	int r;

	if (fd < 0)
		return refuse(reader, open_fault(errno));
	if (fstat(fd, &st) < 0)
		return refuse(reader, strerror(errno));
	fault = policy_trust_fault(&st, S_IFREG);
	if (fault)
		return refuse(reader, fault);
	r = fd_read_text(fd, POLICY_FILE_SIZE_MAX, &text, &length);
	if (r == -EFBIG)
		return refuse(reader, "is larger than 1 MiB; split it");
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return refuse(reader, strerror(-r));
	return policy_read_text(reader, text, length);
}

static int is_policy_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > strlen(".conf") &&
	       strcmp(entry->d_name + length - strlen(".conf"), ".conf") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Reads the files of the opened directory; memory is the only thing that stops it early. */
static int read_files(struct policy_reader *reader, const char *path, int directory)
{
	struct dirent **entries = NULL;
	int count = scandirat(directory, ".", &entries, is_policy_file, by_bytes), r = 0;

	if (count < 0)
		return errno == ENOMEM ? -ENOMEM : refuse(reader, strerror(errno));
	if (count == 0)
		log_warning("%s: holds no file NAME.conf, so that nothing is allowed", path);
	for (int i = 0; i < count; i++) {
		scoped_ptr char *name = NULL;

		if (r == 0 && asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
			r = -ENOMEM;
		reader->file = name;
		if (r == 0)
			r = read_file(reader, directory, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static const char *directory_fault(int error)
{
	if (error == ENOENT)
		return "there is no such directory; make it, owned by root, with mode 0755";
	if (error == ENOTDIR || error == ELOOP)
		return "is not a directory; a link to one will not do";
	return strerror(error);
}

static int read_directory(struct policy_reader *reader, const char *path)
{
	scoped_fd directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *fault;
	struct stat st;

	reader->file = path;
	if (directory < 0)
		return refuse(reader, directory_fault(errno));
	if (fstat(directory, &st) < 0)
		return refuse(reader, strerror(errno));
	fault = policy_trust_fault(&st, S_IFDIR);
	if (fault)
		return refuse(reader, fault);
	return read_files(reader, path, directory);
}

/* What keys of one section mean together; NULL: nothing is wrong. */
static const char *contradiction(const struct policy_file *file)
{
	if (file->may_make_dirs && !file->may_create)
		return "MakeDirs= for a file that nobody makes; add Create=";
	if (file->other_lens && file->unverified)
		return "OtherLens=yes, and with Verify=no nothing would judge what that comes to; "
		       "leave one of them out";
	return NULL;
}

/* They may stand in several files, so that this is known at the end only. */
static void check_sections(struct policy_reader *reader, const char *directory)
{
	for (size_t i = 0; i < reader->policy->file_count; i++) {
		const struct policy_file *file = &reader->policy->files[i];
		const char *wrong = contradiction(file);

		if (!wrong)
			continue;
		log_error("%s: [File %s] has %s", directory, file->path, wrong);
		reader->mistakes++;
	}
}

int policy_read(const char *directory, struct policy **ret_policy)
{
	scoped(policy_freep) struct policy *policy = policy_new();
	struct policy_reader reader = { .policy = policy };
	int r = policy ? read_directory(&reader, directory) : -ENOMEM;

	if (r < 0) {
		log_error("%s: %s", directory, strerror(-r));
		return r;
	}
	check_sections(&reader, directory);
	if (reader.mistakes > 0)
		return -EINVAL;
	*ret_policy = take_ptr(policy);
	return 0;
}
