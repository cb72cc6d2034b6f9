/* test_recipients.c - one incident, and people with several addresses, with guardians, without
 * consent, who cannot see or want to keep it to themselves. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "tests/support/engine_rig.h"

#define PERSON(id, rest) "{\"recipient_id\":\"" id "\",\"name\":\"Ann A\"," rest "}\n"

/* If this fails, a notice lands with whoever broke into the mailbox. */
static void compromised_addresses_get_nothing(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, PERSON("a", "\"emails\":[{\"value\":\"ok@bad.example\",\"compromised\":true},"
                         "{\"value\":\"ok@good.example\"}]")
                 PERSON("b", "\"emails\":[{\"value\":\"ok2@bad.example\",\"compromised\":true}],"
                             "\"phones\":[{\"value\":\"+14155550108\",\"compromised\":true}],"
                             "\"addresses\":[{\"line1\":\"1 Elm St\",\"city\":\"S\",\"country\":"
                             "\"US\",\"compromised\":true},{\"line1\":\"2 Elm St\",\"city\":\"S\","
                             "\"country\":\"US\"}]"));
    rig_pass(rig, 73 * HOUR);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@bad.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@good.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok2@bad.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550108"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "2 Elm St"), 1);
    assert_int_equal(rig->n_sent, 2);
    assert_int_equal(rig_people(rig, incident, PEOPLE_UNREACHABLE), 0);
}

/* If this fails, a second mailbox is never tried, or the first one's failure counts for both. */
static void the_next_address_comes_before_the_next_rung(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, PERSON("a", "\"emails\":[\"perm@a.example\",\"perm@b.example\","
                         "\"ok@c.example\"],\"phone\":\"+14155550108\"," ADDRESS("1 Elm St")));
    rig_pass(rig, 10000);
    assert_int_equal(rig_receipts(rig, incident, "attempt"), 3); /* refused, refused, taken */
    assert_int_equal(rig->n_sent, 1);
    assert_string_equal(rig->sent[0].to, "ok@c.example");
    rig_pass(rig, 73 * HOUR);
    assert_int_equal(rig_receipts(rig, incident, "attempt"), 3);
    assert_int_equal(rig_receipts(rig, incident, "escalated"), 2);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
    assert_int_equal(rig_sent_to(rig, RIG_SMS, "+14155550108"), 0);
    assert_int_equal(rig_state(rig, incident), WAVE_SETTLED);
}

/* If this fails, the last mailbox's failure is the end, though there is a phone and a street. */
static void behind_the_last_address_comes_the_next_rung(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig, PERSON("a", "\"emails\":[\"perm@a.example\",{\"value\":\"ok@b.example\","
                         "\"compromised\":true},\"perm@c.example\"]," ADDRESS("1 Elm St")));
    rig_pass(rig, 22 * DAY);
    assert_int_equal(rig_receipts(rig, incident, "attempt"), 3);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@b.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_people(rig, incident, PEOPLE_TOLD), 1);
}

/* If this fails, a notice about a child goes to the child, or to nobody, or as if to an adult. */
static void children_and_the_dead(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(
        rig,
        PERSON("child", "\"flags\":[\"minor\"],\"email\":\"ok@child.example\"," ADDRESS("1 Elm St"))
            PERSON("alone", "\"flags\":[\"minor\"],\"email\":\"ok@alone.example\"")
                PERSON("ward", "\"flags\":[\"minor\"],\"email\":\"ok@ward.example\",\"account_id\":"
                               "\"w\",\"representative\":{\"name\":\"Gail G\",\"relation\":"
                               "\"guardian\",\"email\":\"ok@guardian.example\"}")
                    PERSON("late", "\"flags\":[\"deceased\"],\"email\":\"ok@late.example\","
                                   "\"representative\":{\"name\":\"Eve E\",\"relation\":\"estate\","
                                   "\"address\":{\"line1\":\"9 Oak St\",\"city\":\"S\","
                                   "\"country\":\"US\"}}"));
    rig_pass(rig, 73 * HOUR);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@child.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@alone.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@ward.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@late.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@guardian.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_BANNER, "w"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "9 Oak St"), 1);
    for (unsigned i = 0; i < rig->n_sent; i++) {
        if (str_equal(rig->sent[i].to, "1 Elm St"))
            assert_string_equal(rig->sent[i].name, "Parent or guardian of Ann A");
        if (str_equal(rig->sent[i].to, "9 Oak St"))
            assert_string_equal(rig->sent[i].name, "Eve E");
    }
    assert_int_equal(rig_people(rig, incident, PEOPLE_WITHHELD), 1); /* alone: name a guardian */
    assert_int_equal(rig_receipts(rig, incident, "withheld"), 1);
    struct json_object *json = rig_rehearse(rig, incident);
    struct json_object *who = json_object_array_get_idx(json_get(json, "people"), 0);
    assert_string_equal(json_get_string(who, "recipient_id"), "alone");
    assert_string_equal(json_get_string(json_get(json_get(who, "why"), "reasons"), "email"),
                        "minor_without_guardian");
    json_object_put(json);
}

