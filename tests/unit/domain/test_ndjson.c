/* test_ndjson.c - lines of NDJSON; each row of the table runs in one push and byte by byte. */
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

static enum result note(void *context, const struct ndjson_line *line)
{
    struct buf *out = context;

    (void)buf_printf(out, "%llu", (unsigned long long)line->line);
    if (line->problem != NULL)
        return buf_puts(out, "!") ? RESULT_OK : RESULT_TOO_LARGE;
    (void)buf_putc(out, ':');
    (void)buf_add(out, line->text, line->length);
    return buf_puts(out, ";") ? RESULT_OK : RESULT_TOO_LARGE;
}

static void run(const char *text, size_t length, size_t step, struct buf *out)
{
    struct ndjson_reader *reader = ndjson_reader_create(note, out);

    for (size_t at = 0; at < length; at += step)
        assert_int_equal(
            ndjson_reader_add(reader, text + at, length - at < step ? length - at : step),
            RESULT_OK);
    assert_int_equal(ndjson_reader_end(reader), RESULT_OK);
    ndjson_reader_destroy(&reader);
}

/* A line would be cut, joined to its neighbour, or counted wrong. */
static void test_table(void **state)
{
    static const struct {
        const char *text, *out;
    } rows[] = {
        {"", ""},
        {"\n\n", ""},
        {"{}\n{}\n", "1:{};2:{};"},
        {"{}", "1:{};"},
        {"{}\r\n\r\n[]\r\n", "1:{};3:[];"},
        {"a\n \t\nb", "1:a;3:b;"},
        {"\xef\xbb\xbf{}\n\xef\xbb\xbf\n", "1:{};2:\xef\xbb\xbf;"},
        {"a\rb\n", "1:a\rb;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t step = 1; step < 50; step += 1 + (step > 3) * 44) {
            struct buf out;

            buf_init(&out, 65536);
            run(rows[i].text, strlen(rows[i].text), step, &out);
            if (strcmp(out.data, rows[i].out) != 0)
                fail_msg("row %zu step %zu: %s", i, step, out.data);
            buf_free(&out);
        }
    }
}

/* An endless line would take the memory, or cost the lines behind it. */
static void test_bound(void **state)
{
    (void)state;
    for (size_t step = 1000; step <= 1000000; step *= 10) {
        struct buf text, out;

        buf_init(&text, SIZE_MAX);
        buf_init(&out, 1 << 20);
        for (int i = 0; i < ROW_BYTES_MAX; i++)
            (void)buf_putc(&text, 'x');
        (void)buf_puts(&text, "\r\n");
        for (int i = 0; i < ROW_BYTES_MAX + 1; i++)
            (void)buf_putc(&text, 'y');
        (void)buf_puts(&text, "\nlast\n");
        run(text.data, text.length, step, &out);
        assert_int_equal(out.length, 2 + ROW_BYTES_MAX + 1 + 2 + 7);
        assert_string_equal(out.data + 2 + ROW_BYTES_MAX, ";2!3:last;");
        buf_free(&text);
        buf_free(&out);
    }
}

static enum result refuse(void *context, const struct ndjson_line *line)
{
    *(uint64_t *)context = line->line;
    return RESULT_FULL;
}

/* A full disk would be asked for more lines. */
static void test_callback_stops_the_reader(void **state)
{
    uint64_t line = 0;
    struct ndjson_reader *reader = ndjson_reader_create(refuse, &line);

    (void)state;
    assert_int_equal(ndjson_reader_add(reader, "a\nb\nc", 5), RESULT_FULL);
    assert_int_equal(ndjson_reader_end(reader), RESULT_FULL);
    assert_true(line == 1);
    ndjson_reader_destroy(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_callback_stops_the_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
