/* test_difference.c - what changed, member by member and line by line; counts; keys of variants. */
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
#include "base/str.h"

/* This module. */
#include "service/delivery/plan/counts.h"
#include "service/delivery/plan/difference.h"
#include "service/delivery/plan/variant.h"

static struct json_object *read(const char *text)
{
    struct json_object *json = NULL;
    assert_int_equal(json_read(text, strlen(text), &json, NULL), RESULT_OK);
    return json;
}

static void check(const char *before, const char *after, const char *wanted)
{
    struct json_object *a = read(before), *b = read(after), *made = difference_make(a, b);
    struct buf text;
    buf_init(&text, SIZE_MAX);
    assert_true(json_write(&text, made));
    assert_string_equal(text.data, wanted);
    buf_free(&text);
    json_object_put(made);
    json_object_put(a);
    json_object_put(b);
}

/* If this fails, the second approver is not shown a change, or is shown one that is none. */
static void members_that_differ(void **state)
{
    (void)state;
    check("{\"a\":1}", "{\"a\":1}", "[]");
    check("{\"a\":1,\"b\":{\"c\":2,\"d\":3}}", "{\"a\":1,\"b\":{\"c\":2,\"d\":4}}",
          "[{\"after\":4,\"before\":3,\"member\":\"b.d\"}]");
    check("{\"gone\":\"x\"}", "{\"new\":[1]}",
          "[{\"after\":null,\"before\":\"x\",\"member\":\"gone\"},"
          "{\"after\":[1],\"before\":null,\"member\":\"new\"}]");
    check("{\"t\":\"one\\ntwo\\nthree\"}", "{\"t\":\"one\\n2\\nthree\"}",
          "[{\"lines\":[{\"op\":\" \",\"text\":\"one\"},{\"op\":\"-\",\"text\":\"two\"},"
          "{\"op\":\"+\",\"text\":\"2\"},{\"op\":\" \",\"text\":\"three\"}],\"member\":\"t\"}]");
}

/* If this fails, a long text hides its change, or is shown whole. */
static void only_what_is_near(void **state)
{
    char before[4096] = "", after[4096] = "";
    (void)state;
    for (int i = 0; i < 100; i++) {
        size_t a = strlen(before), b = strlen(after);
        snprintf(before + a, sizeof before - a, "line %d\n", i);
        snprintf(after + b, sizeof after - b, i == 50 ? "LINE %d\n" : "line %d\n", i);
    }
    struct json_object *lines = difference_lines(before, after);
    assert_int_equal(json_object_array_length(lines), 2 + 3 + 2 + 3); /* gaps, context, change */
    assert_string_equal(json_get_string(json_object_array_get_idx(lines, 4), "text"), "line 50");
    json_object_put(lines);
}

/* If this fails, a release that is refused does not say why, or overruns its line. */
static void names_at_the_top(void **state)
{
    struct json_object *a = read("{\"sender\":1,\"texts\":{\"en\":1},\"wave\":1}");
    struct json_object *b = read("{\"sender\":2,\"texts\":{\"en\":2},\"wave\":1}");
    char names[64], few[10];
    (void)state;
    difference_names(a, b, names, sizeof names);
    assert_string_equal(names, "sender, texts");
    difference_names(a, b, few, sizeof few);
    assert_true(strlen(few) < sizeof few);
    difference_names(a, a, names, sizeof names);
    assert_string_equal(names, "");
    json_object_put(a);
    json_object_put(b);
}

/* If this fails, cohorts are mixed up, or a roster of many kinds writes past the table. */
static void counts_are_bounded(void **state)
{
    struct counts counts;
    char key[COUNTS_KEY_SIZE + 8];
    (void)state;
    counts_init(&counts);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < COUNTS_MAX + 10; i++) {
            snprintf(key, sizeof key, "US-%d|en|email", i);
            struct count *count = counts_at(&counts, key);
            if (count != NULL)
                count->n += i == 7 ? 100 : 1;
        }
    memset(key, 'x', sizeof key);
    key[sizeof key - 1] = 0;
    assert_null(counts_at(&counts, key));
    assert_int_equal(counts.n, COUNTS_MAX);
    assert_int_equal(counts.left_out, 21);
    counts_sort(&counts);
    assert_string_equal(counts.items[0].key, "US-7|en|email");
    assert_int_equal(counts.items[0].n, 200);
    assert_int_equal(counts.items[1].n, 2);
    counts_free(&counts);
}

/* If this fails, the sample shown is not of the variant that was counted. */
static void variants_have_keys(void **state)
{
    struct policy policy = {.n_channels = 2, .data_types = 5};
    struct recipient r = {.jurisdiction = "US-CA", .flags = RECIPIENT_MINOR};
    struct variant variant, back;
    char key[VARIANT_KEY_SIZE];
    (void)state;
    str_copy(policy.channels[0].channel, sizeof policy.channels[0].channel, "sms");
    str_copy(policy.channels[1].channel, sizeof policy.channels[1].channel, "email");
    variant_of(&variant, &policy, &r, 1, "fr-CA");
    variant_key(key, &variant, &policy);
    assert_string_equal(key, "email~US~fr-CA~5~1");
    assert_true(variant_parse(&back, &policy, key));
    assert_memory_equal(&variant, &back, sizeof back);
    r = (struct recipient){.jurisdiction = "EU-DE", .data_types = 8};
    variant_of(&variant, &policy, &r, 0, "de");
    variant_key(key, &variant, &policy);
    assert_string_equal(key, "sms~EU-DE~de~8~0");
    static const char *const bad[] = {"",
                                      "email",
                                      "fax~US~en~5~0",
                                      "email~US~en~5~0~",
                                      "email~US~en~5",
                                      "email~~en~5~0",
                                      "email~US~en~g~0",
                                      "email~US~en~5~fff",
                                      "email~USUSUSUSUS~en~5~0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(variant_parse(&back, &policy, bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_that_differ), cmocka_unit_test(only_what_is_near),
        cmocka_unit_test(names_at_the_top),    cmocka_unit_test(counts_are_bounded),
        cmocka_unit_test(variants_have_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
