/* csv_write.c - CSV (RFC 4180) that a spreadsheet opens as text. False when the buffer is full. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/csv.h"

/* U+FF1D, U+FF0B, U+FF0D and U+FF20 are folded to ASCII by some spreadsheets before they look. */
static bool is_formula(const char *text, size_t length)
{
    static const char *const starts[] = {"=",
                                         "+",
                                         "-",
                                         "@",
                                         "\t",
                                         "\r",
                                         "\n",
                                         "\xef\xbc\x9d",
                                         "\xef\xbc\x8b",
                                         "\xef\xbc\x8d",
                                         "\xef\xbc\xa0"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        size_t n = strlen(starts[i]);

        if (length >= n && memcmp(text, starts[i], n) == 0)
            return true;
    }
    return false;
}

static bool needs_quotes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (memchr(",\"\r\n", text[i], 4) != NULL)
            return true;
    return length > 0 && (text[0] == ' ' || text[length - 1] == ' ');
}

bool csv_write_cell(struct buf *to, const char *text, size_t length)
{
    bool quotes = needs_quotes(text, length);

    if (quotes)
        (void)buf_putc(to, '"');
    if (is_formula(text, length))
        (void)buf_putc(to, '\'');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"')
            (void)buf_putc(to, '"');
        (void)buf_putc(to, text[i]);
    }
    if (quotes)
        (void)buf_putc(to, '"');
    return !to->failed;
}

bool csv_write_row(struct buf *to, const char *const *cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *cell = str_or(cells[i], "");

        if (i > 0)
            (void)buf_putc(to, ',');
        (void)csv_write_cell(to, cell, strlen(cell));
    }
    return buf_puts(to, "\r\n");
}
