/* test_facts.c - late facts: callbacks, bounces, returned letters. */
/* This module. */
#include "tests/contract/store/store_rig.h"

enum { PEOPLE = 0xff };

static struct store_fact fact(struct rig_chunk made, unsigned position, uint8_t state)
{
    return (struct store_fact){
        .chunk = made.chunk, .position = (uint16_t)position, .state = state, .at = 300};
}

static enum result record(struct rig *rig, struct rig_chunk made, int64_t gen, int state)
{
    const struct member_change change = {0, MEMBER_ACCEPTED};
    struct store_chunk_record record = {.chunk = made.chunk,
                                        .gen = gen,
                                        .changes = &change,
                                        .n_changes = 1,
                                        .state = state,
                                        .due_at = 90000,
                                        .lease_until = 2000};
    return RUN(rig, store_chunk_record, &record);
}

static struct chunk_row read_chunk(struct rig *rig, int64_t chunk)
{
    struct store_chunk_get get = {.chunk = chunk};
    RUN_OK(rig, store_chunk_get, &get);
    return get.rows[0];
}

/* If this fails, a bounce waits for the end of the waiting time. */
static void bounce_wakes_a_waiting_chunk(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 2);
    assert_int_equal(record(rig, made, rig_claim(rig, made.wave, 0), CHUNK_WAITING), RESULT_OK);
    struct store_fact later = fact(made, 0, MEMBER_DELIVERED);
    RUN_OK(rig, store_fact_put, &later);
    assert_true(later.changed);
    assert_int_equal(read_chunk(rig, made.chunk).state, CHUNK_WAITING); /* no need to look */
    struct store_fact bounce = fact(made, 0, MEMBER_BOUNCED);
    RUN_OK(rig, store_fact_put, &bounce);
    assert_true(bounce.changed);
    assert_int_equal(bounce.wave, made.wave);
    struct chunk_row row = read_chunk(rig, made.chunk);
    assert_int_equal(row.state, CHUNK_READY);
    assert_int_equal(row.due_at, 300);
    assert_int_equal(row.progress[0], MEMBER_BOUNCED);
    assert_int_equal(rig_count(rig, made.wave, 0, MEMBER_BOUNCED), 1);
    assert_int_equal(rig_count(rig, made.wave, 0, MEMBER_DELIVERED), 0);
    assert_int_equal(rig_count(rig, made.wave, 0, MEMBER_ACCEPTED), 0);
}

/* If this fails, a bounce that comes during the lease is lost until the next deadline. */
static void bounce_during_a_lease_is_seen_after_it(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 2);
    int64_t gen = rig_claim(rig, made.wave, 0);
    assert_int_equal(record(rig, made, gen, -1), RESULT_OK);
    struct store_fact bounce = fact(made, 0, MEMBER_BOUNCED);
    RUN_OK(rig, store_fact_put, &bounce);
    assert_int_equal(read_chunk(rig, made.chunk).state, CHUNK_LEASED);
    assert_int_equal(record(rig, made, gen, -1), RESULT_OK); /* an intermediate step */
    assert_int_equal(record(rig, made, gen, CHUNK_DONE), RESULT_OK);
    struct chunk_row row = read_chunk(rig, made.chunk);
    assert_int_equal(row.state, CHUNK_READY);
    assert_int_equal(row.progress[0], MEMBER_BOUNCED); /* the late "accepted" lost */
    gen = rig_claim(rig, made.wave, 300);
    assert_true(gen > 0);
    assert_int_equal(record(rig, made, gen, CHUNK_DONE), RESULT_OK);
    assert_int_equal(read_chunk(rig, made.chunk).state, CHUNK_DONE);
}

/* If this fails, a letter that comes back after all was settled is filed and forgotten. */
static void late_return_opens_the_wave_again(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 2);
    assert_int_equal(record(rig, made, rig_claim(rig, made.wave, 0), CHUNK_DONE), RESULT_OK);
    struct store_wave_move settle = {
        .wave = made.wave, .from = WAVE_SENDING, .to = WAVE_SETTLED, .at = 200};
    RUN_OK(rig, store_wave_move, &settle);
    struct store_fact shown = fact(made, 0, MEMBER_DISPLAYED);
    RUN_OK(rig, store_fact_put, &shown);
    assert_true(shown.changed && !shown.reopened);
    struct store_fact back = fact(made, 0, MEMBER_RETURNED);
    RUN_OK(rig, store_fact_put, &back);
    assert_true(back.changed && back.reopened);
    assert_int_equal(rig_read_wave(rig, made.incident).state, WAVE_SENDING);
    assert_true(rig_claim(rig, made.wave, 300) > 0);
}

