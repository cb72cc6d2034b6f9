/* json_write.c - canonical JSON (RFC 8785). Happy path: members sorted, minimal escapes, no blanks.
 * Failure modes: doubles, integers past 2^53 (which RFC 8785 would round), trees too deep and a
 * full buffer set buf->failed. */
/* System. */
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

enum { WRITE_DEPTH_MAX = 64 };
#define INTEGER_MAX ((INT64_C(1) << 53) - 1) /* RFC 7493 section 2.2 */

struct member {
    const char *key;
    struct json_object *value;
};

static bool write_value(struct buf *buf, struct json_object *json, int depth);

/* Order of UTF-16 code units: that of code points, but the ones written with surrogates (over
 * U+FFFF) come before U+E000..U+FFFF. */
static int32_t utf16_rank(int32_t code)
{
    return code >= 0xe000 && code <= 0xffff ? code + 0x110000 : code;
}

static int compare_members(const void *a, const void *b)
{
    const char *left = ((const struct member *)a)->key, *right = ((const struct member *)b)->key;
    const char *left_end = left + strlen(left), *right_end = right + strlen(right);
    while (left < left_end && right < right_end) {
        int32_t l = utf16_rank(utf8_next(&left, left_end));
        int32_t r = utf16_rank(utf8_next(&right, right_end));
        if (l != r)
            return l < r ? -1 : 1;
    }
    return (left < left_end) - (right < right_end);
}

static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

bool json_write_string(struct buf *buf, const char *text, size_t length)
{
    size_t from = 0;
    bool ok = buf_putc(buf, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        ok = ok && buf_add(buf, text + from, i - from);
        from = i + 1;
        const char *escape = escape_of(c);
        ok = ok && (escape != NULL ? buf_puts(buf, escape) : buf_printf(buf, "\\u%04x", c));
    }
    return ok && buf_add(buf, text + from, length - from) && buf_putc(buf, '"');
}

static bool write_members(struct buf *buf, const struct member *members, size_t n, int depth)
{
    bool ok = buf_putc(buf, '{');
    for (size_t i = 0; ok && i < n; i++)
        ok = (i == 0 || buf_putc(buf, ',')) &&
             json_write_string(buf, members[i].key, strlen(members[i].key)) && buf_putc(buf, ':') &&
             write_value(buf, members[i].value, depth + 1);
    return ok && buf_putc(buf, '}');
}

static bool write_object(struct buf *buf, struct json_object *json, int depth)
{
    struct member few[32], *members = few;
    size_t n = 0, count = (size_t)json_object_object_length(json);
    if (count > sizeof(few) / sizeof(few[0]))
        members = mem_alloc(count, sizeof(struct member));
    json_object_object_foreach(json, key, value)
    {
        members[n++] = (struct member){key, value};
    }
    qsort(members, n, sizeof(struct member), compare_members);
    bool ok = write_members(buf, members, n, depth);
    if (members != few)
        mem_free(members);
    return ok;
}

static bool write_array(struct buf *buf, struct json_object *json, int depth)
{
    bool ok = buf_putc(buf, '[');
    for (size_t i = 0; ok && i < json_object_array_length(json); i++)
        ok = (i == 0 || buf_putc(buf, ',')) &&
             write_value(buf, json_object_array_get_idx(json, i), depth + 1);
    return ok && buf_putc(buf, ']');
}

static bool write_integer(struct buf *buf, int64_t value)
{
    char text[24];
    char *at = text + sizeof(text);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value > INTEGER_MAX || value < -INTEGER_MAX)
        return false;
    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        *--at = '-';
    return buf_add(buf, at, (size_t)(text + sizeof(text) - at));
}

static bool write_value(struct buf *buf, struct json_object *json, int depth)
{
    if (depth > WRITE_DEPTH_MAX)
        return false;
    switch (json_object_get_type(json)) {
    case json_type_null:
        return buf_puts(buf, "null");
    case json_type_boolean:
        return buf_puts(buf, json_object_get_boolean(json) ? "true" : "false");
    case json_type_int:
        return write_integer(buf, json_object_get_int64(json));
    case json_type_string:
        return json_write_string(buf, json_object_get_string(json),
                                 (size_t)json_object_get_string_len(json));
    case json_type_object:
        return write_object(buf, json, depth);
    case json_type_array:
        return write_array(buf, json, depth);
    case json_type_double:
        return false;
    }
    return false;
}

bool json_write(struct buf *buf, struct json_object *json)
{
    bool ok = write_value(buf, json, 0);
    buf->failed |= !ok;
    return ok;
}
