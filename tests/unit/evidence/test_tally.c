/* test_tally.c - the arithmetic of the summary. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/buf.h"

/* This module. */
#include "service/evidence/tally.h"

/* 10 rows uploaded: 7 people, 1 duplicate, 2 refused; 4 told, 2 unreachable, 1 withheld. */
static struct tally *example(void)
{
    struct tally *t = tally_create();
    tally_add(t, TALLY_ROWS, "accepted", "", 7);
    tally_add(t, TALLY_ROWS, "duplicates", "", 1);
    tally_add(t, TALLY_ROWS, "rejected", "", 2);
    tally_add(t, TALLY_PEOPLE, "told", "", 4);
    tally_add(t, TALLY_PEOPLE, "unreachable", "", 2);
    tally_add(t, TALLY_PEOPLE, "withheld", "", 1);
    tally_add(t, TALLY_JURISDICTION, "US-CA", "told", 4);
    tally_add(t, TALLY_JURISDICTION, "", "unreachable", 2);
    tally_add(t, TALLY_JURISDICTION, "EU-DE", "withheld", 1);
    tally_add(t, TALLY_TOLD_BY, "email", "accepted", 3);
    tally_add(t, TALLY_TOLD_BY, "sms", "delivered", 1);
    tally_add(t, TALLY_REASONS, "unreachable", "no_channel", 2);
    tally_add(t, TALLY_REASONS, "withheld", "missing_field", 1);
    tally_add(t, TALLY_RECEIPTS, "attempt", "", 5);
    tally_add(t, TALLY_RECEIPTS, "told", "", 4);
    tally_add(t, TALLY_ATTEMPTS, "email", "accepted", 5);
    tally_add(t, TALLY_DAYS, "2026-05-12", "receipts", 9);
    return t;
}

/* A summary that does not add up would be called right, or the other way round. */
static void test_lines(void **state)
{
    static const struct {
        enum tally_group group;
        const char *name, *column;
    } more[] = {{TALLY_PEOPLE, "told", ""},
                {TALLY_JURISDICTION, "US-CA", "told"},
                {TALLY_TOLD_BY, "email", "bounced"},
                {TALLY_REASONS, "withheld", "missing_field"},
                {TALLY_RECEIPTS, "held", ""},
                {TALLY_ATTEMPTS, "sms", "accepted"},
                {TALLY_DAYS, "2026-05-13", "receipts"},
                {TALLY_ROWS, "accepted", ""}};
    struct tally_line lines[TALLY_LINES];
    struct tally *t = example();
    (void)state;
    assert_true(tally_lines(t, lines));
    assert_int_equal(lines[0].total, 7);
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) { /* one more anywhere is seen */
        tally_add(t, more[i].group, more[i].name, more[i].column, 1);
        assert_false(tally_lines(t, lines));
        tally_add(t, more[i].group, more[i].name, more[i].column, -1);
        assert_true(tally_lines(t, lines));
    }
    tally_destroy(&t);
    assert_null(t);
}

/* Sums over many names would lose some when the table grows. */
static void test_many(void **state)
{
    const char *names[8];
    char name[16];
    struct tally *t = tally_create();
    (void)state;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 3000; i++) {
            snprintf(name, sizeof(name), "n%04d", i);
            tally_add(t, TALLY_DAYS, name, i % 2 ? "a" : "b", i);
        }
    assert_int_equal(tally_sum(t, TALLY_DAYS, NULL, NULL), 3 * 3000 * 2999 / 2);
    assert_int_equal(tally_sum(t, TALLY_DAYS, "n0007", "a"), 21);
    assert_int_equal(tally_sum(t, TALLY_DAYS, "n0007", "b"), 0);
    assert_int_equal(tally_sum(t, TALLY_PEOPLE, NULL, NULL), 0);
    (void)tally_names(t, TALLY_DAYS, names, 8);
    assert_string_equal(names[0], "n0000");
    assert_string_equal(names[7], "n0007");
    assert_int_equal(tally_columns(t, TALLY_DAYS, NULL, names, 8), 2);
    tally_destroy(&t);
}

/* The checker, which counts by itself, would read other members than are written. */
static void test_json(void **state)
{
    struct tally *t = example();
    struct json_object *json = tally_json(t);
    struct buf text;
    (void)state;
    buf_init(&text, SIZE_MAX);
    assert_true(json_write(&text, json));
    assert_string_equal(
        text.data,
        "{\"attempts\":{\"email\":{\"accepted\":5}},\"days\":{\"2026-05-12\":{\"receipts\":9}},"
        "\"jurisdictions\":{\"\":{\"unreachable\":2},\"EU-DE\":{\"withheld\":1},\"US-CA\":{"
        "\"told\":4}},"
        "\"people\":{\"told\":4,\"unreachable\":2,\"withheld\":1},"
        "\"reasons\":{\"unreachable\":{\"no_channel\":2},\"withheld\":{\"missing_field\":1}},"
        "\"receipts\":{\"attempt\":5,\"told\":4},\"rerendered\":{},"
        "\"rows\":{\"accepted\":7,\"duplicates\":1,\"rejected\":2},"
        "\"told_by\":{\"email\":{\"accepted\":3},\"sms\":{\"delivered\":1}}}");
    buf_free(&text);
    json_object_put(json);
    tally_destroy(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
