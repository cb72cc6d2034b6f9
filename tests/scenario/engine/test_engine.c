/* The engine under a clock that stands still: what becomes of people when messages fail, wait, come
 * back or are lost. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>
#include <sqlite3.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "tests/support/engine_rig.h"

/* If this fails, the plainest promise is broken: an accepted mail without a bounce for 72 hours
 * tells the person. */
static void email_tells_after_its_time(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n");
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@a.example"), 1);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), 1);
    rig_pass(rig, 71 * HOUR);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 0);
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@a.example"), 1);
    assert_int_equal(rig_receipts(rig, incident, "attempt"), 1);
    assert_int_equal(rig_receipts(rig, incident, "told"), 1);
}

/* If this fails, a dead mailbox means nobody is told, though there is a phone and a street. */
static void refusal_takes_the_next_rung(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig,
        "{\"recipient_id\":\"a\",\"name\":\"Ann "
        "A\",\"email\":\"perm@a.example\",\"phone\":\"+14155550101\"," ADDRESS("1 Elm St") "}\n");
    rig_pass(rig, 5000);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 1);
    assert_int_equal(rig_members(rig, incident, RIG_SMS, MEMBER_FAILED),
                     1); /* ends in 1: refused */
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    rig_pass(rig, 22 * DAY);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE), 0);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    assert_int_equal(rig_receipts(rig, incident, "escalated"), 2);
}

/* If this fails, people nobody can reach vanish instead of being named. */
static void nobody_falls_out(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\"}\n"
             "{\"recipient_id\":\"b\",\"name\":\"Bob B\",\"email\":\"perm@b.example\"}\n"
             "{\"recipient_id\":\"c\",\"email\":\"ok@c.example\"}\n"
             "{\"recipient_id\":\"d\",\"name\":\"Dee D\",\"email\":\"ok@d.example\"}\n");
    rig_pass(rig, 73 * HOUR);
    assert_int_equal(rig_people(rig, incident, PEOPLE_PLANNED), 2);
    assert_int_equal(rig_people(rig, incident, PEOPLE_WITHHELD),
                     1); /* c has no name: a hole in the text */
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE), 2);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@c.example"), 0);
    assert_int_equal(rig_receipts(rig, incident, "withheld"), 1);
    assert_int_equal(rig_receipts(rig, incident, "unreachable"), 2);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

/* If this fails, a text message that never arrived counts as notice. */
static void silence_is_no_evidence_for_sms(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"phone\":\"+14155550109\"," ADDRESS(
                 "1 Elm St") "}\n"
                             "{\"recipient_id\":\"b\",\"name\":\"Bob "
                             "B\",\"phone\":\"+14155550108\"," ADDRESS("2 Elm St") "}\n");
    rig_pass(rig, 1000);
    unsigned bob = str_equal(rig->sent[0].to, "+14155550108") ? 0 : 1;
    assert_int_equal(rig_fact(rig, bob, EVIDENCE_DELIVERED), RESULT_OK);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    rig_pass(rig, 25 * HOUR);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "2 Elm St"), 0);
    rig_pass(rig, 22 * DAY);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 2);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

/* If this fails, a bounce that comes after "delivered", or after all was settled, leaves a person
 * untold. */
static void late_bounce_reopens(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"," ADDRESS(
                 "1 Elm St") "}\n");
    rig_pass(rig, 73 * HOUR);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
    assert_int_equal(rig_fact(rig, 0, EVIDENCE_BOUNCED), RESULT_OK);
    rig_pass(rig, 2000);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 0);
    assert_int_equal(rig_state(rig, incident), WAVE_SENDING);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    rig_fact(rig, 0, EVIDENCE_ACCEPTED); /* reordered: never overwrites */
    rig_fact(rig, 0, EVIDENCE_BOUNCED);  /* duplicate: nothing twice */
    rig_pass(rig, 22 * DAY);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_receipts(rig, incident, "evidence"), 1);
}

