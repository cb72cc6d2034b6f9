/* test_waves.c - approvals, moves of waves, and what a change of the roster does to both. */
/* System. */
#include <string.h>

/* This module. */
#include "tests/contract/store/store_rig.h"

static enum result approve(struct rig *rig, id incident, int64_t wave, id principal, int hash,
                           struct store_approval *ret)
{
    struct store_approval approval = {.incident = incident,
                                      .wave = wave,
                                      .principal = principal,
                                      .version = rig_read_incident(rig, incident).version,
                                      .required = 2,
                                      .hash = {(uint8_t)hash},
                                      .at = 10};
    enum result result = RUN(rig, store_approval_put, &approval);
    if (ret != NULL)
        *ret = approval;
    return result;
}

/* If this fails, one person can release a notice alone. */
static void two_others_approve(void **state)
{
    struct rig *rig = *state;
    struct store_approval said;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    assert_int_equal(approve(rig, incident, wave, 7, 1, NULL), RESULT_DENIED); /* the author */
    assert_int_equal(approve(rig, incident, wave, 8, 1, &said), RESULT_OK);
    assert_int_equal(said.approvals, 1);
    assert_int_equal(said.state, WAVE_DRAFT);
    assert_int_equal(approve(rig, incident, wave, 8, 1, NULL), RESULT_EXISTS);
    assert_int_equal(approve(rig, incident, wave, 9, 2, &said), RESULT_OK); /* another text */
    assert_int_equal(said.approvals, 1);
    assert_int_equal(approve(rig, incident, wave, 9, 1, &said), RESULT_OK);
    assert_int_equal(said.approvals, 2);
    assert_int_equal(said.state, WAVE_APPROVED);
    struct wave_row row = rig_read_wave(rig, incident);
    assert_int_equal(row.state, WAVE_APPROVED);
    assert_int_equal(row.approved_hash[0], 1);
    assert_int_equal(row.approvals, 2);
    assert_int_equal(approve(rig, incident, wave, 10, 2, NULL), RESULT_CONFLICT);
}

/* If this fails, an approval of an older version counts, or a foreign wave takes it. */
static void approval_is_of_this_version(void **state)
{
    struct rig *rig = *state;
    int64_t wave, other;
    id incident = rig_incident(rig, &wave);
    rig_incident(rig, &other);
    struct store_approval approval = {
        .incident = incident, .wave = wave, .principal = 8, .version = 2, .required = 1};
    assert_int_equal(RUN(rig, store_approval_put, &approval), RESULT_CONFLICT);
    approval.version = 1;
    approval.wave = other;
    assert_int_equal(RUN(rig, store_approval_put, &approval), RESULT_NOT_FOUND);
    approval.wave = 4711;
    assert_int_equal(RUN(rig, store_approval_put, &approval), RESULT_NOT_FOUND);
}

static id open_upload(struct rig *rig, id incident, unsigned part)
{
    struct store_upload upload = {.incident = incident, .part = part};
    RUN_OK(rig, store_upload_open, &upload);
    return upload.upload;
}

/* If this fails, people are added behind the backs of those who approved. */
static void roster_voids_approvals(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    assert_int_equal(approve(rig, incident, wave, 8, 1, NULL), RESULT_OK);
    assert_int_equal(approve(rig, incident, wave, 9, 1, NULL), RESULT_OK);
    id upload = open_upload(rig, incident, 0);
    rig_append(rig, incident, upload, 0, 3, "a");
    assert_int_equal(rig_read_wave(rig, incident).state, WAVE_APPROVED);
    struct store_upload close = {
        .incident = incident, .upload = upload, .accepted = 3, .commit = true};
    RUN_OK(rig, store_upload_close, &close);
    struct wave_row row = rig_read_wave(rig, incident);
    assert_int_equal(row.state, WAVE_DRAFT);
    assert_int_equal(row.approvals, 0);
    assert_int_equal(row.approved_hash[0], 0);
    assert_int_equal(rig_read_incident(rig, incident).version, 2);
    struct store_approval said;
    assert_int_equal(approve(rig, incident, wave, 8, 1, &said), RESULT_OK); /* once more */
    assert_int_equal(said.approvals, 1);
}

