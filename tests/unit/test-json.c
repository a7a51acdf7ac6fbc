/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proves src/common/json.c and json_scan.c: all of RFC 8259 is read, nothing
 * else is, and bytes that are no text travel both ways.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"

enum { DEPTH = 64 };

struct text {
	const char *bytes;
	size_t length;
};

#define TEXT(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}

static int parse(const struct text *text, struct json_object **ret_value,
		 struct json_error *ret_error)
{
	/* a block of its own lets the sanitizer see each byte read too far */
	scoped_ptr char *copy = malloc(text->length ? text->length : 1);

	assert_non_null(copy);
	memcpy(copy, text->bytes, text->length);
	return json_parse(copy, text->length, DEPTH, ret_value, ret_error);
}

static void assert_all_refused(const struct text *texts, size_t count, const char *reason)
{
	for (size_t i = 0; i < count; i++) {
		struct json_error error = { .offset = SIZE_MAX };
		struct json_object *value = NULL;

		if (parse(&texts[i], &value, &error) != -EBADMSG)
			fail_msg("%s is taken as %s", texts[i].bytes, json_text(value, NULL));
		assert_null(value);
		assert_in_range(error.offset, 0, texts[i].length);
		if (reason)
			assert_string_equal(error.reason, reason);
		assert_non_null(error.reason);
	}
}

#define REFUSED(reason, ...) \
	do { \
		static const struct text texts_[] = { __VA_ARGS__ }; \
		assert_all_refused(texts_, ARRAY_SIZE(texts_), reason); \
	} while (0)

/* ---- what is JSON ---------------------------------------------------------------- */

static void test_every_kind_of_value_is_read_and_written(void **state)
{
	static const struct {
		struct text text;
		enum json_kind kind;
		const char *written;
	} texts[] = {
		{ TEXT("null"), JSON_NULL, "null" },
		{ TEXT("true"), JSON_BOOL, "true" },
		{ TEXT("false"), JSON_BOOL, "false" },
		{ TEXT("0"), JSON_INT, "0" },
		{ TEXT("-0"), JSON_INT, "0" },
		{ TEXT("-12"), JSON_INT, "-12" },
		{ TEXT("9223372036854775807"), JSON_INT, "9223372036854775807" },
		{ TEXT("-9223372036854775808"), JSON_INT, "-9223372036854775808" },
		{ TEXT("1.5"), JSON_DOUBLE, "1.5" },
		{ TEXT("-0.0"), JSON_DOUBLE, "-0.0" },
		{ TEXT("1e5"), JSON_DOUBLE, "1e5" },
		{ TEXT("1E-5"), JSON_DOUBLE, "1E-5" },
		{ TEXT("1.25e+05"), JSON_DOUBLE, "1.25e+05" },
		{ TEXT("0e0"), JSON_DOUBLE, "0e0" },
		{ TEXT("99999999999999999999.0"), JSON_DOUBLE, "99999999999999999999.0" },
		{ TEXT("\"\""), JSON_STRING, "\"\"" },
		{ TEXT("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\""), JSON_STRING,
		  "\"a\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ TEXT("\"\\u00e9\\u20AC\""), JSON_STRING, "\"\xc3\xa9\xe2\x82\xac\"" },
		{ TEXT("\"\\ud83d\\uDE00\""), JSON_STRING, "\"\xf0\x9f\x98\x80\"" },
		{ TEXT("\"\x7f'\""), JSON_STRING, "\"\x7f'\"" },
		{ TEXT("\"NaN: [ { Infinity\""), JSON_STRING, "\"NaN: [ { Infinity\"" },
		{ TEXT("[]"), JSON_ARRAY, "[]" },
		{ TEXT("[1,[2,[]],{}]"), JSON_ARRAY, "[1,[2,[]],{}]" },
		{ TEXT("{}"), JSON_OBJECT, "{}" },
		{ TEXT("{\"\":1}"), JSON_OBJECT, "{\"\":1}" },
		{ TEXT("{\"a\":{\"a\":[{\"a\":1}]},\"b\":{\"a\":1}}"), JSON_OBJECT,
		  "{\"a\":{\"a\":[{\"a\":1}]},\"b\":{\"a\":1}}" },
		{ TEXT(" \t\r\n{ \"a\" : [ 1 , true ] } \n"), JSON_OBJECT, "{\"a\":[1,true]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		scoped_json *value = NULL;
		struct json_error error = { .reason = "" };

		if (parse(&texts[i].text, &value, &error) != 0)
			fail_msg("%s: %s at %zu", texts[i].text.bytes, error.reason, error.offset);
		assert_int_equal(json_kind(value), texts[i].kind);
		assert_string_equal(json_text(value, NULL), texts[i].written);
	}
}

