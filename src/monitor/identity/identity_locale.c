/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the monitor, as root. Assignments come from the client. Shells read
 * the file: what is written there has no character that means anything to them.
 */
#include "monitor/identity/identity_locale.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/root_open.h"
#include "monitor/identity/locale_tree.h"

const char *identity_locale_variable(enum locale_variable variable)
{
	static const char *const names[] = {
#define X(name) [LOCALE_##name] = #name,
		LOCALE_VARIABLES(X)
#undef X
	};

	return names[variable];
}

/* Which variable the text, NAME=..., is about; LOCALE_VARIABLE_MAX if none. */
static enum locale_variable find_variable(const char *text, const char **ret_value)
{
	for (unsigned int i = 0; i < LOCALE_VARIABLE_MAX; i++) {
		size_t length = strlen(identity_locale_variable(i));

		if (strncmp(text, identity_locale_variable(i), length) != 0 || text[length] != '=')
			continue;
		*ret_value = text + length + 1;
		return i;
	}
	return LOCALE_VARIABLE_MAX;
}

/* LANGUAGE is a list of languages, in the order of liking; they need not be there. */
static bool is_languages(const char *value)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_.@-:";

	return strlen(value) < LOCALE_VALUE_SIZE && value[0] != '\0' &&
	       !strchr("_.@-:", value[0]) && value[strspn(value, allowed)] == '\0';
}

static bool is_value(enum locale_variable variable, const char *value)
{
	return variable == LOCALE_LANGUAGE ? is_languages(value) : locale_tree_is_name(value);
}

/* ---- what is asked for --------------------------------------------------------- */

static enum job_outcome check_one(int root_fd, const char *assignment, unsigned int *seen,
				  struct identity_why *why)
{
	const char *value;
	enum locale_variable variable = find_variable(assignment, &value);
	int r;

	if (variable == LOCALE_VARIABLE_MAX)
		return identity_why_not(why, JOB_BAD_VALUE, 0,
					"that is no assignment to a variable of the locale; there "
					"are"
#define X(name) " " #name
					LOCALE_VARIABLES(X));
#undef X
	if (*seen & 1u << variable)
		return identity_why_not(why, JOB_BAD_VALUE, 0, "%s is given twice",
					identity_locale_variable(variable));
	*seen |= 1u << variable;
	if (!is_value(variable, value))
		return identity_why_not(why, JOB_BAD_VALUE, 0,
					"the value of %s is no locale's name; it is written as in "
					"de_DE.UTF-8",
					identity_locale_variable(variable));
	r = variable == LOCALE_LANGUAGE ? 1 : locale_tree_has(root_fd, value);
	if (r < 0)
		return identity_why_not(why, JOB_FAILED, -r, "locale %s: %s", value, strerror(-r));
	if (r == 0)
		return identity_why_not(
			why, JOB_BAD_VALUE, 0,
			"locale %s is not there; localectl list-locales shows which "
			"are",
			value);
	return JOB_DONE;
}

enum job_outcome identity_locale_check(int root_fd, const char *assignments,
				       struct identity_why *why)
{
	char copy[MESSAGE_NAME_MAX + 1], *rest = copy, *assignment;
	enum job_outcome outcome = JOB_DONE;
	unsigned int seen = 0;

	snprintf(copy, sizeof(copy), "%s", assignments);
	while (outcome == JOB_DONE && (assignment = strsep(&rest, " ")))
		outcome = check_one(root_fd, assignment, &seen, why);
	return outcome;
}

void identity_locale_assign(struct identity_locale *locale, const char *assignments)
{
	char copy[MESSAGE_NAME_MAX + 1], *rest = copy, *assignment;
	const char *value;

	snprintf(copy, sizeof(copy), "%s", assignments);
	while ((assignment = strsep(&rest, " "))) {
		enum locale_variable variable = find_variable(assignment, &value);

		if (variable < LOCALE_VARIABLE_MAX)
			snprintf(locale->value[variable], LOCALE_VALUE_SIZE, "%s", value);
	}
}

void identity_locale_print(const struct identity_locale *locale, char *text, size_t size)
{
	FILE *out = fmemopen(text, size, "w");
	const char *blank = "";

	text[0] = '\0';
	if (!out)
		return;
	for (unsigned int i = 0; i < LOCALE_VARIABLE_MAX; i++) {
		if (locale->value[i][0] == '\0')
			continue;
		fprintf(out, "%s%s=%s", blank, identity_locale_variable(i), locale->value[i]);
		blank = " ";
	}
	fclose(out);
}

