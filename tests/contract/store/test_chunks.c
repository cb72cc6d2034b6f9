/* test_chunks.c - the plan, claims, and what a step of the engine records. */
/* System. */
#include <string.h>

/* This module. */
#include "tests/contract/store/store_rig.h"

enum { CHANNEL = 0, PEOPLE = 0xff };

static struct chunk_row read_chunk(struct rig *rig, int64_t chunk)
{
    struct store_chunk_get get = {.chunk = chunk};
    RUN_OK(rig, store_chunk_get, &get);
    return get.rows[0];
}

/* If this fails, the plan loses or doubles people when two planners or a restart meet. */
static void plan_goes_on_by_cursor(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    const uint32_t members[] = {3, 130, 70000};
    id incident = rig_incident(rig, &wave);
    const struct chunk_row rows[2] = {{.incident = incident, .n = 3, .members = members},
                                      {.incident = incident,
                                       .n = 1,
                                       .members = members,
                                       .channel = 1,
                                       .state = CHUNK_WAITING,
                                       .due_at = 99}};
    const struct wave_counter people[2] = {{.key = PEOPLE_PLANNED, .value = 3},
                                           {.key = PEOPLE_UNREACHABLE, .value = 1}};
    struct store_plan_append plan = {
        .wave = wave, .cursor = 5, .chunks = rows, .n_chunks = 2, .people = people, .n_people = 2};
    assert_int_equal(RUN(rig, store_plan_append, &plan), RESULT_CONFLICT); /* not released */
    rig_release(rig, incident, wave);
    RUN_OK(rig, store_plan_append, &plan);
    assert_true(plan.chunk_ids[1] > plan.chunk_ids[0] && plan.chunk_ids[0] > 0);
    assert_int_equal(RUN(rig, store_plan_append, &plan), RESULT_CONFLICT); /* cursor moved */
    struct store_plan_append end = {.wave = wave, .cursor_from = 5, .cursor = 8, .done = true};
    RUN_OK(rig, store_plan_append, &end);
    struct wave_row row = rig_read_wave(rig, incident);
    assert_int_equal(row.state, WAVE_SENDING);
    assert_int_equal(row.plan_cursor, 8);
    assert_int_equal(row.people, 3);
    assert_int_equal(rig_count(rig, wave, 0, MEMBER_PENDING), 3);
    assert_int_equal(rig_count(rig, wave, 1, MEMBER_PENDING), 1);
    assert_int_equal(rig_count(rig, wave, PEOPLE, PEOPLE_PLANNED), 3);
    assert_int_equal(rig_count(rig, wave, PEOPLE, PEOPLE_UNREACHABLE), 1);
    struct chunk_row chunk = read_chunk(rig, plan.chunk_ids[0]);
    assert_int_equal(chunk.members[2], 70000);
    assert_int_equal(chunk.progress[2], MEMBER_PENDING);
}

/* If this fails, a malformed chunk is stored and nobody can read it. */
static void bad_chunks_are_refused(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    const uint32_t descending[] = {5, 4};
    id incident = rig_incident(rig, &wave);
    struct chunk_row row = {.incident = incident, .n = 2, .members = descending};
    rig_release(rig, incident, wave);
    struct store_plan_append plan = {.wave = wave, .cursor = 1, .chunks = &row, .n_chunks = 1};
    assert_int_equal(RUN(rig, store_plan_append, &plan), RESULT_INVALID);
    row.n = CHUNK_MEMBERS + 1;
    assert_int_equal(RUN(rig, store_plan_append, &plan), RESULT_INVALID);
    assert_int_equal(rig_read_wave(rig, incident).plan_cursor, 0); /* rolled back */
    assert_int_equal(rig_count(rig, wave, 0, MEMBER_PENDING), 0);
}

/* If this fails, two workers send to the same people, or nobody ever does. */
static void lease_keeps_others_out(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 3);
    int64_t gen = rig_claim(rig, made.wave, 100);
    assert_true(gen > 0);
    assert_int_equal(rig_claim(rig, made.wave, 1099), 0); /* leased until 1100 */
    struct store_chunk_claim claim = {
        .owner = 6, .now = 1100, .lease_ms = 1000, .wave = made.wave, .channels = 1, .limit = 4};
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 1);
    assert_int_equal(claim.chunks[0].gen, gen + 1);
    assert_int_equal(claim.chunks[0].n, 3);
    assert_string_equal(claim.chunks[0].cohort, "US-CA|en|example.com");
    assert_int_equal(claim.next_due, 2100);
    assert_true(claim.open);
    claim.channels = 2; /* another channel's slots */
    claim.now = 9000;
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 0);
    assert_true(claim.next_due == TIME_NONE);
}

