/* test_holds.c - holds, notice versions and audiences: what the store itself keeps anybody from. */
/* System. */
#include <string.h>

/* This module. */
#include "tests/contract/store/store_rig.h"

static enum result place(struct rig *rig, struct hold_row row, id *ret_hold)
{
    struct store_hold_put put = {.row = row};
    put.row.id = id_new();
    put.row.placed_by = 7;
    put.row.until = TIME_NONE;
    enum result result = RUN(rig, store_hold_put, &put);
    *ret_hold = put.row.id;
    return result;
}

static enum result lift(struct rig *rig, id incident, id hold, id principal, bool *ret_done)
{
    struct store_hold_lift req = {
        .incident = incident, .hold = hold, .principal = principal, .at = 5000};
    enum result result = RUN(rig, store_hold_lift, &req);
    *ret_done = req.done;
    return result;
}

/* If this fails, a claim takes what is held, or a chunk that is claimed already goes on sending. */
static void no_claim_and_no_intent_passes_a_hold(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk sending = rig_sending(rig, 10);
    uint16_t positions[] = {0, 1};
    id hold;
    bool done;
    int64_t gen = rig_claim(rig, sending.wave, 100000);
    assert_true(gen > 0);
    assert_int_equal(
        place(rig,
              (struct hold_row){.incident = sending.incident, .wave = sending.wave, .number = -1},
              &hold),
        RESULT_OK);
    struct chunk_intent intent = {.seq = 1, .gen = gen, .positions = positions, .n = 2};
    struct store_chunk_record record = {.chunk = sending.chunk,
                                        .gen = gen,
                                        .intents_put = &intent,
                                        .n_intents_put = 1,
                                        .state = -1,
                                        .lease_until = 200000};
    assert_int_equal(RUN(rig, store_chunk_record, &record), RESULT_DENIED);
    struct store_chunk_record back = {
        .chunk = sending.chunk, .gen = gen, .state = CHUNK_READY, .due_at = 100000};
    RUN_OK(rig, store_chunk_record, &back);
    rig_restart(rig); /* a crash lifts nothing */
    assert_int_equal(rig_claim(rig, sending.wave, 900000), 0);
    assert_int_equal(lift(rig, sending.incident, hold, 7, &done), RESULT_OK);
    assert_false(done);
    assert_int_equal(lift(rig, sending.incident, hold, 7, &done), RESULT_DENIED);
    assert_int_equal(lift(rig, sending.incident, hold, 8, &done), RESULT_OK);
    assert_true(done);
    assert_true(rig_claim(rig, sending.wave, 900000) > 0);
    assert_int_equal(lift(rig, sending.incident, hold, 9, &done), RESULT_NOT_FOUND);
}

/* If this fails, a hold stands on an incident or a wave that is another's, or over. */
static void a_hold_names_what_is_there(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk sending = rig_sending(rig, 1);
    id hold;
    assert_int_equal(place(rig, (struct hold_row){.incident = 4711, .number = -1}, &hold),
                     RESULT_NOT_FOUND);
    assert_int_equal(
        place(rig, (struct hold_row){.incident = sending.incident, .wave = 4711, .number = -1},
              &hold),
        RESULT_NOT_FOUND);
    struct store_wave_move cancel = {
        .wave = sending.wave, .from = WAVE_SENDING, .to = WAVE_CANCELED};
    RUN_OK(rig, store_wave_move, &cancel);
    assert_int_equal(
        place(rig,
              (struct hold_row){.incident = sending.incident, .wave = sending.wave, .number = -1},
              &hold),
        RESULT_CONFLICT);
}

