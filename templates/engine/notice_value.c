/* notice_value.c - values from outside, made safe for where they land. Pure. Nothing fails: what
 * cannot be shown is taken out or becomes a blank, so that a strange name never keeps a person from
 * being told.
 *
 * Direction overrides and isolates (U+202A-202E, U+2066-2069: Unicode TR36, CVE-2021-42574) vanish,
 * so do invisible characters; joiners stay (Persian and Indic names need them). "://" and "www."
 * get a blank: mail programs make links of them, and a name that an attacker registered must not
 * become one.
 */

/* System. */
#include <string.h>

/* This module. */
#include "notice_internal.h"

/* Bytes that need a second look: controls, everything not ASCII, the letters of a link. */
static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7F && c != ':';
}

static bool starts_www(const char *at, const char *end)
{
    return end - at >= 4 && (at[0] | 0x20) == 'w' && (at[1] | 0x20) == 'w' &&
           (at[2] | 0x20) == 'w' && at[3] == '.';
}

bool value_is_clean(struct slice value)
{
    const char *end = value.data + value.length;
    if (value.length && (value.data[0] == ' ' || end[-1] == ' '))
        return false;
    for (const char *at = value.data; at < end; at++)
        if (!is_plain((unsigned char)*at) || ((*at | 0x20) == 'w' && starts_www(at, end)))
            return false;
    return true;
}

static bool is_bidi(int32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* Seen by nobody, or not a character. U+E000..F8FF is private use: our marks are there. */
static bool is_hidden(int32_t c)
{
    return is_bidi(c) || c == 0x200B || c == 0x2060 || c == 0xFEFF || c == 0xAD || c == 0x180E ||
           (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000);
}

static bool is_control(int32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029;
}

/* The first character of `rest`; returns where the next one begins. `begin`: where the value does
 * in `to`. */
static const char *add_clean(struct buf *to, size_t begin, struct slice rest, bool lines)
{
    const char *from = rest.data, *at = from;
    int32_t c = utf8_next(&at, from + rest.length);
    if (c < 0)
        buf_puts(to, "\xEF\xBF\xBD");
    else if (lines && c == '\n')
        buf_putc(to, '\n');
    else if (is_control(c)) {
        if (to->length > begin && to->data[to->length - 1] != ' ')
            buf_putc(to, ' ');
    } else if (!is_hidden(c))
        buf_add(to, from, (size_t)(at - from));
    return at;
}

void value_add_clean(struct buf *to, struct slice value, bool unlink, bool lines)
{
    size_t begin = to->length;
    const char *at = value.data, *end = value.data + value.length;
    while (at < end && *at == ' ')
        at++;
    while (at < end)
        at = add_clean(to, begin, (struct slice){at, (size_t)(end - at)}, lines);
    while (to->length > begin && to->data[to->length - 1] == ' ')
        to->data[--to->length] = 0;
    if (!unlink)
        return;
    /* After the hidden characters are gone, so that none of them hides a link from us. */
    for (size_t i = begin; i < to->length; i++) {
        bool scheme = to->data[i] == ':' && to->length - i > 2 && to->data[i + 1] == '/';
        bool www = starts_www(to->data + i, to->data + to->length);
        size_t gap = i + (www ? 3 : 1);
        if ((!scheme && !www) || !buf_putc(to, ' '))
            continue;
        memmove(to->data + gap + 1, to->data + gap, to->length - 1 - gap);
        to->data[gap] = ' ';
        i = gap;
    }
}

static const char *html_entity(char c)
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

void html_add(struct buf *to, const char *text, size_t length)
{
    size_t from = 0;
    for (size_t i = 0; i < length; i++) {
        const char *entity = html_entity(text[i]);
        if (!entity)
            continue;
        buf_add(to, text + from, i - from);
        buf_puts(to, entity);
        from = i + 1;
    }
    buf_add(to, text + from, length - from);
}

bool source_is_clean(const char *text, size_t length)
{
    if (!utf8_valid(text, length))
        return false;
    const char *end = text + length;
    while (text < end) {
        int32_t c = utf8_next(&text, end);
        bool blank = c == '\n' || c == '\t' || c == '\r';
        if ((is_control(c) && !blank) || is_hidden(c))
            return false;
    }
    return true;
}
