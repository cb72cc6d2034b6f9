/* test_recipient_csv.c - persons from a CSV roster: header rules, cells, refusals. */
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
#include "base/str.h"

/* Interfaces. */
#include "tocsin/csv.h"

/* Reads a header and rows; keeps the last record as canonical JSON and the last error. */
struct roster {
    struct recipient_columns *columns;
    enum result header, row;
    struct error error;
    struct buf json;
    unsigned rows;
};

static enum result take_row(void *context, const struct csv_row *row)
{
    struct roster *roster = context;
    struct arena *arena;
    struct recipient r;

    if (roster->columns == NULL) {
        roster->header = recipient_columns_read(row, &roster->columns, &roster->error);
        return roster->header;
    }
    arena = arena_create(65536);
    roster->rows++;
    roster->row = recipient_from_csv_row(roster->columns, row, arena, &r, &roster->error);
    buf_clear(&roster->json);
    if (roster->row == RESULT_OK)
        assert_true(recipient_write(&roster->json, &r));
    arena_destroy(&arena);
    return RESULT_OK;
}

static void roster_read(struct roster *roster, const char *text)
{
    struct csv_reader *reader = csv_reader_create(take_row, roster);

    memset(roster, 0, sizeof(*roster));
    buf_init(&roster->json, 65536);
    (void)csv_reader_add(reader, text, strlen(text));
    (void)csv_reader_end(reader);
    csv_reader_destroy(&reader);
}

static void roster_free(struct roster *roster)
{
    recipient_columns_destroy(&roster->columns);
    buf_free(&roster->json);
}

/* The same person would be another one by CSV than by JSON. */
static void test_all_columns(void **state)
{
    struct roster roster;

    (void)state;
    roster_read(&roster,
                "recipient_id,account_id,name,email,phone,address_line1,address_line2,address_city,"
                "address_region,address_postal_code,address_country,jurisdiction,locale,"
                "consent_electronic,consent_scope,consent_basis,consent_given_at,"
                "legal_email_opt_out,data_types,flags,fields_plan,fields_x_1\r\n"
                "c-1,a-1,\"Doe, Ann\",ann@example.org,+14155550123,1 Main St,Apt 2,Springfield,CA,"
                "90001,US,US-CA,en,yes,notices,E-SIGN,2025-01-31,TRUE,ssn|email; name,minor,Gold,"
                "\"a \"\"b\"\"\"\r\n");
    assert_int_equal(roster.header, RESULT_OK);
    assert_int_equal(roster.row, RESULT_OK);
    assert_string_equal(
        roster.json.data,
        "{\"account_id\":\"a-1\",\"address\":{\"city\":\"Springfield\",\"country\":\"US\","
        "\"line1\":\"1 Main St\",\"line2\":\"Apt 2\",\"postal_code\":\"90001\",\"region\":\"CA\"},"
        "\"consent\":{\"basis\":\"E-SIGN\",\"electronic\":true,\"given_at\":"
        "\"2025-01-31T00:00:00.000Z\",\"scope\":\"notices\"},\"data_types\":[\"name\",\"email\","
        "\"ssn\"],\"email\":\"ann@example.org\",\"fields\":{\"plan\":\"Gold\",\"x_1\":\"a "
        "\\\"b\\\"\"},\"flags\":[\"minor\"],\"jurisdiction\":\"US-CA\",\"legal_email_opt_out\":"
        "true,\"locale\":\"en\",\"name\":\"Doe, Ann\",\"phone\":\"+14155550123\","
        "\"recipient_id\":\"c-1\"}");
    roster_free(&roster);
}

/* Empty cells would become empty addresses. */
static void test_empty_cells_are_absent(void **state)
{
    struct roster roster;

    (void)state;
    roster_read(&roster, "recipient_id,email,address_city,consent_electronic,data_types,fields_a\n"
                         "x,,,,,\n");
    assert_int_equal(roster.row, RESULT_OK);
    assert_string_equal(roster.json.data, "{\"recipient_id\":\"x\"}");
    roster_free(&roster);
}

/* A misspelt or missing column would be lost without a word. */
static void test_headers_refused(void **state)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"recipient_id,shoe-size\n", ""},
        {"recipient_id,emial\n", "emial"},
        {"email\n", "recipient_id"},
        {"recipient_id,email,email\n", "email"},
        {"recipient_id,,email\n", ""},
        {"recipient_id,adress\n", "adress"},
        {"recipient_id,address_zip\n", "address_zip"},
        {"recipient_id,fields_\n", "fields_"},
        {"recipient_id,fields_1a\n", "fields_1a"},
        {"c-1,Ann,ann@example.org\n", ""},
        {"recipient_id,\"x\n", ""},
        {"recipient_id,consent_\n", "consent_"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct roster roster;

        roster_read(&roster, rows[i].text);
        assert_int_equal(roster.header, RESULT_INVALID);
        /* "c-1" is no column name; what looks like an address is never repeated. */
        if (strcmp(roster.error.field, rows[i].field) != 0)
            fail_msg("row %zu: %s, %s", i, roster.error.field, roster.error.text);
        assert_null(strstr(roster.error.text, "ann@"));
        roster_free(&roster);
    }
}

/* A bad row would be kept, or its owner could not find the fault. */
static void test_rows_refused(void **state)
{
    static const struct {
        const char *text, *field;
    } rows[] = {
        {"recipient_id,email\n,a@b.example\n", "recipient_id"},
        {"recipient_id,email\nx\n", ""},
        {"recipient_id,email\nx,a@b.example,y\n", ""},
        {"recipient_id,email\nx,a\"b\n", ""},
        {"recipient_id,email\nx,nobody\n", "email"},
        {"recipient_id,email\nx,\"a@b.example\n\"\n", "email"},
        {"recipient_id,email\n\xff,a@b.example\n", "recipient_id"},
        {"recipient_id,legal_email_opt_out\nx,maybe\n", "legal_email_opt_out"},
        {"recipient_id,data_types\nx,ssn|shoes\n", "data_types"},
        {"recipient_id,data_types\nx,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
         "data_types"},
        {"recipient_id,flags\nx,|\n", "flags"},
        {"recipient_id,consent_scope\nx,all\n", "consent.electronic"},
        {"recipient_id,consent_given_at,consent_electronic\nx,soon,true\n", "consent.given_at"},
        {"recipient_id,address_country\nx,Germany\n", "address.country"},
        {"recipient_id,fields_a\nx,\"a\nb\"\n", "fields.a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct roster roster;

        roster_read(&roster, rows[i].text);
        assert_int_equal(roster.rows, 1);
        if (roster.row != RESULT_INVALID || strcmp(roster.error.field, rows[i].field) != 0)
            fail_msg("row %zu: %s, %s", i, roster.error.field, roster.error.text);
        assert_true(strlen(roster.error.text) < 128); /* what is kept of a refusal */
        roster_free(&roster);
    }
}

/* One bad row would cost the good ones behind it. */
static void test_good_rows_follow_bad_ones(void **state)
{
    struct roster roster;

    (void)state;
    roster_read(&roster, "recipient_id,email\nx,\"a\"b\ny\nz,z@example.org\n");
    assert_int_equal(roster.rows, 3);
    assert_int_equal(roster.row, RESULT_OK);
    assert_string_equal(roster.json.data, "{\"email\":\"z@example.org\",\"recipient_id\":\"z\"}");
    roster_free(&roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_columns),
        cmocka_unit_test(test_empty_cells_are_absent),
        cmocka_unit_test(test_headers_refused),
        cmocka_unit_test(test_rows_refused),
        cmocka_unit_test(test_good_rows_follow_bad_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