/* If this fails, a hold does not stop the sending. */
static void held_wave_gives_nothing(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 3);
    struct store_wave_move move = {
        .wave = made.wave, .from = WAVE_SENDING, .to = WAVE_HELD, .hold_until = TIME_NONE};
    RUN_OK(rig, store_wave_move, &move);
    assert_int_equal(rig_claim(rig, made.wave, 100), 0);
    move.from = WAVE_HELD;
    move.to = WAVE_SENDING;
    RUN_OK(rig, store_wave_move, &move);
    assert_true(rig_claim(rig, made.wave, 100) > 0);
    struct store_chunk_claim none = {.wave = 4711, .channels = 1, .limit = 1};
    assert_int_equal(RUN(rig, store_chunk_claim, &none), RESULT_NOT_FOUND);
}

/* If this fails, chunks that waited longest starve. */
static void oldest_goes_first(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    const uint32_t member = 1;
    struct chunk_row rows[6];
    id incident = rig_incident(rig, &wave);
    rig_release(rig, incident, wave);
    static const time_ms due[] = {50, 20, 60, 10, 40, 30};
    for (unsigned i = 0; i < 6; i++)
        rows[i] = (struct chunk_row){.incident = incident,
                                     .n = 1,
                                     .members = &member,
                                     .channel = i % 2,
                                     .due_at = due[i],
                                     .state = i < 3 ? CHUNK_READY : CHUNK_WAITING};
    struct store_plan_append plan = {
        .wave = wave, .cursor = 1, .chunks = rows, .n_chunks = 6, .done = true};
    RUN_OK(rig, store_plan_append, &plan);
    struct store_chunk_claim claim = {
        .owner = 1, .now = 55, .lease_ms = 1000, .wave = wave, .channels = 3, .limit = 3};
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 3);
    assert_int_equal(claim.chunks[0].due_at, 10);
    assert_int_equal(claim.chunks[1].due_at, 20);
    assert_int_equal(claim.chunks[2].due_at, 30);
    assert_int_equal(claim.next_due, 40);
    claim.limit = 9;
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 2); /* 60 is not due */
    assert_int_equal(claim.next_due, 60);
}

/* If this fails, progress and its counts part ways. */
static void record_moves_counts(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    struct rig_chunk made = rig_sending(rig, 4);
    const struct member_change changes[] = {{0, MEMBER_ACCEPTED},
                                            {1, MEMBER_DELIVERED | MEMBER_TOLD},
                                            {2, MEMBER_BOUNCED},
                                            {3, MEMBER_DEFERRED}};
    const struct blob retries = {"retry", 5};
    rig_receipt(&receipts, made.incident, made.wave, made.chunk);
    struct store_chunk_record record = {.chunk = made.chunk,
                                        .gen = rig_claim(rig, made.wave, 0),
                                        .changes = changes,
                                        .n_changes = 4,
                                        .retries = &retries,
                                        .state = CHUNK_WAITING,
                                        .due_at = 700,
                                        .receipts = &receipts};
    RUN_OK(rig, store_chunk_record, &record);
    assert_int_equal(rig_count(rig, made.wave, CHANNEL, MEMBER_PENDING), 0);
    assert_int_equal(rig_count(rig, made.wave, CHANNEL, MEMBER_ACCEPTED), 1);
    assert_int_equal(rig_count(rig, made.wave, CHANNEL, MEMBER_DELIVERED), 1);
    assert_int_equal(rig_count(rig, made.wave, CHANNEL, MEMBER_BOUNCED), 1);
    assert_int_equal(rig_count(rig, made.wave, CHANNEL, MEMBER_DEFERRED), 1);
    assert_int_equal(rig_count(rig, made.wave, PEOPLE, PEOPLE_TOLD), 1);
    rig_restart(rig);
    struct chunk_row chunk = read_chunk(rig, made.chunk);
    assert_int_equal(chunk.state, CHUNK_WAITING);
    assert_int_equal(chunk.due_at, 700);
    assert_int_equal(chunk.progress[1], MEMBER_DELIVERED | MEMBER_TOLD);
    assert_memory_equal(chunk.retries.data, "retry", 5);
    assert_int_equal(rig_receipts(rig, made.incident), 1);
    assert_int_equal(rig_claim(rig, made.wave, 699), 0);
    assert_true(rig_claim(rig, made.wave, 700) > 0);
    receipt_batch_free(&receipts);
}

/* If this fails, a worker that lost its lease overwrites its successor, or what it sent is not
 * proved. */