/* If this fails, a box ticked with the terms passes for consent where the law asks for it. */
static void terms_are_no_consent(void **state)
{
    struct rig *rig = *state;
    rig->consent_required = true;
    rig_incident(
        rig,
        PERSON("t", "\"email\":\"ok@terms.example\",\"consent\":{\"electronic\":true,\"basis\":"
                    "\"terms\"}," ADDRESS("1 Elm St"))
            PERSON("s", "\"email\":\"ok@separate.example\",\"consent\":{\"electronic\":true,"
                        "\"basis\":\"separate\"}," ADDRESS("2 Elm St"))
                PERSON("w", "\"email\":\"ok@withdrawn.example\",\"consent\":{\"electronic\":true,"
                            "\"basis\":\"separate\",\"withdrawn_at\":\"2020-01-01\"}," ADDRESS(
                                "3 Elm St"))
                    PERSON("m", "\"email\":\"ok@market.example\",\"unsubscribed\":true,\"consent\":"
                                "{\"electronic\":true,\"basis\":\"separate\"}"));
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@terms.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@withdrawn.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@separate.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@market.example"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "3 Elm St"), 1);
}

/* If this fails, who reads large print gets a mail, and who reads Braille is counted as served. */
static void formats(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(
        rig, PERSON("l", "\"format\":\"large_print\",\"email\":\"ok@large.example\"," ADDRESS(
                             "1 Elm St"))
                 PERSON("b", "\"format\":\"braille\",\"email\":\"ok@braille.example\"")
                     PERSON("s", "\"format\":\"standard\",\"email\":\"ok@standard.example\""));
    struct json_object *json = rig_rehearse(rig, incident);
    assert_int_equal(json_get_int(json, "goes", -1), 3);
    assert_int_equal(json_get_int(json, "format_owed", -1), 1);
    assert_int_equal(json_get_int(json_get(json, "formats"), "large_print", -1), 1);
    struct json_object *who = json_object_array_get_idx(json_get(json, "people"), 0);
    assert_string_equal(json_get_string(who, "fate"), "format_owed");
    json_object_put(json);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, 2), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, 2), RESULT_OK);
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@large.example"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_POST, "1 Elm St"), 1);
    assert_int_equal(rig_sent_to(rig, RIG_EMAIL, "ok@braille.example"), 1);
    assert_int_equal(rig_receipts(rig, incident, "format_owed"), 1);
    for (unsigned i = 0; i < rig->n_sent; i++)
        assert_string_equal(rig->sent[i].format,
                            rig->sent[i].channel == RIG_POST ? "large_print" : "");
}

/* If this fails, somebody without an account gets a banner, or everybody in the house reads what
 * happened to one of them. */
static void former_and_discreet(void **state)
{
    struct rig *rig = *state;
    rig_incident(
        rig, PERSON("f", "\"former_user\":true,\"account_id\":\"f\",\"email\":\"ok@f.example\"")
                 PERSON("d", "\"discreet\":true,\"account_id\":\"d\",\"email\":\"ok@d.example\""));
    rig_pass(rig, 5000);
    assert_int_equal(rig_sent_to(rig, RIG_BANNER, "f"), 0);
    assert_int_equal(rig_sent_to(rig, RIG_BANNER, "d"), 1);
    for (unsigned i = 0; i < rig->n_sent; i++)
        assert_int_equal(strstr(rig->sent[i].subject, "Breach") != NULL,
                         str_equal(rig->sent[i].to, "ok@f.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(compromised_addresses_get_nothing, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(the_next_address_comes_before_the_next_rung, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(behind_the_last_address_comes_the_next_rung, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(children_and_the_dead, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(terms_are_no_consent, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(formats, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(former_and_discreet, rig_setup, rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
