/* test_csv.c - the strict CSV reader; each row of the table runs in one push and byte by byte. */
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
#include "base/mem.h"

/* Interfaces. */
#include "tocsin/csv.h"

/* What came out, as text: "line:cell|cell;" and "line!" for a row with a problem. */
static enum result note(void *context, const struct csv_row *row)
{
    struct buf *out = context;

    (void)buf_printf(out, "%llu", (unsigned long long)row->line);
    if (row->problem != NULL) {
        assert_int_equal(row->n, 0);
        return buf_puts(out, "!") ? RESULT_OK : RESULT_TOO_LARGE;
    }
    for (unsigned i = 0; i < row->n; i++) {
        assert_int_equal(strlen(row->cells[i]), row->lengths[i]);
        (void)buf_printf(out, "%c%s", i == 0 ? ':' : '|', row->cells[i]);
    }
    return buf_puts(out, ";") ? RESULT_OK : RESULT_TOO_LARGE;
}

static void run(const char *text, size_t length, size_t step, struct buf *out)
{
    struct csv_reader *reader = csv_reader_create(note, out);

    for (size_t at = 0; at < length; at += step) {
        size_t n = length - at < step ? length - at : step;

        assert_int_equal(csv_reader_add(reader, text + at, n), RESULT_OK);
    }
    assert_int_equal(csv_reader_end(reader), RESULT_OK);
    csv_reader_destroy(&reader);
    assert_null(reader);
}

/* A person's row would be read into other cells than it was written into. */
static void test_table(void **state)
{
#define ROW(text, out)                                                                             \
    {                                                                                              \
        text, sizeof(text) - 1, out                                                                \
    }
    static const struct {
        const char *text;
        size_t length;
        const char *out;
    } rows[] = {
        ROW("", ""),
        ROW("a,b\n", "1:a|b;"),
        ROW("a,b\r\nc,d\r\n", "1:a|b;2:c|d;"),
        ROW("a,b", "1:a|b;"),
        ROW("a,\n", "1:a|;"),
        ROW(",", "1:|;"),
        ROW("\xef\xbb\xbf"
            "a\nb\n",
            "1:a;2:b;"),
        ROW("\xef\xbb", "1:\xef\xbb;"),
        ROW("\xef\xbb"
            "x\n",
            "1:\xef\xbbx;"),
        ROW("\n\r\n\na\n\n", "4:a;"),
        ROW("\"\"\n", "1:;"),
        ROW("\"\"", "1:;"),
        ROW("\"a\",\"b\"\"c\"\r\n", "1:a|b\"c;"),
        ROW("\"a,b\",c\n", "1:a,b|c;"),
        ROW("\"a\nb\"\nc\n", "1:a\nb;3:c;"),
        ROW("\"a\r\nb\"\r\nc", "1:a\r\nb;3:c;"),
        ROW(" a , b \n", "1: a | b ;"),
        ROW("a\"b\nc\n", "1!2:c;"),
        ROW("a \"b\",c\nd\n", "1!2:d;"),
        ROW("\"a\"b,c\nd\n", "1!2:d;"),
        ROW("\"a\" ,b\nd\n", "1!2:d;"),
        ROW("a\rb\nc\n", "1!2:c;"),
        ROW("a\r\rb\nc\n", "1!2:c;"),
        ROW("a\r", "1!"),
        ROW("\r", ""),
        ROW("a\0b\nc\n", "1!2:c;"),
        ROW("\"a\0b\"\nc\n", "1!2:c;"),
        ROW("a\n\"b\nc\n", "1:a;2!"),
        ROW("a\n\"", "1:a;2!"),
        ROW("a\nb,\"", "1:a;2!"),
        ROW("a;b\n", "1:a;b;"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step < 50; step += 1 + (step > 3) * 44) {
            struct buf out;

            buf_init(&out, 65536);
            run(rows[i].text, rows[i].length, step, &out);
            if (strcmp(out.data, rows[i].out) != 0)
                fail_msg("row %zu step %zu: %s", i, step, out.data);
            buf_free(&out);
        }
    }
}

/* One huge row would take the memory, or its inside would be taken for persons. */
static void test_bounds(void **state)
{
    struct buf text, out;

    (void)state;
    buf_init(&text, SIZE_MAX);
    buf_init(&out, 1 << 20);
    (void)buf_puts(&text, "\"");
    for (int i = 0; i < 70000; i++)
        (void)buf_putc(&text, i % 100 == 99 ? '\n' : 'x');
    (void)buf_puts(&text, "\"\n");
    for (int i = 0; i < 256; i++)
        (void)buf_putc(&text, ',');
    (void)buf_puts(&text, "\nlast\n");
    run(text.data, text.length, 1000, &out);
    assert_string_equal(out.data, "1!702!703:last;");
    buf_free(&text);
    buf_free(&out);
}

/* The widest and longest rows that are promised would be refused. */
static void test_up_to_the_bounds(void **state)
{
    struct buf text, out;

    (void)state;
    buf_init(&text, SIZE_MAX);
    buf_init(&out, 1 << 20);
    for (int i = 0; i < 255; i++)
        (void)buf_putc(&text, ',');
    for (int i = 0; i < ROW_BYTES_MAX - 255; i++)
        (void)buf_putc(&text, 'y');
    (void)buf_puts(&text, "\nx\n");
    run(text.data, text.length, 4096, &out);
    assert_null(strchr(out.data, '!'));
    assert_int_equal(out.length, 2 + 255 + (ROW_BYTES_MAX - 255) + 1 + 4);
    buf_free(&text);
    buf_free(&out);
}

static enum result stop_at_two(void *context, const struct csv_row *row)
{
    *(uint64_t *)context = row->line;
    return row->line == 2 ? RESULT_FULL : RESULT_OK;
}

/* A full disk would be asked for more rows. */
static void test_callback_stops_the_reader(void **state)
{
    uint64_t line = 0;
    struct csv_reader *reader = csv_reader_create(stop_at_two, &line);

    (void)state;
    assert_int_equal(csv_reader_add(reader, "a\nb\nc\n", 6), RESULT_FULL);
    assert_int_equal(csv_reader_add(reader, "d\n", 2), RESULT_FULL);
    assert_int_equal(csv_reader_end(reader), RESULT_FULL);
    assert_true(line == 2);
    csv_reader_destroy(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_up_to_the_bounds),
        cmocka_unit_test(test_callback_stops_the_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
