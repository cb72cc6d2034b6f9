/* test_email_relay.c - choosing and resting relays. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "channels/email/email_relay.h"

/* Breaks when load is not shared by capacity, or a full or resting relay is chosen. */
static void test_pick(void **state)
{
    struct relay_state relays[2] = {{.sessions = 2}, {.sessions = 4}};
    unsigned first, used[2] = {0, 0};
    (void)state;
    for (int i = 0; i < 6; i++) {
        int relay = relay_pick(relays, 2, 0, &first);
        assert_true(relay >= 0);
        relays[relay].in_use++;
        used[relay]++;
    }
    assert_int_equal(used[0], 2);
    assert_int_equal(used[1], 4);
    assert_int_equal(relay_pick(relays, 2, 0, &first), RELAY_BUSY);
    struct outcome reason = {0};
    relays[0].in_use = 0;
    relay_failed(&relays[0], &reason, 0);
    assert_int_equal(relay_pick(relays, 2, 0, &first), RELAY_BUSY);
    relay_failed(&relays[1], &reason, 100);
    assert_int_equal(relay_pick(relays, 2, 999, &first), RELAY_RESTING);
    assert_int_equal(first, 0);
    assert_int_equal(relay_pick(relays, 2, 1000, &first), 0);
}

/* Breaks when the rest does not double, passes its limit, or counts sessions that failed together.
 */
static void test_rest(void **state)
{
    struct relay_state relay = {.sessions = 1};
    struct outcome reason = {.code = 421};
    int64_t now = 0, expected = RELAY_REST_MIN_MS;
    (void)state;
    for (int i = 0; i < 20; i++) {
        relay_failed(&relay, &reason, now);
        relay_failed(&relay, &reason, now);
        assert_int_equal(relay.rest_until, now + expected);
        now = relay.rest_until;
        expected = expected * 2 < RELAY_REST_MAX_MS ? expected * 2 : RELAY_REST_MAX_MS;
    }
    assert_int_equal(relay.reason.code, 421);
    relay_good(&relay);
    relay_failed(&relay, &reason, now);
    assert_int_equal(relay.rest_until, now + RELAY_REST_MIN_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pick), cmocka_unit_test(test_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