/* If this fails, greylisting loses people, or retries never end. */
static void deferral_is_retried_then_passed_on(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"temp@a.example\"," ADDRESS(
                 "1 Elm St") "}\n");
    rig_pass(rig, 1000);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_DEFERRED), 1);
    rig_pass(rig, 12 * HOUR);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 1);
    assert_int_equal(rig_receipts(rig, incident, "attempt"), 9); /* 8 mails and the letter */
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
}

/* If this fails, an outage of a provider is blamed on people, or they are not sent when it is over.
 */
static void provider_outage_waits_and_goes(void **state)
{
    struct rig *rig = *state;
    rig->provider_down[RIG_EMAIL] = true;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"," ADDRESS(
                 "1 Elm St") "}\n"
                             "{\"recipient_id\":\"b\",\"name\":\"Bob "
                             "B\",\"email\":\"ok@b.example\"," ADDRESS("2 Elm St") "}\n");
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 0);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_FAILED), 0);
    rig->provider_down[RIG_EMAIL] = false;
    rig_pass(rig, 3 * 60000);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@a.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@b.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 0);
}

/* If this fails, one person can tell thousands alone, or a change slips in after the approval. */
static void two_people_release(void **state)
{
    struct rig *rig = *state;
    id incident =
        rig_draft(rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n");
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 1), RESULT_CONFLICT);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, 1), RESULT_DENIED); /* the author */
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, 2), RESULT_OK);
    assert_int_equal(rig_state(rig, incident), WAVE_APPROVED);
    rig_upload(rig, incident,
               "{\"recipient_id\":\"b\",\"name\":\"Bob B\",\"email\":\"ok@b.example\"}\n");
    assert_int_equal(rig_state(rig, incident), WAVE_DRAFT);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 1), RESULT_CONFLICT);
    assert_int_equal(rig->n_sent, 0);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, 2), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 1), RESULT_OK);
    assert_int_equal(rig->n_sent, 2);
}

/* If this fails, a hold does not hold: bytes leave afterwards, or a resume sends twice. */
static void hold_stops_and_resume_goes_on(void **state)
{
    struct rig *rig = *state;
    char roster[64 * 200] = "";
    for (int i = 0; i < 150; i++)
        snprintf(roster + strlen(roster), sizeof(roster) - strlen(roster),
                 "{\"recipient_id\":\"r%d\",\"name\":\"P\",\"email\":\"ok%d@a.example\"}\n", i, i);
    rig->hang = true;
    id incident = rig_incident(rig, roster);
    assert_int_equal(rig->n_sent, 100); /* the window */
    assert_int_equal(rig_act(rig, VERB_HOLD, incident, 1), RESULT_OK);
    rig_pass(rig, 5000);
    assert_int_equal(rig_state(rig, incident), WAVE_HELD);
    assert_true(list_empty(&rig->hanging)); /* all cancelled, provably not sent */
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 100);
    rig->hang = false;
    rig->n_sent = 0; /* what was cancelled never left */
    assert_int_equal(rig_act(rig, VERB_RESUME, incident, 1), RESULT_OK);
    rig_pass(rig, 5000);
    assert_int_equal(rig->n_sent, 150);
    assert_int_equal(rig_members(rig, incident, RIG_EMAIL, MEMBER_ACCEPTED), 150);
}

