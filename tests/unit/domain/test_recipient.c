/* test_recipient.c - one uploaded person from JSON: what is taken, what is refused and where. */
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

static enum result read_tree(const char *text, size_t length, struct arena *arena,
                             struct recipient *ret, struct error *error)
{
    struct json_object *json;
    enum result result = json_read(text, length, &json, error);

    if (result != RESULT_OK)
        return result;
    result = recipient_read(json, arena, ret, error);
    json_object_put(json);
    return result;
}

static void assert_same_record(const struct recipient *a, const struct recipient *b)
{
    struct buf one, two;

    buf_init(&one, 1 << 20);
    buf_init(&two, 1 << 20);
    assert_true(recipient_write(&one, a));
    assert_true(recipient_write(&two, b));
    assert_string_equal(one.data, two.data);
    assert_int_equal(a->has_address, b->has_address);
    assert_int_equal(a->n_fields, b->n_fields);
    buf_free(&one);
    buf_free(&two);
}

/* Reads both ways, which must agree in all they say. */
static enum result read_both(const char *text, size_t length, struct arena *arena,
                             struct recipient *ret, struct error *error)
{
    struct arena *other = arena_create(1 << 20);
    struct recipient quick = {.number = 77};
    struct error told = {0};
    enum result result = read_tree(text, length, arena, ret, error);
    enum result again = recipient_read_text(text, length, other, &quick, &told);

    if (result == RESULT_TOO_LARGE) {
        arena_destroy(&other);
        return result;
    }
    assert_int_equal(again, result);
    assert_string_equal(told.field, error->field);
    assert_string_equal(told.text, error->text);
    if (result == RESULT_OK)
        assert_same_record(ret, &quick);
    else
        assert_int_equal(quick.number, 77);
    arena_destroy(&other);
    return result;
}

static enum result read_text(const char *text, struct arena *arena, struct recipient *ret,
                             struct error *error)
{
    return read_both(text, strlen(text), arena, ret, error);
}

static const char whole[] =
    "{\"recipient_id\":\"c-1\",\"account_id\":\"a-1\",\"name\":\"Zo\xc3\xab Example\","
    "\"email\":\"zoe@example.org\",\"phone\":\"+14155550123\",\"address\":{\"line1\":\"1 Main St\","
    "\"line2\":\"\",\"city\":\"Springfield\",\"region\":\"CA\",\"postal_code\":\"90001\","
    "\"country\":\"US\"},\"jurisdiction\":\"US-CA\",\"locale\":\"en\",\"consent\":{\"electronic\":"
    "true,\"scope\":\"notices\",\"basis\":\"E-SIGN\",\"given_at\":\"2025-01-31\"},"
    "\"legal_email_opt_out\":true,\"data_types\":[\"ssn\",\"other\"],\"flags\":[\"minor\"],"
    "\"fields\":{\"plan\":\"Gold\",\"code\":\"A|B\"}}";

/* A member that is read into another's place sends somebody's data to somebody else. */
static void test_a_whole_record(void **state)
{
    struct arena *arena = arena_create(65536);
    struct recipient r;
    struct error error = {0};

    (void)state;
    assert_int_equal(read_text(whole, arena, &r, &error), RESULT_OK);
    assert_string_equal(r.recipient_id, "c-1");
    assert_string_equal(r.account_id, "a-1");
    assert_string_equal(r.name, "Zo\xc3\xab Example");
    assert_string_equal(r.email, "zoe@example.org");
    assert_string_equal(r.phone, "+14155550123");
    assert_string_equal(r.address.line1, "1 Main St");
    assert_null(r.address.line2);
    assert_string_equal(r.address.city, "Springfield");
    assert_string_equal(r.address.region, "CA");
    assert_string_equal(r.address.postal_code, "90001");
    assert_string_equal(r.address.country, "US");
    assert_true(r.has_address);
    assert_string_equal(r.jurisdiction, "US-CA");
    assert_string_equal(r.locale, "en");
    assert_true(r.consent.known && r.consent.electronic);
    assert_string_equal(r.consent.scope, "notices");
    assert_string_equal(r.consent.basis, "E-SIGN");
    assert_true(r.consent.given_at == INT64_C(1738281600000));
    assert_true(r.legal_email_opt_out);
    assert_true(r.data_types == (UINT64_C(1) << DATA_SSN | UINT64_C(1) << DATA_OTHER));
    assert_int_equal(r.flags, RECIPIENT_MINOR);
    assert_string_equal(recipient_field(&r, "plan"), "Gold");
    assert_string_equal(recipient_field(&r, "code"), "A|B");
    assert_null(recipient_field(&r, "nothing"));
    arena_destroy(&arena);
}

