/* test_message_key.c - the names that providers drop repeats by. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/delivery/run/message_key.h"

static const struct seal_key key = {.bytes = {7}};

/* If this fails, a provider drops what is to be said to somebody else, over another channel, to
 * another address or in another wave; or it gets one message under two names. */
static void each_message_has_one_name(void **state)
{
    static const struct message_name names[] = {
        {1, 0, 0, "a", 0},  {2, 0, 0, "a", 0},  {1, 1, 0, "a", 0}, {1, 0, 1, "a", 0},
        {1, 0, 0, "a", 1},  {1, 0, 0, "b", 0},  {1, 0, 0, "", 0},  {11, 0, 0, "a", 0},
        {1, 10, 0, "a", 0}, {1, 0, 0, "0 a", 0}};
    enum { N = sizeof(names) / sizeof(*names) };
    char texts[N][TOKEN_TEXT_SIZE], again[TOKEN_TEXT_SIZE];
    (void)state;
    for (unsigned i = 0; i < N; i++) {
        message_key(texts[i], &key, &names[i]);
        message_key(again, &key, &names[i]);
        assert_string_equal(texts[i], again);
        assert_int_equal(strlen(texts[i]), TOKEN_TEXT_SIZE - 1);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(texts[i], texts[k]);
    }
}

static int setup(void **state)
{
    (void)state;
    seal_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_message_has_one_name)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