static void stale_worker_leaves_receipts_only(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    struct rig_chunk made = rig_sending(rig, 2);
    const struct member_change change = {0, MEMBER_ACCEPTED};
    int64_t gen = rig_claim(rig, made.wave, 0);
    assert_true(rig_claim(rig, made.wave, 5000) == gen + 1);
    rig_receipt(&receipts, made.incident, made.wave, made.chunk);
    struct store_chunk_record record = {.chunk = made.chunk,
                                        .gen = gen,
                                        .changes = &change,
                                        .n_changes = 1,
                                        .state = CHUNK_DONE,
                                        .receipts = &receipts};
    assert_int_equal(RUN(rig, store_chunk_record, &record), RESULT_CONFLICT);
    assert_int_equal(read_chunk(rig, made.chunk).progress[0], MEMBER_PENDING);
    assert_int_equal(read_chunk(rig, made.chunk).state, CHUNK_LEASED);
    struct store_receipt_list list = {.chunk = made.chunk, .limit = 5};
    RUN_OK(rig, store_receipt_list, &list);
    assert_int_equal(list.n, 1);
    assert_true(list.rows[0].late);
    receipt_batch_free(&receipts);
}

/* If this fails, a batch that may have left before a crash is sent again without a question. */
static void intents_outlive_the_worker(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 9);
    const uint16_t first[] = {0, 1, 2}, second[] = {7, 8};
    const struct chunk_intent intents[] = {{.seq = 1, .positions = first, .n = 3, .attempt = 1},
                                           {.seq = 2, .positions = second, .n = 2, .attempt = 2}};
    const int64_t drop = 1;
    int64_t gen = rig_claim(rig, made.wave, 0);
    struct store_chunk_record record = {.chunk = made.chunk,
                                        .gen = gen,
                                        .intents_put = intents,
                                        .n_intents_put = 2,
                                        .state = -1,
                                        .lease_until = 3000};
    RUN_OK(rig, store_chunk_record, &record);
    assert_int_equal(rig_claim(rig, made.wave, 2999), 0); /* the lease was renewed */
    struct store_chunk_record outcome = {.chunk = made.chunk,
                                         .gen = gen,
                                         .intents_drop = &drop,
                                         .n_intents_drop = 1,
                                         .state = -1,
                                         .lease_until = 3000};
    RUN_OK(rig, store_chunk_record, &outcome);
    rig_restart(rig);
    struct store_recover recover = {.owner = 99, .now = 1500};
    RUN_OK(rig, store_recover, &recover);
    assert_int_equal(recover.chunks, 1);
    struct store_chunk_claim claim = {
        .owner = 99, .now = 1500, .lease_ms = 1000, .wave = made.wave, .channels = 1, .limit = 1};
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 1);
    assert_int_equal(claim.n_intents[0], 1);
    assert_int_equal(claim.intents[0][0].seq, 2);
    assert_int_equal(claim.intents[0][0].gen, gen);
    assert_int_equal(claim.intents[0][0].attempt, 2);
    assert_int_equal(claim.intents[0][0].n, 2);
    assert_int_equal(claim.intents[0][0].positions[1], 8);
    RUN_OK(rig, store_recover, &recover); /* its own leases stay */
    assert_int_equal(recover.chunks, 0);
}

/* If this fails, those passed on fall between two rungs, or a done wave looks open. */
static void done_chunk_hands_over(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 2);
    const uint32_t member = 1;
    const struct member_change change = {1, MEMBER_FAILED | MEMBER_PASSED_ON};
    const struct chunk_row next = {
        .rung = 1, .channel = 1, .n = 1, .members = &member, .due_at = 40};
    const struct wave_counter people = {.key = PEOPLE_UNREACHABLE, .value = 1};
    struct store_chunk_record record = {.chunk = made.chunk,
                                        .gen = rig_claim(rig, made.wave, 0),
                                        .changes = &change,
                                        .n_changes = 1,
                                        .state = CHUNK_DONE,
                                        .next = &next,
                                        .n_next = 1,
                                        .people = &people,
                                        .n_people = 1};
    RUN_OK(rig, store_chunk_record, &record);
    struct store_chunk_get get = {.wave = made.wave, .number = 1};
    RUN_OK(rig, store_chunk_get, &get);
    assert_int_equal(get.n, 2);
    assert_int_equal(get.rows[0].progress[1], MEMBER_FAILED | MEMBER_PASSED_ON);
    assert_int_equal(get.rows[1].rung, 1);
    assert_int_equal(get.rows[1].incident, made.incident);
    assert_int_equal(get.wave_row.id, made.wave);
    assert_memory_equal(get.key.data, "key", 3);
    assert_int_equal(rig_count(rig, made.wave, 1, MEMBER_PENDING), 1);
    assert_int_equal(rig_count(rig, made.wave, PEOPLE, PEOPLE_UNREACHABLE), 1);
    struct store_chunk_claim claim = {
        .owner = 5, .now = 40, .lease_ms = 1000, .wave = made.wave, .channels = 3, .limit = 9};
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 1); /* the done one is not due again */
    struct store_chunk_record last = {
        .chunk = claim.chunks[0].id, .gen = claim.chunks[0].gen, .state = CHUNK_DONE};
    RUN_OK(rig, store_chunk_record, &last);
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_false(claim.open);
    assert_true(claim.next_due == TIME_NONE);
    get.number = 77;
    assert_int_equal(RUN(rig, store_chunk_get, &get), RESULT_NOT_FOUND);
}

