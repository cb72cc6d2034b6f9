/* Shares of a secret: any k give it back, fewer tell nothing. */
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
#include "base/shamir.h"

enum { SHARES = 5, NEEDED = 3, LENGTH = 40 };

/* If this fails, the field is not GF(2^8) of AES, and shares are readable by this program only. */
static void the_field_is_that_of_aes(void **state)
{
    (void)state;
    assert_int_equal(shamir_multiply(0x57, 0x83), 0xc1); /* FIPS 197, section 4.2 */
    assert_int_equal(shamir_multiply(0x57, 0x13), 0xfe); /* FIPS 197, section 4.2.1 */
    assert_int_equal(shamir_invert(0x53), 0xca);
    assert_int_equal(shamir_invert(0), 0);
    for (unsigned a = 1; a < 256; a++) {
        assert_int_equal(shamir_multiply((uint8_t)a, shamir_invert((uint8_t)a)), 1);
        assert_int_equal(shamir_multiply((uint8_t)a, 1), a);
        assert_int_equal(shamir_multiply((uint8_t)a, 0), 0);
    }
}

static void split(struct shamir_share shares[SHARES], uint8_t bytes[SHARES][LENGTH],
                  const uint8_t *secret)
{
    for (unsigned i = 0; i < SHARES; i++)
        shares[i].bytes = bytes[i];
    shamir_split(shares, SHARES, NEEDED, secret, LENGTH);
}

/* If this fails, a key that was shared among people is lost. */
static void any_three_of_five_join(void **state)
{
    (void)state;
    uint8_t secret[LENGTH], bytes[SHARES][LENGTH], joined[LENGTH];
    struct shamir_share shares[SHARES];
    seal_random(secret, sizeof(secret));
    split(shares, bytes, secret);
    for (unsigned a = 0; a < SHARES; a++)
        for (unsigned b = 0; b < SHARES; b++)
            for (unsigned c = 0; c < SHARES; c++) {
                const struct shamir_share some[NEEDED] = {shares[a], shares[b], shares[c]};
                bool different = a != b && b != c && a != c;
                assert_int_equal(shamir_join(joined, LENGTH, some, NEEDED), different);
                if (different)
                    assert_memory_equal(joined, secret, LENGTH);
            }
    assert_true(shamir_join(joined, LENGTH, shares, SHARES)); /* more do no harm */
    assert_memory_equal(joined, secret, LENGTH);
}

/* If this fails, fewer people than were agreed on can open everything: two shares of a three must
 * fit every secret. */
static void two_tell_nothing(void **state)
{
    (void)state;
    uint8_t secret[LENGTH] = {0}, bytes[SHARES][LENGTH], joined[LENGTH];
    struct shamir_share shares[SHARES];
    bool seen[256] = {false};
    split(shares, bytes, secret);
    assert_true(shamir_join(joined, LENGTH, shares, NEEDED - 1));
    assert_memory_not_equal(joined, secret, LENGTH);
    for (unsigned guess = 0; guess < 256; guess++) { /* every third value gives another secret */
        uint8_t third = (uint8_t)guess, out;
        const struct shamir_share some[NEEDED] = {{1, bytes[0]}, {2, bytes[1]}, {3, &third}};
        assert_true(shamir_join(&out, 1, some, NEEDED));
        assert_false(seen[out]);
        seen[out] = true;
    }
}

/* If this fails, shares that were made by others' programs of this field do not join: computed by
 * hand, f(x) = 42 + 7 x + 3 x^2 over GF(2^8). */
static void a_known_polynomial(void **state)
{
    (void)state;
    uint8_t values[3], out;
    struct shamir_share shares[3];
    for (uint8_t x = 1; x <= 3; x++) {
        values[x - 1] =
            (uint8_t)(42 ^ shamir_multiply(7, x) ^ shamir_multiply(3, shamir_multiply(x, x)));
        shares[x - 1] = (struct shamir_share){x, &values[x - 1]};
    }
    assert_int_equal(values[0], 46); /* 42 ^ 7 ^ 3 */
    assert_int_equal(values[1], 40); /* 42 ^ 14 ^ 12 */
    assert_true(shamir_join(&out, 1, shares, 3));
    assert_int_equal(out, 42);
    shares[1].x = 0;
    assert_false(shamir_join(&out, 1, shares, 3));
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
        cmocka_unit_test(the_field_is_that_of_aes),
        cmocka_unit_test(any_three_of_five_join),
        cmocka_unit_test(two_tell_nothing),
        cmocka_unit_test(a_known_polynomial),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
