/* uri.c - request targets, RFC 3986 and RFC 9112 section 3.2.1, strictly.
 *
 * Happy path: the raw target is checked once, then its pieces are decoded into the request's arena.
 * Anything that two readers could read differently (a NUL, a control character, a dot segment) is
 * refused. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/http/uri.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One decoded byte at text[*i], moving on; -1 for a broken escape or a control character. */
static int next_byte(const char *text, size_t length, size_t *i)
{
    unsigned char c = (unsigned char)text[*i];
    if (c == '%') {
        if (length - *i < 3)
            return -1;
        int high = hex_digit(text[*i + 1]), low = hex_digit(text[*i + 2]);
        if (high < 0 || low < 0)
            return -1;
        c = (unsigned char)(high * 16 + low);
        *i += 2;
    }
    (*i)++;
    return c < 0x20 || c == 0x7f ? -1 : c;
}

/* "." and "..", also when written with %2E: proxies normalise them away, so they must not mean
 * anything here. */
static bool is_dot_segment(const char *segment, size_t length)
{
    unsigned dots = 0;
    for (size_t i = 0; i < length; dots++) {
        if (next_byte(segment, length, &i) != '.')
            return false;
    }
    return dots == 1 || dots == 2;
}

static bool segment_ok(const char *segment, size_t length)
{
    for (size_t i = 0; i < length;) {
        if (segment[i] <= 0x20 || segment[i] >= 0x7f || strchr("\"<>\\^`{|}#", segment[i]))
            return false;
        if (next_byte(segment, length, &i) < 0)
            return false;
    }
    return !is_dot_segment(segment, length);
}

bool uri_path_ok(const char *path, size_t length)
{
    if (length == 0 || path[0] != '/' || memchr(path, 0, length))
        return false;
    const char *at = path + 1, *end = path + length;
    for (;;) {
        const char *slash = memchr(at, '/', (size_t)(end - at));
        const char *stop = slash ? slash : end;
        if (!segment_ok(at, (size_t)(stop - at)))
            return false;
        if (!slash)
            return true;
        at = slash + 1;
    }
}

static bool keeps_slash(const char *text, size_t length, size_t i)
{
    return length - i >= 3 && text[i] == '%' && text[i + 1] == '2' &&
           (text[i + 2] == 'F' || text[i + 2] == 'f');
}

char *uri_decode(struct arena *arena, const char *text, size_t length, bool keep_slash)
{
    char *to = arena_alloc(arena, length + 1);
    if (!to)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < length;) {
        if (keep_slash && keeps_slash(text, length, i)) {
            memcpy(to + n, text + i, 3);
            n += 3;
            i += 3;
            continue;
        }
        int byte = next_byte(text, length, &i);
        if (byte < 0)
            return NULL;
        to[n++] = (char)byte;
    }
    to[n] = '\0';
    return utf8_valid(to, n) ? to : NULL;
}

/* A form-encoded piece: '+' means a blank (WHATWG URL, application/x-www-form-urlencoded). */
static char *decode_form(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_strndup(arena, text, length);
    if (!copy)
        return NULL;
    for (char *plus = copy; (plus = strchr(plus, '+'));)
        *plus = ' ';
    return uri_decode(arena, copy, length, false);
}

static bool add_pair(struct arena *arena, const char *text, size_t length, struct query *query)
{
    const char *equals = memchr(text, '=', length);
    size_t name_length = equals ? (size_t)(equals - text) : length;
    const char *value = equals ? equals + 1 : text + length;
    if (query->n == HTTP_QUERY_MAX)
        return false;
    struct query_pair pair = {decode_form(arena, text, name_length),
                              decode_form(arena, value, length - (size_t)(value - text))};
    if (!pair.name || !pair.value || query_get(query, pair.name))
        return false;
    query->pairs[query->n++] = pair;
    return true;
}

bool uri_query(struct arena *arena, const char *text, struct query *query)
{
    query->n = 0;
    while (text && *text) {
        size_t length = strcspn(text, "&");
        if (length && !add_pair(arena, text, length, query))
            return false;
        text += length + (text[length] == '&');
    }
    return true;
}

const char *query_get(const struct query *query, const char *name)
{
    for (size_t i = 0; i < query->n; i++) {
        if (str_equal(query->pairs[i].name, name))
            return query->pairs[i].value;
    }
    return NULL;
}
