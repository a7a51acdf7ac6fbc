/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs in the client, on the server's answers. Every layout is walked twice:
 * first without memory, to learn its size and to refuse what is malformed,
 * then into memory of just that size.
 */
#include "result.h"

#include <errno.h>
#include <limits.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

struct block {
	char *data; /* NULL in the first walk */
	size_t used;
};

static void *take(struct block *block, size_t size, size_t align)
{
	size_t at = (block->used + align - 1) / align * align;

	block->used = at + size;
	return block->data ? block->data + at : NULL;
}

int result_text(const struct json_object *value, char **ret_text)
{
	int r = json_get_bytes(value, ret_text);

	return r < 0 && r != -ENOMEM ? -EBADMSG : r;
}

int result_optional_text(const struct json_object *value, char **ret_text)
{
	if (value)
		return result_text(value, ret_text);
	*ret_text = NULL;
	return 0;
}

int result_json(struct json_object *value, char **ret_text)
{
	const char *json = json_text(value, NULL);
	char *text = json ? strdup(json) : NULL;

	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int result_count(const struct json_object *value)
{
	int64_t count = json_int(value);

	if (json_kind(value) != JSON_INT || count < 0 || count > INT_MAX)
		return -EBADMSG;
	return (int)count;
}

static int take_text(struct block *block, const struct json_object *value, char **ret_text)
{
	scoped_ptr char *text = NULL;
	size_t size;
	char *copy;
	int r;

	r = result_text(value, &text);
	if (r < 0)
		return r;
	size = strlen(text) + 1;
	copy = take(block, size, 1);
	if (copy)
		memcpy(copy, text, size);
	*ret_text = copy;
	return 0;
}

static int read_range(const struct json_object *value, size_t range[static 2])
{
	for (size_t i = 0; i < 2; i++) {
		const struct json_object *number = json_at(value, i);

		if (json_kind(number) != JSON_INT || json_int(number) < 0)
			return -EBADMSG;
		range[i] = (size_t)json_int(number);
	}
	return 0;
}

/* Any of the types that a field may have. */
union cell {
	char *text;
	int integer;
	int64_t number;
	bool flag;
	size_t range[2];
	char *object;
	char **list;
};

static int take_list(struct block *block, const struct json_object *array,
		     const struct record *record, char ***ret_list);

static int take_record(struct block *block, const struct json_object *object,
		       const struct record *record, char **ret_record);

static int take_pairs(struct block *block, const struct json_object *object, char ***ret_list);

static int read_cell(struct block *block, const struct json_object *value, enum field_type type,
		     const struct record *record, union cell *ret_cell, size_t *ret_size)
{
	switch (type) {
	case FIELD_TEXT:
		*ret_size = sizeof(ret_cell->text);
		return take_text(block, value, &ret_cell->text);
	case FIELD_RANGE:
		*ret_size = sizeof(ret_cell->range);
		return read_range(value, ret_cell->range);
	case FIELD_INT:
		*ret_size = sizeof(ret_cell->integer);
		ret_cell->integer = result_count(value);
		return ret_cell->integer < 0 ? -EBADMSG : 0;
	case FIELD_BOOL:
		*ret_size = sizeof(ret_cell->flag);
		ret_cell->flag = json_boolean(value);
		return json_kind(value) == JSON_BOOL ? 0 : -EBADMSG;
	case FIELD_RECORD:
		*ret_size = sizeof(ret_cell->object);
		return json_kind(value) == JSON_OBJECT
			       ? take_record(block, value, record, &ret_cell->object)
			       : -EBADMSG;
	case FIELD_TEXTS:
	case FIELD_RECORDS:
		*ret_size = sizeof(ret_cell->list);
		return take_list(block, value, record, &ret_cell->list);
	case FIELD_PAIRS:
		*ret_size = sizeof(ret_cell->list);
		return take_pairs(block, value, &ret_cell->list);
	case FIELD_NUMBER:
	default:
		*ret_size = sizeof(ret_cell->number);
		ret_cell->number = json_int(value);
		return json_kind(value) == JSON_INT ? 0 : -EBADMSG;
	}
}

static int take_record(struct block *block, const struct json_object *object,
		       const struct record *record, char **ret_record)
{
	char *memory = take(block, record->size, alignof(max_align_t));

	if (memory)
		memset(memory, 0, record->size);
	for (size_t i = 0; i < record->count; i++) {
		const struct field *field = &record->fields[i];
		const struct json_object *value = json_get(object, field->key);
		union cell cell;
		size_t size;
		int r;

		if (!value && !field->required)
			continue;
		r = read_cell(block, value, field->type, field->record, &cell, &size);
		if (r < 0)
			return r;
		if (memory)
			memcpy(memory + field->offset, &cell, size);
	}
	*ret_record = memory;
	return 0;
}

/* A list of structures, or without a record of strings. */
static int take_list(struct block *block, const struct json_object *array,
		     const struct record *record, char ***ret_list)
{
	size_t count = json_length(array);
	char **list;

	if (json_kind(array) != JSON_ARRAY || count >= INT_MAX)
		return -EBADMSG;
	list = take(block, (count + 1) * sizeof(*list), alignof(max_align_t));
	for (size_t i = 0; i < count; i++) {
		const struct json_object *value = json_at(array, i);
		char *item;
		int r;

		r = record ? take_record(block, value, record, &item)
			   : take_text(block, value, &item);
		if (r < 0)
			return r;
		if (list)
			list[i] = item;
	}
	if (list)
		list[count] = NULL;
	*ret_list = list;
	return 0;
}

struct pairs {
	struct block *block;
	char **next; /* NULL in the first walk */
};

static int take_pair(const char *key, struct json_object *value, void *data)
{
	const char *text = json_string(value, NULL);
	struct pairs *pairs = data;
	size_t size;
	char *copy;

	if (!text)
		return -EBADMSG;
	size = strlen(key) + strlen(text) + 2;
	copy = take(pairs->block, size, 1);
	if (copy) {
		snprintf(copy, size, "%s=%s", key, text);
		*pairs->next++ = copy;
	}
	return 0;
}

static int take_pairs(struct block *block, const struct json_object *object, char ***ret_list)
{
	size_t size = (json_length(object) + 1) * sizeof(char *);
	struct pairs pairs = { .block = block };
	char **list;

	if (json_kind(object) != JSON_OBJECT)
		return -EBADMSG;
	list = take(block, size, alignof(max_align_t));
	if (list)
		memset(list, 0, size);
	pairs.next = list;
	*ret_list = list;
	return json_each(object, take_pair, &pairs);
}

static int new_list(const struct json_object *array, const struct record *record, void **ret_list)
{
	struct block block = { 0 };
	scoped_ptr char *data = NULL;
	char **list;
	int r;

	r = take_list(&block, array, record, &list);
	if (r < 0)
		return r;
	data = malloc(block.used);
	if (!data)
		return -ENOMEM;
	block = (struct block){ .data = data };
	r = take_list(&block, array, record, &list);
	if (r < 0)
		return r;
	*ret_list = take_ptr(data);
	return (int)json_length(array);
}

int result_texts(const struct json_object *array, char ***ret_texts)
{
	void *list = NULL;
	int r = new_list(array, NULL, &list);

	if (r >= 0)
		*ret_texts = list;
	return r;
}

int result_records(const struct json_object *array, const struct record *record,
		   void ***ret_records)
{
	void *list = NULL;
	int r = new_list(array, record, &list);

	if (r >= 0)
		*ret_records = list;
	return r;
}

int result_record(const struct json_object *object, const struct record *record, void **ret_record)
{
	struct block block = { 0 };
	scoped_ptr char *data = NULL;
	char *memory;
	int r;

	r = take_record(&block, object, record, &memory);
	if (r < 0)
		return r;
	data = malloc(block.used);
	if (!data)
		return -ENOMEM;
	block = (struct block){ .data = data };
	r = take_record(&block, object, record, &memory);
	if (r < 0)
		return r;
	/* the structure is what the block begins with */
	*ret_record = take_ptr(data);
	return 0;
}

int result_end_done(int r, struct json_object *result)
{
	json_free(result);
	return r;
}

int result_end_count(int r, struct json_object *result)
{
	if (r == 0)
		r = result_count(result);
	json_free(result);
	return r;
}

int result_end_text(int r, struct json_object *result, char **ret_text)
{
	if (r == 0)
		r = result_text(result, ret_text);
	json_free(result);
	return r;
}
