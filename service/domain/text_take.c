/* text_take.c - strings of JSON unescaped where they stand: an escape is never shorter than what it
 * means. Happy path: no escape, nothing moves. Failure modes: see the header. */

/* System. */
#include <stdint.h>

/* This module. */
#include "service/domain/text_take.h"

/* Four hexadecimal digits; -1 when there are none. */
static int32_t take_hex4(char **at)
{
    int32_t value = 0;

    for (int i = 0; i < 4; i++) {
        char c = (*at)[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    *at += 4;
    return value;
}

/* Behind "\u": a code point, of two escapes when it is past U+FFFF (RFC 8259 section 7); -1: none,
 * NUL, or half of a pair. */
static int32_t take_code(char **at)
{
    int32_t high = take_hex4(at), low;

    if (high <= 0 || (high >= 0xdc00 && high <= 0xdfff))
        return -1;
    if (high < 0xd800 || high > 0xdbff)
        return high;
    if (!take(at, '\\') || !take(at, 'u'))
        return -1;
    low = take_hex4(at);
    return low < 0xdc00 || low > 0xdfff ? -1 : 0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00);
}

/* RFC 3629 section 3. */
static char *put_utf8(char *to, int32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        } else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* Behind a backslash: writes what is meant at `to` and returns the place behind it; NULL: no such
 * escape. */
static char *take_escape(char **at, char *to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (take(at, 'u')) {
        int32_t code = take_code(at);

        return code < 0 ? NULL : put_utf8(to, code);
    }
    found = **at == '\0' ? NULL : strchr(from, **at);
    if (found == NULL)
        return NULL;
    *to = into[found - from];
    ++*at;
    return to + 1;
}

bool take_string(char **at, struct slice *ret_text)
{
    char *start, *from, *to;

    if (!take(at, '"'))
        return false;
    start = *at;
    for (from = start; *from != '"' && *from != '\\' && *from != '\0'; from++)
        ;
    for (to = from; *from != '"';) {
        if (*from == '\0')
            return false;
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        from++;
        to = take_escape(&from, to);
        if (to == NULL)
            return false;
    }
    *at = from + 1;
    *to = '\0';
    *ret_text = (struct slice){start, (size_t)(to - start)};
    return true;
}
