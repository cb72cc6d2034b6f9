/* test_incidents.c - settings, tokens, stored replies, incidents. */
/* System. */
#include <string.h>

/* This module. */
#include "tests/contract/store/store_rig.h"

/* If this fails, two starts disagree on the server's key. */
static void setting_keeps_the_first_value(void **state)
{
    struct rig *rig = *state;
    struct store_setting get = {.name = "log_key"};
    assert_int_equal(RUN(rig, store_setting_get, &get), RESULT_NOT_FOUND);
    struct store_setting put = {.name = "log_key", .value = {"first", 5}};
    RUN_OK(rig, store_setting_put, &put);
    put.value = (struct blob){"other", 5};
    RUN_OK(rig, store_setting_put, &put);
    assert_memory_equal(put.value.data, "first", 5);
    rig_restart(rig);
    RUN_OK(rig, store_setting_get, &get);
    assert_int_equal(get.value.length, 5);
    assert_memory_equal(get.value.data, "first", 5);
}

/* If this fails, a revoked token still opens the door, or revoking is not provable. */
static void token_is_minted_and_revoked(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    rig_receipt(&receipts, 0, 0, 0);
    struct store_token put = {.token = {.id = 11,
                                        .name = "auditor",
                                        .roles = 5,
                                        .hash = {9, 8},
                                        .created_at = 100,
                                        .minted_by = 3},
                              .receipts = &receipts};
    RUN_OK(rig, store_token_put, &put);
    assert_int_equal(RUN(rig, store_token_put, &put), RESULT_EXISTS);
    struct store_token find = {.token = {.id = 11}};
    RUN_OK(rig, store_token_find, &find);
    assert_string_equal(find.token.name, "auditor");
    assert_int_equal(find.token.roles, 5);
    assert_int_equal(find.token.hash[1], 8);
    assert_true(find.token.revoked_at == TIME_NONE);
    receipt_batch_free(&receipts);
    rig_receipt(&receipts, 0, 0, 0);
    struct store_token revoke = {.token = {.id = 11}, .at = 200, .receipts = &receipts};
    RUN_OK(rig, store_token_revoke, &revoke);
    RUN_OK(rig, store_token_find, &find);
    assert_int_equal(find.token.revoked_at, 200);
    receipt_batch_free(&receipts);
    rig_receipt(&receipts, 0, 0, 0);
    assert_int_equal(RUN(rig, store_token_revoke, &revoke), RESULT_EXISTS);
    revoke.token.id = 12;
    assert_int_equal(RUN(rig, store_token_revoke, &revoke), RESULT_NOT_FOUND);
    receipt_batch_free(&receipts);
    struct store_token_list list = {0};
    RUN_OK(rig, store_token_list, &list);
    assert_int_equal(list.n, 1);
    assert_int_equal(rig_receipts(rig, 0), 2); /* the refused ones left none */
    struct store_token none = {.token = {.id = 99}};
    assert_int_equal(RUN(rig, store_token_find, &none), RESULT_NOT_FOUND);
}

static struct store_incident_put incident(id number, int64_t created_at)
{
    return (struct store_incident_put){.incident = {.id = number,
                                                    .version = 1,
                                                    .created_at = created_at,
                                                    .author = 7,
                                                    .key = {"key", 3},
                                                    .document = {"sealed", 6}}};
}

/* If this fails, a repeated POST makes a second incident, or the refused one leaves traces. */
static void idempotency_key_is_used_once(void **state)
{
    struct rig *rig = *state;
    struct receipt_batch receipts;
    const struct idempotency record = {.principal = 7,
                                       .key = "k1",
                                       .fingerprint = {4},
                                       .status = 201,
                                       .location = "/v1/incidents/x",
                                       .reply = {"reply", 5},
                                       .at = 1000};
    struct store_idempotency find = {.record = {.principal = 7, .key = "k1"}};
    assert_int_equal(RUN(rig, store_idempotency_find, &find), RESULT_NOT_FOUND);
    struct store_incident_put put = incident(21, 1000);
    rig_receipt(&receipts, 21, 0, 0);
    put.idempotency = &record;
    put.receipts = &receipts;
    RUN_OK(rig, store_incident_put, &put);
    receipt_batch_free(&receipts);
    struct store_incident_put again = incident(22, 1001);
    rig_receipt(&receipts, 22, 0, 0);
    again.idempotency = &record;
    again.receipts = &receipts;
    assert_int_equal(RUN(rig, store_incident_put, &again), RESULT_EXISTS);
    receipt_batch_free(&receipts);
    struct store_incident_get get = {.incident = 22};
    assert_int_equal(RUN(rig, store_incident_get, &get), RESULT_NOT_FOUND);
    assert_int_equal(rig_receipts(rig, 0), 1);
    RUN_OK(rig, store_idempotency_find, &find);
    assert_int_equal(find.record.status, 201);
    assert_int_equal(find.record.fingerprint[0], 4);
    assert_string_equal(find.record.location, "/v1/incidents/x");
    assert_memory_equal(find.record.reply.data, "reply", 5);
}

