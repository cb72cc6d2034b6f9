/* str.c - strings and UTF-8. Pure. Happy path: text from outside is checked here once, at the edge.
 * Failure modes: malformed UTF-8 is reported, never repaired. */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

struct slice slice_of(const char *text)
{
    return (struct slice){text, text != NULL ? strlen(text) : 0};
}

bool slice_equal(struct slice a, const char *text)
{
    return a.length == strlen(text) && (a.length == 0 || memcmp(a.data, text, a.length) == 0);
}

bool str_equal(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_equal_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    while (*a != 0 && lower(*a) == lower(*b))
        a++, b++;
    return lower(*a) == lower(*b);
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_empty(const char *text)
{
    return text == NULL || *text == 0;
}

const char *str_or(const char *text, const char *fallback)
{
    return text != NULL ? text : fallback;
}

bool str_copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        if (size > 0)
            to[0] = 0;
        return false;
    }
    memcpy(to, from, length + 1);
    return true;
}

void str_lower(char *text)
{
    for (; *text != 0; text++)
        *text = lower(*text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *str_trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    text[length] = 0;
    return text;
}

/* Continuation bytes and the smallest code point a leading byte may stand for (RFC 3629 section 4).
 */
static int sequence_of(unsigned char lead, int32_t *ret_code, int32_t *ret_least)
{
    if (lead < 0x80)
        return *ret_code = lead, *ret_least = 0, 0;
    if ((lead & 0xe0) == 0xc0)
        return *ret_code = lead & 0x1f, *ret_least = 0x80, 1;
    if ((lead & 0xf0) == 0xe0)
        return *ret_code = lead & 0x0f, *ret_least = 0x800, 2;
    if ((lead & 0xf8) == 0xf0)
        return *ret_code = lead & 0x07, *ret_least = 0x10000, 3;
    return -1;
}

int32_t utf8_next(const char **at, const char *end)
{
    const char *from = *at;
    int32_t code = -1, least = 0;
    if (from >= end)
        return -1;
    *at = from + 1;
    int more = sequence_of((unsigned char)*from, &code, &least);
    if (more < 0 || more >= end - from)
        return -1;
    for (int i = 1; i <= more; i++) {
        unsigned char c = (unsigned char)from[i];
        if ((c & 0xc0) != 0x80)
            return -1;
        code = code << 6 | (c & 0x3f);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return -1;
    *at = from + 1 + more;
    return code;
}

bool utf8_valid(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        if (*bytes > 0 && (unsigned char)*bytes < 0x80)
            bytes++;
        else if (utf8_next(&bytes, end) <= 0)
            return false;
    }
    return true;
}

bool text_is_line(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        if (*bytes >= 0x20 && *bytes < 0x7f) { /* nearly all */
            bytes++;
            continue;
        }
        int32_t code = utf8_next(&bytes, end);
        if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x2028 || code == 0x2029)
            return false;
    }
    return true;
}

size_t utf8_length(const char *text)
{
    size_t n = 0;
    for (; *text != 0; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

bool parse_u64(const char *text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (str_empty(text))
        return false;
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool parse_i64(const char *text, int64_t *ret_value)
{
    uint64_t size;
    bool minus = text != NULL && *text == '-';
    if (!parse_u64(minus ? text + 1 : text, &size) || size > (uint64_t)INT64_MAX + minus)
        return false;
    *ret_value = minus ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}
