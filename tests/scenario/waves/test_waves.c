/* Waves beside the first: late people, updates, versions that are kept, notes that are never sent.
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

/* If this fails, people who come late are told twice, too early, or never. */
static void late_people_go_with_their_own_wave(void **state)
{
    struct rig *rig = *state;
    char *first = play_people("p", 20), *late = play_people("late", 7);
    id incident = rig_incident(rig, first);
    rig_pass(rig, 60000);
    assert_int_equal(rig->n_sent, 20);
    assert_int_equal(play_wave(rig, incident, WAVE_LATE_ADDITION, NULL), 2);
    assert_int_equal(play_act(rig, incident, 2, VERB_APPROVE, PLAY_APPROVER), RESULT_OK);
    assert_int_equal(play_act(rig, incident, 2, VERB_RELEASE, PLAY_AUTHOR), RESULT_CONFLICT);
    rig_upload(rig, incident, late); /* the first wave runs: nobody joins it */
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 20);
    assert_int_equal(play_state(rig, incident, 2), WAVE_DRAFT); /* the roster changed: look again */
    assert_int_equal(play_go(rig, incident, 2), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 27);
    for (unsigned i = 0; i < 7; i++) {
        char to[64];
        snprintf(to, sizeof(to), "late%u@a.example", i);
        assert_int_equal(play_got(rig, to).all, 1);
    }
    rig_pass(rig, 5 * DAY);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    assert_int_equal(play_state(rig, incident, 2), WAVE_SETTLED);
    mem_free(first);
    mem_free(late);
}

/* If this fails, an update goes to others than its audience, or says something else. */
static void an_update_goes_to_its_audience(void **state)
{
    struct rig *rig = *state;
    char *people = play_people("p", 20);
    rig->what_happened = "WRONGFACT it was.";
    id incident = rig_incident(rig, people);
    mem_free(people);
    rig_pass(rig, HOUR);
    int wave = play_wave(rig, incident, WAVE_UPDATE,
                         "{\"audience\":{\"jurisdictions\":[\"US-TX\"]},\"facts\":{\"default\":{"
                         "\"what_is_new\":\"MISTAKEFACT\"}}}");
    assert_int_equal(play_go(rig, incident, wave), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 24);
    assert_int_equal(play_got(rig, "p5@a.example").mistake, 1);
    assert_int_equal(play_got(rig, "p6@a.example").all, 1);
    wave = play_wave(rig, incident, WAVE_RE_MAIL, "{\"audience\":{\"recipients\":[\"p3\"]}}");
    assert_int_equal(play_go(rig, incident, wave), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 25);
    assert_int_equal(play_got(rig, "p3@a.example").all, 2);
}

/* If this fails, a change is sent that nobody approved, or a note among ourselves is. */
static void a_change_voids_what_is_not_released(void **state)
{
    struct rig *rig = *state;
    char *people = play_people("p", 5);
    rig->what_happened = "WRONGFACT it was.";
    id incident = rig_draft(rig, people);
    mem_free(people);
    assert_int_equal(play_act(rig, incident, 1, VERB_APPROVE, PLAY_APPROVER), RESULT_OK);
    assert_int_equal(play_patch(rig, incident, "{\"internal_notes\":\"Call counsel.\"}"),
                     RESULT_OK);
    assert_int_equal(play_state(rig, incident, 1), WAVE_APPROVED); /* nothing that is sent */
    assert_int_equal(play_incident(rig, incident).notice, 1);
    assert_int_equal(play_right(rig, incident), RESULT_OK);
    assert_int_equal(play_state(rig, incident, 1), WAVE_DRAFT);
    assert_int_equal(play_incident(rig, incident).notice, 2);
    assert_int_equal(play_right(rig, incident), RESULT_EXISTS);
    assert_int_equal(play_act(rig, incident, 1, VERB_RELEASE, PLAY_AUTHOR), RESULT_CONFLICT);
    /* A text cannot refer to the notes: it does not compile. */
    assert_int_equal(
        play_patch(rig, incident, "{\"facts\":{\"what_happened\":\"{{internal_notes}}\"}}"),
        RESULT_OK);
    assert_int_equal(play_act(rig, incident, 1, VERB_APPROVE, PLAY_APPROVER), RESULT_INVALID);
    assert_int_equal(play_right(rig, incident), RESULT_OK);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(play_got(rig, "p1@a.example").right, 1);
    assert_int_equal(play_got(rig, "p1@a.example").wrong, 0);
}