/* If this fails, old replies pile up for ever, or fresh ones vanish. */
static void old_replies_go_when_new_ones_come(void **state)
{
    struct rig *rig = *state;
    const int64_t day = 24 * 3600 * 1000;
    struct idempotency record = {.principal = 7, .key = "old", .status = 201, .at = day};
    struct store_incident_put put = incident(21, 1000);
    put.idempotency = &record;
    RUN_OK(rig, store_incident_put, &put);
    record.key = "young";
    record.at = 3 * day - 1;
    put = incident(22, 1001);
    put.idempotency = &record;
    RUN_OK(rig, store_incident_put, &put);
    struct store_idempotency find = {.record = {.principal = 7, .key = "old"}};
    RUN_OK(rig, store_idempotency_find, &find);
    record.key = "new";
    record.at = 3 * day + 1;
    put = incident(23, 1002);
    put.idempotency = &record;
    RUN_OK(rig, store_incident_put, &put);
    find = (struct store_idempotency){.record = {.principal = 7, .key = "old"}};
    assert_int_equal(RUN(rig, store_idempotency_find, &find), RESULT_NOT_FOUND);
    find.record.key = "young";
    RUN_OK(rig, store_idempotency_find, &find);
}

/* If this fails, an incident does not come back as it was stored. */
static void incident_comes_back(void **state)
{
    struct rig *rig = *state;
    struct store_incident_put put = incident(31, 5000);
    put.incident.test = true;
    put.incident.title = (struct blob){"title", 5};
    RUN_OK(rig, store_incident_put, &put);
    assert_true(put.wave > 0);
    rig_restart(rig);
    struct store_incident_get get = {.incident = 31};
    RUN_OK(rig, store_incident_get, &get);
    assert_true(get.row.test);
    assert_int_equal(get.row.author, 7);
    assert_memory_equal(get.row.document.data, "sealed", 6);
    assert_int_equal(get.n_waves, 1);
    assert_int_equal(get.waves[0].id, put.wave);
    assert_int_equal(get.waves[0].state, WAVE_DRAFT);
    assert_int_equal(get.waves[0].ordinal, 1);
    assert_true(get.waves[0].released_at == TIME_NONE);
    assert_int_equal(RUN(rig, store_incident_put, &put), RESULT_EXISTS);
}

/* If this fails, a list skips incidents of the same millisecond or repeats some. */
static void incidents_are_listed_by_pages(void **state)
{
    struct rig *rig = *state;
    for (id number = 1; number <= 25; number++) {
        struct store_incident_put put = incident(number, 1000 + number / 5);
        RUN_OK(rig, store_incident_put, &put);
    }
    struct store_incident_list list = {.limit = 10};
    uint64_t seen = 0;
    size_t rounds = 0;
    do {
        RUN_OK(rig, store_incident_list, &list);
        for (size_t i = 0; i < list.n; i++) {
            assert_true((seen >> list.rows[i].id & 1) == 0);
            assert_int_equal(list.waves[i].incident, list.rows[i].id);
            seen |= UINT64_C(1) << list.rows[i].id;
            list.after = list.rows[i].created_at;
        }
        rounds++;
    } while (list.n > 0);
    assert_int_equal(rounds, 4);
    assert_int_equal(seen, (UINT64_C(1) << 26) - 2);
}

/* If this fails, an answer past the arena's bound is cut silently. */
static void full_arena_is_said(void **state)
{
    struct rig *rig = *state;
    struct store_setting put = {.name = "big", .value = {rig, sizeof(*rig)}};
    RUN_OK(rig, store_setting_put, &put);
    struct arena *small = arena_create(16), *all = rig->arena;
    struct store_setting get = {.name = "big"};
    rig->arena = small;
    assert_int_equal(RUN(rig, store_setting_get, &get), RESULT_TOO_LARGE);
    rig->arena = all;
    arena_destroy(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(setting_keeps_the_first_value),
        TEST(token_is_minted_and_revoked),
        TEST(idempotency_key_is_used_once),
        TEST(old_replies_go_when_new_ones_come),
        TEST(incident_comes_back),
        TEST(incidents_are_listed_by_pages),
        TEST(full_arena_is_said),
    };
    return rig_run(tests);
}
