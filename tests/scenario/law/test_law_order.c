/* test_law_order.c - a release over four states, two of which want their authority told before the
 * people (Md. Code, Com. Law 14-3504(h); N.J. Stat. 56:8-163(c)). */
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
#include "service/delivery/duty/duty.h"
#include "service/law/law.h"
#include "tests/support/engine_rig.h"

enum { AUTHOR = 1, APPROVER = 2, THIRD = 3 };

static const char document[] =
    "{\"title\":\"Scenario\",\"kind\":\"breach\",\"organisation\":{\"name\":\"Acme\",\"address\":"
    "\"1 Main St\",\"contact\":{\"email\":\"privacy@acme.example\",\"phone\":\"+15555550100\","
    "\"url\":\"https://acme.example/security\"}},\"occurred_from\":\"2025-12-01\","
    "\"discovered_at\":\"2025-12-20\",\"data_types\":[\"name\",\"email\",\"ssn\"],"
    "\"encrypted\":false,\"risk\":\"high\",\"facts\":{\"what_happened\":\"Somebody copied a "
    "file.\",\"what_we_are_doing\":\"We closed the hole.\"}}";
#define PERSON(id, place)                                                                          \
    "{\"recipient_id\":\"" id "\",\"name\":\"A\",\"email\":\"ok@" id                               \
    ".example\",\"jurisdiction\":\"" place "\"}\n"
static const char roster[] = PERSON("ca", "US-CA") PERSON("tx", "US-TX") PERSON("md", "US-MD")
    PERSON("md2", "US-MD") PERSON("nj", "US-NJ");

static int setup(void **state)
{
    struct law_rules *rules;
    struct error error;
    if (law_rules_load("templates/rules", NULL, 0, &rules, &error) != RESULT_OK)
        fail_msg("%s", error.text);
    rig_setup(state);
    struct rig *rig = *state;
    rig->rules = rules;
    rig->document = document;
    rig_restart(rig);
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    struct law_rules *rules = NULL;
    memcpy(&rules, &rig->rules, sizeof(rules)); /* it is ours, and was only lent */
    rig_teardown(state);
    law_rules_destroy(&rules);
    return 0;
}

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static struct json_object *make_plan(struct rig *rig, id incident)
{
    bool done = false;
    struct arena *arena = arena_create(64 << 20);
    struct json_object *json = NULL;
    struct delivery_legal_plan plan = {
        .request = {.cb = on_request, .private_state = &done, .arena = arena},
        .incident = incident,
        .principal = AUTHOR};
    delivery_legal_plan(rig->delivery, &plan);
    rig_settle(rig);
    assert_true(done);
    if (plan.request.result != RESULT_OK)
        fail_msg("%s: %s", plan.request.error.field, plan.request.error.text);
    assert_int_equal(json_read(plan.json, strlen(plan.json), &json, NULL), RESULT_OK);
    arena_destroy(&arena);
    return json;
}

static struct delivery_duty decide(struct rig *rig, struct delivery_duty asked)
{
    bool done = false;
    struct arena *arena = arena_create(1 << 20);
    asked.request =
        (struct delivery_request){.cb = on_request, .private_state = &done, .arena = arena};
    delivery_duty(rig->delivery, &asked);
    rig_settle(rig);
    assert_true(done);
    arena_destroy(&arena);
    return asked;
}

static id released(struct rig *rig)
{
    id incident = rig_draft(rig, roster);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
    rig_pass(rig, HOUR / 60);
    return incident;
}

static unsigned got(const struct rig *rig, const char *to)
{
    return rig_sent_to(rig, RIG_EMAIL, to);
}

static void assert_told(const struct rig *rig, unsigned ca_tx, unsigned md, unsigned nj)
{
    assert_int_equal(got(rig, "ok@ca.example"), ca_tx);
    assert_int_equal(got(rig, "ok@tx.example"), ca_tx);
    assert_int_equal(got(rig, "ok@md.example"), md);
    assert_int_equal(got(rig, "ok@md2.example"), md);
    assert_int_equal(got(rig, "ok@nj.example"), nj);
}

/* If this fails, an order rule stops people of other places, or does not stop those it is about. */
static void two_places_wait_for_their_regulator(void **state)
{
    struct rig *rig = *state;
    id incident = released(rig);
    assert_told(rig, 1, 0, 0);
    assert_int_equal(rig_receipts(rig, incident, "plan_made"), 1);
    assert_int_equal(rig_receipts(rig, incident, "hold_placed"), 2);
    rig_pass(rig, DAY);
    assert_told(rig, 1, 0, 0);
    struct delivery_duty told =
        decide(rig, (struct delivery_duty){.incident = incident,
                                           .principal = THIRD,
                                           .key = "US-MD.regulator",
                                           .reference = "OAG-1",
                                           .told_at = delivery_now(rig->delivery)});
    assert_int_equal(told.request.result, RESULT_OK);
    assert_true(told.freed);
    rig_pass(rig, HOUR);
    assert_told(rig, 1, 1, 0);
    assert_int_equal(rig_receipts(rig, incident, "duty_done"), 1);
    assert_int_equal(rig_receipts(rig, incident, "regulator_told"), 1);
}