/* If this fails, a kill -9 in mid-flight loses people or sends twice without our knowing. */
static void crash_in_flight(void **state)
{
    struct rig *rig = *state;
    rig->hang = true;
    id incident =
        rig_incident(rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n"
                          "{\"recipient_id\":\"b\",\"name\":\"Bob B\",\"phone\":\"+14155550109\"}\n"
                          "{\"recipient_id\":\"c\",\"name\":\"Cy C\"," ADDRESS("1 Elm St") "}\n");
    assert_int_equal(rig->n_sent, 3);
    struct rig *after = rig_after_crash(rig);
    rig_pass(after, 120000);
    /* email: once more under the same key; SMS and paper ask a person: this rig cannot query them.
     */
    assert_int_equal(rig_sent_to(after, RIG_EMAIL, "ok@a.example"), 2);
    assert_int_equal(rig_sent_to(after, RIG_SMS, "+14155550109"), 1);
    assert_int_equal(rig_sent_to(after, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_members(after, incident, RIG_SMS, MEMBER_ASKED), 1);
    assert_int_equal(rig_members(after, incident, RIG_POST, MEMBER_ASKED), 1);
    assert_int_equal(rig_members(after, incident, RIG_EMAIL, MEMBER_ACCEPTED), 1);
    assert_string_equal(after->sent[3].key, rig->sent[0].channel == RIG_EMAIL   ? rig->sent[0].key
                                            : rig->sent[1].channel == RIG_EMAIL ? rig->sent[1].key
                                                                                : rig->sent[2].key);
    assert_int_equal(rig_receipts(after, incident, "attempt"), 4); /* three unknown, one anew */
    rig_destroy(&after);
}

/* If this fails, a start after a clean stop does not go on by itself. */
static void restart_goes_on(void **state)
{
    struct rig *rig = *state;
    rig->provider_down[RIG_EMAIL] = true;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n");
    rig_pass(rig, 5000);
    struct rig *after = rig_after_crash(rig);
    rig_pass(after, 5000);
    assert_int_equal(rig_sent_to(after, RIG_EMAIL, "ok@a.example"), 1);
    rig_pass(after, 73 * HOUR);
    assert_int_equal(rig_state(after, incident), WAVE_SETTLED);
    rig_destroy(&after);
}

/* If this fails, what a responder was shown before the release is not what happens, or writes
 * something. */
static void a_rehearsal_is_what_happens(void **state)
{
    struct rig *rig = *state;
    rig->what_happened = "Out of an abundance of caution we tell you that a file was copied.";
    id incident =
        rig_draft(rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n"
                       "{\"recipient_id\":\"b\",\"name\":\"Bob B\",\"phone\":\"+14155550109\"}\n"
                       "{\"recipient_id\":\"c\",\"email\":\"ok@c.example\"}\n"
                       "{\"recipient_id\":\"d\",\"name\":\"Dee D\"}\n"
                       "{\"recipient_id\":\"e\",\"name\":\"Eve E\"}\n");
    struct json_object *shown = rig_rehearse(rig, incident);
    assert_int_equal(json_get_int(shown, "goes", -1), 2);
    assert_int_equal(json_get_int(json_get(shown, "first_channel"), "email", -1), 1);
    assert_int_equal(json_get_int(json_get(shown, "first_channel"), "sms", -1), 1);
    assert_true(json_get_bool(shown, "more", false)); /* three, and two were asked for */
    struct json_object *first = json_object_array_get_idx(json_get(shown, "people"), 0);
    assert_string_equal(json_get_string(first, "recipient_id"), "c");
    assert_string_equal(json_get_string(first, "fate"), "withheld");
    assert_string_equal(json_object_get_string(json_object_array_get_idx(
                            json_get(json_get(first, "why"), "fields"), 0)),
                        "name");
    struct json_object *finding = json_object_array_get_idx(json_get(shown, "lint"), 0);
    assert_string_equal(json_get_string(finding, "rule"), "hedge");
    assert_string_equal(json_get_string(finding, "locale"), "en");
    assert_int_equal(rig->n_sent, 0);
    assert_int_equal(rig_state(rig, incident), WAVE_DRAFT);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, 2), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 1), RESULT_OK);
    assert_int_equal(rig_people(rig, incident, PEOPLE_PLANNED), json_get_int(shown, "goes", -1));
    assert_int_equal(rig_people(rig, incident, PEOPLE_WITHHELD),
                     json_get_int(shown, "withheld", -1));
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE),
                     json_get_int(shown, "unreachable", -1));
    json_object_put(shown);
}

static void damage(struct rig *rig, const char *sql)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof(path), "%s/store.db", rig->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* If this fails, people whose stored bytes are damaged vanish from the count instead of being named
 * as untold. */