/* If this fails, people who come late are lost, or join a plan that is made. */
static void late_people_belong_to_no_wave_yet(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    id upload = open_upload(rig, incident, 0);
    rig_append(rig, incident, upload, 0, 3, "a");
    struct store_upload close = {
        .incident = incident, .upload = upload, .accepted = 3, .commit = true};
    RUN_OK(rig, store_upload_close, &close);
    rig_release(rig, incident, wave);
    upload = open_upload(rig, incident, 0);
    rig_append(rig, incident, upload, 1, 2, "b");
    close = (struct store_upload){
        .incident = incident, .upload = upload, .accepted = 2, .commit = true};
    RUN_OK(rig, store_upload_close, &close);
    struct store_roster_read read = {.incident = incident, .limit = 10, .taken_by = wave};
    RUN_OK(rig, store_roster_read, &read);
    assert_int_equal(read.n, 1);
    assert_int_equal(read.blocks[0].n, 3);
    read.taken_by = -1;
    RUN_OK(rig, store_roster_read, &read);
    assert_int_equal(read.n, 1);
    assert_int_equal(read.blocks[0].n, 2);
    assert_int_equal(approve(rig, incident, wave, 10, 1, NULL), RESULT_CONFLICT);
    assert_int_equal(rig_read_incident(rig, incident).version, 3);
    struct store_wave_move cancel = {.wave = wave, .from = WAVE_PLANNING, .to = WAVE_CANCELED};
    RUN_OK(rig, store_wave_move, &cancel);
    struct store_upload open = {.incident = incident, .part = 2};
    assert_int_equal(RUN(rig, store_upload_open, &open), RESULT_CONFLICT);
}

static enum result move(struct rig *rig, int64_t wave, enum wave_state from, enum wave_state to)
{
    struct store_wave_move move = {
        .wave = wave, .from = from, .to = to, .at = 500, .hold_until = 900};
    return RUN(rig, store_wave_move, &move);
}

/* If this fails, two operators move one wave twice, or resume leads elsewhere than the hold. */
static void wave_moves_by_compare_and_set(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    rig_release(rig, incident, wave);
    struct wave_row row = rig_read_wave(rig, incident);
    assert_int_equal(row.released_at, 2000);
    assert_memory_equal(row.policy.data, "policy", 6);
    assert_int_equal(move(rig, wave, WAVE_APPROVED, WAVE_PLANNING), RESULT_CONFLICT);
    assert_int_equal(move(rig, wave, WAVE_PLANNING, WAVE_HELD), RESULT_OK);
    row = rig_read_wave(rig, incident);
    assert_int_equal(row.held_from, WAVE_PLANNING);
    assert_int_equal(row.hold_until, 900);
    assert_int_equal(move(rig, wave, WAVE_HELD, WAVE_SENDING), RESULT_CONFLICT);
    assert_int_equal(move(rig, wave, WAVE_HELD, WAVE_PLANNING), RESULT_OK);
    row = rig_read_wave(rig, incident);
    assert_true(row.hold_until == TIME_NONE);
    assert_int_equal(row.released_at, 2000);
    assert_memory_equal(row.policy.data, "policy", 6);
    assert_int_equal(move(rig, wave, WAVE_PLANNING, WAVE_SENDING), RESULT_OK);
    assert_int_equal(move(rig, wave, WAVE_SENDING, WAVE_SETTLED), RESULT_OK);
    assert_int_equal(rig_read_wave(rig, incident).settled_at, 500);
    assert_int_equal(move(rig, 4711, WAVE_SENDING, WAVE_SETTLED), RESULT_NOT_FOUND);
}

/* If this fails, a release goes through although the incident changed since it was read. */
static void move_names_the_version(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    rig_receipt(&receipts, incident, wave, 0);
    struct store_wave_move move = {
        .wave = wave, .from = WAVE_DRAFT, .to = WAVE_CANCELED, .version = 5, .receipts = &receipts};
    assert_int_equal(RUN(rig, store_wave_move, &move), RESULT_CONFLICT);
    assert_int_equal(rig_receipts(rig, incident), 0);
    move.version = 1;
    RUN_OK(rig, store_wave_move, &move);
    assert_int_equal(move.row.state, WAVE_CANCELED);
    assert_int_equal(rig_receipts(rig, incident), 1);
    receipt_batch_free(&receipts);
}

/* If this fails, the engine misses waves at start or works on the wrong ones. */
static void waves_are_listed_by_state(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    struct rig_chunk sending = rig_sending(rig, 1);
    id incident = rig_incident(rig, &wave);
    struct store_wave_list list = {.states = 1u << WAVE_SENDING};
    RUN_OK(rig, store_wave_list, &list);
    assert_int_equal(list.n, 1);
    assert_int_equal(list.waves[0].id, sending.wave);
    assert_memory_equal(list.keys[0].data, "key", 3);
    assert_false(list.tests[0]);
    list.states = 1u << WAVE_SENDING | 1u << WAVE_DRAFT;
    RUN_OK(rig, store_wave_list, &list);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.waves[0].incident, incident);
    list.states = 1u << WAVE_HELD;
    RUN_OK(rig, store_wave_list, &list);
    assert_int_equal(list.n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_others_approve),
        TEST(approval_is_of_this_version),
        TEST(roster_voids_approvals),
        TEST(late_people_belong_to_no_wave_yet),
        TEST(wave_moves_by_compare_and_set),
        TEST(move_names_the_version),
        TEST(waves_are_listed_by_state),
    };
    return rig_run(tests);
}
