/* test_requests.c - requests for a written notice. */
/* This module. */
#include "tests/contract/store/store_rig.h"

static struct store_written_request request(id number, id incident, int64_t recipient)
{
    return (struct store_written_request){.row = {.id = number,
                                                  .incident = incident,
                                                  .number = recipient,
                                                  .channel_received = "web",
                                                  .body = {"sealed", 6},
                                                  .received_at = 1000,
                                                  .changed_at = 1000,
                                                  .due_at = TIME_NONE}};
}

/* If this fails, a person gets two letters, or a second request is not told of the first. */
static void one_open_request_a_person(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL), other = rig_incident(rig, NULL);
    struct store_written_request put = request(1, incident, 5);
    RUN_OK(rig, store_written_request_put, &put);
    struct store_written_request again = request(2, incident, 5);
    assert_int_equal(RUN(rig, store_written_request_put, &again), RESULT_EXISTS);
    assert_int_equal(again.existing, 1);
    struct store_written_request elsewhere = request(3, other, 5);
    RUN_OK(rig, store_written_request_put, &elsewhere);
    struct store_written_request nobody = request(4, incident, -1);
    RUN_OK(rig, store_written_request_put, &nobody);
    nobody = request(5, incident, -1); /* two that are not matched yet */
    RUN_OK(rig, store_written_request_put, &nobody);
    struct store_written_request match = request(5, incident, 5);
    match.row.state = REQUEST_MATCHED; /* now it turns out who it is */
    assert_int_equal(RUN(rig, store_written_request_change, &match), RESULT_EXISTS);
    assert_int_equal(match.existing, 1);
    match.row.state = REQUEST_DUPLICATE;
    match.row.duplicate_of = 1;
    RUN_OK(rig, store_written_request_change, &match);
    struct store_written_request close = request(1, incident, -1);
    close.row.state = REQUEST_CLOSED;
    RUN_OK(rig, store_written_request_change, &close);
    RUN_OK(rig, store_written_request_put, &again); /* the first one is closed */
}

/* If this fails, a request moves from a state it is not in, or loses what was given. */
static void request_changes_by_compare_and_set(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    id incident = rig_incident(rig, NULL);
    struct store_written_request put = request(1, incident, -1);
    RUN_OK(rig, store_written_request_put, &put);
    struct store_written_request change = request(1, incident, 8);
    rig_receipt(&receipts, incident, 0, 0);
    change.from = REQUEST_NEEDS_PERSON;
    change.row.state = REQUEST_MATCHED;
    change.row.body = (struct blob){NULL, 0};
    change.row.due_at = 7777;
    change.receipts = &receipts;
    assert_int_equal(RUN(rig, store_written_request_change, &change), RESULT_CONFLICT);
    assert_int_equal(rig_receipts(rig, incident), 0);
    change.from = REQUEST_RECEIVED;
    RUN_OK(rig, store_written_request_change, &change);
    receipt_batch_free(&receipts);
    struct store_written_request get = {.row = {.id = 1}};
    RUN_OK(rig, store_written_request_get, &get);
    assert_int_equal(get.row.state, REQUEST_MATCHED);
    assert_int_equal(get.row.number, 8);
    assert_int_equal(get.row.due_at, 7777);
    assert_memory_equal(get.row.body.data, "sealed", 6);
    assert_string_equal(get.row.channel_received, "web");
    assert_memory_equal(get.row.incident_key.data, "key", 3);
    assert_int_equal(rig_receipts(rig, incident), 1);
    get.row.id = change.row.id = 9;
    change.receipts = NULL;
    assert_int_equal(RUN(rig, store_written_request_get, &get), RESULT_NOT_FOUND);
    assert_int_equal(RUN(rig, store_written_request_change, &change), RESULT_NOT_FOUND);
}

