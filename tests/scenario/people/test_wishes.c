/* test_wishes.c - two incidents, one after the other: what the first one learned of people, and
 * what they wished, holds in the second; and it can be forgotten. */
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
#include "base/str.h"

/* This module. */
#include "service/delivery/erase/erase.h"
#include "service/delivery/people/preference.h"
#include "tests/support/dig.h"
#include "tests/support/engine_rig.h"

#define PERSON(id, rest) "{\"recipient_id\":\"" id "\",\"name\":\"Ann A\"," rest "}\n"

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static struct delivery_preference prefer(struct rig *rig, unsigned kind, const char *value,
                                         const int want[PREFERENCES_N])
{
    bool done = false;
    struct delivery_preference req = {.request = {.cb = on_request, .private_state = &done},
                                      .change = want != NULL,
                                      .source = "person",
                                      .principal = 2};
    for (unsigned i = 0; want != NULL && i < PREFERENCES_N; i++)
        req.want[i] = want[i];
    delivery_preference_key(rig->delivery, kind, value, &req.key);
    delivery_preference(rig->delivery, &req);
    rig_settle(rig);
    assert_true(done);
    assert_int_equal(req.request.result, RESULT_OK);
    return req;
}

static const char *reason(struct json_object *rehearsal, const char *who, const char *channel)
{
    struct json_object *people = json_get(rehearsal, "people");
    for (size_t i = 0; i < json_object_array_length(people); i++) {
        struct json_object *one = json_object_array_get_idx(people, i);
        if (str_equal(json_get_string(one, "recipient_id"), who))
            return json_get_string(json_get(json_get(one, "why"), "reasons"), channel);
    }
    return NULL;
}

/* If this fails, a mailbox that bounced is mailed again in the next incident, and its person told
 * days later than the neighbours. */
static void dead_addresses_are_skipped(void **state)
{
    struct rig *rig = *state;
    static const char roster[] = PERSON("a", "\"email\":\"perm@A.Example\"," ADDRESS("1 Elm St"))
        PERSON("b", "\"email\":\"ok@b.example\"," ADDRESS("2 Elm St"))
            PERSON("c", ADDRESS("3 Elm St")) PERSON("d", "\"email\":\"perm@d.example\"");
    id first = rig_incident(rig, roster);
    rig_pass(rig, 5000);
    for (unsigned i = 0; i < rig->n_sent; i++)
        if (str_equal(rig->sent[i].to, "3 Elm St"))
            assert_int_equal(rig_fact(rig, i, EVIDENCE_RETURNED), RESULT_OK);
    rig_pass(rig, 22 * DAY);
    assert_true(prefer(rig, CONTACT_EMAIL, "perm@a.example", NULL).states[PREFER_DEAD].set);
    assert_int_equal(rig_receipts(rig, first, "preference"), 3); /* a, d, and c's street */
    assert_int_equal(rig_receipts(rig, first, "attempt"), 5);
    id second = rig_draft(rig, roster);
    struct json_object *json = rig_rehearse(rig, second);
    assert_string_equal(reason(json, "d", "email"), "dead_address");
    assert_string_equal(reason(json, "c", "postal"), "dead_address");
    json_object_put(json);
    assert_int_equal(rig_act(rig, VERB_APPROVE, second, 2), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, second, 2), RESULT_OK);
    rig_pass(rig, 5000);
    assert_int_equal(rig_receipts(rig, second, "attempt"),
                     2); /* no refused mail before a's letter */
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 2);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@b.example"), 2);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "3 Elm St"), 1);
    assert_int_equal(rig_people(rig, second, PEOPLE_UNREACHABLE), 2);
}

/* If this fails, who answered STOP gets the next text message all the same. */
static void stop_is_kept(void **state)
{
    struct rig *rig = *state;
    static const char roster[] =
        PERSON("a", "\"phones\":[\"+14155550108\",\"+14155550109\"]," ADDRESS("1 Elm St"));
    rig_incident(rig, roster);
    rig_pass(rig, 1000);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550108"), 1);
    bool done = false;
    struct fact_merge stop = {.request = {.cb = on_request, .private_state = &done},
                              .token = rig->sent[0].token,
                              .evidence = EVIDENCE_NONE,
                              .blame = BLAME_STOPPED,
                              .at = TIME_NONE};
    fact_merge(rig->delivery, &stop);
    rig_settle(rig);
    assert_true(done);
    rig_incident(rig, roster);
    rig_pass(rig, 1000);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550108"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550109"), 1);
    struct delivery_preference known = prefer(rig, CONTACT_PHONE, "+14155550108", NULL);
    assert_true(known.states[PREFER_STOP].set);
    assert_string_equal(known.states[PREFER_STOP].source, "stop_reply");
    prefer(rig, CONTACT_PHONE, "+14155550108", (const int[]){-1, -1, 0}); /* taken back */
    rig_incident(rig, roster);
    rig_pass(rig, 1000);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550108"), 2);
}

