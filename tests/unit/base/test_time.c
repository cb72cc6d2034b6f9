/* test_time.c - instants, days, durations and the fake clock. */
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
#include "base/time.h"

/* Interfaces. */
#include "tocsin/clock.h"

/* If it fails, legal deadlines are computed from, or shown as, the wrong instant. */
static void test_parse(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        time_ms at;
    } rows[] = {
        {"1970-01-01T00:00:00Z", true, 0},
        {"1969-12-31T23:59:59.999Z", true, -1},
        {"2026-11-23T16:45:00.123Z", true, INT64_C(1795452300123)},
        {"2026-11-23T17:45:00.123456789+01:00", true, INT64_C(1795452300123)},
        {"2026-11-23t16:45:00.1z", true, INT64_C(1795452300100)},
        {"2026-11-23T11:15:00-05:30", true, INT64_C(1795452300000)},
        {"2024-02-29T00:00:00Z", true, INT64_C(1709164800000)},
        {"2000-02-29T00:00:00Z", true, INT64_C(951782400000)},
        {"9999-12-31T23:59:59.999Z", true, INT64_C(253402300799999)},
        {"0000-01-01T00:00:00Z", true, INT64_C(-62167219200000)},
        {"0000-01-01T00:00:00+01:00", false, 0},
        {"9999-12-31T23:59:59-01:00", false, 0},
        {"2023-02-29T00:00:00Z", false, 0},
        {"1900-02-29T00:00:00Z", false, 0},
        {"2026-04-31T00:00:00Z", false, 0},
        {"2026-13-01T00:00:00Z", false, 0},
        {"2026-00-01T00:00:00Z", false, 0},
        {"2026-01-00T00:00:00Z", false, 0},
        {"2026-01-01T24:00:00Z", false, 0},
        {"2026-01-01T00:60:00Z", false, 0},
        {"2026-01-01T00:00:60Z", false, 0},
        {"2026-01-01T00:00:00", false, 0},
        {"2026-01-01 00:00:00Z", false, 0},
        {"2026-01-01T00:00:00.Z", false, 0},
        {"2026-01-01T00:00:00.1234567890Z", false, 0},
        {"2026-01-01T00:00:00+24:00", false, 0},
        {"2026-01-01T00:00:00+0100", false, 0},
        {"2026-01-01T00:00:00Z ", false, 0},
        {"2026-1-1T00:00:00Z", false, 0},
        {"2026-01-01", false, 0},
        {"", false, 0},
        {NULL, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        time_ms at = 0;
        assert_int_equal(time_parse(rows[i].text, &at), rows[i].ok);
        assert_true(at == rows[i].at);
    }
    time_ms at = 0;
    assert_true(day_parse("1970-01-02", &at) && at == 86400000);
    assert_false(day_parse("1970-01-02T00:00:00Z", &at));
    assert_true(time_or_day_parse("1970-01-03", &at) && at == 2 * 86400000);
    assert_true(time_or_day_parse("1970-01-01T00:00:01Z", &at) && at == 1000);
}

/* If it fails, a day is missing, doubled or misnamed somewhere in 400 years (the calendar's whole
 * period). */
static void test_every_day(void **state)
{
    char text[TIME_TEXT_SIZE], day[DAY_TEXT_SIZE], before[DAY_TEXT_SIZE] = "";
    (void)state;
    for (int i = -146097 / 2; i <= 146097 / 2; i++) {
        time_ms at = (time_ms)i * 86400000 + 86399999, back = 0;
        assert_true(time_parse(time_format(text, at), &back) && back == at);
        assert_true(day_parse(day_format(day, at), &back) && back == (time_ms)i * 86400000);
        assert_true(strcmp(before, day) < 0);
        memcpy(before, day, sizeof(before));
    }
}

/* If it fails, mails carry a wrong date, or an absurd instant breaks the text. */
static void test_format(void **state)
{
    char text[40];
    (void)state;
    assert_string_equal(time_format_rfc5322(text, INT64_C(1795452300123)),
                        "Mon, 23 Nov 2026 16:45:00 +0000");
    assert_string_equal(time_format_rfc5322(text, -1), "Wed, 31 Dec 1969 23:59:59 +0000");
    assert_string_equal(time_format(text, INT64_MAX), "9999-12-31T23:59:59.999Z");
    assert_string_equal(time_format(text, TIME_NONE), "0000-01-01T00:00:00.000Z");
}

/* If it fails, a configured time-out is misread. */
static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1 = refused */
    } rows[] = {
        {"250ms", 250},
        {"5s", 5000},
        {"10m", 600000},
        {"72h", INT64_C(259200000)},
        {"0s", 0},
        {"21d", INT64_C(1814400000)},
        {"36525d", INT64_C(3155760000000)},
        {"36526d", -1},
        {"5", -1},
        {"s", -1},
        {"-5s", -1},
        {"5 s", -1},
        {"5S", -1},
        {"1h30m", -1},
        {"1.5h", -1},
        {"", -1},
        {"99999999999999999999s", -1},
        {NULL, -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = -1;
        assert_int_equal(duration_parse(rows[i].text, &ms), rows[i].ms >= 0);
        assert_true(ms == rows[i].ms);
    }
}

/* If it fails, scenarios under the fake clock are not the ones they say. */
static void test_clocks(void **state)
{
    struct clock_fake fake;
    (void)state;
    clock_fake_init(&fake, 1000);
    assert_true(clock_now(&fake.clock) == 1000 && clock_monotonic(&fake.clock) == 0);
    clock_fake_advance(&fake, 50);
    assert_true(clock_now(&fake.clock) == 1050 && clock_monotonic(&fake.clock) == 50);
    int64_t before = clock_monotonic(clock_system());
    assert_true(clock_monotonic(clock_system()) >= before);
    assert_true(clock_now(clock_system()) > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),  cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_format), cmocka_unit_test(test_durations),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
