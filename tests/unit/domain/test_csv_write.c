/* test_csv_write.c - CSV that a spreadsheet opens as text. */
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
#include "tocsin/csv.h"

/* A provider's words in an export would run as a formula on a compliance officer's desk. */
static void test_cells(void **state)
{
    static const struct {
        const char *text, *out;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"cr\rinside", "\"cr\rinside\""},
        {" blank", "\" blank\""},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"\nx", "\"'\nx\""},
        {"=a,b", "\"'=a,b\""},
        {"\xef\xbc\x9d"
         "1",
         "'\xef\xbc\x9d"
         "1"},
        {"\xef\xbc\x8b"
         "1",
         "'\xef\xbc\x8b"
         "1"},
        {"\xef\xbc\x8d"
         "1",
         "'\xef\xbc\x8d"
         "1"},
        {"\xef\xbc\xa0"
         "1",
         "'\xef\xbc\xa0"
         "1"},
        {"\xef\xbc", "\xef\xbc"},
        {"a=b", "a=b"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf out;

        buf_init(&out, 1000);
        assert_true(csv_write_cell(&out, rows[i].text, strlen(rows[i].text)));
        assert_string_equal(out.data, rows[i].out);
        buf_free(&out);
    }
}

static enum result compare(void *context, const struct csv_row *row)
{
    const char *const *cells = context;

    assert_null(row->problem);
    assert_int_equal(row->n, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_string_equal(row->cells[i], cells[i] == NULL ? "" : cells[i]);
    return RESULT_OK;
}

/* An export could not be read back as what it says. */
static void test_rows_read_back(void **state)
{
    const char *cells[] = {"a \"b\"", NULL, "x,\r\ny", " z "};
    struct csv_reader *reader = csv_reader_create(compare, cells);
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    assert_true(csv_write_row(&out, cells, 4));
    assert_string_equal(out.data + out.length - 2, "\r\n");
    assert_int_equal(csv_reader_add(reader, out.data, out.length), RESULT_OK);
    assert_int_equal(csv_reader_end(reader), RESULT_OK);
    csv_reader_destroy(&reader);
    buf_free(&out);
}

/* A full buffer would give a cut export for a whole one. */
static void test_a_full_buffer_is_told(void **state)
{
    const char *cells[] = {"abcdef"};
    struct buf out;

    (void)state;
    buf_init(&out, 3);
    assert_false(csv_write_row(&out, cells, 1));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_rows_read_back),
        cmocka_unit_test(test_a_full_buffer_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