/* A person of whom little is known would be refused, and never told. */
static void test_what_may_be_absent(void **state)
{
    struct arena *arena = arena_create(65536);
    struct recipient r;
    struct error error = {0};

    (void)state;
    assert_int_equal(read_text("{\"recipient_id\":\"x\",\"email\":null,\"phone\":\"\","
                               "\"address\":{\"city\":\"Berlin\",\"country\":\"DE\"},"
                               "\"consent\":null,\"fields\":{\"a\":null},\"data_types\":[]}",
                               arena, &r, &error),
                     RESULT_OK);
    assert_null(r.email);
    assert_null(r.phone);
    assert_false(r.has_address);
    assert_false(r.consent.known);
    assert_true(r.consent.given_at == TIME_NONE);
    assert_int_equal(r.n_fields, 0);
    assert_true(r.data_types == 0);
    arena_destroy(&arena);
}

/* A bad row would pass, or its owner would not learn what is wrong with it. */
static void test_refusals_name_the_member(void **state)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"[]", ""},
        {"\"x\"", ""},
        {"{}", "recipient_id"},
        {"{\"recipient_id\":\"\"}", "recipient_id"},
        {"{\"recipient_id\":7}", "recipient_id"},
        {"{\"recipient_id\":\"a\\u0007b\"}", "recipient_id"},
        {"{\"recipient_id\":\"x\",\"emial\":\"a@b.example\"}", "emial"},
        {"{\"recipient_id\":\"x\",\"ann@example.org\":1}", ""},
        {"{\"recipient_id\":\"x\",\"email\":\"a@b\"}", "email"},
        {"{\"recipient_id\":\"x\",\"email\":\"a@b\xc3\xbc.example\"}", "email"},
        {"{\"recipient_id\":\"x\",\"email\":\"a@b.example\\r\\nX: y\"}", "email"},
        {"{\"recipient_id\":\"x\",\"email\":[\"a@b.example\"]}", "email"},
        {"{\"recipient_id\":\"x\",\"phone\":\"415 555\"}", "phone"},
        {"{\"recipient_id\":\"x\",\"name\":\"A\\nB\"}", "name"},
        {"{\"recipient_id\":\"x\",\"address\":\"1 Main St\"}", "address"},
        {"{\"recipient_id\":\"x\",\"address\":{\"country\":\"Germany\"}}", "address.country"},
        {"{\"recipient_id\":\"x\",\"address\":{\"country\":\"de\"}}", "address.country"},
        {"{\"recipient_id\":\"x\",\"address\":{\"zip\":\"1\"}}", "address.zip"},
        {"{\"recipient_id\":\"x\",\"jurisdiction\":\"California\"}", "jurisdiction"},
        {"{\"recipient_id\":\"x\",\"locale\":\"en_US\"}", "locale"},
        {"{\"recipient_id\":\"x\",\"consent\":true}", "consent"},
        {"{\"recipient_id\":\"x\",\"consent\":{}}", "consent.electronic"},
        {"{\"recipient_id\":\"x\",\"consent\":{\"electronic\":\"yes\"}}", "consent.electronic"},
        {"{\"recipient_id\":\"x\",\"consent\":{\"electronic\":true,\"given_at\":\"31.1.2025\"}}",
         "consent.given_at"},
        {"{\"recipient_id\":\"x\",\"legal_email_opt_out\":1}", "legal_email_opt_out"},
        {"{\"recipient_id\":\"x\",\"data_types\":\"ssn\"}", "data_types"},
        {"{\"recipient_id\":\"x\",\"data_types\":[\"SSN\"]}", "data_types"},
        {"{\"recipient_id\":\"x\",\"data_types\":[1]}", "data_types"},
        {"{\"recipient_id\":\"x\",\"flags\":[\"rich\"]}", "flags"},
        {"{\"recipient_id\":\"x\",\"fields\":[]}", "fields"},
        {"{\"recipient_id\":\"x\",\"fields\":{\"a b\":\"c\"}}", "fields"},
        {"{\"recipient_id\":\"x\",\"fields\":{\"plan\":1}}", "fields.plan"},
        {"{\"recipient_id\":\"x\",\"fields\":{\"plan\":\"a\\tb\"}}", "fields.plan"},
        {"{\"recipient_id\":\"x\",\"number\":3}", "number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena *arena = arena_create(65536);
        struct recipient r = {.number = 77};
        struct error error = {0};

        assert_int_equal(read_text(rows[i].text, arena, &r, &error), RESULT_INVALID);
        if (strcmp(error.field, rows[i].field) != 0 || error.text[0] == '\0')
            fail_msg("row %zu: field %s, %s", i, error.field, error.text);
        assert_true(strlen(error.text) < 128); /* what is kept of a refusal */
        assert_int_equal(r.number, 77);
        arena_destroy(&arena);
    }
}

