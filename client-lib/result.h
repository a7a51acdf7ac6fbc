/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef EXM_RESULT_H
#define EXM_RESULT_H

/*
 * From the JSON of an answer to what callers get. Everything handed out is one
 * piece of memory, so that one free(3) frees all of it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

struct json_object;

enum field_type {
	FIELD_TEXT,    /* char * */
	FIELD_INT,     /* int */
	FIELD_NUMBER,  /* int64_t */
	FIELD_BOOL,    /* bool */
	FIELD_RANGE,   /* size_t[2] */
	FIELD_TEXTS,   /* char **, from an array */
	FIELD_PAIRS,   /* char ** of "NAME=VALUE", from an object */
	FIELD_RECORD,  /* a pointer to a structure, from an object */
	FIELD_RECORDS, /* pointers to structures, from an array */
};

struct record;

struct field {
	const char *key;
	enum field_type type;
	bool required; /* else NULL or 0 */
	size_t offset;
	const struct record *record; /* of FIELD_RECORD and FIELD_RECORDS; else NULL */
};

struct record {
	size_t size; /* of the structure */
	const struct field *fields;
	size_t count;
};

#define RECORD(structure, table) \
	{ \
		sizeof(structure), table, ARRAY_SIZE(table) \
	}

/* All return -EBADMSG for what is not as described, or -ENOMEM. */
int result_text(const struct json_object *value, char **ret_text) must_check;
int result_optional_text(const struct json_object *value, char **ret_text) must_check;
int result_json(struct json_object *value, char **ret_text) must_check;
int result_count(const struct json_object *value) must_check;

/* The ends of calls whose answer is nothing but "done", a number, or a text: frees the result. */
int result_end_done(int r, struct json_object *result) must_check;
int result_end_count(int r, struct json_object *result) must_check;
int result_end_text(int r, struct json_object *result, char **ret_text) must_check;

/* An array of strings; the number of them. NULL: only that. */
int result_texts(const struct json_object *array, char ***ret_texts) must_check;
/* One structure. */
int result_record(const struct json_object *object, const struct record *record,
		  void **ret_record) must_check;
/* An array of pointers to structures; the number of them. */
int result_records(const struct json_object *array, const struct record *record,
		   void ***ret_records) must_check;

#endif
