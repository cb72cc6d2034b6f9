/* test_recipient_store.c - the stored form of a person and the fast way back. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/recipient.h"

static const char canonical[] =
    "{\"account_id\":\"a\\\\b\",\"address\":{\"city\":\"Z\xc3\xbcrich\",\"country\":\"CH\","
    "\"line1\":\"Weg \\\"1\\\"\",\"postal_code\":\"8001\",\"region\":\"ZH\"},\"consent\":{"
    "\"basis\":\"b\",\"electronic\":false,\"given_at\":\"2025-01-31T00:00:00.000Z\"},\"data_"
    "types\":"
    "[\"email\",\"other\"],\"email\":\"z@example.org\",\"fields\":{\"B\":\"2\",\"_a\":\"1\"},"
    "\"flags\":[\"minor\",\"deceased\"],\"jurisdiction\":\"EU-DE\",\"legal_email_opt_out\":true,"
    "\"locale\":\"de\",\"name\":\"Z\",\"phone\":\"+41445550123\",\"recipient_id\":\"r\"}";

static void read_json(const char *text, struct arena *arena, struct recipient *ret)
{
    struct json_object *json;
    struct error error;

    assert_int_equal(json_read(text, strlen(text), &json, &error), RESULT_OK);
    assert_int_equal(recipient_read(json, arena, ret, &error), RESULT_OK);
    json_object_put(json);
}

/* The digest over a roster would depend on the order in which members came. */
static void test_written_form_is_canonical(void **state)
{
    static const char mixed[] =
        "{\"recipient_id\":\"r\",\"phone\":\"+41445550123\",\"name\":\"Z\",\"locale\":\"de\","
        "\"legal_email_opt_out\":true,\"jurisdiction\":\"EU-DE\",\"flags\":[\"deceased\","
        "\"minor\"],\"fields\":{\"_a\":\"1\",\"B\":\"2\"},\"email\":\"z@example.org\","
        "\"data_types\":[\"other\",\"email\",\"email\"],\"consent\":{\"given_at\":\"2025-01-31\","
        "\"electronic\":false,\"basis\":\"b\"},\"address\":{\"region\":\"ZH\",\"postal_code\":"
        "\"8001\",\"line1\":\"Weg \\\"1\\\"\",\"country\":\"CH\",\"city\":\"Z\xc3\xbcrich\"},"
        "\"account_id\":\"a\\\\b\"}";
    struct arena *arena = arena_create(65536);
    struct recipient r;
    struct buf buf;

    (void)state;
    read_json(mixed, arena, &r);
    buf_init(&buf, 65536);
    assert_true(recipient_write(&buf, &r));
    assert_string_equal(buf.data, canonical);
    buf_free(&buf);
    arena_destroy(&arena);
}

/* What dispatch sees would differ from what was uploaded. */
static void test_load_gives_back_what_was_written(void **state)
{
    static const char *const texts[] = {
        canonical, "{\"recipient_id\":\"x\"}",
        "{\"consent\":{\"electronic\":true,\"scope\":\"s\"},\"recipient_id\":\"x\"}",
        "{\"address\":{\"city\":\"only\"},\"recipient_id\":\"x\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena *arena = arena_create(65536);
        struct recipient r;
        struct buf buf;

        assert_int_equal(recipient_load(texts[i], strlen(texts[i]), arena, &r), RESULT_OK);
        buf_init(&buf, 65536);
        assert_true(recipient_write(&buf, &r));
        assert_string_equal(buf.data, texts[i]);
        buf_free(&buf);
        arena_destroy(&arena);
    }
}

/* A loaded record would lack what the ladder asks for. */
static void test_load_fills_what_is_derived(void **state)
{
    struct arena *arena = arena_create(65536);
    struct recipient r;

    (void)state;
    assert_int_equal(recipient_load(canonical, sizeof(canonical) - 1, arena, &r), RESULT_OK);
    assert_true(r.has_address);
    assert_true(r.consent.known);
    assert_false(r.consent.electronic);
    assert_true(r.consent.given_at == INT64_C(1738281600000));
    assert_string_equal(r.account_id, "a\\b");
    assert_string_equal(r.address.line1, "Weg \"1\"");
    assert_int_equal(r.flags, RECIPIENT_MINOR | RECIPIENT_DECEASED);
    assert_string_equal(recipient_field(&r, "_a"), "1");
    arena_destroy(&arena);
}

/* A record cut or damaged on disk would be read past its end or half believed. */
static void test_every_cut_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(canonical) - 1; n++) {
        struct arena *arena = arena_create(65536);
        struct recipient r;

        assert_int_equal(recipient_load(canonical, n, arena, &r), RESULT_INVALID);
        arena_destroy(&arena);
    }
}

/* A flipped byte would crash the loader: it may give another text, but never anything else. */
static void test_no_damage_harms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(canonical) - 1; i++) {
        static const char bytes[] = {'\0', '"', '\\', '{', '}', ',', (char)0xff};

        for (size_t b = 0; b < sizeof(bytes); b++) {
            struct arena *arena = arena_create(65536);
            struct recipient r = {0};
            char copy[sizeof(canonical)];

            memcpy(copy, canonical, sizeof(copy));
            copy[i] = bytes[b];
            if (recipient_load(copy, sizeof(copy) - 1, arena, &r) == RESULT_OK)
                assert_non_null(r.recipient_id);
            arena_destroy(&arena);
        }
    }
}

/* A full buffer would give a cut record for a whole one. */
static void test_a_full_buffer_is_told(void **state)
{
    struct arena *arena = arena_create(65536);
    struct recipient r;
    struct buf buf;

    (void)state;
    assert_int_equal(recipient_load(canonical, sizeof(canonical) - 1, arena, &r), RESULT_OK);
    buf_init(&buf, 100);
    assert_false(recipient_write(&buf, &r));
    buf_free(&buf);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_form_is_canonical),
        cmocka_unit_test(test_load_gives_back_what_was_written),
        cmocka_unit_test(test_load_fills_what_is_derived),
        cmocka_unit_test(test_every_cut_is_refused),
        cmocka_unit_test(test_no_damage_harms),
        cmocka_unit_test(test_a_full_buffer_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