/* If this fails, a bad position corrupts a neighbour or half a step is stored. */
static void bad_position_changes_nothing(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    struct rig_chunk made = rig_sending(rig, 2);
    const struct member_change changes[] = {{0, MEMBER_ACCEPTED}, {2, MEMBER_ACCEPTED}};
    rig_receipt(&receipts, made.incident, made.wave, made.chunk);
    struct store_chunk_record record = {.chunk = made.chunk,
                                        .gen = rig_claim(rig, made.wave, 0),
                                        .changes = changes,
                                        .n_changes = 2,
                                        .state = CHUNK_DONE,
                                        .receipts = &receipts};
    assert_int_equal(RUN(rig, store_chunk_record, &record), RESULT_INVALID);
    assert_int_equal(read_chunk(rig, made.chunk).progress[0], MEMBER_PENDING);
    assert_int_equal(rig_receipts(rig, made.incident), 0);
    record.chunk = 4711;
    assert_int_equal(RUN(rig, store_chunk_record, &record), RESULT_NOT_FOUND);
    receipt_batch_free(&receipts);
}

/* If this fails, one bad request of a group takes the others with it. */
static void group_commit_fails_one_by_one(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 2);
    const struct member_change good = {0, MEMBER_ACCEPTED}, bad = {9, MEMBER_ACCEPTED};
    struct store_chunk_record records[3];
    int64_t gen = rig_claim(rig, made.wave, 0);
    for (int i = 0; i < 3; i++) {
        records[i] = (struct store_chunk_record){.chunk = made.chunk,
                                                 .gen = gen,
                                                 .changes = i == 1 ? &bad : &good,
                                                 .n_changes = 1,
                                                 .state = -1,
                                                 .lease_until = 500};
        store_chunk_record(rig->store, &records[i]);
    }
    assert_int_equal(store_pending(rig->store), 3);
    while (store_pump(rig->store))
        ;
    assert_int_equal(records[0].request.result, RESULT_OK);
    assert_int_equal(records[1].request.result, RESULT_INVALID);
    assert_int_equal(records[2].request.result, RESULT_OK);
    assert_int_equal(rig_count(rig, made.wave, CHANNEL, MEMBER_ACCEPTED), 1);
}

/* If this fails, receipts are listed out of order, twice, or those of others. */
static void receipts_are_listed_by_cursor(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch batches[5];
    struct store_receipt_list list = {.limit = 2};
    id last = 0;
    for (int i = 0; i < 5; i++) {
        rig_receipt(&batches[i], i % 2 + 1, 0, 0);
        struct store_receipt_append append = {.receipts = &batches[i]};
        RUN_OK(rig, store_receipt_append, &append);
        if (i == 0)
            assert_int_equal(RUN(rig, store_receipt_append, &append), RESULT_EXISTS);
    }
    for (int seen = 0; seen < 5; seen += (int)list.n) {
        RUN_OK(rig, store_receipt_list, &list);
        assert_true(list.n > 0);
        for (size_t i = 0; i < list.n; i++)
            assert_int_equal(list.rows[i].batch, batches[seen + (int)i].id);
        assert_int_equal(list.rows[0].leaves.length, batches[seen].leaves.length);
        last = list.rows[list.n - 1].order;
        assert_true(last > list.after);
        list.after = last;
    }
    assert_int_equal(rig_receipts(rig, 1), 3);
    assert_int_equal(rig_receipts(rig, 2), 2);
    struct store_receipt_list one = {.batch = batches[3].id, .limit = 5};
    RUN_OK(rig, store_receipt_list, &one);
    assert_int_equal(one.n, 1);
    assert_int_equal(one.rows[0].incident, 2);
    for (int i = 0; i < 5; i++)
        receipt_batch_free(&batches[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plan_goes_on_by_cursor),
        TEST(bad_chunks_are_refused),
        TEST(lease_keeps_others_out),
        TEST(held_wave_gives_nothing),
        TEST(oldest_goes_first),
        TEST(record_moves_counts),
        TEST(stale_worker_leaves_receipts_only),
        TEST(intents_outlive_the_worker),
        TEST(done_chunk_hands_over),
        TEST(bad_position_changes_nothing),
        TEST(group_commit_fails_one_by_one),
        TEST(receipts_are_listed_by_cursor),
    };
    return rig_run(tests);
}
