/* Providers that are not well: what is their fault, what is a message's, and what a person's. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "tests/support/engine_rig.h"

/* If this fails, one message that makes the relay hang up keeps everybody else back for ever. */
static void poison_steps_aside(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig,
        "{\"recipient_id\":\"a\",\"name\":\"A\",\"email\":\"poison@a.example\"," ADDRESS(
            "1 Elm St") "}\n"
                        "{\"recipient_id\":\"b\",\"name\":\"B\",\"email\":\"ok1@a.example\"}\n"
                        "{\"recipient_id\":\"c\",\"name\":\"C\",\"email\":\"ok2@a.example\"}\n");
    rig_pass(rig, 60000);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok1@a.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok2@a.example"), 1);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 0);
}

/* If this fails, a provider that refuses us (funds, policy) costs people their rung. */
static void refusal_of_us_waits(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"A\",\"email\":\"broke1@a.example\"," ADDRESS(
                 "1 Elm St") "}\n"
                             "{\"recipient_id\":\"b\",\"name\":\"B\",\"email\":\"broke2@a."
                             "example\"," ADDRESS("2 Elm St") "}\n");
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 0);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 0);
    assert_true(delivery_stats(rig->delivery)->channels[RIG_EMAIL].paused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(poison_steps_aside, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(refusal_of_us_waits, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