/* If this fails, a letter is promised and never sent. */
static void sending_makes_a_wave_of_one(void **state)
{
    struct rig *rig = *state;
    const uint32_t member = 8;
    const struct chunk_row chunk = {.channel = 3, .n = 1, .members = &member};
    id incident = rig_incident(rig, NULL);
    struct store_written_request put = request(1, incident, 8);
    RUN_OK(rig, store_written_request_put, &put);
    struct store_written_request change = request(1, 0, 8);
    change.from = REQUEST_RECEIVED;
    change.row.state = REQUEST_SENDING;
    change.chunk = &chunk;
    change.policy = (struct blob){"post", 4};
    RUN_OK(rig, store_written_request_change, &change);
    assert_true(change.row.wave > 0);
    struct store_incident_get get = {.incident = incident};
    RUN_OK(rig, store_incident_get, &get);
    assert_int_equal(get.n_waves, 2);
    assert_int_equal(get.waves[1].id, change.row.wave);
    assert_int_equal(get.waves[1].kind, WAVE_WRITTEN_NOTICE);
    assert_int_equal(get.waves[1].state, WAVE_SENDING);
    assert_int_equal(get.waves[1].ordinal, 2);
    assert_memory_equal(get.waves[1].policy.data, "post", 4);
    struct store_chunk_claim claim = {.owner = 5,
                                      .now = 100,
                                      .lease_ms = 1000,
                                      .wave = change.row.wave,
                                      .channels = 1u << 3,
                                      .limit = 1};
    RUN_OK(rig, store_chunk_claim, &claim);
    assert_int_equal(claim.n, 1);
    assert_int_equal(claim.chunks[0].members[0], 8);
    assert_int_equal(claim.chunks[0].incident, incident);
    struct store_written_request read = {.row = {.id = 1}};
    RUN_OK(rig, store_written_request_get, &read);
    assert_int_equal(read.row.wave, change.row.wave);
    struct store_written_request refused = request(2, incident, 8); /* the same person again */
    refused.row.state = REQUEST_SENDING;
    refused.chunk = &chunk;
    assert_int_equal(RUN(rig, store_written_request_put, &refused), RESULT_EXISTS);
    RUN_OK(rig, store_incident_get, &get);
    assert_int_equal(get.n_waves, 2); /* and no wave for it */
}

/* If this fails, staff miss requests in the list. */
static void requests_are_listed_by_pages(void **state)
{
    struct rig *rig = *state;
    id incident = rig_incident(rig, NULL), other = rig_incident(rig, NULL);
    for (id number = 1; number <= 7; number++) {
        struct store_written_request put = request(number, number <= 5 ? incident : other, number);
        RUN_OK(rig, store_written_request_put, &put); /* all in one millisecond */
    }
    struct store_written_request_list list = {.incident = incident, .limit = 3};
    RUN_OK(rig, store_written_request_list, &list);
    assert_int_equal(list.n, 3);
    assert_int_equal(list.rows[0].id, 5);
    list.after = list.rows[2].received_at;
    RUN_OK(rig, store_written_request_list, &list);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.rows[1].id, 1);
    struct store_written_request_list all = {.limit = 100};
    RUN_OK(rig, store_written_request_list, &all);
    assert_int_equal(all.n, 7);
}

/* If this fails, a repeated POST makes a second request. */
static void stored_reply_guards_the_request(void **state)
{
    struct rig *rig = *state;
    const struct idempotency record = {.principal = 7, .key = "k", .status = 201, .at = 10};
    id incident = rig_incident(rig, NULL);
    struct store_written_request put = request(1, incident, -1);
    put.idempotency = &record;
    RUN_OK(rig, store_written_request_put, &put);
    struct store_written_request again = request(2, incident, -1);
    again.idempotency = &record;
    assert_int_equal(RUN(rig, store_written_request_put, &again), RESULT_EXISTS);
    assert_int_equal(again.existing, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_open_request_a_person),       TEST(request_changes_by_compare_and_set),
        TEST(sending_makes_a_wave_of_one),     TEST(requests_are_listed_by_pages),
        TEST(stored_reply_guards_the_request),
    };
    return rig_run(tests);
}
