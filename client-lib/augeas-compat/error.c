/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in a program that uses Augeas. The errors of a server as those of Augeas: those that are
 * Augeas's own have its codes and texts, since programs show and compare them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compat.h"

static const struct {
	const char *name, *message;
} known[] = {
	[AUG_NOERROR] = { "NOERROR", "No error" },
	[AUG_ENOMEM] = { "ENOMEM", "Cannot allocate memory" },
	[AUG_EINTERNAL] = { "EINTERNAL", "Internal error (please file a bug)" },
	[AUG_EPATHX] = { "EPATHX", "Invalid path expression" },
	[AUG_ENOMATCH] = { "ENOMATCH", "No match for path expression" },
	[AUG_EMMATCH] = { "EMMATCH", "Too many matches for path expression" },
	[AUG_ESYNTAX] = { "ESYNTAX", "Syntax error in lens definition" },
	[AUG_ENOLENS] = { "ENOLENS", "Lens not found" },
	[AUG_EMXFM] = { "EMXFM", "Multiple transforms" },
	[AUG_ENOSPAN] = { "ENOSPAN", "Node has no span info" },
	[AUG_EMVDESC] = { "EMVDESC", "Cannot move node into its descendant" },
	[AUG_ECMDRUN] = { "ECMDRUN", "Failed to execute command" },
	[AUG_EBADARG] = { "EBADARG", "Invalid argument in function call" },
	[AUG_ELABEL] = { "ELABEL", "Invalid label" },
	[AUG_ECPDESC] = { "ECPDESC", "Cannot copy node into its descendant" },
	[AUG_EFILEACCESS] = { "EFILEACCESS", "Cannot access file" },
};

/* What Augeas has no error for, by the nearest of its codes and a text of our own. */
static const struct {
	int code;
	aug_errcode_t augeas;
	const char *message;
} others[] = {
	{ EXM_ERROR_UNAUTHENTICATED, AUG_EFILEACCESS, "The server does not know this program" },
	{ EXM_ERROR_DENIED, AUG_EFILEACCESS, "The policy does not allow it" },
	{ EXM_ERROR_NO_MATCH, AUG_ENOMATCH, NULL },
	{ EXM_ERROR_TOO_MANY_MATCHES, AUG_EMMATCH, NULL },
	{ EXM_ERROR_BAD_PATH, AUG_EPATHX, NULL },
	{ EXM_ERROR_BAD_VALUE, AUG_EBADARG, NULL },
	{ EXM_ERROR_PARSE_FAILED, AUG_EBADARG, "The file is not what its lens describes" },
	{ EXM_ERROR_CONFLICT, AUG_EFILEACCESS, "Somebody else has changed the file" },
	{ EXM_ERROR_CHECK_FAILED, AUG_ECMDRUN, "A check of the policy refuses the change" },
	{ EXM_ERROR_SERVICE_FAILED, AUG_ECMDRUN, "A service did not take the change" },
	{ EXM_ERROR_TIMEOUT, AUG_EINTERNAL, "It took longer than the policy allows" },
	{ EXM_ERROR_LIMIT, AUG_EBADARG, "It is more than the server allows" },
	{ EXM_ERROR_BUSY, AUG_EFILEACCESS, "The server is busy with another change" },
	{ EXM_ERROR_ENGINE_LOST, AUG_EINTERNAL, "Edits that were not saved are lost" },
	{ EXM_ERROR_IO, AUG_EFILEACCESS, NULL },
};

void error_clear(struct augeas *aug)
{
	free(aug->minor);
	free(aug->details);
	aug->minor = aug->details = NULL;
	aug->code = AUG_NOERROR;
	aug->message = known[AUG_NOERROR].message;
}

static void put(struct augeas *aug, aug_errcode_t code, const char *message)
{
	error_clear(aug);
	aug->code = code;
	aug->message = message ? message : known[code].message;
}

int error_set(struct augeas *aug, aug_errcode_t code, const char *details, ...)
{
	va_list arguments;

	/* without a session there is nothing but the reason for that */
	if (!aug->exm && aug->code != AUG_NOERROR)
		return -1;
	put(aug, code, NULL);
	va_start(arguments, details);
	if (details && vasprintf(&aug->details, details, arguments) < 0)
		aug->details = NULL;
	va_end(arguments);
	return -1;
}

