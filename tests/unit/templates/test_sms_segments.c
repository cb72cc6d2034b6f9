/* Parts of text messages: the alphabets, the padding at the ends of parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "tocsin/template.h"

struct row {
    const char *unit; /* repeated n times */
    unsigned n;
    const char *tail;
    bool gsm7;
    unsigned units, parts;
};

/* If it fails, messages cost more than was counted, or are cut inside a character. */
static void test_table(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"a", 0, "", true, 0, 0},
        {"a", 1, "", true, 1, 1},
        {"a", 160, "", true, 160, 1},
        {"a", 161, "", true, 161, 2},
        {"a", 306, "", true, 306, 2},
        {"a", 307, "", true, 307, 3},
        {"a", 459, "", true, 459, 3},
        {"a", 460, "", true, 460, 4},
        {"\xE2\x82\xAC", 80, "", true, 160, 1},
        {"\xE2\x82\xAC", 81, "", true, 162, 2},
        {"\xE2\x82\xAC", 152, "", true, 304, 2},
        /* 76 pairs and one septet of padding: 153 does not divide by two. */
        {"\xE2\x82\xAC", 153, "", true, 306, 3},
        {"a", 304, "{", true, 306, 2},
        {"a", 152,
         "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         true, 305, 2},
        {"\xC3\xA9", 160, "", true, 160, 1},
        {"\xC3\x87", 1, "", true, 1, 1},
        {"\xC3\xA7", 1, "", false, 1, 1},
        {"`", 1, "", false, 1, 1},
        {"\xC3\xAD", 70, "", false, 70, 1},
        {"\xC3\xAD", 71, "", false, 71, 2},
        {"\xC3\xAD", 134, "", false, 134, 2},
        {"\xC3\xAD", 135, "", false, 135, 3},
        {"a", 69, "\xE2\x80\x99", false, 70, 1},
        {"\xF0\x9F\x94\x94", 35, "", false, 70, 1},
        {"\xF0\x9F\x94\x94", 66, "", false, 132, 2},
        /* 33 surrogate pairs a part: 67 does not divide by two. */
        {"\xF0\x9F\x94\x94", 67, "", false, 134, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text;
        buf_init(&text, 4096);
        for (unsigned k = 0; k < rows[i].n; k++)
            buf_puts(&text, rows[i].unit);
        buf_puts(&text, rows[i].tail);
        struct sms_count count = sms_count(text.data, text.length);
        if (count.gsm7 != rows[i].gsm7 || count.units != rows[i].units ||
            count.parts != rows[i].parts)
            fail_msg("row %zu: %d %u units %u parts", i, count.gsm7, count.units, count.parts);
        buf_free(&text);
    }
}

/* If it fails, a text costs more parts than we say, or an alphabet is announced that lacks a
 * character (3GPP TS 23.038 section 6.2.1). */
static void test_ascii(void **state)
{
    (void)state;
    for (int c = 1; c < 0x80; c++) {
        const char text[] = {(char)c, 0};
        const bool twice = strchr("^{}\\[~]|\f", c) != NULL;
        const bool there = twice || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f && c != '`');
        struct sms_count count = sms_count(text, 1);
        assert_int_equal(count.gsm7, there);
        assert_int_equal(count.units, twice ? 2 : 1);
        assert_int_equal(count.parts, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ascii), cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
