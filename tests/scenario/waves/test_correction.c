/* An error is found while the first wave runs: those who got the wrong text get the correction, all
 * others the right text, and nobody else anything. */
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

enum { PEOPLE = 600, PERM = 5, UNSURE = 20 };
#define CORRECTION                                                                                 \
    "{\"audience\":{\"told_with_notice\":[1]},\"facts\":{\"what_was_wrong\":\"MISTAKEFACT "        \
    "it was.\"}}"

/* The first wave, with the wrong text, stopped when some messages have left. */
static id begin(struct rig *rig, unsigned sent)
{
    char *first = play_people("p", PEOPLE), *perm = play_people("perm", PERM);
    char *unsure = play_people("unsure", UNSURE);
    struct buf all;
    buf_init(&all, SIZE_MAX);
    buf_printf(&all, "%s%s%s", perm, unsure, first);
    rig->what_happened = "WRONGFACT it was.";
    id incident = rig_draft(rig, all.data);
    buf_free(&all);
    mem_free(first);
    mem_free(perm);
    mem_free(unsure);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
    for (unsigned i = 0; i < 5000 && rig->n_sent < sent; i++)
        rig_steps(rig, 1);
    assert_true(rig->n_sent >= sent);
    assert_true(rig->n_sent < PEOPLE);
    return incident;
}

static void correct(struct rig *rig, id incident)
{
    assert_int_equal(play_right(rig, incident), RESULT_OK);
    assert_int_equal(play_wave(rig, incident, WAVE_CORRECTION, CORRECTION), 2);
    assert_int_equal(play_go(rig, incident, 2), RESULT_OK);
}

static void go_on(struct rig *rig, id incident)
{
    /* Not with the old text, nor with the new one that nobody approved. */
    assert_int_equal(play_resume(rig, incident, 1, 0), RESULT_CONFLICT);
    assert_int_equal(play_resume(rig, incident, 1, 1), RESULT_CONFLICT);
    assert_int_equal(play_resume(rig, incident, 1, 2), RESULT_CONFLICT);
    assert_int_equal(play_act(rig, incident, 1, VERB_APPROVE, PLAY_APPROVER), RESULT_OK);
    assert_int_equal(play_resume(rig, incident, 1, 2), RESULT_OK);
}

/* Exactly: who got the wrong text got the correction; who did not got the right text and no
 * correction. `doubt`: people of whom a dead process left it open whether they were sent to. */
static void check(struct rig *rig, const char *prefix, unsigned n, unsigned *doubt)
{
    for (unsigned i = 0; i < n; i++) {
        char to[64];
        snprintf(to, sizeof(to), "%s%u@a.example", prefix, i);
        struct play_got got = play_got(rig, to);
        assert_true(got.right > 0); /* the correction says the right facts too */
        if (got.wrong > 0)
            assert_true(got.mistake > 0);
        else if (got.mistake > 0)
            *doubt += 1;
    }
}

/* If this fails, somebody keeps a wrong text, or is told of a mistake that he never read. */
static void exactly_those_who_got_it(void **state)
{
    struct rig *rig = *state;
    unsigned doubt = 0;
    id incident = begin(rig, 150);
    assert_true(play_hold(rig, incident, (struct hold_scope){.ordinal = 1}, HOLD_PERSON) != 0);
    rig_pass(rig, 5000);
    unsigned wrong = rig->n_sent;
    correct(rig, incident);
    rig_pass(rig, 10 * 60000);
    assert_int_equal(play_planned(rig, incident, 2), wrong);
    go_on(rig, incident);
    rig_pass(rig, 40 * DAY);
    for (unsigned i = wrong; i < rig->n_sent; i++)
        assert_false(rig->sent[i].wrong);
    check(rig, "p", PEOPLE, &doubt);
    check(rig, "unsure", UNSURE, &doubt);
    assert_int_equal(doubt, 0);
    for (unsigned i = 0; i < PERM; i++) {
        char to[64];
        snprintf(to, sizeof(to), "perm%u@a.example", i);
        assert_int_equal(play_got(rig, to).all, 0);
    }
    assert_int_equal(rig_receipts(rig, incident, "wave_opened"), 1);
    assert_true(rig_receipts(rig, incident, "incident_changed") >= 1);
}

/* If this fails, a kill -9 at some moment leaves somebody with the wrong text. */
static void also_when_killed(void **state)
{
    struct rig *rig = *state;
    unsigned doubt = 0;
    id incident = begin(rig, 100);
    struct rig *dead = rig; /* in the middle of sending: intents are open */
    rig = rig_after_crash(dead);
    rig_destroy(&dead);
    *state = rig;
    assert_true(play_hold(rig, incident, (struct hold_scope){.ordinal = 1}, HOLD_PERSON) != 0);
    rig_pass(rig, 5000);
    correct(rig, incident);
    rig_steps(rig, 7);
    dead = rig; /* while the correction is planned */
    rig = rig_after_crash(dead);
    rig_destroy(&dead);
    *state = rig;
    rig_pass(rig, 60000);
    go_on(rig, incident);
    rig_steps(rig, 9);
    dead = rig;
    rig = rig_after_crash(dead);
    rig_destroy(&dead);
    *state = rig;
    rig_pass(rig, 40 * DAY);
    check(rig, "p", PEOPLE, &doubt);
    check(rig, "unsure", UNSURE, &doubt);
    assert_true(doubt <= 400); /* what may be out at once: the window and what is ahead of it */
}

/* If this fails, a late bounce sends the wrong text to the next address. */
static void a_bounce_after_the_end_sends_no_wrong_text(void **state)
{
    struct rig *rig = *state;
    rig->what_happened = "WRONGFACT it was.";
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"A\",\"email\":\"a@a.example\"," ADDRESS(
                 "ok 1") "}\n"
                         "{\"recipient_id\":\"b\",\"name\":\"B\",\"email\":\"b@a.example\"}\n");
    rig_pass(rig, 4 * DAY);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    assert_int_equal(play_right(rig, incident), RESULT_OK);
    assert_int_equal(play_wave(rig, incident, WAVE_CORRECTION, CORRECTION), 2);
    assert_int_equal(play_go(rig, incident, 2), RESULT_OK);
    rig_pass(rig, HOUR);
    unsigned first = 0; /* the two may leave in either order */
    while (strcmp(rig->sent[first].to, "a@a.example") != 0)
        first++;
    assert_int_equal(rig_fact(rig, first, EVIDENCE_BOUNCED), RESULT_OK);
    rig_pass(rig, DAY);
    assert_int_equal(rig_state(rig, incident), WAVE_HELD); /* its text is withdrawn */
    assert_int_equal(rig_sent_to(rig, RIG_POST, "ok 1"), 0);
    assert_int_equal(play_act(rig, incident, 1, VERB_APPROVE, PLAY_APPROVER), RESULT_OK);
    assert_int_equal(play_resume(rig, incident, 1, 2), RESULT_OK);
    rig_pass(rig, DAY);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "ok 1"), 1);
    assert_int_equal(play_got(rig, "ok 1").wrong, 0);
    assert_int_equal(play_got(rig, "ok 1").right, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(exactly_those_who_got_it), TEST(also_when_killed),
                                       TEST(a_bounce_after_the_end_sends_no_wrong_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
