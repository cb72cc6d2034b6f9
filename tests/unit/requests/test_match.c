/* test_match.c - is it this person, is it this address? */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/requests/requests.h"

static const struct recipient ada = {
    .name = "Ada O'Neil",
    .email = "ada@example.org",
    .phone = "+14155550101",
    .account_id = "A1",
    .address = {
        .line1 = "1 Main St.", .city = "Springfield", .postal_code = "SW1A 1AA", .country = "GB"}};

/* A stranger's words would count as a person's when this fails. */
static void test_points(void **state)
{
    static const struct {
        struct request_given given;
        unsigned points;
    } rows[] = {
        {{.name = "ada  o'neil"}, 1},
        {{.name = "Ada ONeil", .email = "ADA@EXAMPLE.ORG"}, 2},
        {{.name = "Ada", .email = "ada@example.com"}, 0},
        {{.phone = "+1 (415) 555-0101", .postal_code = "sw1a1aa"}, 2},
        {{.phone = "4155550101"}, 0},
        {{.account_id = "a1"}, 0},
        {{.account_id = "A1"}, 1},
        {{.name = "", .postal_code = " "}, 0},
        {{.name = "-"}, 0},
        {{0}, 0},
    };
    static const struct recipient nobody = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(request_points(&rows[i].given, &ada), rows[i].points);
        assert_int_equal(request_points(&rows[i].given, &nobody), 0);
    }
}

/* A letter would go to an address that nobody has checked when this fails. */
static void test_address(void **state)
{
    struct postal_address same = {
        .line1 = "1, MAIN ST", .city = "springfield", .postal_code = "SW1A1AA", .country = "gb"};
    struct postal_address other = same, more = same;
    other.line1 = "11 Main St";
    more.line2 = "Flat 2";
    (void)state;
    assert_true(request_same_address(&same, &ada.address));
    assert_false(request_same_address(&other, &ada.address));
    assert_false(request_same_address(&more, &ada.address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_points),
                                       cmocka_unit_test(test_address)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