int error_other(struct augeas *aug, aug_errcode_t code, const char *message, const char *details)
{
	put(aug, code, message);
	aug->details = details ? strdup(details) : NULL;
	return -1;
}

char *error_field(const struct augeas *aug, const char *name)
{
	char *text = NULL;

	return exm_error_field(aug->exm, name, &text) == 0 ? text : NULL;
}

/* Where in the expression it went wrong, as Augeas shows it. */
static char *marked(const struct augeas *aug, const char *expr)
{
	scoped_ptr char *position = error_field(aug, "position");
	size_t length = strlen(expr), at = position ? strtoul(position, NULL, 10) : length;
	char *text = NULL;

	if (at > length)
		at = length;
	if (asprintf(&text, "%.*s|=|%s", (int)at, expr, expr + at) < 0)
		return NULL;
	return text;
}

/* The texts that Augeas has beside its code. */
static void explain(struct augeas *aug, const char *expr)
{
	scoped_ptr char *matches = NULL, *path = NULL;

	switch (aug->code) {
	case AUG_EPATHX:
		path = error_field(aug, "path");
		aug->minor = error_field(aug, "reason");
		aug->details = marked(aug, path ? path : expr);
		return;
	case AUG_EMMATCH:
		path = error_field(aug, "path");
		matches = error_field(aug, "matches");
		if (path && matches &&
		    asprintf(&aug->details, "There are %s nodes matching %s", matches, path) < 0)
			aug->details = NULL;
		return;
	case AUG_ENOMATCH:
		if (asprintf(&aug->details, "No node matching %s", expr) < 0)
			aug->details = NULL;
		return;
	default:
		aug->details = strdup(exm_last_error(aug->exm)->message);
	}
}

/* Augeas's own error, if the server has named one. */
static bool take_augeas_error(struct augeas *aug, const char *expr)
{
	scoped_ptr char *name = error_field(aug, "augeas");

	for (size_t i = 0; name && i < ARRAY_SIZE(known); i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		put(aug, (aug_errcode_t)i, NULL);
		if (i != AUG_NOERROR)
			explain(aug, expr);
		return true;
	}
	return false;
}

static int take_other_error(struct augeas *aug, const struct exm_error *error)
{
	put(aug, AUG_EINTERNAL, "The server failed");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].code == error->code)
			put(aug, others[i].augeas, others[i].message);
	aug->details = strdup(error->message);
	return -1;
}

int error_of(struct augeas *aug, int result, const char *expr)
{
	const struct exm_error *error = exm_last_error(aug->exm);

	if (!aug->exm)
		return -1;
	if (result == -ENOMEM)
		return error_set(aug, AUG_ENOMEM, NULL);
	if (result == -EINVAL)
		return error_set(aug, AUG_EBADARG, "an argument must not be NULL");
	if (result != -EREMOTEIO || !error)
		return error_other(aug, AUG_EINTERNAL, "The session with the server failed",
				   exm_strerror(aug->exm, result));
	if (!take_augeas_error(aug, expr ? expr : ""))
		take_other_error(aug, error);
	return -1;
}

int result_of(struct augeas *aug, int result, const char *expr)
{
	return result < 0 ? error_of(aug, result, expr) : result;
}

int done_of(struct augeas *aug, int result, const char *expr)
{
	return result < 0 ? error_of(aug, result, expr) : 0;
}

int lens_of(struct augeas *aug, int result, const char *expr)
{
	const struct exm_error *error = exm_last_error(aug->exm);

	if (result < 0)
		error_of(aug, result, expr);
	if (result == -EREMOTEIO && error && error->code == EXM_ERROR_PARSE_FAILED)
		put(aug, AUG_NOERROR, NULL);
	return result < 0 ? -1 : 0;
}

bool error_is_nothing(const struct augeas *aug, int result)
{
	const struct exm_error *error = exm_last_error(aug->exm);

	if (result != -EREMOTEIO || !error)
		return false;
	return error->code == EXM_ERROR_NO_MATCH || error->code == EXM_ERROR_DENIED ||
	       error->code == EXM_ERROR_PARSE_FAILED || error->code == EXM_ERROR_IO;
}

int aug_error(augeas *aug)
{
	return (int)aug->code;
}

const char *aug_error_message(augeas *aug)
{
	return aug->message;
}

const char *aug_error_minor_message(augeas *aug)
{
	return aug->minor;
}

const char *aug_error_details(augeas *aug)
{
	return aug->details;
}
