/* config_read.c - single values of the configuration: strict numbers, durations, yes and no. Pure.
 *
 * Each keeps the default when the key is absent, and sets a fault that says what to write. */

/* System. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/str.h"
#include "base/time.h"

/* This module. */
#include "service/config_text.h"

bool config_number(const char *text, int64_t *ret_value)
{
    /* 010 is ten to one reader and eight to another: to us it is neither. */
    return !(text[0] == '0' && text[1]) && parse_i64(text, ret_value);
}

bool read_number(struct config_reader *reader, const char *path, const char *text,
                 struct config_range range, int64_t *to)
{
    int64_t value;

    if (!text)
        return true;
    if (!config_number(text, &value) || value < range.least || value > range.most) {
        config_fault_set(reader, path, "write a whole number from %" PRId64 " to %" PRId64,
                         range.least, range.most);
        return false;
    }
    *to = value;
    return true;
}

bool read_unsigned(struct config_reader *reader, const char *path, const char *text,
                   struct config_range range, unsigned *to)
{
    int64_t value = *to;

    if (!read_number(reader, path, text, range, &value))
        return false;
    *to = (unsigned)value;
    return true;
}

bool read_duration(struct config_reader *reader, const char *path, const char *text,
                   struct config_range range, int64_t *to)
{
    int64_t value;

    if (!text)
        return true;
    if (!duration_parse(text, &value)) {
        config_fault_set(reader, path,
                         "write a duration with its unit, such as 90s, 10m, 72h or 21d");
        return false;
    }
    if (value < range.least || value > range.most) {
        config_fault_set(reader, path, "write a duration from %" PRId64 "ms to %" PRId64 "s",
                         range.least, range.most / 1000);
        return false;
    }
    *to = value;
    return true;
}

bool read_bool(struct config_reader *reader, const char *path, const char *text, bool *to)
{
    if (!text)
        return true;
    if (str_equal(text, "yes") || str_equal(text, "true"))
        *to = true;
    else if (str_equal(text, "no") || str_equal(text, "false"))
        *to = false;
    else {
        config_fault_set(reader, path, "write yes or no");
        return false;
    }
    return true;
}

bool read_rate(struct config_reader *reader, const char *path, const char *text, double *to)
{
    size_t length = text ? strlen(text) : 0;

    if (!text)
        return true;
    /* Digits and at most one point: strtod() alone would take "0x1p3", "inf" and a locale's comma.
     */
    if (!length || length > 12 || strspn(text, "0123456789.") != length ||
        !strchr("0123456789", *text) || strchr(text, '.') != strrchr(text, '.') ||
        text[length - 1] == '.') {
        config_fault_set(reader, path,
                         "write sends a second as a number, such as 25 or 0.5; 0 is unlimited");
        return false;
    }
    *to = strtod(text, NULL);
    return true;
}

bool read_price(struct config_reader *reader, const char *path, const char *text,
                int64_t *ret_micro)
{
    size_t whole = text ? strspn(text, "0123456789") : 0, part;
    int64_t micro = 0;

    if (!text)
        return true;
    part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    if (!whole || whole > 6 || part > 6 || text[whole + (part ? part + 1 : 0)]) {
        config_fault_set(reader, path, "write the price of a message, such as 0.0083 or 1.20");
        return false;
    }
    for (size_t i = 0; i < whole; i++)
        micro = micro * 10 + (text[i] - '0');
    for (size_t i = 0; i < 6; i++)
        micro = micro * 10 + (i < part ? text[whole + 1 + i] - '0' : 0);
    *ret_micro = micro;
    return true;
}