static void test_a_nul_in_a_value_is_kept(void **state)
{
	static const struct text text = TEXT("\"a\\u0000b\"");
	scoped_json *value = NULL;
	struct json_error error;
	size_t length;

	(void)state;
	assert_int_equal(parse(&text, &value, &error), 0);
	assert_memory_equal(json_string(value, &length), "a\0b", 4);
	assert_int_equal(length, 3);
	assert_string_equal(json_text(value, NULL), "\"a\\u0000b\"");
}

/* ---- what is not ------------------------------------------------------------------- */

static void test_nothing_is_no_text(void **state)
{
	(void)state;
	REFUSED("no JSON text", TEXT(""), TEXT(" "), TEXT("\n\t\r "));
}

static void test_every_truncation_is_refused(void **state)
{
	static const struct text whole = TEXT(
		"{\"id\":-1.5e+3,\"a\":[true,false,null,\"\\u00e9\\\"\\ud83d\\ude00\xc3\xa9\"]}");

	(void)state;
	for (size_t cut = 0; cut < whole.length; cut++) {
		const struct text text = { whole.bytes, cut };

		assert_all_refused(&text, 1, NULL);
	}
}

static void test_text_after_the_end_is_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("{}{}"), TEXT("{} x"), TEXT("1 1"), TEXT("[]]"), TEXT("{}}"),
		TEXT("null,"), TEXT("truefalse"), TEXT("nulll"), TEXT("{}\0"), TEXT("1\0"),
		TEXT("\"a\"b"), TEXT("{};"), TEXT("[1]#"));
}

static void test_numbers_in_another_form_are_refused(void **state)
{
	(void)state;
	REFUSED("not a number", TEXT("01"), TEXT("-01"), TEXT("00"), TEXT("-00"), TEXT("1."),
		TEXT("-1."), TEXT("1.e5"), TEXT("-.5"), TEXT("1e"), TEXT("1e+"), TEXT("1e-"),
		TEXT("1E"), TEXT("-"), TEXT("--1"), TEXT("- 1"), TEXT("1-1"), TEXT("1+1"),
		TEXT("1.2.3"), TEXT("1e5e5"), TEXT("1e5.5"), TEXT("0x10"), TEXT("1a"),
		TEXT("1_000"), TEXT("[1.]"), TEXT("{\"a\":-01}"), TEXT("[1.,2]"), TEXT("[00]"),
		TEXT("-a"), TEXT("1:2"), TEXT("1[2]"), TEXT("1\"a\""));
	REFUSED(NULL, TEXT("+1"), TEXT(".5"), TEXT("+0"), TEXT("[.1]"), TEXT("[+1]"),
		TEXT("\xd9\xa1"));
}

static void test_numbers_that_are_none_are_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("NaN"), TEXT("-NaN"), TEXT("nan"), TEXT("Infinity"), TEXT("-Infinity"),
		TEXT("infinity"), TEXT("-infinity"), TEXT("inf"), TEXT("-inf"), TEXT("[NaN]"),
		TEXT("{\"a\":Infinity}"), TEXT("{\"a\":-Infinity}"));
}

static void test_integers_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	REFUSED("an integer out of range", TEXT("9223372036854775808"),
		TEXT("-9223372036854775809"), TEXT("18446744073709551615"),
		TEXT("18446744073709551616"), TEXT("[99999999999999999999999999999999]"),
		TEXT("{\"id\":-99999999999999999999}"));
}

static void test_literals_in_another_case_are_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("True"), TEXT("tRUE"), TEXT("TRUE"), TEXT("False"), TEXT("Null"),
		TEXT("nULL"), TEXT("nul"), TEXT("tru"), TEXT("undefined"), TEXT("yes"),
		TEXT("[tr ue]"));
}

static void test_comments_are_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("/**/1"), TEXT("1/**/"), TEXT("//x\n1"), TEXT("1//x"),
		TEXT("[1,/*x*/2]"), TEXT("{/*x*/}"), TEXT("#x\n1"), TEXT("{}#x"));
}