/* If this fails, the number of people told is wrong. */
static void told_is_counted_once(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 2);
    assert_int_equal(record(rig, made, rig_claim(rig, made.wave, 0), CHUNK_WAITING), RESULT_OK);
    struct store_fact told = fact(made, 0, MEMBER_DELIVERED | MEMBER_TOLD);
    RUN_OK(rig, store_fact_put, &told);
    assert_int_equal(rig_count(rig, made.wave, PEOPLE, PEOPLE_TOLD), 1);
    assert_int_equal(read_chunk(rig, made.chunk).state, CHUNK_WAITING); /* the other one waits */
    RUN_OK(rig, store_fact_put, &told);
    assert_false(told.changed);
    assert_int_equal(rig_count(rig, made.wave, PEOPLE, PEOPLE_TOLD), 1);
    struct store_fact other = fact(made, 1, MEMBER_DELIVERED | MEMBER_TOLD);
    RUN_OK(rig, store_fact_put, &other);
    assert_int_equal(read_chunk(rig, made.chunk).state, CHUNK_READY); /* nobody waits: end it */
    struct store_fact back = fact(made, 0, MEMBER_BOUNCED);
    RUN_OK(rig, store_fact_put, &back);
    assert_int_equal(rig_count(rig, made.wave, PEOPLE, PEOPLE_TOLD), 1);
}

/* If this fails, a chunk beside the ladder counts people a second time. */
static void beside_the_ladder_tells_nobody(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    const uint32_t member = 1;
    id incident = rig_incident(rig, &wave);
    rig_release(rig, incident, wave);
    const struct chunk_row row = {
        .incident = incident, .rung = 0x80, .channel = 2, .n = 1, .members = &member};
    struct store_plan_append plan = {
        .wave = wave, .cursor = 1, .chunks = &row, .n_chunks = 1, .done = true};
    RUN_OK(rig, store_plan_append, &plan);
    struct rig_chunk made = {incident, wave, plan.chunk_ids[0]};
    struct store_fact told = fact(made, 0, MEMBER_DISPLAYED | MEMBER_TOLD);
    RUN_OK(rig, store_fact_put, &told);
    assert_true(told.changed);
    assert_int_equal(rig_count(rig, wave, PEOPLE, PEOPLE_TOLD), 0);
    assert_int_equal(rig_count(rig, wave, 2, MEMBER_DISPLAYED), 1);
}

/* If this fails, a provider's repeated callback is counted twice or leaves empty receipts. */
static void events_and_receipts_come_once(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    struct rig_chunk made = rig_sending(rig, 2);
    rig_receipt(&receipts, made.incident, made.wave, made.chunk);
    struct store_fact put = fact(made, 1, MEMBER_DELIVERED);
    put.event = "twilio:evt-1";
    put.receipts = &receipts;
    RUN_OK(rig, store_fact_put, &put);
    assert_int_equal(RUN(rig, store_fact_put, &put), RESULT_EXISTS);
    receipt_batch_free(&receipts);
    rig_receipt(&receipts, made.incident, made.wave, made.chunk);
    put.event = "twilio:evt-2"; /* older news under another id */
    put.state = MEMBER_ACCEPTED;
    RUN_OK(rig, store_fact_put, &put);
    assert_false(put.changed);
    assert_int_equal(rig_receipts(rig, made.incident), 1);
    put.position = 2;
    put.event = "twilio:evt-3";
    assert_int_equal(RUN(rig, store_fact_put, &put), RESULT_INVALID);
    put.position = 1;
    put.state = MEMBER_ACKNOWLEDGED;
    RUN_OK(rig, store_fact_put, &put); /* the refused one did not use up its event */
    put.chunk = 4711;
    assert_int_equal(RUN(rig, store_fact_put, &put), RESULT_NOT_FOUND);
    receipt_batch_free(&receipts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bounce_wakes_a_waiting_chunk),     TEST(bounce_during_a_lease_is_seen_after_it),
        TEST(late_return_opens_the_wave_again), TEST(told_is_counted_once),
        TEST(beside_the_ladder_tells_nobody),   TEST(events_and_receipts_come_once),
    };
    return rig_run(tests);
}
