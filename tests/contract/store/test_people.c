/* test_people.c - who may approve: people, and two of them are two. Sessions, counts by the hour.
 */
/* System. */
#include <string.h>

/* This module. */
#include "tests/contract/store/store_rig.h"

static void token(struct rig *rig, struct access_token made)
{
    struct receipt_batch receipts;
    rig_receipt(&receipts, 0, 0, 0);
    struct store_token put = {.token = made, .receipts = &receipts};
    put.token.name = "somebody";
    put.token.revoked_at = TIME_NONE;
    RUN_OK(rig, store_token_put, &put);
    receipt_batch_free(&receipts);
}

static void person(struct rig *rig, id token_id, id minted_by)
{
    token(rig, (struct access_token){.id = token_id, .kind = TOKEN_PERSON, .minted_by = minted_by});
}

static enum result approve(struct rig *rig, id incident, int64_t wave, id principal)
{
    struct store_approval approval = {.incident = incident,
                                      .wave = wave,
                                      .principal = principal,
                                      .version = rig_read_incident(rig, incident).version,
                                      .required = 3,
                                      .document = {"sealed", 6},
                                      .at = 10 + principal};
    return RUN(rig, store_approval_put, &approval);
}

/* If this fails, a program approves what people should have read. */
static void programs_do_not_approve(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    token(rig, (struct access_token){.id = 20, .kind = TOKEN_PROGRAM});
    assert_int_equal(approve(rig, incident, wave, 20), RESULT_DENIED);
}

/* If this fails, the author approves with a token that he minted for "somebody else", also by a
 * second token of his own or one minted by it. */
static void minter_is_not_a_second_person(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave); /* by 7 */
    person(rig, 1, 0);
    person(rig, 7, 1);
    person(rig, 8, 7);  /* minted by the author */
    person(rig, 9, 8);  /* and through that one */
    person(rig, 10, 1); /* by whoever minted the author's */
    token(rig, (struct access_token){.id = 11, .kind = TOKEN_PERSON, .minted_by = 1, .person = 7});
    assert_int_equal(approve(rig, incident, wave, 8), RESULT_DENIED);
    assert_int_equal(approve(rig, incident, wave, 9), RESULT_DENIED);
    assert_int_equal(approve(rig, incident, wave, 1), RESULT_DENIED);  /* minted the author's */
    assert_int_equal(approve(rig, incident, wave, 11), RESULT_DENIED); /* is the author */
    assert_int_equal(approve(rig, incident, wave, 10), RESULT_OK);
}

/* If this fails, one person is two approvers. */
static void approvers_are_apart(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    person(rig, 1, 0);
    person(rig, 20, 1);
    person(rig, 21, 20);
    token(rig, (struct access_token){.id = 22, .kind = TOKEN_PERSON, .minted_by = 1, .person = 20});
    person(rig, 23, 1);
    assert_int_equal(approve(rig, incident, wave, 20), RESULT_OK);
    assert_int_equal(approve(rig, incident, wave, 21), RESULT_DENIED);
    assert_int_equal(approve(rig, incident, wave, 22), RESULT_DENIED);
    assert_int_equal(approve(rig, incident, wave, 23), RESULT_OK);
}

/* If this fails, a token is given to a person that is not there, or to a program. */
static void further_tokens_have_a_holder(void **state)
{
    struct rig *rig = *state;
    struct store_token put = {.token = {.id = 30, .kind = TOKEN_PERSON, .person = 29, .name = "x"}};
    assert_int_equal(RUN(rig, store_token_put, &put), RESULT_NOT_FOUND);
    token(rig, (struct access_token){.id = 29, .kind = TOKEN_PROGRAM});
    put.token.person = 29;
    assert_int_equal(RUN(rig, store_token_put, &put), RESULT_NOT_FOUND);
}

/* If this fails, the second approver cannot be shown what changed. */
static void what_was_approved_is_kept(void **state)
{
    struct rig *rig = *state;
    int64_t wave;
    id incident = rig_incident(rig, &wave);
    uint8_t hash[DIGEST_SIZE] = {0}, other[DIGEST_SIZE] = {1};
    assert_int_equal(approve(rig, incident, wave, 8), RESULT_OK);
    struct store_approvals got = {.incident = incident, .wave = wave, .want = hash};
    RUN_OK(rig, store_approvals_get, &got);
    assert_int_equal(got.n, 1);
    assert_int_equal(got.rows[0].principal, 8);
    assert_true(got.rows[0].valid);
    assert_memory_equal(got.document.sealed.data, "sealed", 6);
    got.want = NULL;
    got.other = other;
    RUN_OK(rig, store_approvals_get, &got);
    assert_int_equal(got.document.sealed.length, 6);
    got.other = hash;
    RUN_OK(rig, store_approvals_get, &got);
    assert_int_equal(got.document.sealed.length, 0);
}

/* If this fails, a session outlives its time, its token or its end. */
static void sessions_end(void **state)
{
    struct rig *rig = *state;
    struct store_session session = {.hash = {5}, .token = 40, .expires_at = 1000, .at = 10};
    struct store_token revoke = {.token.id = 40, .at = 600};
    person(rig, 40, 1);
    RUN_OK(rig, store_session_put, &session);
    struct store_session find = {.hash = {5}, .at = 999};
    RUN_OK(rig, store_session_find, &find);
    assert_int_equal(find.holder.id, 40);
    assert_string_equal(find.holder.name, "somebody");
    find.at = 1000;
    assert_int_equal(RUN(rig, store_session_find, &find), RESULT_NOT_FOUND);
    struct receipt_batch receipts;
    rig_receipt(&receipts, 0, 0, 0);
    revoke.receipts = &receipts;
    RUN_OK(rig, store_token_revoke, &revoke);
    receipt_batch_free(&receipts);
    find.at = 500;
    assert_int_equal(RUN(rig, store_session_find, &find), RESULT_NOT_FOUND);
    person(rig, 41, 1);
    session = (struct store_session){.hash = {6}, .token = 41, .expires_at = 5000, .at = 20};
    RUN_OK(rig, store_session_put, &session);
    RUN_OK(rig, store_session_end, &session);
    find = (struct store_session){.hash = {6}, .at = 30};
    assert_int_equal(RUN(rig, store_session_find, &find), RESULT_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(programs_do_not_approve),   TEST(minter_is_not_a_second_person),
        TEST(approvers_are_apart),       TEST(further_tokens_have_a_holder),
        TEST(what_was_approved_is_kept), TEST(sessions_end),
    };
    return rig_run(tests);
}