static void test_commas_and_colons_out_of_place_are_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("[1,]"), TEXT("[,1]"), TEXT("[,]"), TEXT("[1,,2]"), TEXT("[1 2]"),
		TEXT("[\"a\"\"b\"]"), TEXT("{\"a\":1,}"), TEXT("{,}"), TEXT("{,\"a\":1}"),
		TEXT("{\"a\":1 \"b\":2}"), TEXT("{\"a\"::1}"), TEXT("{\"a\" 1}"), TEXT("{\"a\"}"),
		TEXT("{\"a\":}"), TEXT("{\"a\",1}"), TEXT("[1;2]"), TEXT("[1:2]"), TEXT(","),
		TEXT(":"), TEXT("[:]"), TEXT("{:1}"));
}

static void test_brackets_that_do_not_pair_are_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("["), TEXT("]"), TEXT("{"), TEXT("}"), TEXT("[1}"), TEXT("{\"a\":1]"),
		TEXT("[[]"), TEXT("{\"a\":[}]"), TEXT("(1)"), TEXT("<1>"));
}

static void test_names_that_are_no_strings_are_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("{a:1}"), TEXT("{1:1}"), TEXT("{null:1}"), TEXT("{[]:1}"),
		TEXT("{{}:1}"), TEXT("{-1:1}"));
}

static void test_single_quotes_are_refused(void **state)
{
	(void)state;
	REFUSED("unexpected character", TEXT("'a'"), TEXT("{'a':1}"), TEXT("['a']"),
		TEXT("{\"a\":'b'}"), TEXT("{'a\":1}"));
}

static void test_control_characters_in_strings_are_refused(void **state)
{
	(void)state;
	REFUSED("control character inside a string", TEXT("\"a\0b\""), TEXT("\"a\nb\""),
		TEXT("\"a\tb\""), TEXT("\"\x1f\""), TEXT("\"\x01\""), TEXT("{\"a\nb\":1}"),
		TEXT("\"\\u0041\r\""));
}

static void test_control_characters_outside_strings_are_refused(void **state)
{
	(void)state;
	REFUSED(NULL, TEXT("\f1"), TEXT("1\v"), TEXT("[1\f]"), TEXT("\0{}"), TEXT("[1,\0]"),
		TEXT("{\"a\"\0:1}"), TEXT("[1\0]"), TEXT("\x1b[]"),
		TEXT("\xc2\xa0"
		     "1"),
		TEXT("\xef\xbb\xbf{}"), TEXT("\xe2\x80\xa8"));
}

static void test_unknown_escapes_are_refused(void **state)
{
	(void)state;
	REFUSED("unknown escape", TEXT("\"\\x41\""), TEXT("\"\\a\""), TEXT("\"\\'\""),
		TEXT("\"\\0\""), TEXT("\"\\v\""), TEXT("\"\\U0041\""), TEXT("\"\\u12\""),
		TEXT("\"\\u12g4\""), TEXT("\"\\u 123\""), TEXT("\"\\u+123\""), TEXT("\"\\\n\""),
		TEXT("\"\\\0\""), TEXT("\"\\u00\0\0\""), TEXT("{\"\\q\":1}"));
}

static void test_half_surrogate_pairs_are_refused(void **state)
{
	(void)state;
	REFUSED("half of a surrogate pair", TEXT("\"\\ud800\""), TEXT("\"\\uDFFF\""),
		TEXT("\"\\ud800x\""), TEXT("\"\\ud800\\u0041\""), TEXT("\"\\ud800\\ud800\""),
		TEXT("\"\\udc00\\ud800\""), TEXT("\"\\udc00\\udc00\""), TEXT("\"\\ud800\\n\""),
		TEXT("{\"\\udbff\":1}"), TEXT("\"\\ud83d\\ude00\\ude00\""), TEXT("\"\\ud800\\u\""));
}

static void test_what_is_not_utf8_is_refused(void **state)
{
	static const struct text text = TEXT("[\"abc\xff\"]");
	struct json_object *value = NULL;
	struct json_error error;

	(void)state;
	REFUSED("not UTF-8", TEXT("\"\xff\""), TEXT("\"\xc0\xaf\""), TEXT("\"\xed\xa0\x80\""),
		TEXT("\"\xf4\x90\x80\x80\""), TEXT("\"\xc3\""), TEXT("{\"\xe9\":1}"), TEXT("\xff"));
	assert_int_equal(parse(&text, &value, &error), -EBADMSG);
	assert_int_equal(error.offset, 5);
}

