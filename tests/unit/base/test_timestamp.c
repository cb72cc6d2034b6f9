/* test_timestamp.c - RFC 3161 answers that openssl ts made (timestamp/: note, query, reply; CAs).
 */
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
#include "base/timestamp.h"

static const uint8_t nonce[] = {0x2a, 0x34, 0xab, 0x99, 0x58, 0xad, 0x48, 0xd6};
static const char said[] = "2026-11-23T20:33:51.000Z";

static struct slice load(const char *name, char *room, size_t size)
{
    char path[128];
    snprintf(path, sizeof(path), "tests/unit/base/timestamp/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct slice slice = {room, fread(room, 1, size, file)};
    fclose(file);
    return slice;
}

static struct timestamp_trust *trust_of(const char *name)
{
    char pem[8192];
    struct timestamp_trust *trust = NULL;
    assert_int_equal(timestamp_trust_create(load(name, pem, sizeof(pem)), &trust, NULL), RESULT_OK);
    return trust;
}

static void imprint_of_note(uint8_t imprint[DIGEST_SIZE])
{
    char note[1024];
    struct slice text = load("note", note, sizeof(note));
    sha256(imprint, text.data, text.length);
}

/* If this fails, an authority does not understand what we ask. */
static void the_request_is_openssls(void **state)
{
    char query[1024];
    uint8_t imprint[DIGEST_SIZE];
    struct buf made;
    struct slice wanted = load("query.tsq", query, sizeof(query));
    (void)state;
    imprint_of_note(imprint);
    buf_init(&made, 1024);
    timestamp_request(&made, imprint, nonce);
    assert_int_equal(made.length, wanted.length);
    assert_memory_equal(made.data, wanted.data, wanted.length);
    buf_free(&made);
}

static enum result check(const char *ca, const struct timestamp_claim *claim, time_ms *ret_at,
                         struct error *error)
{
    char reply[8192];
    struct timestamp_trust *trust = trust_of(ca);
    enum result result =
        timestamp_check(trust, load("reply.tsr", reply, sizeof(reply)), claim, ret_at, error);
    timestamp_trust_destroy(&trust);
    return result;
}

/* If this fails, good timestamps are refused, or bad ones kept as evidence. */
static void an_answer_is_believed_only_whole(void **state)
{
    uint8_t imprint[DIGEST_SIZE], other[TIMESTAMP_NONCE_SIZE] = {0x2b};
    struct timestamp_claim claim = {imprint, nonce, TIME_NONE};
    struct error error = {0};
    time_ms at = 0, wanted;
    (void)state;
    imprint_of_note(imprint);
    assert_true(time_parse(said, &wanted));
    assert_int_equal(check("ca.pem", &claim, &at, &error), RESULT_OK);
    assert_int_equal(at, wanted);
    assert_int_equal(check("tsa.pem", &claim, &at, &error), RESULT_OK); /* its own certificate */
    claim.nonce = NULL;
    assert_int_equal(check("ca.pem", &claim, &at, &error), RESULT_OK);
    claim.now = wanted + INT64_C(200) * 366 * 86400000; /* the certificates have ended */
    assert_int_equal(check("ca.pem", &claim, &at, &error), RESULT_DENIED);
    claim.now = TIME_NONE;
    assert_int_equal(check("foreign.pem", &claim, &at, &error), RESULT_DENIED);
    assert_non_null(strstr(error.text, "certificate"));
    claim.nonce = other;
    assert_int_equal(check("ca.pem", &claim, &at, &error), RESULT_DENIED);
    assert_non_null(strstr(error.text, "another request"));
    claim.nonce = nonce;
    imprint[31] ^= 1;
    assert_int_equal(check("ca.pem", &claim, &at, &error), RESULT_DENIED);
    assert_non_null(strstr(error.text, "other bytes"));
}

/* If this fails, a changed or cut token passes for one that says another time. */
static void no_flip_changes_what_it_says(void **state)
{
    char reply[8192];
    uint8_t imprint[DIGEST_SIZE];
    const struct timestamp_claim claim = {imprint, nonce, TIME_NONE};
    struct slice whole = load("reply.tsr", reply, sizeof(reply));
    struct timestamp_trust *trust = trust_of("ca.pem");
    struct error error;
    time_ms at = 0, wanted;
    unsigned refused = 0;
    (void)state;
    imprint_of_note(imprint);
    assert_true(time_parse(said, &wanted));
    for (size_t i = 0; i < whole.length; i += 3) {
        reply[i] ^= (char)(1 << (i % 8));
        if (timestamp_check(trust, whole, &claim, &at, &error) == RESULT_OK)
            assert_int_equal(at, wanted);
        else
            refused++;
        reply[i] ^= (char)(1 << (i % 8));
    }
    assert_true(refused > whole.length / 3 / 2);
    for (size_t n = 0; n < whole.length; n += 7)
        assert_int_not_equal(timestamp_check(trust, (struct slice){reply, n}, &claim, &at, &error),
                             RESULT_OK);
    timestamp_trust_destroy(&trust);
}

/* If this fails, a file without a certificate counts as an authority. */
static void trust_needs_a_certificate(void **state)
{
    struct timestamp_trust *trust = NULL;
    struct error error;
    (void)state;
    assert_int_equal(timestamp_trust_create(slice_of("not a certificate"), &trust, &error),
                     RESULT_INVALID);
    assert_null(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_is_openssls),
        cmocka_unit_test(an_answer_is_believed_only_whole),
        cmocka_unit_test(no_flip_changes_what_it_says),
        cmocka_unit_test(trust_needs_a_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