/* If this fails, somebody reads the facts in another language than his notice. */
static void facts_are_told_in_the_persons_language(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(
        rig,
        "{\"recipient_id\":\"a\",\"name\":\"A\",\"locale\":\"de\",\"email\":\"a@a.example\"}\n"
        "{\"recipient_id\":\"b\",\"name\":\"B\",\"locale\":\"fr\",\"email\":\"b@a.example\"}\n");
    assert_int_equal(
        play_patch(rig, incident,
                   "{\"facts\":{\"what_happened\":null,\"what_we_are_doing\":null,\"default\":{"
                   "\"what_happened\":\"RIGHTFACT\",\"what_we_are_doing\":\"x\"},\"de\":{"
                   "\"what_happened\":\"WRONGFACT\",\"what_we_are_doing\":\"y\"}}}"),
        RESULT_OK);
    assert_int_equal(play_go(rig, incident, 1), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(play_got(rig, "a@a.example").wrong, 1);
    assert_int_equal(play_got(rig, "a@a.example").right, 0);
    assert_int_equal(play_got(rig, "b@a.example").right, 1);
}

/* If this fails, a wave that waits three weeks for a letter is looked at four times a second. */
static void a_waiting_wave_rests(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig,
        "{\"recipient_id\":\"a\",\"name\":\"A\",\"email\":\"a@a.example\"," ADDRESS("ok 1") "}\n");
    rig_pass(rig, HOUR);
    const struct active_wave *wave =
        container_of(rig->delivery->waves.next, struct active_wave, node);
    assert_true(wave->idle_until > delivery_now(rig->delivery));
    assert_true(wave->idle_until <= delivery_now(rig->delivery) + 60000);
    assert_int_equal(rig_fact(rig, 0, EVIDENCE_BOUNCED), RESULT_OK); /* wakes it */
    assert_int_equal(rig_sent_to(rig, RIG_POST, "ok 1"), 1);
    rig_pass(rig, 22 * DAY);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

/* If this fails, the second of two notices waits until all people of the first are told. */
static void waves_share_a_full_channel(void **state)
{
    struct rig *rig = *state;
    char *one = play_people("one", 1500), *two = play_people("two", 1500);
    id first = rig_draft(rig, one), second = rig_draft(rig, two);
    mem_free(one);
    mem_free(two);
    assert_int_equal(play_act(rig, first, 1, VERB_APPROVE, PLAY_APPROVER), RESULT_OK);
    assert_int_equal(play_act(rig, second, 1, VERB_APPROVE, PLAY_APPROVER), RESULT_OK);
    assert_int_equal(play_act(rig, first, 1, VERB_RELEASE, PLAY_AUTHOR), RESULT_OK);
    assert_int_equal(play_act(rig, second, 1, VERB_RELEASE, PLAY_AUTHOR), RESULT_OK);
    unsigned n[2] = {0, 0}, from = 0;
    for (unsigned i = 0; i < 50000 && rig->n_sent < 1500; i++) {
        rig_steps(rig, 1);
        if (from == 0 && rig->n_sent > 0 && play_state(rig, second, 1) == WAVE_SENDING)
            from = rig->n_sent + 300; /* both are under way */
    }
    for (unsigned i = from; i < rig->n_sent; i++)
        n[rig->sent[i].to[0] == 't']++;
    assert_true(from > 0 && n[0] + n[1] > 300);
    assert_in_range(n[1] * 100 / (n[0] + n[1]), 30, 70);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(late_people_go_with_their_own_wave),
                                       TEST(an_update_goes_to_its_audience),
                                       TEST(a_change_voids_what_is_not_released),
                                       TEST(facts_are_told_in_the_persons_language),
                                       TEST(a_waiting_wave_rests),
                                       TEST(waves_share_a_full_channel)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