static void test_equal_names_in_one_object_are_refused(void **state)
{
	(void)state;
	REFUSED("a name twice in one object", TEXT("{\"a\":1,\"a\":1}"),
		TEXT("{\"a\":1,\"b\":2,\"a\":3}"), TEXT("{\"a\":1,\"\\u0061\":2}"),
		TEXT("[{\"x\":{\"id\":1,\"id\":null}}]"), TEXT("{\"\":1,\"\":2}"));
}

static void test_a_nul_in_a_name_is_refused(void **state)
{
	(void)state;
	REFUSED("NUL inside a name", TEXT("{\"a\\u0000b\":1}"), TEXT("{\"a\":1,\"a\\u0000\" :2}"),
		TEXT("{\"\\u0000\":1}"));
}

static void test_depth_is_bounded_exactly(void **state)
{
	static const char *const pairs[] = { "[]", "[1]", "{}", "{\"a\":1}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		for (unsigned int nested = DEPTH - 2; nested <= DEPTH + 2; nested++) {
			scoped_ptr char *open = unit_repeat('[', nested - 1);
			scoped_ptr char *close = unit_repeat(']', nested - 1), *text = NULL;
			struct json_error error = { .reason = "" };
			scoped_json *value = NULL;
			int r, length = asprintf(&text, "%s%s%s", open, pairs[i], close);

			assert_true(length > 0);
			r = json_parse(text, (size_t)length, DEPTH, &value, &error);
			assert_int_equal(r, nested <= DEPTH ? 0 : -EBADMSG);
			if (r < 0)
				assert_string_equal(error.reason, "nested too deeply");
		}
	}
}

static void test_a_mountain_of_brackets_is_refused(void **state)
{
	scoped_ptr char *text = unit_repeat('[', 1 << 20);
	struct json_object *value = NULL;
	struct json_error error;

	(void)state;
	assert_int_equal(json_parse(text, 1 << 20, DEPTH, &value, &error), -EBADMSG);
	assert_int_equal(error.offset, DEPTH);
	assert_string_equal(error.reason, "nested too deeply");
}

static void test_brackets_in_strings_have_no_depth(void **state)
{
	scoped_ptr char *text = unit_repeat('[', 1000);
	scoped_json *value = NULL;
	struct json_error error;

	(void)state;
	text[0] = text[999] = '"';
	assert_int_equal(json_parse(text, 1000, DEPTH, &value, &error), 0);
}

/* ---- reading --------------------------------------------------------------------------- */

static struct json_object *read_value(const char *text)
{
	struct json_object *value = NULL;
	struct json_error error = { .reason = "" };

	if (json_parse(text, strlen(text), DEPTH, &value, &error) != 0)
		fail_msg("%s: %s", text, error.reason);
	return value;
}

static int count_member(const char *key, struct json_object *value, void *data)
{
	(void)value;
	if (strcmp(key, "stop") == 0)
		return 7;
	++*(int *)data;
	return 0;
}

static void test_members_and_elements_are_found(void **state)
{
	scoped_json *value = read_value("{\"a\":[10,\"x\",true],\"n\":null,\"stop\":1,\"z\":2}");
	int count = 0;

	(void)state;
	assert_int_equal(json_length(value), 4);
	assert_int_equal(json_length(json_get(value, "a")), 3);
	assert_int_equal(json_int(json_at(json_get(value, "a"), 0)), 10);
	assert_string_equal(json_string(json_at(json_get(value, "a"), 1), NULL), "x");
	assert_true(json_boolean(json_at(json_get(value, "a"), 2)));
	assert_true(json_has(value, "n"));
	assert_null(json_get(value, "n"));
	assert_int_equal(json_each(value, count_member, &count), 7);
	assert_int_equal(count, 2);
}

