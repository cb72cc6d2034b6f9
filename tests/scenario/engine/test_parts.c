/* A batch is larger than what the provider takes at a time, and is handed over in parts. */
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
#include "tests/support/engine_rig.h"

enum { PEOPLE = 53, WINDOW = 8 };

static int setup(void **state)
{
    *state = rig_create_narrow(WINDOW);
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    rig_destroy(&rig);
    return 0;
}

static id release_people(struct rig *rig)
{
    struct buf roster;
    buf_init(&roster, SIZE_MAX);
    for (int i = 0; i < PEOPLE; i++)
        buf_printf(&roster,
                   "{\"recipient_id\":\"r%d\",\"name\":\"P\",\"email\":\"ok%d@a.example\"}\n", i,
                   i);
    id incident = rig_incident(rig, roster.data);
    buf_free(&roster);
    return incident;
}

static unsigned in_flight(const struct rig *rig)
{
    unsigned n = 0;
    list_each(node, &rig->hanging) n++;
    return n;
}

/* How often the least and the most addressed person was sent something. */
static void assert_sent(const struct rig *rig, unsigned least, unsigned most)
{
    for (int i = 0; i < PEOPLE; i++) {
        char to[64];
        snprintf(to, sizeof(to), "ok%d@a.example", i);
        assert_in_range(rig_sent_to(rig, RIG_EMAIL, to), least, most);
    }
}

/* If this fails, a large batch runs over the provider's window, or loses its rest. */
static void never_more_than_the_window(void **state)
{
    struct rig *rig = *state;
    rig->hang = true;
    id incident = release_people(rig);
    for (unsigned turns = 0; rig->n_sent < PEOPLE || in_flight(rig) > 0; turns++) {
        assert_true(turns < 50);
        assert_in_range(in_flight(rig), 1, WINDOW);
        rig_release(rig, OUTCOME_ACCEPTED);
        rig_settle(rig);
    }
    assert_sent(rig, 1, 1);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), PEOPLE);
    assert_int_equal(rig_receipts(rig, incident, "attempt"), PEOPLE);
}

/* If this fails, a hold lets the rest of a batch leave, or forgets it. */
static void held_between_two_parts(void **state)
{
    struct rig *rig = *state;
    rig->hang = true;
    id incident = release_people(rig);
    assert_int_equal(rig->n_sent, WINDOW);
    assert_int_equal(rig_act(rig, VERB_HOLD, incident, 1), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig_state(rig, incident), WAVE_HELD);
    assert_int_equal(in_flight(rig), 0);
    assert_int_equal(rig->n_sent, WINDOW);
    rig->hang = false;
    rig->n_sent = 0; /* what was cancelled never left */
    assert_int_equal(rig_act(rig, VERB_RESUME, incident, 1), RESULT_OK);
    rig_pass(rig, 60000);
    assert_sent(rig, 1, 1);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), PEOPLE);
}

/* If this fails, a provider that goes away between two parts costs people an attempt, or the rest
 * of the batch waits for ever. */
static void gone_between_two_parts(void **state)
{
    struct rig *rig = *state;
    rig->hang = true;
    id incident = release_people(rig);
    rig->hang = false;
    rig->provider_down[RIG_EMAIL] = true;
    rig_release(rig, OUTCOME_ACCEPTED);
    rig_pass(rig, HOUR);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 0);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), WINDOW);
    rig->provider_down[RIG_EMAIL] = false;
    rig_pass(rig, 2 * HOUR);
    assert_sent(rig, 1, 1);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), PEOPLE);
}

/* If this fails, a kill -9 between two parts loses those who were intended and not handed over, or
 * sends somebody more than once again. */
static void killed_between_two_parts(void **state)
{
    struct rig *rig = *state;
    rig->hang = true;
    id incident = release_people(rig);
    rig_release(rig, OUTCOME_ACCEPTED);
    rig_steps(rig, 2);
    struct rig *after = rig_after_crash(rig);
    rig_pass(after, HOUR);
    assert_sent(after, 1, 2);
    assert_int_equal(rig_members(after, incident, RIG_EMAIL, MEMBER_ACCEPTED), PEOPLE);
    rig_destroy(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(never_more_than_the_window, setup, teardown),
        cmocka_unit_test_setup_teardown(held_between_two_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(gone_between_two_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_between_two_parts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
