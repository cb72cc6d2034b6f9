/* html.c - see the header. A conversion that is not known is a bug and aborts. */
/* System. */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Base. */
#include "base/result.h"
#include "base/str.h"

/* This module. */
#include "service/console/html.h"

static const char replacement[] = "\xEF\xBF\xBD";

void html_raw(struct buf *to, const char *literal)
{
    buf_puts(to, literal);
}

/* Overrides, embeddings and isolates could make a page read otherwise than it is (UAX 9). */
static bool turns(int32_t c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x061c;
}

static bool harmless(int32_t c)
{
    if (c < 0x20)
        return c == '\n' || c == '\t';
    return c != 0x7f && !(c >= 0x80 && c < 0xa0) && !turns(c);
}

static const char *entity(int32_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_bytes(struct buf *to, const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    while (at < end) {
        const char *from = at;
        int32_t c = utf8_next(&at, end);
        const char *name = entity(c);
        if (c < 0 || !harmless(c))
            buf_puts(to, replacement);
        else if (name != NULL)
            buf_puts(to, name);
        else
            buf_add(to, from, (size_t)(at - from));
    }
}

void html_text(struct buf *to, const char *text)
{
    if (text != NULL)
        html_bytes(to, text, strlen(text));
}

void html_f(struct buf *to, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    for (const char *at = format; *at != 0;) {
        size_t plain = strcspn(at, "%");
        buf_add(to, at, plain);
        at += plain;
        if (str_starts(at, "%s"))
            html_text(to, va_arg(values, const char *));
        else if (str_starts(at, "%lld"))
            buf_printf(to, "%lld", va_arg(values, long long));
        else if (str_starts(at, "%d"))
            buf_printf(to, "%d", va_arg(values, int));
        else if (str_starts(at, "%u"))
            buf_printf(to, "%u", va_arg(values, unsigned));
        else if (str_starts(at, "%%"))
            buf_putc(to, '%');
        else
            require(*at == 0);
        if (*at != 0)
            at += str_starts(at, "%lld") ? 4 : 2;
    }
    va_end(values);
}

void html_url(struct buf *to, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; text != NULL && *text != 0; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            strchr("-._~", c) != NULL)
            buf_putc(to, (char)c);
        else
            buf_printf(to, "%%%c%c", hex[c >> 4], hex[c & 15]);
    }
}

void html_number(struct buf *to, int64_t number)
{
    uint64_t size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    char text[32];
    size_t n = 0, digits = 0;
    do {
        if (digits > 0 && digits % 3 == 0)
            text[n++] = ',';
        text[n++] = (char)('0' + size % 10);
        size /= 10;
        digits++;
    } while (size > 0);
    if (number < 0)
        buf_putc(to, '-');
    while (n > 0)
        buf_putc(to, text[--n]);
}
