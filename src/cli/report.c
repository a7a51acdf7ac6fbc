/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the command line client. Tells what went wrong, to people on
 * standard error or as JSON on standard output, and what exit status that is.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "exmachina.h"

enum { DATA_DEPTH = 100 };

static void prefix(const struct cli *cli)
{
	fputs("exmachina: ", stderr);
	if (cli->script)
		fprintf(stderr, "%s:%u: ", cli->script, cli->line);
}

void report(const struct cli *cli, const char *format, ...)
{
	va_list arguments;

	prefix(cli);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* What the server would call it, had it been asked; the code of what it was not is 0. */
static const char *name_of(enum status status)
{
	switch (status) {
	case STATUS_NO_NODE:
		return "NO_MATCH";
	case STATUS_USAGE:
		return "USAGE";
	case STATUS_DENIED:
		return "DENIED";
	case STATUS_NO_SERVER:
		return "NO_SERVER";
	case STATUS_TIMEOUT:
		return "TIMEOUT";
	default:
		return "FAILED";
	}
}

static void tell_programs_wrong(const struct cli *cli, enum status status, const char *message)
{
	struct json_object *data = call_memory(json_new_object());
	scoped_json *object = call_memory(json_new_object());

	call_put(data, "name", call_memory(json_new_string(name_of(status))));
	if (cli->script) {
		call_put(data, "script", call_argument(cli->script));
		call_put(data, "script_line", call_memory(json_new_int(cli->line)));
	}
	call_put(object, "code", call_memory(json_new_int(0)));
	call_put(object, "message", call_memory(json_new_text(message)));
	call_put(object, "data", data);
	report_json(object);
}

enum status report_wrong(const struct cli *cli, enum status status, const char *format, ...)
{
	scoped_ptr char *message = NULL;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (r < 0)
		message = call_memory(NULL);
	if (cli->json)
		tell_programs_wrong(cli, status, message);
	else
		report(cli, "%s", message);
	return status;
}

void report_json(struct json_object *value)
{
	puts(call_text(value));
}

static bool is_control(const char *text)
{
	unsigned char c = (unsigned char)*text;

	/* the second half of them is two bytes in UTF-8 */
	return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f ||
	       (c == 0xc2 && (unsigned char)text[1] < 0xa0);
}

static void put_foreign(FILE *file, const char *text)
{
	if (is_control(text))
		fprintf(file, "\\x%02x", (unsigned char)*text);
	else
		fputc(*text, file);
}

void report_foreign_line(FILE *file, const char *text)
{
	for (; *text; text++)
		put_foreign(file, text);
}

void report_foreign(FILE *file, const char *indent, const char *text)
{
	bool at_start = true;

	for (; *text; text++) {
		if (at_start)
			fputs(indent, file);
		at_start = *text == '\n';
		put_foreign(file, text);
	}
	if (!at_start)
		fputc('\n', file);
}

/*
 * The place in a file, which people look for at the front: "/etc/hosts:3.7: ".
 * Not if the message has it.
 */
static void print_place(const struct json_object *data, const char *message)
{
	const char *file = json_string(json_get(data, "file"), NULL);
	struct json_object *line = json_get(data, "line");
	struct json_object *column = json_get(data, "column");
	scoped_ptr char *place = NULL;

	if (!file || !line)
		return;
	if (asprintf(&place, column ? "%s:%lld.%lld" : "%s:%lld", file, (long long)json_int(line),
		     (long long)json_int(column)) < 0)
		place = call_memory(NULL);
	if (!strstr(message, place))
		fprintf(stderr, "%s: ", place);
}

struct telling {
	const struct cli *cli;
	const char *message;
	bool placed; /* file, line and column are told */
};

/* Words for programs, which the message has for people. */
static bool is_for_programs(const char *key)
{
	static const char *const keys[] = { "name",     "kind",       "key",      "position",
					    "expected", "load",       "main_pid", "main_pid_before",
					    "verb",     "file_state", "manager",  "seconds",
					    "section",  "refused",    "restored" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* One member of the details, unless the message has it already. */
static int print_detail(const char *key, struct json_object *value, void *data)
{
	const struct telling *telling = data;
	bool is_place =
		strcmp(key, "file") == 0 || strcmp(key, "line") == 0 || strcmp(key, "column") == 0;
	scoped_ptr char *bytes = NULL;
	const char *text;

	if (!value || is_for_programs(key) || (is_place && telling->placed) ||
	    (telling->cli->log_shown && strcmp(key, "log") == 0))
		return 0;
	if (json_kind(value) == JSON_ARRAY) {
		if (json_length(value) == 0)
			return 0;
		fprintf(stderr, "  %s:\n", key);
		for (size_t i = 0; i < json_length(value); i++) {
			text = json_string(json_at(value, i), NULL);
			report_foreign(stderr, "    ", text ? text : call_text(json_at(value, i)));
		}
		return 0;
	}
	text = json_get_bytes(value, &bytes) == 0 ? bytes : call_text(value);
	if (!*text || (strlen(text) > 2 && strstr(telling->message, text)))
		return 0;
	if (strchr(text, '\n')) {
		fprintf(stderr, "  %s:\n", key);
		report_foreign(stderr, "    ", text);
	} else {
		fprintf(stderr, "  %s: %s\n", key, text);
	}
	return 0;
}

/* May it stand in a command as it is? */
static bool is_plain(const char *text)
{
	return text && *text &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789/._:@#-") == strlen(text);
}

/* Where to read on: what else is allowed for the same thing. */
static void print_hint(const struct json_object *data)
{
	const char *unit = json_string(json_get(data, "unit"), NULL);
	const char *file = json_string(json_get(data, "file"), NULL);
	const char *node = json_string(json_get(data, "node"), NULL);

	fputs("  see: exmachina whatcan", stderr);
	if (is_plain(unit))
		fprintf(stderr, " %s", unit);
	else if (is_plain(file) && is_plain(node))
		fprintf(stderr, " /files%s/%s", file, node);
	else if (is_plain(file))
		fprintf(stderr, " %s", file);
	fputc('\n', stderr);
}

static void tell_people(const struct cli *cli, const char *intro, const char *message, int code,
			struct json_object *data)
{
	struct telling telling = { .cli = cli, .message = message };

	prefix(cli);
	fputs(intro, stderr);
	print_place(data, message);
	fprintf(stderr, "%s\n", message);
	telling.placed = json_get(data, "file") && json_get(data, "line");
	(void)json_each(data, print_detail, &telling);
	if (code == EXM_ERROR_DENIED)
		print_hint(data);
}

void report_refusal(const struct cli *cli, struct json_object *error)
{
	const char *message = json_string(json_get(error, "message"), NULL);

	tell_people(cli, "a commit would be refused: ", message ? message : "",
		    (int)json_int(json_get(error, "code")), json_get(error, "data"));
}

static void tell_programs(const struct exm_error *error)
{
	scoped_json *object = call_memory(json_new_object());
	struct json_object *data = NULL;
	struct json_error where;

	if (json_parse(error->data, strlen(error->data), DATA_DEPTH, &data, &where) < 0)
		data = NULL;
	if (json_put(object, "code", json_new_int(error->code)) < 0 ||
	    json_put(object, "message", json_new_text(error->message)) < 0 ||
	    json_put(object, "data", data) < 0)
		call_memory(NULL);
	report_json(object);
}

static enum status status_of(int code)
{
	switch (code) {
	case EXM_ERROR_NO_MATCH:
		return STATUS_NO_NODE;
	case EXM_ERROR_DENIED:
	case EXM_ERROR_UNAUTHENTICATED:
		return STATUS_DENIED;
	case EXM_ERROR_TIMEOUT:
		return STATUS_TIMEOUT;
	default:
		return STATUS_FAILED;
	}
}

static enum status report_error(const struct cli *cli, const struct exm_error *error)
{
	scoped_json *data = call_parse(error->data);

	if (cli->json)
		tell_programs(error);
	else
		tell_people(cli, "", error->message, error->code, data);
	return status_of(error->code);
}

enum status report_failure(const struct cli *cli, int result)
{
	const struct exm_error *error = exm_last_error(cli->session);

	if (result == -EREMOTEIO && error)
		return report_error(cli, error);
	if (result == -ECANCELED)
		return report_wrong(cli, STATUS_FAILED,
				    "interrupted; what the server has begun goes on");
	return report_wrong(cli, STATUS_FAILED, "%s", exm_strerror(cli->session, result));
}

enum status report_no_node(const struct cli *cli, const char *path)
{
	scoped_json *data = call_memory(json_new_object());
	struct exm_error error = { .code = EXM_ERROR_NO_MATCH, .name = "NO_MATCH" };
	scoped_ptr char *message = NULL;

	if (asprintf(&message, "%s: no such node", path) < 0)
		message = call_memory(NULL);
	error.message = message;
	if (json_put(data, "name", json_new_string(error.name)) < 0 ||
	    json_put(data, "path", call_argument(path)) < 0)
		call_memory(NULL);
	error.data = call_text(data);
	return report_error(cli, &error);
}
