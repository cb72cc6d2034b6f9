/* test_legal_facts.c - an incident's document, its people and what happened, as the law reads them.
 */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/delivery/duty/legal_facts.h"
#include "service/law/law.h"

static const char document[] =
    "{\"title\":\"t\",\"kind\":\"breach\",\"data_types\":[\"name\",\"ssn\"],\"discovered_at\":"
    "\"2026-03-02T08:00:00Z\",\"encrypted\":true,\"key_compromised\":true,\"risk\":\"low\","
    "\"sectors\":[\"hipaa\",\"retail\"],\"establishment\":\"IE\","
    "\"law\":{\"malicious\":true,\"suspected_at\":\"2026-03-01\"}}";

static struct json_object *make(const struct legal_facts_in *more)
{
    struct json_object *json = NULL;
    static struct census census;
    memset(&census, 0, sizeof(census));
    const struct recipient people[] = {
        {.jurisdiction = "US-MD", .email = "a@x.org"},
        {.jurisdiction = "US-CA", .has_address = true, .account_id = "1"},
        {.jurisdiction = "US-MD"},
        {.email = "b@x.org"}};
    for (size_t i = 0; i < 4; i++)
        census_add(&census, &people[i], 0);
    assert_int_equal(json_read(document, strlen(document), &json, NULL), RESULT_OK);
    struct legal_facts_in in = *more;
    in.document = json;
    in.census = &census;
    in.now = INT64_C(1772582400000); /* 2026-03-04 */
    struct json_object *made = legal_facts_make(&in);
    json_object_put(json);
    return made;
}

static void read_facts(struct json_object *made, struct arena *arena, struct law_facts *facts)
{
    struct error error;
    if (law_facts_read(made, arena, facts, &error) != RESULT_OK)
        fail_msg("%s: %s", error.field, error.text);
}

/* If this fails, the law is asked about another incident than the one that happened. */
static void facts_are_taken_over(void **state)
{
    struct arena *arena = arena_create(1 << 20);
    struct law_facts facts;
    struct json_object *made = make(&(struct legal_facts_in){.document = NULL});
    (void)state;
    read_facts(made, arena, &facts);
    assert_int_equal(facts.facts[LAW_ENCRYPTED], LAW_YES);
    assert_int_equal(facts.facts[LAW_KEY_COMPROMISED], LAW_YES);
    assert_int_equal(facts.facts[LAW_MALICIOUS], LAW_YES);
    assert_int_equal(facts.facts[LAW_PUBLIC_LEAK], LAW_UNKNOWN); /* a question, no guess */
    assert_int_equal(facts.risk, LAW_RISK_LIKELY);               /* a low risk is a risk */
    assert_int_equal(facts.suspected.kind, LAW_DATE);
    assert_int_equal(facts.n_sectors, 1);
    assert_string_equal(facts.sectors[0], "hipaa");
    assert_int_equal(facts.n_people, 2);
    assert_string_equal(facts.people[1].jurisdiction, "US-MD");
    assert_int_equal(facts.people[1].n, 2);
    assert_int_equal(facts.people[1].email, 1);
    assert_int_equal(facts.people[1].none, 1);
    assert_int_equal(facts.people[0].postal, 1);
    json_object_put(made);
    arena_destroy(&arena);
}

/* If this fails, a regulator counts as told while another of his place waits, a hold of our own
 * delays the law's day, or letters that went are forgotten. */
static void events_are_what_happened(void **state)
{
    struct arena *arena = arena_create(1 << 20);
    struct law_facts facts;
    (void)state;
    const struct duty_row duties[] = {
        {.jurisdiction = "US-MD", .addressee = 1, .state = DUTY_DONE, .told_at = 1000},
        {.jurisdiction = "US-NY", .addressee = 1, .state = DUTY_DONE, .told_at = 1000},
        {.jurisdiction = "US-NY", .addressee = 1, .state = DUTY_OPEN, .told_at = TIME_NONE},
        {.jurisdiction = "US-TX", .addressee = 1, .state = DUTY_OVERRIDDEN, .told_at = TIME_NONE}};
    const struct duty_begun begun[] = {{"US-CA", 2000}};
    const struct hold_view holds[] = {
        {.row = {.kind = HOLD_PERSON, .number = -1, .placed_at = 1, .state = HOLD_PLACED}},
        {.row = {.kind = HOLD_PERSON,
                 .number = -1,
                 .placed_at = 3000,
                 .lifted_at = 4000,
                 .state = HOLD_LIFTED},
         .agency = "FBI"}};
    struct json_object *made = make(&(struct legal_facts_in){.duties = duties,
                                                             .n_duties = 4,
                                                             .begun = begun,
                                                             .n_begun = 1,
                                                             .holds = holds,
                                                             .n_holds = 2});
    read_facts(made, arena, &facts);
    static const char *const wanted[] = {"letters_sent", "authority_told", "hold_placed",
                                         "hold_released"};
    assert_int_equal(facts.n_events, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(facts.events[i].type, wanted[i]);
    assert_string_equal(facts.events[1].jurisdiction, "US-MD");
    assert_null(facts.events[2].jurisdiction);
    json_object_put(made);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(facts_are_taken_over),
                                       cmocka_unit_test(events_are_what_happened)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