static void damaged_people_are_counted(void **state)
{
    struct rig *rig = *state;
    id incident =
        rig_draft(rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n"
                       "{\"recipient_id\":\"b\",\"name\":\"Bob B\",\"email\":\"ok@b.example\"}\n");
    rig_upload(rig, incident,
               "{\"recipient_id\":\"c\",\"name\":\"Cy C\",\"email\":\"ok@c.example\"}\n"
               "{\"recipient_id\":\"d\",\"name\":\"Dee D\",\"email\":\"ok@d.example\"}\n");
    rig_upload(rig, incident,
               "{\"recipient_id\":\"e\",\"name\":\"Eve E\",\"email\":\"ok@e.example\"}\n");
    damage(rig, "UPDATE roster_block SET body = zeroblob(length(body)) WHERE block = 0");
    damage(rig, "UPDATE roster_seed SET seeds = zeroblob(length(seeds)) WHERE block = 1");
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, 2), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 1), RESULT_OK);
    rig_pass(rig, 73 * HOUR);
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE), 4);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_receipts(rig, incident, "unreachable"), 4);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

/* If this fails, a hold that outlived its time is forgotten, or resumes by itself. */
static void an_old_hold_alarms(void **state)
{
    struct rig *rig = *state;
    rig->provider_down[RIG_EMAIL] = true;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\",\"email\":\"ok@a.example\"}\n");
    rig->hold_until = clock_now(&rig->clock.clock) + HOUR;
    assert_int_equal(rig_act(rig, VERB_HOLD, incident, 1), RESULT_OK);
    rig->provider_down[RIG_EMAIL] = false;
    rig_pass(rig, 10 * 60000);
    assert_int_equal(delivery_stats(rig->delivery)->holds_held, 1);
    assert_int_equal(delivery_stats(rig->delivery)->holds_overdue, 0);
    rig_pass(rig, 2 * HOUR);
    assert_int_equal(delivery_stats(rig->delivery)->holds_overdue, 1);
    assert_int_equal(rig_state(rig, incident), WAVE_HELD);
    assert_int_equal(rig->n_sent, 0);
}

/* If this fails, a letter of which nobody knows whether it was printed stays undecided for ever, or
 * is printed twice. */
static void a_person_decides(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, "{\"recipient_id\":\"a\",\"name\":\"Ann A\"," ADDRESS(
                 "unsure 1") "}\n"
                             "{\"recipient_id\":\"b\",\"name\":\"Bob B\"," ADDRESS(
                                 "unsure 2") "}\n"
                                             "{\"recipient_id\":\"c\",\"name\":\"Cy C\"," ADDRESS(
                                                 "unsure 3") "}\n");
    rig_pass(rig, 30 * DAY);
    assert_int_equal(rig->n_sent, 3);
    assert_int_equal(rig_members(rig, incident, RIG_POST, MEMBER_ASKED), 3);
    assert_int_equal(rig_state(rig, incident), WAVE_SENDING);
    assert_int_equal(rig_decide(rig, incident, "a", DECISION_SENT), RESULT_OK);
    assert_int_equal(rig_decide(rig, incident, "b", DECISION_RESEND), RESULT_OK);
    assert_int_equal(rig_decide(rig, incident, "c", DECISION_NEXT_RUNG), RESULT_OK);
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "unsure 1"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "unsure 2"), 2);
    assert_int_equal(rig_decide(rig, incident, "a", DECISION_RESEND), RESULT_CONFLICT);
    assert_int_equal(rig_decide(rig, incident, "b", DECISION_SENT), RESULT_OK); /* unsure again */
    rig_pass(rig, 30 * DAY);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 2);
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE), 1);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(email_tells_after_its_time, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(refusal_takes_the_next_rung, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(nobody_falls_out, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(silence_is_no_evidence_for_sms, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(late_bounce_reopens, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(deferral_is_retried_then_passed_on, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(provider_outage_waits_and_goes, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(two_people_release, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(hold_stops_and_resume_goes_on, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(crash_in_flight, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(restart_goes_on, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_person_decides, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(an_old_hold_alarms, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_rehearsal_is_what_happens, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(damaged_people_are_counted, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
