/* test_banners.c - banners in accounts. */
/* This module. */
#include "tests/contract/store/store_rig.h"

static struct store_banner put_banner(struct rig *rig, struct rig_chunk made, id number,
                                      const char *key)
{
    struct store_banner banner = {.row = {.id = number,
                                          .incident = made.incident,
                                          .wave = made.wave,
                                          .key = key,
                                          .token = "token",
                                          .account = {4},
                                          .body = {"sealed", 6},
                                          .placed_at = 100 + number}};
    RUN_OK(rig, store_banner_put, &banner);
    return banner;
}

/* If this fails, a retried placement shows the same banner twice. */
static void one_banner_a_key(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 1);
    put_banner(rig, made, 1, "k1");
    assert_int_equal(put_banner(rig, made, 2, "k1").row.id, 1);
    put_banner(rig, made, 3, "k2");
    struct store_banner list = {.account = {4}};
    RUN_OK(rig, store_banner_list, &list);
    assert_int_equal(list.n, 2);
    assert_int_equal(list.rows[0].id, 3); /* newest first */
    assert_memory_equal(list.rows[1].body.data, "sealed", 6);
    assert_memory_equal(list.rows[1].incident_key.data, "key", 3);
    list.account[0] = 5;
    RUN_OK(rig, store_banner_list, &list);
    assert_int_equal(list.n, 0);
}

/* If this fails, an acknowledged banner becomes merely displayed again. */
static void state_only_rises(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 1);
    put_banner(rig, made, 1, "k1");
    struct store_banner event = {.row = {.id = 1, .state = 2}};
    RUN_OK(rig, store_banner_event, &event);
    event.row.state = 1;
    event.row.dismissed = true;
    RUN_OK(rig, store_banner_event, &event);
    event.row.dismissed = false;
    RUN_OK(rig, store_banner_event, &event);
    struct store_banner get = {.row = {.id = 1}};
    RUN_OK(rig, store_banner_get, &get);
    assert_int_equal(get.row.state, 2);
    assert_true(get.row.dismissed);
    assert_string_equal(get.row.token, "token");
    event.row.id = get.row.id = 9;
    assert_int_equal(RUN(rig, store_banner_event, &event), RESULT_NOT_FOUND);
    assert_int_equal(RUN(rig, store_banner_get, &get), RESULT_NOT_FOUND);
}

/* If this fails, a held or cancelled notice stays on people's account pages. */
static void hold_hides_banners(void **state)
{
    struct rig *rig = *state;
    struct rig_chunk made = rig_sending(rig, 1);
    put_banner(rig, made, 1, "k1");
    static const enum wave_state moves[] = {WAVE_SENDING, WAVE_HELD, WAVE_SENDING, WAVE_CANCELED};
    for (unsigned i = 0; i < 4; i++) {
        struct store_banner get = {.row = {.id = 1}};
        RUN_OK(rig, store_banner_get, &get);
        assert_int_equal(get.row.hidden, moves[i] == WAVE_HELD);
        if (i == 3)
            break;
        struct store_wave_move move = {.wave = made.wave, .from = moves[i], .to = moves[i + 1]};
        RUN_OK(rig, store_wave_move, &move);
        if (moves[i + 1] == WAVE_CANCELED) {
            RUN_OK(rig, store_banner_get, &get);
            assert_true(get.row.hidden);
            break;
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {TEST(one_banner_a_key), TEST(state_only_rises),
                                       TEST(hold_hides_banners)};
    return rig_run(tests);
}
