/* test_preferences.c - what is known of people beyond one incident: compare-and-set, found by blind
 * key, forgotten. */
/* System. */
#include <string.h>

/* Interfaces. */
#include "tocsin/store_preference.h"

/* This module. */
#include "tests/contract/store/store_rig.h"

static const struct preference_key key_a = {1, "aaaaaaaaaaa"}, key_b = {1, "bbbbbbbbbbb"};

static enum result put(struct rig *rig, const struct preference_key *key, const char *was,
                       const char *body)
{
    struct receipt_batch receipts;
    rig_receipt(&receipts, 0, 0, 0);
    struct store_preference_put req = {.key = *key,
                                       .was = {was, strlen(was)},
                                       .body = {body, strlen(body)},
                                       .at = 5,
                                       .receipts = &receipts};
    enum result result = RUN(rig, store_preference_put, &req);
    receipt_batch_free(&receipts);
    return result;
}

/* How many of the two keys are found; the body of the last. */
static size_t find(struct rig *rig, char body[64], bool *ret_any)
{
    const struct preference_key keys[] = {key_a, key_b};
    struct store_preference_find req = {.request.arena = rig->arena, .keys = keys, .n_keys = 2};
    RUN_OK(rig, store_preference_find, &req);
    *ret_any = req.any;
    if (req.n > 0) {
        const struct preference_hit *hit = &req.hits[req.n - 1];
        assert_true(hit->body.length < 64);
        memcpy(body, hit->body.data, hit->body.length);
        body[hit->body.length] = 0;
    }
    return req.n;
}

/* If this fails, two changes at once lose one of them. */
static void compare_and_set(void **state)
{
    struct rig *rig = *state;
    char body[64];
    bool any;
    assert_int_equal(find(rig, body, &any), 0);
    assert_false(any);
    assert_int_equal(put(rig, &key_b, "", "first body of sealed bytes"), RESULT_OK);
    assert_int_equal(put(rig, &key_b, "", "second"), RESULT_CONFLICT);
    assert_int_equal(put(rig, &key_b, "first body of sealed bytes", "second"), RESULT_OK);
    assert_int_equal(find(rig, body, &any), 1);
    assert_true(any);
    assert_string_equal(body, "second");
    assert_int_equal(put(rig, &key_b, "second", ""), RESULT_OK);
    assert_int_equal(find(rig, body, &any), 0);
}

/* If this fails, a wish is left behind, or the file is never looked through for it. */
static void erased_with_needles(void **state)
{
    struct rig *rig = *state;
    const struct preference_key keys[] = {key_a, key_b};
    char body[64];
    bool any;
    struct store_preference_erase req = {.request.arena = rig->arena, .keys = keys, .n_keys = 2};
    assert_int_equal(put(rig, &key_a, "", "sealed bytes with a nonce in front"), RESULT_OK);
    RUN_OK(rig, store_preference_erase, &req);
    assert_int_equal(req.rows, 1);
    assert_int_equal(req.n_needles, 1);
    assert_memory_equal(req.needles[0].bytes, "sealed bytes with a nonce", NEEDLE_SIZE);
    assert_int_equal(find(rig, body, &any), 0);
    assert_false(any);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(compare_and_set, rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(erased_with_needles, rig_setup, rig_teardown),
    };
    return rig_run(tests);
}