/* An error text would carry a person's address into logs and reports. */
static void test_errors_hold_no_values(void **state)
{
    struct arena *arena = arena_create(65536);
    struct recipient r;
    struct error error = {0};

    (void)state;
    assert_int_equal(
        read_text("{\"recipient_id\":\"x\",\"email\":\"secret@nowhere\"}", arena, &r, &error),
        RESULT_INVALID);
    assert_null(strstr(error.text, "secret"));
    arena_destroy(&arena);
}

/* A value at the edge would be cut or pass too long into a provider's form. */
static void test_bounds(void **state)
{
    struct arena *arena = arena_create(1 << 20);
    char text[9000], value[5000];
    struct recipient r;
    struct error error = {0};

    (void)state;
    memset(value, 'a', sizeof(value));
    value[128] = '\0';
    (void)snprintf(text, sizeof(text), "{\"recipient_id\":\"%s\"}", value);
    assert_int_equal(read_text(text, arena, &r, &error), RESULT_OK);
    assert_int_equal(strlen(r.recipient_id), 128);
    value[128] = 'a';
    value[129] = '\0';
    (void)snprintf(text, sizeof(text), "{\"recipient_id\":\"%s\"}", value);
    assert_int_equal(read_text(text, arena, &r, &error), RESULT_INVALID);
    memset(value, 'a', sizeof(value));
    value[4097] = '\0';
    (void)snprintf(text, sizeof(text), "{\"recipient_id\":\"x\",\"fields\":{\"a\":\"%s\"}}", value);
    assert_int_equal(read_text(text, arena, &r, &error), RESULT_INVALID);
    assert_string_equal(error.field, "fields.a");
    arena_destroy(&arena);
}

/* A person with very many merge fields would overrun the list. */
static void test_too_many_fields(void **state)
{
    struct arena *arena = arena_create(1 << 20);
    struct buf text;
    struct recipient r;
    struct error error = {0};

    (void)state;
    buf_init(&text, 65536);
    (void)buf_puts(&text, "{\"recipient_id\":\"x\",\"fields\":{\"a\":\"\"");
    for (int i = 0; i < 63; i++)
        (void)buf_printf(&text, ",\"f%d\":\"v\"", i);
    (void)buf_puts(&text, "}}");
    assert_int_equal(read_text(text.data, arena, &r, &error), RESULT_OK);
    assert_int_equal(r.n_fields, 64);
    text.length -= 2;
    (void)buf_puts(&text, ",\"last\":\"v\"}}");
    assert_int_equal(read_text(text.data, arena, &r, &error), RESULT_INVALID);
    buf_free(&text);
    arena_destroy(&arena);
}

/* A full arena would be written past, or the program would end. */
static void test_a_small_arena_is_an_answer(void **state)
{
    struct arena *arena = arena_create(64);
    struct recipient r;
    struct error error = {0};

    (void)state;
    assert_int_equal(read_text(whole, arena, &r, &error), RESULT_TOO_LARGE);
    arena_destroy(&arena);
}