bool identity_locale_shows(const struct identity_locale *locale, const char *assignments)
{
	struct identity_locale wanted = { 0 };

	identity_locale_assign(&wanted, assignments);
	for (unsigned int i = 0; i < LOCALE_VARIABLE_MAX; i++) {
		const char *is = locale->value[i];

		if (is[0] == '\0' && i != LOCALE_LANGUAGE)
			is = locale->value[LOCALE_LANG];
		if (wanted.value[i][0] && strcmp(is, wanted.value[i]) != 0)
			return false;
	}
	return true;
}

/* ---- the file ------------------------------------------------------------------ */

static bool is_regular(int root_fd, const char *path)
{
	scoped_fd fd = root_open_plain(root_fd, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* The one that is there itself: either may be a link to the other. Absolute. */
static const char *choose_file(int root_fd)
{
	static const char debian[] = "/etc/default/locale", other[] = "/etc/locale.conf";

	if (is_regular(root_fd, debian + 1))
		return debian;
	if (is_regular(root_fd, other + 1))
		return other;
	return is_regular(root_fd, "etc/debian_version") ? debian : other;
}

/* The line's variable and value, without quotes; the line is not changed. */
static enum locale_variable read_line(const char *line, size_t length,
				      char value[static LOCALE_VALUE_SIZE])
{
	char copy[LOCALE_VALUE_SIZE + 32];
	const char *from;
	enum locale_variable variable;
	size_t end;

	value[0] = '\0';
	snprintf(copy, sizeof(copy), "%.*s", (int)(length < sizeof(copy) ? length : sizeof(copy)),
		 line);
	variable = find_variable(copy + strspn(copy, " \t"), &from);
	if (variable == LOCALE_VARIABLE_MAX)
		return variable;
	end = strlen(from);
	while (end > 0 && strchr(" \t\r", from[end - 1]))
		end--;
	if (end >= 2 && (from[0] == '"' || from[0] == '\'') && from[end - 1] == from[0]) {
		from++;
		end -= 2;
	}
	if (end < LOCALE_VALUE_SIZE)
		snprintf(value, LOCALE_VALUE_SIZE, "%.*s", (int)end, from);
	if (!is_value(variable, value))
		value[0] = '\0';
	return variable;
}

int identity_locale_read(int root_fd, struct identity_locale *ret_locale)
{
	scoped_ptr char *text = NULL;
	char value[LOCALE_VALUE_SIZE];
	int r = identity_file_read(root_fd, choose_file(root_fd), &text);

	*ret_locale = (struct identity_locale){ 0 };
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		enum locale_variable variable;

		end = strchrnul(line, '\n');
		variable = read_line(line, (size_t)(end - line), value);
		if (variable < LOCALE_VARIABLE_MAX)
			memcpy(ret_locale->value[variable], value, sizeof(value));
	}
	return 0;
}

/* The old text with each named variable where it stood first, or else at the end. */
static void rewrite(FILE *out, const char *text, struct identity_locale *named)
{
	char value[LOCALE_VALUE_SIZE];
	bool written[LOCALE_VARIABLE_MAX] = { false };

	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		enum locale_variable variable;

		end = strchrnul(line, '\n');
		variable = read_line(line, (size_t)(end - line), value);
		if (variable == LOCALE_VARIABLE_MAX || named->value[variable][0] == '\0')
			fprintf(out, "%.*s\n", (int)(end - line), line);
		else if (!written[variable])
			fprintf(out, "%s=%s\n", identity_locale_variable(variable),
				named->value[variable]);
		if (variable < LOCALE_VARIABLE_MAX)
			written[variable] = true;
	}
	for (unsigned int i = 0; i < LOCALE_VARIABLE_MAX; i++)
		if (named->value[i][0] && !written[i])
			fprintf(out, "%s=%s\n", identity_locale_variable(i), named->value[i]);
}

enum job_outcome identity_locale_write(int root_fd, const char *assignments,
				       struct identity_why *why)
{
	const char *path = choose_file(root_fd);
	struct identity_locale named = { 0 };
	scoped_ptr char *before = NULL, *text = NULL;
	size_t size;
	FILE *out;
	int r = identity_file_read(root_fd, path, &before);

	if (r < 0 && r != -ENOENT)
		return identity_why_not(why, JOB_FAILED, -r, "%s: %s", path, strerror(-r));
	out = open_memstream(&text, &size);
	if (out) {
		identity_locale_assign(&named, assignments);
		rewrite(out, before ? before : "", &named);
	}
	if (!out || fclose(out) != 0)
		return identity_why_not(why, JOB_FAILED, ENOMEM, "%s: %s", path, strerror(ENOMEM));
	return identity_file_write(root_fd, path, text, why);
}