static void test_asking_the_wrong_kind_gives_nothing(void **state)
{
	scoped_json *object = read_value("{\"a\":1}"), *array = read_value("[1]");
	scoped_json *string = read_value("\"a\"");

	(void)state;
	assert_null(json_get(array, "a"));
	assert_null(json_get(string, "a"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(object, "b"));
	assert_false(json_has(object, "b"));
	assert_false(json_has(array, "a"));
	assert_false(json_has(NULL, "a"));
	assert_null(json_at(object, 0));
	assert_null(json_at(string, 0));
	assert_null(json_at(NULL, 0));
	assert_null(json_at(array, 1));
	assert_null(json_string(object, NULL));
	assert_null(json_string(NULL, NULL));
	assert_int_equal(json_length(string), 0);
	assert_int_equal(json_length(NULL), 0);
	assert_int_equal(json_each(array, count_member, NULL), 0);
	assert_null(json_free(NULL));
}

static void test_each_kind_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(json_kind_name(JSON_NULL), "null");
	assert_string_equal(json_kind_name(JSON_BOOL), "boolean");
	assert_string_equal(json_kind_name(JSON_INT), "integer");
	assert_string_equal(json_kind_name(JSON_DOUBLE), "number");
	assert_string_equal(json_kind_name(JSON_STRING), "string");
	assert_string_equal(json_kind_name(JSON_ARRAY), "array");
	assert_string_equal(json_kind_name(JSON_OBJECT), "object");
}

/* ---- bytes ------------------------------------------------------------------------------- */

