/* test_headers.c - Idempotency-Key, Content-Digest, Accept, and cursors. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/accept.h"
#include "service/api/content_digest.h"
#include "service/api/cursor.h"
#include "service/api/idempotency.h"

/* Two different keys could become one, or a malformed one be taken, when this fails. */
static void test_idempotency_key(void **state)
{
    static const struct {
        const char *header, *key; /* NULL: refused */
    } rows[] = {
        {"\"a\"", "a"},   {"\"a b~!\"", "a b~!"}, {"\"a\\\"b\\\\\"", "a\"b\\"},
        {"a", NULL},      {"\"\"", NULL},         {"\"a", NULL},
        {"\"a\" ", NULL}, {"\"a\";x=1", NULL},    {"\"a\\n\"", NULL},
        {"\"a\\", NULL},  {"\"\xc3\xa9\"", NULL}, {"", NULL},
        {NULL, NULL},     {"\"a\",\"b\"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char key[IDEMPOTENCY_KEY_MAX + 1] = "untouched";
        assert_int_equal(idempotency_key_parse(rows[i].header, key), rows[i].key != NULL);
        assert_string_equal(key, str_or(rows[i].key, "untouched"));
    }
    char longest[IDEMPOTENCY_KEY_MAX + 4], key[IDEMPOTENCY_KEY_MAX + 1];
    memset(longest, 'x', sizeof longest);
    longest[0] = longest[IDEMPOTENCY_KEY_MAX + 1] = '"';
    longest[IDEMPOTENCY_KEY_MAX + 2] = 0;
    assert_true(idempotency_key_parse(longest, key));
    longest[IDEMPOTENCY_KEY_MAX + 1] = 'x';
    longest[IDEMPOTENCY_KEY_MAX + 2] = '"';
    longest[IDEMPOTENCY_KEY_MAX + 3] = 0;
    assert_false(idempotency_key_parse(longest, key));
}

/* The same key on another path would replay a foreign answer when this fails. */
static void test_fingerprint(void **state)
{
    uint8_t body[DIGEST_SIZE] = {1}, a[DIGEST_SIZE], b[DIGEST_SIZE];
    (void)state;
    idempotency_fingerprint(a, "POST", "/v1/x", body);
    idempotency_fingerprint(b, "POST", "/v1/x", body);
    assert_memory_equal(a, b, DIGEST_SIZE);
    idempotency_fingerprint(b, "POST", "/v1/y", body);
    assert_memory_not_equal(a, b, DIGEST_SIZE);
    idempotency_fingerprint(b, "POST/", "v1/x", body);
    assert_memory_not_equal(a, b, DIGEST_SIZE);
}

/* A part whose bytes are others would be taken as stored when this fails. */
static void test_content_digest(void **state)
{
#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    static const struct {
        const char *header;
        bool good;
    } rows[] = {
        {"sha-256=:" EMPTY ":", true},
        {"sha-512=:AAAA:, sha-256=:" EMPTY ":", true},
        {"sha-256=:" EMPTY ":,sha-512=:AAAA:", true},
        {"sha-256=:" EMPTY ":,", false},
        {"sha-256=" EMPTY, false},
        {"sha-256=:AAAA:", false},
        {"sha-512=:AAAA:", false},
        {"sha-256=:" EMPTY, false},
        {"SHA-256=:" EMPTY ":", false},
        {"sha-256=:" EMPTY ": x", false},
        {"", false},
        {NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t digest[DIGEST_SIZE] = {0};
        assert_int_equal(content_digest_parse(rows[i].header, digest), rows[i].good);
        assert_int_equal(digest[0], rows[i].good ? 0xe3 : 0);
    }
}

/* A client gets another form than it asked for when this fails. */
static void test_accept(void **state)
{
    static const struct {
        const char *header;
        enum accept_type type;
    } rows[] = {
        {NULL, ACCEPT_JSON},
        {"", ACCEPT_JSON},
        {"*/*", ACCEPT_JSON},
        {"text/csv", ACCEPT_CSV},
        {"TEXT/CSV", ACCEPT_CSV},
        {"text/*", ACCEPT_CSV},
        {"application/x-ndjson", ACCEPT_NDJSON},
        {"application/jsonl, */*;q=0.1", ACCEPT_NDJSON},
        {"application/json;q=0.2, text/csv;q=0.3", ACCEPT_CSV},
        {"text/csv;q=0, */*", ACCEPT_JSON},
        {"application/json;q=0, */*", ACCEPT_NDJSON},
        {"text/html", ACCEPT_NONE},
        {"*/*;q=0", ACCEPT_NONE},
        {"text/csv;q=x", ACCEPT_NONE},
        {",,;", ACCEPT_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(accept_choose(rows[i].header, ACCEPT_JSON | ACCEPT_NDJSON | ACCEPT_CSV),
                         rows[i].type);
    assert_int_equal(accept_choose("text/csv", ACCEPT_JSON), ACCEPT_NONE);
}

/* A page would be skipped, or a made-up cursor reach the store, when this fails. */
static void test_cursor(void **state)
{
    static const char *const bad[] = {"",      ".",    "1",       "1.",
                                      ".1",    "-1.0", "1.-1",    "1.x",
                                      "1.2.3", " 1.2", "1.65536", "9223372036854775808.0"};
    struct cursor cursor = {INT64_MAX, 65535}, back;
    char text[CURSOR_TEXT_SIZE];
    (void)state;
    assert_true(cursor_parse(cursor_format(text, &cursor), &back));
    assert_true(back.order == cursor.order && back.slot == cursor.slot);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cursor_parse(bad[i], &back));
    assert_false(cursor_parse(NULL, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idempotency_key), cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_content_digest),  cmocka_unit_test(test_accept),
        cmocka_unit_test(test_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
