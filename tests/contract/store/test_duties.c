/* test_duties.c - duties of a plan: what a new plan changes, what a person decided and stays. */
/* System. */
#include <string.h>

/* Interfaces. */
#include "tocsin/store_duty.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

static const struct duty_row two[] = {{.key = "US-MD.regulator",
                                       .jurisdiction = "US-MD",
                                       .addressee = 1,
                                       .blocks = true,
                                       .due_at = TIME_NONE,
                                       .body = "{}"},
                                      {.key = "US-VT.regulator",
                                       .jurisdiction = "US-VT",
                                       .addressee = 1,
                                       .due_at = 5000,
                                       .body = "{}"}};

static void plan(struct rig *rig, id incident, size_t n)
{
    struct receipt_batch receipts;
    rig_receipt(&receipts, incident, 0, 0);
    struct store_duty_plan req = {.incident = incident, .rows = two, .n = n, .receipts = &receipts};
    RUN_OK(rig, store_duty_plan, &req);
    receipt_batch_free(&receipts);
}

static struct store_duty_decide decide(struct rig *rig, id incident, const char *key,
                                       enum duty_state to)
{
    struct receipt_batch receipts;
    rig_receipt(&receipts, incident, 0, 0);
    struct store_duty_decide req = {.request.arena = rig->arena,
                                    .incident = incident,
                                    .key = key,
                                    .to = to,
                                    .told_at = to == DUTY_DONE ? 77 : TIME_NONE,
                                    .at = 100,
                                    .principal = 9,
                                    .receipts = &receipts};
    (void)RUN(rig, store_duty_decide, &req);
    receipt_batch_free(&receipts);
    return req;
}

static struct store_duty_list list(struct rig *rig, id incident)
{
    struct store_duty_list req = {.request.arena = rig->arena, .incident = incident, .limit = 100};
    RUN_OK(rig, store_duty_list, &req);
    return req;
}

/* If this fails, a duty that was done is open again after the next plan, or one that the law does
 * not ask for any more is counted down for ever. */
static void a_plan_takes_the_place_of_the_last(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    plan(rig, incident, 2);
    assert_int_equal(list(rig, 0).n, 2);
    assert_string_equal(list(rig, 0).rows[0].key, "US-VT.regulator"); /* it has a day */
    assert_int_equal(decide(rig, incident, "US-MD.regulator", DUTY_DONE).request.result, RESULT_OK);
    plan(rig, incident, 1);
    struct store_duty_list all = list(rig, incident);
    assert_int_equal(all.n, 2);
    assert_int_equal(all.rows[0].state, DUTY_DONE);
    assert_int_equal(all.rows[0].told_at, 77);
    assert_int_equal(all.rows[1].state, DUTY_GONE);
    assert_int_equal(list(rig, 0).n, 0);
    plan(rig, incident, 2);
    all = list(rig, incident);
    assert_int_equal(all.rows[0].state, DUTY_DONE);
    assert_int_equal(all.rows[1].state, DUTY_OPEN);
}

/* If this fails, a repeated decision leaves a second receipt, or a contrary one passes. */
static void decided_once(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    plan(rig, incident, 2);
    size_t before = rig_receipts(rig, incident);
    struct store_duty_decide req = decide(rig, incident, "US-MD.regulator", DUTY_DONE);
    assert_true(req.changed);
    assert_false(req.waits);
    assert_int_equal(req.row.decided_by, 9);
    assert_int_equal(rig_receipts(rig, incident), before + 1);
    req = decide(rig, incident, "US-MD.regulator", DUTY_DONE);
    assert_int_equal(req.request.result, RESULT_OK);
    assert_false(req.changed);
    assert_int_equal(rig_receipts(rig, incident), before + 1);
    req = decide(rig, incident, "US-MD.regulator", DUTY_OVERRIDDEN);
    assert_int_equal(req.request.result, RESULT_CONFLICT);
    req = decide(rig, incident, "US-CA.regulator", DUTY_DONE);
    assert_int_equal(req.request.result, RESULT_NOT_FOUND);
    req = decide(rig, incident, "US-VT.regulator", DUTY_OVERRIDDEN);
    assert_int_equal(req.request.result, RESULT_OK);
    req = decide(rig, incident, "US-VT.regulator", DUTY_DONE); /* told all the same, later */
    assert_int_equal(req.request.result, RESULT_OK);
    assert_int_equal(req.row.state, DUTY_DONE);
}

int main(void)
{
    const struct CMUnitTest duties[] = {
        cmocka_unit_test_setup_teardown(a_plan_takes_the_place_of_the_last, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(decided_once, rig_setup, rig_teardown),
    };
    return rig_run(duties);
}
