/* test_json.c - the strict gate and the canonical writer. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

#define DEEP16 "[[[[[[[[[[[[[[[["
#define DEND16 "]]]]]]]]]]]]]]]]"

/* Text with its length, NULs included. */
#define TEXT(literal) literal, sizeof(literal) - 1

/* If it fails, two readers of one document see different things: the hole through which forged
 * fields come in. */
static void test_refused(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } rows[] = {
        {TEXT("")},
        {TEXT(" ")},
        {TEXT("{")},
        {TEXT("[")},
        {TEXT("]")},
        {TEXT("}")},
        {TEXT(",")},
        {TEXT("{\"a\":1,\"a\":2}")},
        {TEXT("{\"a\":1,\"\\u0061\":2}")},
        {TEXT("[{\"x\":{\"a\":null,\"b\":1,\"a\":null}}]")},
        {TEXT("{'a':1}")},
        {TEXT("'a'")},
        {TEXT("NaN")},
        {TEXT("nan")},
        {TEXT("Infinity")},
        {TEXT("-Infinity")},
        {TEXT("1e999")},
        {TEXT("[-1e999]")},
        {TEXT("TRUE")},
        {TEXT("True")},
        {TEXT("nul")},
        {TEXT("[1,]")},
        {TEXT("[,1]")},
        {TEXT("[1 2]")},
        {TEXT("{\"a\" 1}")},
        {TEXT("{\"a\":}")},
        {TEXT("{\"a\":1,}")},
        {TEXT("{1:2}")},
        {TEXT("{a:2}")},
        {TEXT("[1}")},
        {TEXT("{\"a\":1]")},
        {TEXT("{\"a\"}")},
        {TEXT("// c\n1")},
        {TEXT("/* c */1")},
        {TEXT("1 /* c */")},
        {TEXT("1 2")},
        {TEXT("{}x")},
        {TEXT("{}{}")},
        {TEXT("1\0")},
        {TEXT("\"a\0b\"")},
        {TEXT("\"\\u0000\"")},
        {TEXT("{\"a\\u0000b\":1}")},
        {TEXT("\"a\nb\"")},
        {TEXT("\"a\tb\"")},
        {TEXT("\"\x01\"")},
        {TEXT("\"")},
        {TEXT("\"abc")},
        {TEXT("\"\\")},
        {TEXT("\"\\x41\"")},
        {TEXT("\"\\u12\"")},
        {TEXT("\"\\u12g4\"")},
        {TEXT("\"\\'\"")},
        {TEXT("\"\\ud800\"")},
        {TEXT("\"\\udc00\"")},
        {TEXT("\"\\ud800\\ud800\"")},
        {TEXT("\"\\ud800x\"")},
        {TEXT("\"\xc0\x80\"")},
        {TEXT("\"\xed\xa0\x80\"")},
        {TEXT("\"\xff\"")},
        {TEXT("\"\xc3\"")},
        {TEXT("\"\xf5\x80\x80\x80\"")},
        {TEXT("\xef\xbb\xbf{}")},
        {TEXT("\f1")},
        {TEXT("\v1")},
        {TEXT("\xc2\xa0"
              "1")},
        {TEXT("01")},
        {TEXT("-01")},
        {TEXT("+1")},
        {TEXT("-")},
        {TEXT(".5")},
        {TEXT("1.")},
        {TEXT("1e")},
        {TEXT("1e+")},
        {TEXT("0x10")},
        {TEXT("1_000")},
        {TEXT("--1")},
        {TEXT("9223372036854775808")},
        {TEXT("-9223372036854775809")},
        {TEXT("18446744073709551615")},
        {TEXT("100000000000000000000")},
        {TEXT("[" DEEP16 DEND16 "]")},
        {TEXT("{\"a\":" DEEP16 DEND16 "}")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_object *json = NULL;
        struct error error = {0};
        if (json_read(rows[i].text, rows[i].length, &json, &error) != RESULT_INVALID)
            fail_msg("accepted: %s", rows[i].text);
        assert_null(json);
        assert_int_equal(error.code, RESULT_INVALID);
        assert_string_not_equal(error.text, "");
    }
}

/* If it fails, honest documents are refused, or receipts are not the canonical bytes that others
 * verify. */