/* If this fails, an approver cannot let people be told when an authority does not answer, or nobody
 * sees that he did. */
static void an_approver_overrides(void **state)
{
    struct rig *rig = *state;
    id incident = released(rig);
    struct delivery_duty over = decide(rig, (struct delivery_duty){.incident = incident,
                                                                   .principal = APPROVER,
                                                                   .key = "US-NJ.regulator",
                                                                   .override = true,
                                                                   .note = "no answer"});
    assert_int_equal(over.request.result, RESULT_OK);
    rig_pass(rig, HOUR);
    assert_told(rig, 1, 0, 1);
    assert_int_equal(rig_receipts(rig, incident, "duty_overridden"), 1);
    assert_int_equal(rig_receipts(rig, incident, "regulator_told"), 0);
    assert_int_equal(rig_receipts(rig, incident, "hold_lifted"), 1);
    /* Told later all the same. */
    over = decide(rig, (struct delivery_duty){.incident = incident,
                                              .principal = THIRD,
                                              .key = "US-NJ.regulator",
                                              .told_at = delivery_now(rig->delivery)});
    assert_int_equal(over.request.result, RESULT_OK);
    assert_int_equal(rig_receipts(rig, incident, "duty_done"), 1);
}

/* If this fails, saying twice that a regulator was told makes two receipts, or a duty that nobody
 * has is taken for done. */
static void done_twice_is_done_once(void **state)
{
    struct rig *rig = *state;
    id incident = released(rig);
    const struct delivery_duty told = {.incident = incident,
                                       .principal = THIRD,
                                       .key = "US-MD.regulator",
                                       .told_at = delivery_now(rig->delivery)};
    assert_int_equal(decide(rig, told).request.result, RESULT_OK);
    assert_int_equal(decide(rig, told).request.result, RESULT_OK);
    assert_int_equal(rig_receipts(rig, incident, "duty_done"), 1);
    struct delivery_duty wrong = told;
    wrong.key = "US-ZZ.regulator";
    assert_int_equal(decide(rig, wrong).request.result, RESULT_NOT_FOUND);
    wrong = told;
    wrong.override = true;
    assert_int_equal(decide(rig, wrong).request.result, RESULT_CONFLICT);
}

/* If this fails, a regulator who was told before the release holds his people back all the same. */
static void told_before_nobody_waits(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(rig, roster);
    struct json_object *plan = make_plan(rig, incident);
    assert_int_equal(json_object_array_length(json_get(plan, "waiting")), 2);
    json_object_put(plan);
    static const char *const keys[] = {"US-MD.regulator", "US-NJ.regulator"};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(decide(rig, (struct delivery_duty){.incident = incident,
                                                            .principal = THIRD,
                                                            .key = keys[i],
                                                            .told_at = delivery_now(rig->delivery)})
                             .request.result,
                         RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
    rig_pass(rig, HOUR);
    assert_told(rig, 1, 1, 1);
    assert_int_equal(rig_receipts(rig, incident, "hold_placed"), 0);
}

static struct json_object *duty_of(struct json_object *plan, const char *key)
{
    struct json_object *list = json_get(plan, "obligations");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (str_equal(json_get_string(o, "key"), key))
            return o;
    }
    fail_msg("no duty %s", key);
    return NULL;
}

/* If this fails, the plan shows another law than the incident's facts ask for, or forgets what was
 * done. */
static void the_plan_says_who_and_why(void **state)
{
    struct rig *rig = *state;
    id incident = released(rig);
    struct json_object *plan = make_plan(rig, incident);
    struct json_object *waiting = json_object_array_get_idx(json_get(plan, "waiting"), 0);
    assert_string_equal(json_get_string(waiting, "jurisdiction"), "US-MD");
    assert_int_equal(json_get_int(waiting, "people", 0), 2);
    assert_non_null(json_get_string(waiting, "citation"));
    assert_string_equal(json_get_string(plan, "notice"), "Defaults; have counsel review.");
    assert_int_equal(strlen(json_get_string(plan, "rules_digest")), 64);
    struct json_object *step = json_object_array_get_idx(json_get(plan, "steps"), 0);
    assert_string_equal(json_get_string(step, "duty"), "US-MD.regulator");
    /* Md. Code 14-3504(b)(3): 45 days from 2025-12-20. */
    assert_string_equal(json_get_string(duty_of(plan, "US-MD.people"), "due"), "2026-02-03");
    assert_string_equal(json_get_string(duty_of(plan, "US-MD.regulator"), "state"), "open");
    assert_true(json_get_bool(duty_of(plan, "US-CA.people"), "done", false));
    json_object_put(plan);
    decide(rig, (struct delivery_duty){.incident = incident,
                                       .principal = THIRD,
                                       .key = "US-MD.regulator",
                                       .told_at = delivery_now(rig->delivery)});
    plan = make_plan(rig, incident);
    assert_string_equal(json_get_string(duty_of(plan, "US-MD.regulator"), "state"), "done");
    assert_int_equal(json_object_array_length(json_get(plan, "waiting")), 1);
    json_object_put(plan);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(two_places_wait_for_their_regulator),
        CASE(an_approver_overrides),
        CASE(done_twice_is_done_once),
        CASE(told_before_nobody_waits),
        CASE(the_plan_says_who_and_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
