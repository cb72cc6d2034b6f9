/* test_roster_sheet.c - spreadsheets as they come: encodings, delimiters, header names, damage. */
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
#include "tocsin/sheet.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BYTES(text)  text, sizeof(text) - 1

/* ---- Encodings. ---- */

struct decoded {
    enum result result;
    enum sheet_charset charset;
    char text[512];
    struct error error;
};

/* In pushes of `step` bytes. */
static void decode(const char *bytes, size_t length, enum sheet_charset declared, size_t step,
                   struct decoded *ret)
{
    struct sheet_decoder *decoder = sheet_decoder_create(declared);
    struct buf out;
    buf_init(&out, SIZE_MAX);
    memset(ret, 0, sizeof(*ret));
    for (size_t at = 0; ret->result == RESULT_OK && at < length; at += step)
        ret->result = sheet_decoder_add(decoder, bytes + at,
                                        length - at < step ? length - at : step, &out, &ret->error);
    if (ret->result == RESULT_OK)
        ret->result = sheet_decoder_end(decoder, &out, &ret->error);
    ret->charset = sheet_decoder_charset(decoder);
    snprintf(ret->text, sizeof(ret->text), "%s", out.data);
    buf_free(&out);
    sheet_decoder_destroy(&decoder);
}

struct encoding_case {
    const char *bytes;
    size_t length;
    enum sheet_charset declared, charset; /* UNSAID: refused */
    const char *text;
};
static const struct encoding_case encodings[] = {
    {BYTES("Ann"), SHEET_UNSAID, SHEET_ASCII, "Ann"},
    {BYTES("\xef\xbb\xbf"
           "Ann"),
     SHEET_UNSAID, SHEET_UTF8, "Ann"},
    {BYTES("Ren\xc3\xa9"), SHEET_UNSAID, SHEET_UTF8, "Ren\xc3\xa9"},
    {BYTES("Ren\xe9,M\xfcller"), SHEET_UNSAID, SHEET_WINDOWS_1252, "Ren\xc3\xa9,M\xc3\xbcller"},
    {BYTES("O\x92"
           "Brien,\xc9mile"),
     SHEET_UNSAID, SHEET_WINDOWS_1252,
     "O\xe2\x80\x99"
     "Brien,\xc3\x89mile"},
    {BYTES("S\xf8ren,Gon\xe7"
           "alo,Jo\xe3o"),
     SHEET_UNSAID, SHEET_WINDOWS_1252,
     "S\xc3\xb8ren,Gon\xc3\xa7"
     "alo,Jo\xc3\xa3o"},
    {BYTES("\xff\xfe"
           "A\0n\0\xe9\0"),
     SHEET_UNSAID, SHEET_UTF16LE, "An\xc3\xa9"},
    {BYTES("\xfe\xff\0A\0n\x20\xac"), SHEET_UNSAID, SHEET_UTF16BE, "An\xe2\x82\xac"},
    {BYTES("r\0e\0c\0i\0p\0i\0e\0n\0t\0\n\0"), SHEET_UNSAID, SHEET_UTF16LE, "recipient\n"},
    {BYTES("\0r\0e\0c\0i\0p\0i\0e\0n\0t\0\n"), SHEET_UNSAID, SHEET_UTF16BE, "recipient\n"},
    {BYTES("\xff\xfe\x3d\xd8\x00\xde"), SHEET_UNSAID, SHEET_UTF16LE, "\xf0\x9f\x98\x80"},
    {BYTES("\xff\xfe\x3d\xd8"), SHEET_UNSAID, SHEET_UTF16LE, "\xef\xbf\xbd"},
    {BYTES("Dvo\xf8\xe1k"), SHEET_WINDOWS_1252, SHEET_WINDOWS_1252, "Dvo\xc3\xb8\xc3\xa1k"},
    /* Refused: Windows-1250, 1251, Mac OS Roman, code page 850, Shift-JIS, bytes of nothing. */
    {BYTES("Dvo\xf8\xe1k"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("Wa\xb3\xeasa"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("\xc8\xe2\xe0\xed"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("Ren\x8e"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("J\x9arg"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("M\x81ller"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("J\x94rg"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("\x93\x8c\x8b\x9e"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("a,\xe9,b"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("Ren\xe9,M\x81ller"), SHEET_WINDOWS_1252, SHEET_UNSAID, NULL},
    {BYTES("\xff\xfe"
           "A\0"),
     SHEET_UTF8, SHEET_UNSAID, NULL},
    {BYTES("\xff\xfe\0\0A\0\0\0"), SHEET_UNSAID, SHEET_UNSAID, NULL},
    {BYTES("\xff\xfe"
           "A\0n"),
     SHEET_UNSAID, SHEET_UNSAID, NULL},
};

/* Breaks when a name is read in the wrong alphabet, or the cut of the stream changes the reading.
 */
static void test_encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(encodings); i++) {
        const struct encoding_case *it = &encodings[i];
        for (size_t step = 1; step < 6; step += 2) {
            struct decoded d;
            decode(it->bytes, it->length, it->declared, step, &d);
            if (it->text == NULL && d.result == RESULT_OK)
                fail_msg("case %zu was read as %s: %s", i, sheet_charset_name(d.charset), d.text);
            if (it->text == NULL)
                continue;
            if (d.result != RESULT_OK)
                fail_msg("case %zu: %s", i, d.error.text);
            assert_int_equal(d.charset, it->charset);
            assert_string_equal(d.text, it->text);
        }
    }
}

/* Breaks when a refusal does not say how to declare the encoding. */
static void test_refusal_says_how(void **state)
{
    struct decoded d;
    (void)state;
    decode(BYTES("Wa\xb3\xeasa"), SHEET_UNSAID, 100, &d);
    assert_non_null(strstr(d.error.text, "charset=windows-1252"));
}

/* Breaks when a wrong file is taken for a roster, or refused without a way out. */
static void test_foreign_files(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *word;
    } files[] = {
        {BYTES("%PDF-1.7\n"), "PDF"},
        {BYTES("PK\x03\x04......[Content_Types].xml"), "XLSX"},
        {BYTES("PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), "ODS"},
        {BYTES("PK\x03\x04roster.csv"), "ZIP"},
        {BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "XLS"},
        {BYTES("\n <!DOCTYPE html><title>Sign in"), "HTML"},
        {BYTES("\x1f\x8b\x08"), "gzip"}};
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        const char *sentence = sheet_foreign(files[i].bytes, files[i].length);
        assert_non_null(sentence);
        assert_non_null(strstr(sentence, files[i].word));
    }
    assert_null(sheet_foreign(BYTES("recipient_id,email\n")));
    assert_null(sheet_foreign(BYTES("\xff\xfer\0")));
}

/* ---- Shape. ---- */

/* Breaks when a delimiter is taken that splits the header wrongly. */
static void test_delimiters(void **state)
{
    static const struct {
        const char *text;
        char delimiter;
        size_t skip;
    } shapes[] = {
        {"recipient_id,email\nr1,a@b.test\n", ',', 0},
        {"recipient_id;email\nr1;a@b.test\n", ';', 0},
        {"recipient_id\temail\nr1\ta@b.test\n", '\t', 0},
        {"recipient_id|email\n", '|', 0},
        {"Customer ID;\"Name; first, last\";E-mail\n1;\"a;b\";x\n", ';', 0},
        {"sep=;\r\nrecipient_id;email\r\n", ';', 7},
        {"recipient_id\nr1\n", ',', 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct sheet_shape shape;
        struct error error;
        assert_int_equal(
            sheet_shape_read(shapes[i].text, strlen(shapes[i].text), true, &shape, &error),
            RESULT_OK);
        assert_int_equal(shape.delimiter, shapes[i].delimiter);
        assert_int_equal(shape.skip, shapes[i].skip);
    }
}

/* Breaks when a title, a second header row or a lost line end gets past the first look. */
static void test_shapes_refused(void **state)
{
    static const struct {
        const char *text, *word;
    } shapes[] = {
        {"Customers of the breach\n\nCustomer ID,E-mail,City\n1,a@b.test,Rome\n", "line 3"},
        {"recipient_id,email,name\nCustomer ID,E-mail,Name\n1,a@b.test,Ann\n", "two header rows"},
        {"recipient_id,email\rr1,a@b.test\r", "CR alone"},
        {"sep=#\nrecipient_id#email\n", "sep="},
    };
    static char endless[70000];
    struct sheet_shape shape;
    struct error error;
    (void)state;
    for (size_t i = 0; i < COUNT(shapes); i++) {
        assert_int_equal(
            sheet_shape_read(shapes[i].text, strlen(shapes[i].text), true, &shape, &error),
            RESULT_INVALID);
        assert_non_null(strstr(error.text, shapes[i].word));
    }
    memset(endless, 'x', sizeof(endless));
    assert_int_equal(sheet_shape_read(endless, sizeof(endless), false, &shape, &error),
                     RESULT_INVALID);
}

/* Breaks when a header that people write is not understood, or a strange one is. */
static void test_header_names(void **state)
{
    static const struct {
        const char *header, *column;
    } names[] = {
        {"recipient_id", "recipient_id"},
        {"Recipient ID", "recipient_id"},
        {"E-mail", "email"},
        {"Email Address", "email"},
        {"ZIP code", "address_postal_code"},
        {"PLZ", "address_postal_code"},
        {"Stra\xc3\x9f"
         "e",
         "address_line1"},
        {"Pr\xc3\xa9nom", "first_name"},
        {"Last Name", "last_name"},
        {"State/Province", "address_region"},
        {"Address Line 1", "address_line1"},
        {"consent electronic", "consent_electronic"},
        {"fields_plan", "fields_plan"},
        {"Shoe size", NULL},
        {"", NULL},
        {"fields_", NULL},
    };
    char to[SHEET_COLUMN_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *found = sheet_column_find(names[i].header, to);
        if (names[i].column == NULL)
            assert_null(found);
        else if (found == NULL)
            fail_msg("%s is not known", names[i].header);
        else
            assert_string_equal(found, names[i].column);
    }
}

/* ---- Damage. ---- */

/* Breaks when a damaged cell is sent to, or a sound one is touched. */
static void test_damage(void **state)
{
    static const struct {
        enum cell_kind kind;
        const char *cell, *country;
        enum cell_verdict verdict;
        const char *text;
    } cells[] = {
        {CELL_TEXT, "Ann", NULL, CELL_SOUND, NULL},
        {CELL_TEXT, "#N/A", NULL, CELL_DAMAGED, NULL},
        {CELL_TEXT, "#REF!", NULL, CELL_DAMAGED, NULL},
        {CELL_TEXT, "Err:502", NULL, CELL_DAMAGED, NULL},
        {CELL_TEXT, "########", NULL, CELL_DAMAGED, NULL},
        {CELL_TEXT, "#12 Elm Street", NULL, CELL_SOUND, NULL},
        {CELL_TEXT, "Ren\xc3\x83\xc2\xa9", NULL, CELL_REPAIRED, "Ren\xc3\xa9"},
        {CELL_TEXT,
         "O\xc3\xa2\xe2\x82\xac\xe2\x84\xa2"
         "Brien",
         NULL, CELL_REPAIRED,
         "O\xe2\x80\x99"
         "Brien"},
        {CELL_TEXT, "Ren\xc3\xa9", NULL, CELL_SOUND, NULL},
        {CELL_TEXT, "Ren\xef\xbf\xbd", NULL, CELL_DAMAGED, NULL},
        {CELL_ID, "1.23457E+12", NULL, CELL_DAMAGED, NULL},
        {CELL_ID, "12E4-77", NULL, CELL_SOUND, NULL},
        {CELL_PHONE, "1.4156E+10", "US", CELL_DAMAGED, NULL},
        {CELL_PHONE, "1,4156E+10", "US", CELL_DAMAGED, NULL},
        {CELL_PHONE, "+14155550123", NULL, CELL_SOUND, NULL},
        {CELL_PHONE, "+1 (415) 555-0123", NULL, CELL_REPAIRED, "+14155550123"},
        {CELL_PHONE, "415-555-0123", "US", CELL_REPAIRED, "+14155550123"},
        {CELL_PHONE, "14155550123", "US", CELL_REPAIRED, "+14155550123"},
        {CELL_PHONE, "415-555-0123", NULL, CELL_SOUND, NULL},
        {CELL_PHONE, "115-555-0123", "US", CELL_SOUND, NULL},
        {CELL_TIME, "45231", NULL, CELL_DAMAGED, NULL},
        {CELL_TIME, "2026-11-23", NULL, CELL_SOUND, NULL},
        {CELL_COUNTRY, "Germany", NULL, CELL_REPAIRED, "DE"},
        {CELL_COUNTRY, "us", NULL, CELL_REPAIRED, "US"},
        {CELL_COUNTRY, "US", NULL, CELL_SOUND, NULL},
        {CELL_COUNTRY, "Atlantis", NULL, CELL_SOUND, NULL},
        {CELL_LOCALE, "Spanish", NULL, CELL_REPAIRED, "es"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cells); i++) {
        struct cell_fix fix = {.reason = NULL};
        enum cell_verdict verdict =
            sheet_cell_judge(cells[i].kind, slice_of(cells[i].cell), cells[i].country, &fix);
        if (verdict != cells[i].verdict)
            fail_msg("%s: %d", cells[i].cell, (int)verdict);
        if (cells[i].text != NULL)
            assert_string_equal(fix.text, cells[i].text);
    }
}

/* Breaks when a leading zero is invented where nothing proves it, or not given back where it is. */
static void test_postal_codes(void **state)
{
    static const struct {
        const char *code, *region, *country, *jurisdiction;
        enum cell_verdict verdict;
        const char *text;
    } codes[] = {
        {"2139", "MA", "US", NULL, CELL_REPAIRED, "02139"},
        {"2139", "Massachusetts", "US", NULL, CELL_REPAIRED, "02139"},
        {"2139", NULL, NULL, "US-MA", CELL_REPAIRED, "02139"},
        {"21391234", "MA", "US", NULL, CELL_REPAIRED, "02139-1234"},
        {"901", "PR", "US", NULL, CELL_REPAIRED, "00901"},
        {"2139", "CA", "US", NULL, CELL_DAMAGED, NULL},
        {"2139", NULL, "US", NULL, CELL_DAMAGED, NULL},
        {"02139", "MA", "US", NULL, CELL_SOUND, NULL},
        {"90210", "CA", "US", NULL, CELL_SOUND, NULL},
        {"02139-1234", "MA", "US", NULL, CELL_SOUND, NULL},
        {"1067", NULL, "DE", NULL, CELL_DAMAGED, NULL},
        {"1010", NULL, "AT", NULL, CELL_SOUND, NULL},
        {"2.139E+3", NULL, "US", NULL, CELL_DAMAGED, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(codes); i++) {
        const struct recipient r = {.address = {.postal_code = codes[i].code,
                                                .region = codes[i].region,
                                                .country = codes[i].country},
                                    .jurisdiction = codes[i].jurisdiction};
        struct cell_fix fix;
        enum cell_verdict verdict = sheet_postal_judge(&r, &fix);
        if (verdict != codes[i].verdict)
            fail_msg("%s %s: %d", codes[i].code, str_or(codes[i].region, ""), (int)verdict);
        if (codes[i].text != NULL)
            assert_string_equal(fix.text, codes[i].text);
    }
}

/* ---- Jurisdictions. ---- */

/* Breaks when somebody's law is taken from the wrong place. */
static void test_jurisdictions(void **state)
{
    static const struct {
        const char *country, *region, *jurisdiction;
        bool record;
    } places[] = {{"US", "CA", "US-CA", true},     {"US", "New York", "US-NY", true},
                  {"US", "Atlantis", "US", false}, {"DE", "BY", "EU-DE", true},
                  {"GB", NULL, "GB", true},        {"CA", "Ontario", "CA-ON", true},
                  {"MZ", NULL, "MZ", false},       {"XX", NULL, NULL, false},
                  {NULL, "CA", NULL, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        const struct postal_address address = {.country = places[i].country,
                                               .region = places[i].region};
        const char *found = jurisdiction_of_address(&address);
        if (places[i].jurisdiction == NULL) {
            assert_null(found);
            continue;
        }
        assert_string_equal(found, places[i].jurisdiction);
        assert_int_equal(jurisdiction_on_record(found), places[i].record);
    }
}

/* ---- Rows. ---- */

struct rows {
    struct recipient_columns *columns;
    struct row_notes notes;
    struct buf json;
    unsigned rejected;
    struct error error;
};

static enum result take_row(void *context, const struct csv_row *row)
{
    struct rows *rows = context;
    struct arena *arena;
    struct recipient r;
    if (rows->columns == NULL)
        return recipient_columns_read(row, &rows->columns, &rows->error);
    arena = arena_create(65536);
    if (recipient_from_sheet_row(rows->columns, row, arena, &rows->notes, &r, &rows->error) ==
        RESULT_OK) {
        assert_true(recipient_write(&rows->json, &r));
        buf_puts(&rows->json, r.jurisdiction_derived ? r.jurisdiction : "-");
    } else {
        rows->rejected++;
    }
    arena_destroy(&arena);
    return RESULT_OK;
}

static enum result read_sheet(struct rows *rows, const char *bytes, size_t length)
{
    struct sheet_reader *reader = sheet_reader_create(SHEET_UNSAID, take_row, rows);
    memset(rows, 0, sizeof(*rows));
    buf_init(&rows->json, 65536);
    enum result result = sheet_reader_add(reader, bytes, length, &rows->error);
    if (result == RESULT_OK)
        result = sheet_reader_end(reader, &rows->error);
    sheet_reader_destroy(&reader);
    return result;
}

static void rows_free(struct rows *rows)
{
    recipient_columns_destroy(&rows->columns);
    buf_free(&rows->json);
}

/* Breaks when a bad optional field costs the person, or is dropped without a note. */
static void test_bad_fields_do_not_cost_the_person(void **state)
{
    struct rows rows;
    (void)state;
    assert_int_equal(
        read_sheet(&rows, BYTES("Customer ID;First name;Last name;E-mail;ZIP code;State;Country;"
                                "Phone;data types;legal_email_opt_out;;\r\n"
                                "r1;Ren\xe9;M\xfcller;nonsense;2139;MA;USA;1.4156E+10;"
                                "ssn|shoes|email;maybe;;\r\n")),
        RESULT_OK);
    assert_int_equal(rows.rejected, 0);
    assert_string_equal(rows.json.data,
                        "{\"address\":{\"country\":\"US\",\"postal_code\":\"02139\","
                        "\"region\":\"MA\"},\"data_types\":[\"email\",\"ssn\"],"
                        "\"legal_email_opt_out\":true,\"name\":\"Ren\xc3\xa9 M\xc3\xbcller\","
                        "\"recipient_id\":\"r1\"}US-MA");
    assert_int_equal(rows.notes.n, 6); /* email, country, data_types, opt out, phone, postal code */
    rows_free(&rows);
}

/* Breaks when the id of a person is guessed from a rounded number. */
static void test_lost_ids_are_refused(void **state)
{
    struct rows rows;
    (void)state;
    assert_int_equal(read_sheet(&rows, BYTES("recipient_id,email\n1.23457E+12,a@b.test\n")),
                     RESULT_OK);
    assert_int_equal(rows.rejected, 1);
    assert_string_equal(rows.error.field, "recipient_id");
    rows_free(&rows);
}

/* Breaks when two columns of one meaning overwrite each other. */
static void test_doubled_meanings_are_refused(void **state)
{
    struct rows rows;
    (void)state;
    assert_int_equal(read_sheet(&rows, BYTES("recipient_id,Phone,Mobile\n1,,\n")), RESULT_INVALID);
    assert_non_null(strstr(rows.error.text, "phone"));
    rows_free(&rows);
}

/* Breaks when a row without an end is read for ever. */
static void test_endless_row(void **state)
{
    struct sheet_reader *reader;
    struct rows rows = {.columns = NULL};
    static char block[65536];
    enum result result;
    unsigned pushed = 0;
    (void)state;
    buf_init(&rows.json, 65536);
    reader = sheet_reader_create(SHEET_UNSAID, take_row, &rows);
    result = sheet_reader_add(reader, BYTES("recipient_id,email\nr1,\""), &rows.error);
    memset(block, 'x', sizeof(block));
    for (; result == RESULT_OK && pushed < 64; pushed++)
        result = sheet_reader_add(reader, block, sizeof(block), &rows.error);
    assert_int_equal(result, RESULT_INVALID);
    assert_true(pushed < 20);
    sheet_reader_destroy(&reader);
    rows_free(&rows);
}

/* Breaks when a bad member of JSON costs the person, or an unknown one is passed over. */
static void test_lenient_json(void **state)
{
    static const struct {
        const char *json, *kept;
        unsigned notes;
    } lines[] = {
        {"{\"recipient_id\":\"r\",\"email\":\"x\",\"phone\":7}", "{\"recipient_id\":\"r\"}", 2},
        {"{\"recipient_id\":\"r\",\"consent\":{\"electronic\":\"maybe\"}}",
         "{\"consent\":{\"electronic\":false},\"recipient_id\":\"r\"}", 1},
        {"{\"recipient_id\":\"r\",\"fields\":{\"a\":\"1\",\"b\":2}}",
         "{\"fields\":{\"a\":\"1\"},\"recipient_id\":\"r\"}", 1},
        {"{\"recipient_id\":\"r\",\"adress\":{}}", NULL, 0},
        {"{\"email\":\"a@b.test\"}", NULL, 0},
        {"no json", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct arena *arena = arena_create(65536);
        struct row_notes notes;
        struct recipient r;
        struct error error;
        struct buf json;
        enum result result =
            recipient_read_lenient(slice_of(lines[i].json), arena, &notes, &r, &error);
        assert_int_equal(result == RESULT_OK, lines[i].kept != NULL);
        buf_init(&json, 65536);
        if (result == RESULT_OK) {
            assert_true(recipient_write(&json, &r));
            assert_string_equal(json.data, lines[i].kept);
            assert_int_equal(notes.n, lines[i].notes);
        }
        buf_free(&json);
        arena_destroy(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_refusal_says_how),
        cmocka_unit_test(test_foreign_files),
        cmocka_unit_test(test_delimiters),
        cmocka_unit_test(test_shapes_refused),
        cmocka_unit_test(test_header_names),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_postal_codes),
        cmocka_unit_test(test_jurisdictions),
        cmocka_unit_test(test_bad_fields_do_not_cost_the_person),
        cmocka_unit_test(test_lost_ids_are_refused),
        cmocka_unit_test(test_doubled_meanings_are_refused),
        cmocka_unit_test(test_endless_row),
        cmocka_unit_test(test_lenient_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