static void test_canonical(void **state)
{
    static const struct {
        const char *text, *canonical; /* canonical NULL: read, but not written */
    } rows[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"null", "null"},
        {" true\n", "true"},
        {"false", "false"},
        {"0", "0"},
        {"-0", "0"},
        {"-12", "-12"},
        {"\"\"", "\"\""},
        {DEEP16 DEND16, DEEP16 DEND16},
        {DEEP16 "1" DEND16, DEEP16 "1" DEND16},
        {"{\"b\":1,\"a\":[true,null,{\"d\":\"x\",\"c\":2}]}",
         "{\"a\":[true,null,{\"c\":2,\"d\":\"x\"}],\"b\":1}"},
        {"{\"ab\":1,\"a\":2,\"\":3,\"B\":4}", "{\"\":3,\"B\":4,\"a\":2,\"ab\":1}"},
        {"\"\\u0041\\/\\u00e9\\ud83d\\udd14\"", "\"A/\xc3\xa9\xf0\x9f\x94\x94\""},
        {"\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\\\u001F\\u007f\"",
         "\"\\u0001\\b\\f\\n\\r\\t\\\"\\\\\\u001f\x7f\""},
        /* RFC 8785 section 3.2.3: order of UTF-16 code units, not of code points */
        {"{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
         "With Dagesh\","
         "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
         "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
         "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
         "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
         "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet "
         "With Dagesh\"}"},
        {"9007199254740991", "9007199254740991"},
        {"9007199254740992", NULL},
        {"9223372036854775807", NULL},
        {"-9223372036854775808", NULL},
        {"1.5", NULL},
        {"[1e2]", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_object *json = NULL;
        struct error error = {0};
        struct buf buf;
        buf_init(&buf, 4096);
        if (json_read(rows[i].text, strlen(rows[i].text), &json, &error) != RESULT_OK)
            fail_msg("refused: %s: %s", rows[i].text, error.text);
        assert_int_equal(json_write(&buf, json), rows[i].canonical != NULL);
        assert_int_equal(buf.failed, rows[i].canonical == NULL);
        if (rows[i].canonical != NULL)
            assert_string_equal(buf.data, rows[i].canonical);
        json_object_put(json);
        buf_free(&buf);
    }
}

/* If it fails, a text that is not NUL-terminated is read past its end. */
static void test_length(void **state)
{
    struct json_object *json = NULL;
    (void)state;
    assert_int_equal(json_read("12345", 3, &json, NULL), RESULT_OK);
    assert_int_equal(json_object_get_int(json), 123);
    json_object_put(json);
    assert_int_equal(json_read("{} x", 3, &json, NULL), RESULT_OK);
    json_object_put(json);
}

/* If it fails, a member of a wrong type is taken for a value. */
static void test_members(void **state)
{
    static const char text[] = "{\"s\":\"x\",\"i\":-5,\"b\":true,\"n\":null,\"a\":[1]}";
    struct json_object *json = NULL;
    (void)state;
    assert_int_equal(json_read(text, sizeof(text) - 1, &json, NULL), RESULT_OK);
    assert_string_equal(json_get_string(json, "s"), "x");
    assert_null(json_get_string(json, "i"));
    assert_null(json_get_string(json, "n"));
    assert_null(json_get_string(json, "none"));
    assert_int_equal(json_get_int(json, "i", 1), -5);
    assert_int_equal(json_get_int(json, "s", 1), 1);
    assert_true(json_get_bool(json, "b", false));
    assert_true(json_get_bool(json, "i", true));
    assert_null(json_get(json, "n"));
    assert_null(json_get(NULL, "n"));
    assert_null(json_get(json_get(json, "a"), "n"));
    json_object_put(json);
}

/* If it fails, an object with many members is written wrongly (it leaves the small array). */
static void test_wide(void **state)
{
    struct json_object *json = json_object_new_object(), *back = NULL;
    struct buf buf;
    (void)state;
    for (int i = 999; i >= 0; i--) {
        char key[8];
        snprintf(key, sizeof(key), "k%03d", i);
        json_object_object_add(json, key, json_object_new_int(i));
    }
    buf_init(&buf, 100000);
    assert_true(json_write(&buf, json));
    assert_true(str_starts(buf.data, "{\"k000\":0,\"k001\":1,"));
    assert_int_equal(json_read(buf.data, buf.length, &back, NULL), RESULT_OK);
    assert_int_equal(json_object_object_length(back), 1000);
    json_object_put(back);
    buf_free(&buf);
    buf_init(&buf, 20);
    assert_false(json_write(&buf, json));
    assert_true(buf.failed);
    buf_free(&buf);
    json_object_put(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_length),  cmocka_unit_test(test_members),
        cmocka_unit_test(test_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
