/* test_token.c - the opaque names of attempts. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/seal.h"

/* Interfaces. */
#include "tocsin/delivery.h"

static const struct seal_key key = {.bytes = {1, 2, 3}};

static const struct token samples[] = {
    {0, 0, 0}, {1, 2, 3}, {INT64_C(0xffffffffff), 0xffff, 0xff}, {7, 999, 1}, {7, 999, 0},
};

/* A callback would be credited to another person, or to nobody. */
static void test_round_trip(void **state)
{
    char text[TOKEN_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct token back = {-1, 1, 1};

        token_format(text, &key, &samples[i]);
        assert_int_equal(strlen(text), 26);
        assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyz234567"), 26);
        assert_true(token_parse(&back, &key, text));
        assert_true(back.chunk == samples[i].chunk);
        assert_int_equal(back.position, samples[i].position);
        assert_int_equal(back.attempt, samples[i].attempt);
    }
}

/* The token of an old callback would stop to be known after a change of its layout. */
static void test_frozen_form(void **state)
{
    char text[TOKEN_TEXT_SIZE];

    (void)state;
    token_format(text, &key, &samples[1]);
    assert_string_equal(text, "m5k7gzvj5oyaccysmu2vk7qx44");
}

/* MTAs fold the case of VERP addresses: their bounces would be lost. */
static void test_case_is_folded(void **state)
{
    char text[TOKEN_TEXT_SIZE];
    struct token back;

    (void)state;
    token_format(text, &key, &samples[1]);
    for (char *at = text; *at != '\0'; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    assert_true(token_parse(&back, &key, text));
    assert_true(back.chunk == 1 && back.position == 2 && back.attempt == 3);
}

/* A forged callback would settle somebody's delivery. */
static void test_every_change_is_refused(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char text[TOKEN_TEXT_SIZE];
    struct token back;

    (void)state;
    token_format(text, &key, &samples[3]);
    for (size_t i = 0; i < 26; i++) {
        char was = text[i];

        for (const char *c = letters; *c != '\0'; c++) {
            text[i] = *c;
            assert_int_equal(token_parse(&back, &key, text), *c == was);
        }
        text[i] = was;
    }
}

/* Garbage from the network would crash the parser or pass. */
static void test_garbage_is_refused(void **state)
{
    static const char *const texts[] = {NULL,
                                        "",
                                        "a",
                                        "aaaaaaaaaaaaaaaaaaaaaaaaa",
                                        "aaaaaaaaaaaaaaaaaaaaaaaaaa",
                                        "aaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                        "aaaaaaaaaaaaaaaaaaaaaaaa==",
                                        "........................@@"};
    const struct seal_key other = {.bytes = {9}};
    char text[TOKEN_TEXT_SIZE];
    struct token back = {42, 0, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(token_parse(&back, &key, texts[i]));
    token_format(text, &other, &samples[1]);
    assert_false(token_parse(&back, &key, text));
    assert_true(back.chunk == 42);
}

/* Neighbouring attempts would be seen to be neighbours: the token would say who is where. */
static void test_reveals_nothing(void **state)
{
    char a[TOKEN_TEXT_SIZE], b[TOKEN_TEXT_SIZE];
    unsigned same = 0;

    (void)state;
    token_format(a, &key, &(struct token){5, 1, 1});
    token_format(b, &key, &(struct token){5, 2, 1});
    for (size_t i = 0; i < 26; i++)
        same += a[i] == b[i];
    assert_true(same < 9);
}

static int setup(void **state)
{
    (void)state;
    seal_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),         cmocka_unit_test(test_frozen_form),
        cmocka_unit_test(test_case_is_folded),     cmocka_unit_test(test_every_change_is_refused),
        cmocka_unit_test(test_garbage_is_refused), cmocka_unit_test(test_reveals_nothing),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
