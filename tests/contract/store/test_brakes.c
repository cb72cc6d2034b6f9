/* test_brakes.c - what brakes a wave: draws, stages, stops. */
/* System. */
#include <string.h>

/* This module. */
#include "tests/contract/store/store_rig.h"

static struct store_brake_get read_brakes(struct rig *rig, int64_t wave)
{
    struct store_brake_get get = {.wave = wave};
    RUN_OK(rig, store_brake_get, &get);
    return get;
}

static enum result record(struct rig *rig, const struct rig_chunk *it, int64_t gen,
                          const struct brake_draw *draws, size_t n)
{
    struct store_chunk_record req = {.chunk = it->chunk,
                                     .gen = gen,
                                     .state = -1,
                                     .lease_until = 60000,
                                     .draws = draws,
                                     .n_draws = n};
    return RUN(rig, store_chunk_record, &req);
}

/* If this fails, two processes together pass a cap that each of them keeps. */
static void a_cap_holds_for_all(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk it = rig_sending(rig, 3);
    int64_t gen = rig_claim(rig, it.wave, 0);
    const struct brake_draw minute = {
        .scope = "p:x", .bucket = 100, .first = 40, .n = 6, .limit = 10};
    assert_int_equal(record(rig, &it, gen, &minute, 1), RESULT_OK);
    assert_int_equal(record(rig, &it, gen, &minute, 1), RESULT_BUSY);
    struct brake_draw less = minute;
    less.n = 4;
    assert_int_equal(record(rig, &it, gen, &less, 1), RESULT_OK);
    struct brake_draw later = minute; /* the window has moved on: the old minute goes */
    later.bucket = 161;
    later.first = 101;
    later.n = 10;
    assert_int_equal(record(rig, &it, gen, &later, 1), RESULT_OK);
    struct brake_draw back = later;
    back.n = -7;
    assert_int_equal(record(rig, &it, gen, &back, 1), RESULT_OK);
    struct store_brake_get get = read_brakes(rig, 0);
    assert_int_equal(get.n_counts, 1);
    assert_int_equal(get.counts[0].bucket, 161);
    assert_int_equal(get.counts[0].value, 3);
    assert_int_equal(read_brakes(rig, it.wave).n_counts, 0);
}

/* If this fails, a batch that the cap refuses leaves traces: an intent nobody ends, or half of its
 * draws. */
static void a_refused_draw_changes_nothing(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk it = rig_sending(rig, 3);
    int64_t gen = rig_claim(rig, it.wave, 0);
    const uint16_t positions[] = {0, 1};
    const struct chunk_intent intent = {
        .seq = 1, .gen = gen, .positions = positions, .n = 2, .attempt = 1};
    const struct brake_draw draws[] = {{.scope = "w1:all", .n = 2, .limit = 100},
                                       {.scope = "w1:canary", .n = 2, .limit = 1}};
    struct store_chunk_record req = {.chunk = it.chunk,
                                     .gen = gen,
                                     .state = -1,
                                     .lease_until = 60000,
                                     .intents_put = &intent,
                                     .n_intents_put = 1,
                                     .draws = draws,
                                     .n_draws = 2};
    assert_int_equal(RUN(rig, store_chunk_record, &req), RESULT_BUSY);
    assert_string_equal(req.request.error.field, "w1:canary");
    assert_int_equal(read_brakes(rig, 1).n_counts, 0);
    rig_restart(rig);
    struct store_chunk_claim claim = {
        .owner = 9, .now = 100000, .lease_ms = 1000, .wave = it.wave, .channels = 1, .limit = 1};
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 1);
    assert_int_equal(claim.n_intents[0], 0);
}

/* If this fails, a restart forgets that a person was waited for. */
static void stages_move_by_compare_and_set(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk it = rig_sending(rig, 3);
    struct store_brake_move move = {
        .wave = it.wave, .from = BRAKE_SEEDS, .to = BRAKE_WAITING, .at = 5};
    assert_int_equal(read_brakes(rig, it.wave).stage, BRAKE_SEEDS);
    RUN_OK(rig, store_brake_move, &move);
    assert_int_equal(RUN(rig, store_brake_move, &move), RESULT_CONFLICT);
    rig_restart(rig);
    struct store_brake_get get = read_brakes(rig, it.wave);
    assert_int_equal(get.stage, BRAKE_WAITING);
    assert_int_equal(get.since, 5);
    assert_int_equal(get.people, 3);
    /* What was put aside is due when the person says go on. */
    int64_t gen = rig_claim(rig, it.wave, 10);
    struct store_chunk_record aside = {.chunk = it.chunk,
                                       .gen = gen,
                                       .state = CHUNK_READY,
                                       .due_at = 900000,
                                       .lease_until = TIME_NONE};
    RUN_OK(rig, store_chunk_record, &aside);
    assert_int_equal(rig_claim(rig, it.wave, 20), 0);
    move.from = BRAKE_WAITING;
    move.to = BRAKE_OPEN;
    move.at = 30;
    RUN_OK(rig, store_brake_move, &move);
    assert_true(rig_claim(rig, it.wave, 30) > 0);
}

/* If this fails, what stopped goes on by itself, or cannot be resumed. */
static void stops_stay_until_lifted(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk it = rig_sending(rig, 3);
    struct receipt_batch batch;
    rig_receipt(&batch, it.incident, it.wave, 0);
    struct store_brake_stop stop = {.wave = it.wave,
                                    .stop = {.scope = "email|gmail.com",
                                             .reason = "bounce_rate",
                                             .figures = "{\"sent\":100}",
                                             .at = 7},
                                    .receipts = &batch};
    size_t before = rig_receipts(rig, it.incident);
    RUN_OK(rig, store_brake_stop, &stop);
    stop.receipts = NULL;
    assert_int_equal(RUN(rig, store_brake_stop, &stop), RESULT_EXISTS);
    rig_restart(rig);
    struct store_brake_get get = read_brakes(rig, it.wave);
    assert_int_equal(get.n_stops, 1);
    assert_string_equal(get.stops[0].figures, "{\"sent\":100}");
    assert_int_equal(rig_receipts(rig, it.incident), before + 1);
    int64_t gen = rig_claim(rig, it.wave, 0);
    const struct brake_draw counted[] = {{.scope = "w1:t0:a:sent", .n = 3, .limit = -1},
                                         {.scope = "w1:t1:a:sent", .n = 4, .limit = -1}};
    assert_int_equal(record(rig, &it, gen, counted, 2), RESULT_OK);
    const char *forget[] = {"w1:t0:"};
    struct store_brake_resume resume = {
        .wave = it.wave, .scope = "email", .at = 9, .forget = forget, .n_forget = 1};
    assert_int_equal(RUN(rig, store_brake_resume, &resume), RESULT_NOT_FOUND);
    resume.scope = NULL;
    RUN_OK(rig, store_brake_resume, &resume);
    assert_int_equal(read_brakes(rig, it.wave).n_stops, 0);
    get = read_brakes(rig, 1);
    assert_int_equal(get.n_counts, 1);
    assert_string_equal(get.counts[0].scope, "w1:t1:a:sent");
    receipt_batch_free(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cap_holds_for_all, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(a_refused_draw_changes_nothing, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(stages_move_by_compare_and_set, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(stops_stay_until_lifted, rig_setup, rig_teardown),
    };
    return rig_run(tests);
}