/* If this fails, a STOP is heard only in the next incident, and the phone rings today. */
static void what_is_learned_holds_at_once(void **state)
{
    struct rig *rig = *state;
    rig_incident(rig,
                 PERSON("a", "\"email\":\"temp@a.example\",\"phone\":\"+14155550108\"," ADDRESS(
                                 "1 Elm St")));
    rig_pass(rig, 1000);
    prefer(rig, CONTACT_PHONE, "+14155550108", (const int[]){-1, -1, 1});
    rig_pass(rig, DAY);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550108"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
}

/* If this fails, a wish for paper is asked for again and again, or the letter's return is the end
 * though there is a mailbox. */
static void paper_comes_first(void **state)
{
    struct rig *rig = *state;
    prefer(rig, PERSON_KEY_ACCOUNT, "acct-a", (const int[]){1, -1, -1});
    id incident = rig_incident(
        rig,
        PERSON("a", "\"account_id\":\"acct-a\",\"email\":\"ok@a.example\"," ADDRESS("1 Elm St"))
            PERSON("b", "\"email\":\"ok@b.example\"," ADDRESS("2 Elm St")));
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@a.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@b.example"), 1);
    for (unsigned i = 0; i < rig->n_sent; i++)
        if (str_equal(rig->sent[i].to, "1 Elm St"))
            assert_int_equal(rig_fact(rig, i, EVIDENCE_RETURNED), RESULT_OK);
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@a.example"), 1);
    rig_pass(rig, 23 * DAY);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 2);
}

/* If this fails, a wish is lost with the process, or is known for ever of somebody who asked to be
 * forgotten. */
static void wishes_survive_a_restart_and_can_be_forgotten(void **state)
{
    struct rig *rig = *state;
    char database[128];
    struct dig *dig = dig_create(&rig->master);
    snprintf(database, sizeof(database), "%s/store.db", rig->dir);
    id incident = rig_incident(
        rig,
        PERSON("a", "\"account_id\":\"acct-a\",\"email\":\"perm@a.example\"," ADDRESS("1 Elm St")));
    prefer(rig, PERSON_KEY_ACCOUNT, "acct-a", (const int[]){1, -1, -1});
    prefer(rig, PERSON_KEY_ACCOUNT, "acct-z", (const int[]){1, -1, -1});
    rig_pass(rig, 22 * DAY);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    rig_restart(rig);
    assert_true(prefer(rig, PERSON_KEY_ACCOUNT, "acct-a", NULL).states[PREFER_PAPER].set);
    assert_true(prefer(rig, CONTACT_EMAIL, "perm@a.example", NULL).states[PREFER_DEAD].set);
    dig_learn(dig, database);
    dig_open(dig, database);
    assert_true(dig_finds(dig, "\"source\":\"refused\""));
    assert_true(dig_guesses(dig, "email", "perm@a.example"));
    for (unsigned i = 0; i < 2; i++) {
        bool done = false;
        struct arena *arena = arena_create(1 << 20);
        struct delivery_erase erase = {
            .request = {.cb = on_request, .private_state = &done, .arena = arena},
            .account_id = i == 0 ? "acct-a" : "acct-z",
            .principal = 3,
            .basis = "gdpr-17-1-b"};
        delivery_erase(rig->delivery, &erase);
        rig_settle(rig);
        assert_true(done);
        assert_int_equal(erase.request.result, RESULT_OK);
        assert_int_equal(erase.preferences, i == 0 ? 2 : 1); /* z is in no incident */
        assert_true(erase.verified);
        arena_destroy(&arena);
    }
    dig_open(dig, database);
    assert_false(dig_finds(dig, "\"source\":\"refused\""));
    assert_false(dig_finds(dig, "\"source\":\"person\""));
    assert_false(dig_guesses(dig, "email", "perm@a.example"));
    assert_false(dig_guesses(dig, "account", "acct-z"));
    assert_false(prefer(rig, CONTACT_EMAIL, "perm@a.example", NULL).states[PREFER_DEAD].set);
    dig_destroy(&dig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(dead_addresses_are_skipped, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(stop_is_kept, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(what_is_learned_holds_at_once, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(paper_comes_first, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(wishes_survive_a_restart_and_can_be_forgotten, rig_setup,
                                        rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