/* The quick way would take what the strict gate refuses, or read it otherwise. */
static void test_both_ways_agree(void **state)
{
    static const char *const texts[] = {
        " \t\r\n{ \"recipient_id\" : \"x\" , \"flags\" : [ \"minor\" , \"deceased\" ] } \r\n",
        "{\"recipient\\u005fid\":\"a\\u00eb\\uD83D\\ude00\\/\\\\\\\"\"}",
        "{\"recipient_id\":\"x\",\"recipient_id\":\"y\"}",
        "{\"recipient_id\":\"x\",\"name\":null,\"name\":\"y\"}",
        "{\"recipient_id\":\"x\",\"n\\u0061me\":\"z\",\"name\":\"y\"}",
        "{\"recipient_id\":\"x\",\"address\":null,\"address\":{}}",
        "{\"recipient_id\":\"x\",\"consent\":{\"electronic\":null}}",
        "{\"recipient_id\":\"x\",\"consent\":{\"electronic\":true,\"scope\":null}}",
        "{\"recipient_id\":\"x\",\"consent\":{\"electronic\":true,\"electronic\":true}}",
        "{\"recipient_id\":\"x\",\"fields\":{\"a\":\"1\",\"a\":\"2\"}}",
        "{\"recipient_id\":\"x\",\"fields\":{\"a\":null,\"a\":\"2\"}}",
        "{\"recipient_id\":\"x\",\"fields\":{\"a\":null,\"b\":\"2\"}}",
        "{\"recipient_id\":\"x\",\"fields\":{},\"address\":{},\"data_types\":[ ]}",
        "{\"recipient_id\":\"x\\ud800\"}",
        "{\"recipient_id\":\"x\\ud800\\u0041\"}",
        "{\"recipient_id\":\"x\\udc00\"}",
        "{\"recipient_id\":\"x\\u0000\"}",
        "{\"recipient_id\":\"x\\u12g4\"}",
        "{\"recipient_id\":\"x\\x\"}",
        "{\"recipient_id\":\"x\\u2028\"}",
        "{\"recipient_id\":\"x\\u0085\"}",
        "{\"recipient_id\":\"\xc3\x28\"}",
        "{\"recipient_id\":\"\xed\xa0\x80\"}",
        "{\"recipient_id\":\"a\x7f\"}",
        "{\"recipient_id\":\"a\tb\"}",
        "{\"recipient_id\":\"x\",}",
        "{\"recipient_id\":\"x\"}}",
        "{\"recipient_id\":\"x\"} 1",
        "{\"recipient_id\":\"x\" \"name\":\"y\"}",
        "{\"recipient_id\":\"x\",\"flags\":[\"minor\",]}",
        "{\"recipient_id\":\"x\",\"flags\":[null]}",
        "{\"recipient_id\":\"x\",\"legal_email_opt_out\":nul}",
        "{\"recipient_id\":\"x\",\"legal_email_opt_out\":nulls}",
        "{\"recipient_id\":\"x\",\"legal_email_opt_out\":truer}",
        "{'recipient_id':'x'}",
        "{\"recipient_id\":\"x\"",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena *arena = arena_create(1 << 20);
        struct recipient r;
        struct error error = {0};

        (void)read_text(texts[i], arena, &r, &error);
        arena_destroy(&arena);
    }
}

/* A cut or damaged line would be read past its end, or told otherwise than before. */
static void test_both_ways_agree_on_damage(void **state)
{
    static const char bytes[] = {'\0', '"', '\\', '{', '}', ',', 'n', ' ', (char)0xff};

    (void)state;
    for (size_t i = 0; i < sizeof(whole) - 1; i++) {
        struct arena *arena = arena_create(1 << 20);
        struct recipient r;
        struct error error = {0};
        char copy[sizeof(whole)];

        (void)read_both(whole, i, arena, &r, &error);
        for (size_t b = 0; b < sizeof(bytes); b++) {
            memcpy(copy, whole, sizeof(copy));
            copy[i] = bytes[b];
            error = (struct error){0};
            (void)read_both(copy, sizeof(copy) - 1, arena, &r, &error);
        }
        arena_destroy(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_record),
        cmocka_unit_test(test_what_may_be_absent),
        cmocka_unit_test(test_refusals_name_the_member),
        cmocka_unit_test(test_errors_hold_no_values),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_too_many_fields),
        cmocka_unit_test(test_a_small_arena_is_an_answer),
        cmocka_unit_test(test_both_ways_agree),
        cmocka_unit_test(test_both_ways_agree_on_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
