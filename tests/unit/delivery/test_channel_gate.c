/* test_channel_gate.c - how large batches and parts are. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/delivery/run/gate.h"

static struct gate gate_of(enum on_uncertain uncertain, unsigned window, unsigned batch)
{
    static struct channel_driver driver;
    static struct delivery_channel config;
    struct gate gate;
    driver.facts = (struct channel_facts){
        .channel = "sms", .on_uncertain = uncertain, .window = window, .batch = batch};
    config.driver = &driver;
    gate_init(&gate, &config);
    return gate;
}

/* If it fails, every few messages pay for transactions of their own; or one silent message keeps
 * many from being recorded where finding out costs a question or a person. */
static void sizes(void **state)
{
    static const struct {
        enum on_uncertain uncertain;
        unsigned window, batch, most, part;
    } rows[] = {
        {UNCERTAIN_RETRY, 64, 64, 64, 16}, {UNCERTAIN_RETRY, 64, 20, 20, 16},
        {UNCERTAIN_RETRY, 8, 64, 10, 2},   {UNCERTAIN_RETRY, 1, 64, 1, 1},
        {UNCERTAIN_QUERY, 64, 64, 16, 16}, {UNCERTAIN_ASK, 64, 64, 16, 16},
        {UNCERTAIN_ASK, 2, 64, 1, 1},      {UNCERTAIN_RETRY, 1600, 50, 50, 400},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct gate gate = gate_of(rows[i].uncertain, rows[i].window, rows[i].batch);
        assert_int_equal(gate_batch(&gate), rows[i].most);
        assert_int_equal(gate_part(&gate), rows[i].part);
    }
}

/* If it fails, a part waits for room that can never come, and its batch stands for ever. */
static void a_part_fits_the_window(void **state)
{
    (void)state;
    for (unsigned window = 1; window < 300; window++) {
        struct gate gate = gate_of(UNCERTAIN_RETRY, window, 64);
        assert_in_range(gate_part(&gate), 1, window);
        assert_true(gate_has_room(&gate, gate_part(&gate)));
        assert_in_range(gate_batch(&gate), 1, window + 256);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(a_part_fits_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
