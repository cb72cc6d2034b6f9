/* test_member.c - the table of member_merge: what a late, repeated or reordered fact does. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/store.h"

/* One row a known state, one column a reported one, in the order of enum member_state:
 * P D U C  A d s k  F B R ?  (pending, deferred, uncertain, canceled, accepted, delivered, shown,
 * acknowledged, failed, bounced, returned, asked). '.' keeps what is known. */
static const char letters[] = "PDUCAdskFBR?";
static const char *const table[MEMBER_STATES_N] = {
    /*            PDUCAdskFBR? */
    /* pending */ ".DUCAdskFBR?",
    /* defer.. */ "P.UCAdskFBR?",
    /* uncert. */ "PD.CAdskFBR?",
    /* cancel. */ "PDU.AdskFBR?",
    /* accept. */ ".....dskFBR.",
    /* deliv.. */ "......sk.BR.",
    /* shown   */ ".......k.BR.",
    /* acknow. */ "............",
    /* failed  */ ".....dsk.BR.",
    /* bounced */ ".......k..R.",
    /* return. */ ".......k....",
    /* asked   */ "PDUCAdskFBR.",
};

/* If this fails, a late callback overwrites a stronger fact, or a bounce is not believed. */
static void states_follow_the_table(void **state)
{
    (void)state;
    for (unsigned old = 0; old < MEMBER_STATES_N; old++)
        for (unsigned fresh = 0; fresh < MEMBER_STATES_N; fresh++) {
            char cell = table[old][fresh];
            unsigned merged = member_merge((uint8_t)old, (uint8_t)fresh);
            if (cell != '.')
                assert_int_equal(cell, letters[fresh]);
            if (merged != (cell == '.' ? old : fresh))
                fail_msg("%s + %s = %s", member_state_name(old), member_state_name(fresh),
                         member_state_name(merged));
        }
}

/* If this fails, the order in which evidence arrives decides what is believed. */
static void evidence_ends_the_same_in_any_order(void **state)
{
    (void)state;
    for (unsigned a = MEMBER_ACCEPTED; a <= MEMBER_RETURNED; a++)
        for (unsigned b = MEMBER_ACCEPTED; b <= MEMBER_RETURNED; b++) {
            uint8_t ab = member_merge(member_merge(0, (uint8_t)a), (uint8_t)b);
            uint8_t ba = member_merge(member_merge(0, (uint8_t)b), (uint8_t)a);
            assert_int_equal(ab, ba);
            assert_int_equal(member_merge(ab, (uint8_t)b), ab); /* twice is once */
        }
}

/* If this fails, somebody counts as told whose letter came back. */
static void told_goes_with_a_return(void **state)
{
    (void)state;
    const uint8_t told = MEMBER_DELIVERED | MEMBER_TOLD;
    assert_int_equal(member_merge(told, MEMBER_BOUNCED), MEMBER_BOUNCED);
    assert_int_equal(member_merge(told, MEMBER_RETURNED), MEMBER_RETURNED);
    assert_int_equal(member_merge(told, MEMBER_FAILED), told);
    assert_int_equal(member_merge(told, MEMBER_DISPLAYED), MEMBER_DISPLAYED | MEMBER_TOLD);
    assert_int_equal(member_merge(told, MEMBER_ACCEPTED), told);
    /* "72 hours without a bounce" comes after the bounce */
    assert_int_equal(member_merge(MEMBER_BOUNCED, MEMBER_ACCEPTED | MEMBER_TOLD), MEMBER_BOUNCED);
    assert_int_equal(member_merge(MEMBER_DELIVERED, MEMBER_ACCEPTED | MEMBER_TOLD), told);
    assert_int_equal(member_merge(MEMBER_BOUNCED, MEMBER_ACKNOWLEDGED | MEMBER_TOLD),
                     MEMBER_ACKNOWLEDGED | MEMBER_TOLD);
}

/* If this fails, a person is passed on twice. */
static void passed_on_sticks(void **state)
{
    (void)state;
    const uint8_t passed = MEMBER_FAILED | MEMBER_PASSED_ON;
    assert_int_equal(member_merge(passed, MEMBER_DELIVERED), MEMBER_DELIVERED | MEMBER_PASSED_ON);
    assert_int_equal(member_merge(MEMBER_FAILED, passed), passed);
    assert_int_equal(member_merge(passed, MEMBER_PENDING), passed);
}

/* If this fails, a byte that no version wrote becomes a state. */
static void strange_bytes_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(member_merge(MEMBER_ACCEPTED, 0x1f), MEMBER_ACCEPTED);
    assert_int_equal(member_merge(0x1f, MEMBER_ACCEPTED), 0x1f);
    assert_string_equal(member_state_name(0x1f), "unknown");
    assert_string_equal(member_state_name(MEMBER_TOLD | MEMBER_BOUNCED), "bounced");
}

/* If this fails, stored numbers mean something else than before: old databases are misread. */
static void stored_numbers_are_frozen(void **state)
{
    (void)state;
    static const char *const members[] = {"pending",  "deferred",  "uncertain", "canceled",
                                          "accepted", "delivered", "displayed", "acknowledged",
                                          "failed",   "bounced",   "returned",  "asked"};
    static const char *const waves[] = {"draft", "approved", "planning", "sending",
                                        "held",  "settled",  "canceled"};
    static const char *const requests[] = {"received", "needs_person", "matched", "sending",
                                           "mailed",   "returned",     "closed",  "duplicate"};
    for (unsigned i = 0; i < MEMBER_STATES_N; i++)
        assert_string_equal(member_state_name(i), members[i]);
    for (unsigned i = 0; i < WAVE_STATES_N; i++)
        assert_string_equal(sm_name(&wave_states, i), waves[i]);
    for (unsigned i = 0; i < REQUEST_STATES_N; i++)
        assert_string_equal(sm_name(&request_states, i), requests[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_follow_the_table),
        cmocka_unit_test(evidence_ends_the_same_in_any_order),
        cmocka_unit_test(told_goes_with_a_return),
        cmocka_unit_test(passed_on_sticks),
        cmocka_unit_test(strange_bytes_change_nothing),
        cmocka_unit_test(stored_numbers_are_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
