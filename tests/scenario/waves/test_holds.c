/* Holds of a part: what they cover stops, the rest goes on, nothing is lost, two people end them.
 */
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
#include "base/mem.h"

/* This module. */
#include "tests/scenario/waves/waves_play.h"

enum { PEOPLE = 50 };

static id drafted(struct rig *rig)
{
    char *people = play_people("p", PEOPLE);
    id incident = rig_draft(rig, people);
    mem_free(people);
    return incident;
}

/* Every fifth person is in US-TX. */
static unsigned sent(const struct rig *rig, bool texas)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PEOPLE; i++) {
        char to[64];
        snprintf(to, sizeof(to), "p%u@a.example", i);
        n += (i % 5 == 0) == texas ? play_got(rig, to).all : 0;
    }
    return n;
}

static void lift(struct rig *rig, id incident, id hold)
{
    bool done;
    assert_int_equal(play_lift(rig, incident, hold, PLAY_AUTHOR, &done), RESULT_OK);
    assert_false(done);
    assert_int_equal(play_lift(rig, incident, hold, PLAY_AUTHOR, &done), RESULT_DENIED);
    assert_int_equal(play_lift(rig, incident, hold, PLAY_APPROVER, &done), RESULT_OK);
    assert_true(done);
    assert_int_equal(play_lift(rig, incident, hold, PLAY_APPROVER, &done), RESULT_NOT_FOUND);
}

/* If this fails, one jurisdiction's hold stops the others, or does not stop its own. */
static void a_jurisdiction_waits_alone(void **state)
{
    struct rig *rig = *state;
    id incident = drafted(rig);
    id hold = play_hold(rig, incident, (struct hold_scope){.jurisdiction = "US-TX"}, HOLD_PERSON);
    assert_true(hold != 0);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(sent(rig, true), 0);
    assert_int_equal(sent(rig, false), PEOPLE - PEOPLE / 5);
    assert_int_equal(rig_state(rig, incident), WAVE_SENDING);
    rig_restart(rig); /* a restart lifts nothing */
    rig_pass(rig, 5 * DAY);
    assert_int_equal(sent(rig, true), 0);
    lift(rig, incident, hold);
    rig_pass(rig, HOUR);
    assert_int_equal(sent(rig, true), PEOPLE / 5);
    rig_pass(rig, 5 * DAY);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    assert_int_equal(rig_receipts(rig, incident, "hold_placed"), 1);
    assert_int_equal(rig_receipts(rig, incident, "resume_asked"), 1);
    assert_int_equal(rig_receipts(rig, incident, "hold_lifted"), 1);
}

/* If this fails, people are told before their regulator, or never. */
static void two_jurisdictions_wait_for_their_regulator(void **state)
{
    struct rig *rig = *state;
    id incident = drafted(rig);
    assert_true(play_hold(rig, incident, (struct hold_scope){.jurisdiction = "US-TX"},
                          HOLD_ORDER_RULE) != 0);
    assert_true(play_hold(rig, incident, (struct hold_scope){.jurisdiction = "US-CA"},
                          HOLD_ORDER_RULE) != 0);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 0);
    assert_int_equal(play_fact(rig, incident, "US-CA"), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(sent(rig, true), 0);
    assert_int_equal(sent(rig, false), PEOPLE - PEOPLE / 5);
    assert_int_equal(play_fact(rig, incident, "US-CA"), RESULT_NOT_FOUND);
    assert_int_equal(play_fact(rig, incident, "US-TX"), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(sent(rig, true), PEOPLE / 5);
    assert_int_equal(rig_receipts(rig, incident, "regulator_told"), 2);
}

/* If this fails, a hold of one person stops others, or the person's notice is lost. */
static void a_person_waits_alone(void **state)
{
    struct rig *rig = *state;
    id incident = drafted(rig);
    id hold = play_hold(rig, incident, (struct hold_scope){.recipient_id = "p7"}, HOLD_PERSON);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
    rig_pass(rig, 10 * DAY);
    assert_int_equal(play_got(rig, "p7@a.example").all, 0);
    assert_int_equal(rig->n_sent, PEOPLE - 1);
    assert_int_equal(rig_state(rig, incident), WAVE_SENDING);
    lift(rig, incident, hold);
    rig_pass(rig, HOUR);
    assert_int_equal(play_got(rig, "p7@a.example").all, 1);
    rig_pass(rig, 5 * DAY);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

/* If this fails, messages of a held channel leave, also those of chunks that are worked on. */
static void a_channel_stops_in_the_middle(void **state)
{
    struct rig *rig = *state;
    char *people = play_people("p", 600);
    id incident = rig_draft(rig, people);
    mem_free(people);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
    for (unsigned i = 0; i < 5000 && rig->n_sent < 50; i++)
        rig_steps(rig, 1);
    id hold = play_hold(rig, incident, (struct hold_scope){.channel = "email"}, HOLD_PERSON);
    unsigned left = rig->n_sent;
    assert_true(left < 600);
    rig_pass(rig, HOUR);
    assert_true(rig->n_sent == left);
    struct rig *dead = rig;
    rig = rig_after_crash(dead);
    rig_destroy(&dead);
    *state = rig;
    rig_pass(rig, HOUR);
    assert_true(rig->n_sent == left);
    lift(rig, incident, hold);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 600);
}

/* If this fails, one agency's release lets go what another still holds. */
static void each_hold_is_lifted_by_itself(void **state)
{
    struct rig *rig = *state;
    id incident = drafted(rig);
    id one = play_hold(rig, incident, (struct hold_scope){.ordinal = 1}, HOLD_PERSON);
    id two = play_hold(rig, incident, (struct hold_scope){.ordinal = 0}, HOLD_PERSON);
    assert_true(one != 0 && two != 0);
    assert_int_equal(rig_state(rig, incident), WAVE_HELD);
    lift(rig, incident, one);
    assert_int_equal(rig_state(rig, incident), WAVE_HELD);
    lift(rig, incident, two);
    assert_int_equal(rig_state(rig, incident), WAVE_DRAFT);
    id late = play_hold(rig, incident, (struct hold_scope){.ordinal = 0}, HOLD_PERSON);
    assert_int_equal(play_go(rig, incident, 1), RESULT_CONFLICT); /* held: not released */
    lift(rig, incident, late);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_jurisdiction_waits_alone),    TEST(two_jurisdictions_wait_for_their_regulator),
        TEST(a_person_waits_alone),          TEST(a_channel_stops_in_the_middle),
        TEST(each_hold_is_lifted_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
