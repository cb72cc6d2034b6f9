/* test_law_calendar.c - days, hours and holidays. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/result.h"

/* This module. */
#include "service/law/law_private.h"

static struct law_rules *rules;

static struct law_time at(const char *text)
{
    struct law_time time;
    assert_true(law_time_read(text, &time));
    return time;
}

/* If this fails, a date is read as another, and every deadline with it. */
static void test_round_trip(void **state)
{
    static const char *const texts[] = {"2026-03-02", "2024-02-29", "2026-12-24T18:00:00+01:00",
                                        "2027-02-16T16:20:00+13:00", "2026-01-01T00:30:00-05:00"};
    char text[LAW_TIME_TEXT];
    struct law_time time;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        time = at(texts[i]);
        assert_string_equal(law_time_write(text, &time), texts[i]);
    }
    assert_false(law_time_read("2026-02-30", &time));
    assert_false(law_time_read("yesterday", &time));
    for (int64_t day = -800000; day < 800000; day += 37) {
        int y, m, d;
        calendar_split(day, &y, &m, &d);
        assert_int_equal(calendar_join(y, m, d), day);
    }
}

struct business {
    const char *from;
    int n;
    const char *holidays, *to;
};

/* If this fails, a duty counted in business days is shown due on another day. */
static void test_business_days(void **state)
{
    static const struct business cases[] = {
        {"2026-03-02", 14, "US", "2026-03-20"}, /* Vermont's 14; Town Meeting Day counts */
        {"2026-09-21", 5, "US", "2026-09-28"},  /* Iowa's 5 */
        {"2026-09-03", 2, "US", "2026-09-08"},  /* over Labor Day */
        {"2026-12-23", 2, "US", "2026-12-28"},  /* Christmas on a Friday */
        {"2021-12-30", 1, "US", "2022-01-03"},  /* New Year's Day 2022 was kept on 31 December */
        {"2027-03-11", 3, "BR", "2027-03-16"},  /* ANPD's 3 */
        {"2027-03-16", 20, "BR", "2027-04-14"}, /* over Good Friday */
        {"2027-03-11", 6, "BR", "2027-03-19"},  /* a small agent's 6 */
        {"2027-02-05", 1, "NZ", "2027-02-09"},  /* Waitangi Day on a Saturday, kept on Monday */
        {"2026-11-20", 1, NULL, "2026-11-23"},  /* no table: weekends only */
    };
    char text[LAW_TIME_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct law_time time = at(cases[i].from);
        time.day = calendar_add(rules, cases[i].holidays, time.day, cases[i].n, LAW_BUSINESS_DAYS);
        assert_string_equal(law_time_write(text, &time), cases[i].to);
    }
}

/* If this fails, an instant and a day are put in the wrong order, and a late notice looks early. */
static void test_compare(void **state)
{
    struct law_time day = at("2026-03-10"), morning = at("2026-03-10T09:00:00-05:00"),
                    next = at("2026-03-11T00:30:00-05:00"), same = at("2026-03-10T14:00:00+00:00");
    (void)state;
    assert_true(law_time_compare(&morning, &day) < 0);
    assert_true(law_time_compare(&next, &day) > 0);
    assert_int_equal(law_time_compare(&morning, &same), 0);
}

static int load(void **state)
{
    struct error error = {0};
    (void)state;
    return law_rules_load("templates/rules", NULL, 0, &rules, &error) == RESULT_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    law_rules_destroy(&rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_business_days),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