/* If this fails, a version of a notice is lost or overwritten, or a stale change goes through. */
static void versions_are_kept(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    struct store_incident_patch patch = {.incident = incident,
                                         .principal = 7,
                                         .version = 1,
                                         .document = {"second", 6},
                                         .title = {"t", 1},
                                         .said = true,
                                         .at = 77};
    RUN_OK(rig, store_incident_patch, &patch);
    assert_int_equal(patch.version, 2);
    assert_int_equal(patch.notice, 2);
    patch.version = 1;
    assert_int_equal(RUN(rig, store_incident_patch, &patch), RESULT_CONFLICT);
    struct store_notice_list list = {.incident = incident};
    RUN_OK(rig, store_notice_list, &list);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.rows[1].at, 77);
    struct store_incident_get get = {.incident = incident, .notice = 1};
    RUN_OK(rig, store_incident_get, &get);
    assert_memory_not_equal(get.row.document.data, "second", 6);
    get = (struct store_incident_get){.incident = incident, .notice = 2};
    RUN_OK(rig, store_incident_get, &get);
    assert_memory_equal(get.row.document.data, "second", 6);
    get = (struct store_incident_get){.incident = incident, .notice = 3};
    assert_int_equal(RUN(rig, store_incident_get, &get), RESULT_NOT_FOUND);
}

/* If this fails, a correction misses somebody, or goes to somebody who got nothing. */
static void an_audience_is_who_may_have_got_it(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk sending = rig_sending(rig, 6);
    uint16_t open[] = {4};
    int64_t gen = rig_claim(rig, sending.wave, 100000);
    const struct member_change changes[] = {
        {0, MEMBER_ACCEPTED}, {1, MEMBER_FAILED}, {2, MEMBER_UNCERTAIN}, {3, MEMBER_BOUNCED}};
    struct chunk_intent intent = {.seq = 1, .gen = gen, .positions = open, .n = 1, .notice = 1};
    struct store_chunk_record record = {.chunk = sending.chunk,
                                        .gen = gen,
                                        .changes = changes,
                                        .n_changes = 4,
                                        .intents_put = &intent,
                                        .n_intents_put = 1,
                                        .state = -1,
                                        .lease_until = 200000};
    RUN_OK(rig, store_chunk_record, &record);
    const int64_t version = 1;
    struct store_audience ask = {.incident = sending.incident, .notices = &version, .n_notices = 1};
    RUN_OK(rig, store_audience, &ask);
    assert_int_equal(ask.n, 3);
    assert_int_equal(ask.bits[0], 1u << 0 | 1u << 2 | 1u << 4);
    assert_true(ask.moving);
    ask = (struct store_audience){.incident = sending.incident, .states = 1u << MEMBER_BOUNCED};
    RUN_OK(rig, store_audience, &ask);
    assert_int_equal(ask.bits[0], 1u << 3);
    ask = (struct store_audience){.incident = sending.incident, .planned = true};
    RUN_OK(rig, store_audience, &ask);
    assert_int_equal(ask.n, 6);
}

/* If this fails, a wave is opened on nothing, or its number is another's. */
static void waves_are_opened_in_order(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    struct store_wave_open open = {
        .row = {.incident = incident, .kind = WAVE_UPDATE, .author = 7, .not_before = TIME_NONE}};
    RUN_OK(rig, store_wave_open, &open);
    assert_int_equal(open.row.ordinal, 2);
    assert_int_equal(open.row.state, WAVE_DRAFT);
    open.row = (struct wave_row){
        .incident = incident, .kind = WAVE_UPDATE, .notice = 5, .not_before = TIME_NONE};
    assert_int_equal(RUN(rig, store_wave_open, &open), RESULT_NOT_FOUND);
    open.row = (struct wave_row){.incident = 4711, .kind = WAVE_UPDATE, .not_before = TIME_NONE};
    assert_int_equal(RUN(rig, store_wave_open, &open), RESULT_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_claim_and_no_intent_passes_a_hold),
        TEST(a_hold_names_what_is_there),
        TEST(versions_are_kept),
        TEST(an_audience_is_who_may_have_got_it),
        TEST(waves_are_opened_in_order),
    };
    return rig_run(tests);
}