static void test_bytes_come_back_whatever_they_are(void **state)
{
	char all[256];

	(void)state;
	for (unsigned int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	for (size_t length = 0; length <= 255; length++) {
		scoped_json *value = NULL, *again = NULL;
		scoped_ptr char *got = NULL;
		const char *bytes = all + 255 - length;

		value = json_new_bytes(bytes);
		assert_non_null(value);
		again = read_value(json_text(value, NULL));
		assert_int_equal(json_get_bytes(again, &got), 0);
		assert_string_equal(got, bytes);
	}
	assert_null(json_new_bytes(NULL));
}

static void test_text_is_a_string_and_other_bytes_are_base64(void **state)
{
	scoped_json *text = json_new_bytes("\xc3\xa9/"), *other = json_new_bytes("\xe9");

	(void)state;
	assert_string_equal(json_text(text, NULL), "\"\xc3\xa9/\"");
	assert_string_equal(json_text(other, NULL), "{\"base64\":\"6Q==\"}");
}

static void test_base64_of_text_is_taken_too(void **state)
{
	scoped_json *value = read_value("{\"base64\":\"YWJj\"}"),
		    *empty = read_value("{\"base64\":\"\"}");
	scoped_ptr char *got = NULL, *nothing = NULL;

	(void)state;
	assert_int_equal(json_get_bytes(value, &got), 0);
	assert_string_equal(got, "abc");
	assert_int_equal(json_get_bytes(empty, &nothing), 0);
	assert_string_equal(nothing, "");
}

static void test_what_holds_no_bytes_is_refused(void **state)
{
	static const char *const texts[] = {
		"1",
		"true",
		"null",
		"[]",
		"{}",
		"[\"a\"]",
		"{\"base64\":1}",
		"{\"base64\":null}",
		"{\"Base64\":\"YQ==\"}",
		"{\"base64\":\"YQ==\",\"x\":1}",
		"{\"base64\":\"YQ\"}",
		"{\"base64\":\"YQ=\"}",
		"{\"base64\":\"YQ===\"}",
		"{\"base64\":\"Y\"}",
		"{\"base64\":\"====\"}",
		"{\"base64\":\"YR==\"}",
		"{\"base64\":\"YQ==YQ==\"}",
		"{\"base64\":\"YW Jj\"}",
		"{\"base64\":\"YWJj\\n\"}",
		"{\"base64\":\" YWJj\"}",
		"{\"base64\":\"YW-_\"}",
		"{\"base64\":\"\\u0000\"}",
		"{\"base64\":\"YWJj\\u0000\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		scoped_json *value = read_value(texts[i]);
		char *got = NULL;

		if (json_get_bytes(value, &got) != -EINVAL)
			fail_msg("%s is taken", texts[i]);
		assert_null(got);
	}
	assert_int_equal(json_get_bytes(NULL, NULL), -EINVAL);
}

static void test_a_nul_in_bytes_is_refused(void **state)
{
	static const char *const texts[] = {
		"\"a\\u0000b\"",
		"\"\\u0000\"",
		"{\"base64\":\"AA==\"}",
		"{\"base64\":\"YQBi\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		scoped_json *value = read_value(texts[i]);
		char *got = NULL;

		assert_int_equal(json_get_bytes(value, &got), -EILSEQ);
		assert_null(got);
	}
}

/* ---- building ------------------------------------------------------------------------------ */

static void test_values_are_built_and_printed(void **state)
{
	scoped_json *object = json_new_object();
	struct json_object *array = json_new_array();
	size_t length;

	(void)state;
	assert_int_equal(json_append(array, json_new_int(INT64_MIN)), 0);
	assert_int_equal(json_append(array, json_new_bool(true)), 0);
	assert_int_equal(json_append(array, NULL), 0);
	assert_int_equal(json_put(object, "list", array), 0);
	assert_int_equal(json_put(object, "again", json_share(array)), 0);
	assert_int_equal(json_put(object, "s", json_new_string("a/\"\n")), 0);
	assert_string_equal(json_text(object, &length),
			    "{\"list\":[-9223372036854775808,true,null],"
			    "\"again\":[-9223372036854775808,true,null],\"s\":\"a/\\\"\\n\"}");
	assert_int_equal(length, strlen(json_text(object, NULL)));
	assert_null(strchr(json_text(object, NULL), '\n'));
	assert_non_null(strchr(json_text_pretty(object), '\n'));
}

static void test_building_on_nothing_fails_and_frees_the_value(void **state)
{
	(void)state;
	assert_int_equal(json_put(NULL, "a", json_new_int(1)), -ENOMEM);
	assert_int_equal(json_append(NULL, json_new_int(1)), -ENOMEM);
}

static void test_text_that_is_not_utf8_is_made_printable(void **state)
{
	scoped_json *value = json_new_text("a\xff"
					   "b\xc3\xa9\xc3");

	(void)state;
	assert_string_equal(json_string(value, NULL), "a?b\xc3\xa9?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_value_is_read_and_written),
		cmocka_unit_test(test_a_nul_in_a_value_is_kept),
		cmocka_unit_test(test_nothing_is_no_text),
		cmocka_unit_test(test_every_truncation_is_refused),
		cmocka_unit_test(test_text_after_the_end_is_refused),
		cmocka_unit_test(test_numbers_in_another_form_are_refused),
		cmocka_unit_test(test_numbers_that_are_none_are_refused),
		cmocka_unit_test(test_integers_that_do_not_fit_are_refused),
		cmocka_unit_test(test_literals_in_another_case_are_refused),
		cmocka_unit_test(test_comments_are_refused),
		cmocka_unit_test(test_commas_and_colons_out_of_place_are_refused),
		cmocka_unit_test(test_brackets_that_do_not_pair_are_refused),
		cmocka_unit_test(test_names_that_are_no_strings_are_refused),
		cmocka_unit_test(test_single_quotes_are_refused),
		cmocka_unit_test(test_control_characters_in_strings_are_refused),
		cmocka_unit_test(test_control_characters_outside_strings_are_refused),
		cmocka_unit_test(test_unknown_escapes_are_refused),
		cmocka_unit_test(test_half_surrogate_pairs_are_refused),
		cmocka_unit_test(test_what_is_not_utf8_is_refused),
		cmocka_unit_test(test_equal_names_in_one_object_are_refused),
		cmocka_unit_test(test_a_nul_in_a_name_is_refused),
		cmocka_unit_test(test_depth_is_bounded_exactly),
		cmocka_unit_test(test_a_mountain_of_brackets_is_refused),
		cmocka_unit_test(test_brackets_in_strings_have_no_depth),
		cmocka_unit_test(test_members_and_elements_are_found),
		cmocka_unit_test(test_asking_the_wrong_kind_gives_nothing),
		cmocka_unit_test(test_each_kind_has_a_name),
		cmocka_unit_test(test_bytes_come_back_whatever_they_are),
		cmocka_unit_test(test_text_is_a_string_and_other_bytes_are_base64),
		cmocka_unit_test(test_base64_of_text_is_taken_too),
		cmocka_unit_test(test_what_holds_no_bytes_is_refused),
		cmocka_unit_test(test_a_nul_in_bytes_is_refused),
		cmocka_unit_test(test_values_are_built_and_printed),
		cmocka_unit_test(test_building_on_nothing_fails_and_frees_the_value),
		cmocka_unit_test(test_text_that_is_not_utf8_is_made_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
