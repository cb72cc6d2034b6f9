/* test_crypto.c - digests against published vectors, sealing against tampering. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/hash.h"
#include "base/seal.h"
#include "base/str.h"

static void assert_hex(const uint8_t *bytes, size_t length, const char *expected)
{
    char text[2 * 64 + 1];
    hex_encode(text, bytes, length);
    assert_string_equal(text, expected);
}

/* If it fails, no other tool can verify our log (vectors: FIPS 180-4 examples). */
static void test_sha256(void **state)
{
    uint8_t digest[DIGEST_SIZE];
    (void)state;
    sha256(digest, "", 0);
    assert_hex(digest, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256(digest, "abc", 3);
    assert_hex(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct sha256_stream *stream = sha256_begin();
    sha256_add(stream, "a", 1);
    sha256_add(stream, "bc", 2);
    sha256_end(&stream, digest);
    assert_null(stream);
    assert_hex(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    stream = sha256_begin();
    sha256_end(&stream, NULL);
    sha256_end(&stream, NULL);
}

/* If it fails, genuine callbacks are refused or forged ones taken (vectors: RFC 4231 cases 2 and 6,
 * RFC 2202 case 2). */
static void test_hmac(void **state)
{
    uint8_t digest[DIGEST_SIZE], long_key[131];
    static const char what[] = "what do ya want for nothing?";
    static const char larger[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    (void)state;
    hmac_sha256(digest, "Jefe", 4, what, sizeof(what) - 1);
    assert_hex(digest, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof(long_key));
    hmac_sha256(digest, long_key, sizeof(long_key), larger, sizeof(larger) - 1);
    assert_hex(digest, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hmac_sha1(digest, "Jefe", 4, what, sizeof(what) - 1);
    assert_hex(digest, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

/* If it fails, secrets compare as equal when they are not. */
static void test_equal(void **state)
{
    (void)state;
    assert_true(secret_equal("abc", "abd", 2) && !secret_equal("abc", "abd", 3));
    assert_true(secret_equal_text("abc", "abc") && secret_equal_text("", ""));
    assert_true(!secret_equal_text("abc", "abcd") && !secret_equal_text(NULL, NULL));
}

/* If it fails, personal data is readable, forgeable or movable between rows, or cannot be read
 * back. */
static void test_seal(void **state)
{
    struct seal_key key, other;
    struct buf sealed, again, opened;
    (void)state;
    seal_key_random(&key);
    seal_key_random(&other);
    buf_init(&sealed, 1000);
    buf_init(&again, 1000);
    buf_init(&opened, 1000);
    buf_puts(&opened, "before ");
    assert_true(seal_add(&sealed, &key, "person:1", "Ada", 3));
    assert_true(seal_add(&again, &key, "person:1", "Ada", 3));
    assert_int_equal(sealed.length, 3 + SEAL_OVERHEAD);
    assert_memory_not_equal(sealed.data, again.data, sealed.length);
    assert_true(seal_open(&opened, &key, "person:1", sealed.data, sealed.length));
    assert_string_equal(opened.data, "before Ada");
    assert_false(seal_open(&opened, &other, "person:1", sealed.data, sealed.length));
    assert_false(seal_open(&opened, &key, "person:2", sealed.data, sealed.length));
    for (size_t i = 0; i < sealed.length; i++) {
        assert_false(seal_open(&opened, &key, "person:1", sealed.data, i));
        sealed.data[i] ^= 1;
        assert_false(seal_open(&opened, &key, "person:1", sealed.data, sealed.length));
        sealed.data[i] ^= 1;
    }
    assert_string_equal(opened.data, "before Ada");
    assert_false(opened.failed);
    buf_clear(&sealed);
    assert_true(seal_add(&sealed, &key, "", NULL, 0));
    assert_true(seal_open(&opened, &key, "", sealed.data, sealed.length));
    assert_string_equal(opened.data, "before Ada");
    buf_free(&sealed);
    buf_init(&sealed, 42);
    assert_false(seal_add(&sealed, &key, "", "Ada", 3));
    assert_true(sealed.failed && sealed.length == 0);
    buf_wipe(&sealed);
    buf_wipe(&again);
    buf_wipe(&opened);
}

/* If it fails, keys of different purposes or people are the same, or a restart derives others. */
static void test_derive(void **state)
{
    struct seal_key key = {{1, 2, 3}}, a, b;
    uint8_t blind[BLIND_SIZE], blind_other[BLIND_SIZE], mac[32], mac_other[32];
    (void)state;
    seal_derive(&a, &key, "person", "1", 1);
    seal_derive(&b, &key, "person", "1", 1);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_hex(a.bytes, 32, "7c51e1a605dd664790000c89c52f1c29c90f7980b897a6bc7a267ae3bb7b6bcf");
    seal_derive(&b, &key, "person", "2", 1);
    assert_memory_not_equal(&a, &b, sizeof(a));
    seal_derive(&b, &key, "person1", NULL, 0);
    assert_memory_not_equal(&a, &b, sizeof(a));
    a = key;
    seal_derive(&a, &a, "person", "1", 1); /* in place */
    seal_derive(&b, &key, "person", "1", 1);
    assert_memory_equal(&a, &b, sizeof(a));
    seal_blind(blind, &key, "recipient", "x", 1);
    seal_blind(blind_other, &key, "account", "x", 1);
    assert_memory_not_equal(blind, blind_other, BLIND_SIZE);
    assert_hex(blind, BLIND_SIZE, "fd64c01b524317f2e7c67ef2");
    seal_mac(mac, &key, "abc", 3);
    seal_mac(mac_other, &key, "abd", 3);
    assert_memory_not_equal(mac, mac_other, 32);
    assert_hex(mac, 32, "c6e222c093226e14ce07cd7f91d01da9071190d15d9f7aeb690df8bc6d6cd393");
    seal_key_wipe(&key);
    for (size_t i = 0; i < sizeof(key.bytes); i++)
        assert_int_equal(key.bytes[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256), cmocka_unit_test(test_hmac),   cmocka_unit_test(test_equal),
        cmocka_unit_test(test_seal),   cmocka_unit_test(test_derive),
    };
    seal_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
