/* receipt_text.c - members of a canonical JSON object (RFC 8785), written straight into a buffer:
 * leaves and details are made by the hundred thousand a second. The caller names keys in ascending
 * order; the tests compare with the general writer. */
/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/receipts/receipt_private.h"

void members_begin(struct members *members, struct buf *to)
{
    *members = (struct members){.to = to};
    buf_putc(to, '{');
}

void members_end(struct members *members)
{
    buf_putc(members->to, '}');
}

static void key_begin(struct members *members, const char *key)
{
    char text[24]; /* keys are words of ours: "," quote, word, quote, ":" */
    size_t length = strlen(key), at = 0;
    require(length <= sizeof(text) - 4);
    if (members->any)
        text[at++] = ',';
    members->any = true;
    text[at++] = '"';
    memcpy(text + at, key, length);
    at += length;
    text[at++] = '"';
    text[at++] = ':';
    buf_add(members->to, text, at);
}

/* Nothing in it wants an escape. */
static bool plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            return false;
    }
    return true;
}

static void quoted(struct buf *to, const char *text, size_t length)
{
    char small[160];
    if (length > sizeof(small) - 2) {
        buf_putc(to, '"');
        buf_add(to, text, length);
        buf_putc(to, '"');
        return;
    }
    small[0] = small[length + 1] = '"';
    memcpy(small + 1, text, length);
    buf_add(to, small, length + 2);
}

/* What a provider said may be in any encoding. */
static void put_repaired(struct buf *to, const char *text, size_t length)
{
    struct buf copy;
    buf_init(&copy, SIZE_MAX);
    buf_add(&copy, text, length);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)copy.data[i] >= 0x80)
            copy.data[i] = '?';
    json_write_string(to, copy.data, length);
    buf_wipe(&copy);
}

/* Cut between two characters. */
static size_t cut(const char *text, size_t length, size_t most)
{
    if (length <= most)
        return length;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

void members_text(struct members *members, const char *key, const char *text, size_t most)
{
    if (text == NULL)
        return;
    size_t length = cut(text, strlen(text), most);
    key_begin(members, key);
    if (plain(text, length))
        quoted(members->to, text, length);
    else if (utf8_valid(text, length))
        json_write_string(members->to, text, length);
    else
        put_repaired(members->to, text, length);
}

void member_word(struct members *members, const char *key, const char *word)
{
    if (word == NULL)
        return;
    key_begin(members, key);
    quoted(members->to, word, strlen(word));
}

void member_int(struct members *members, const char *key, int64_t value)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        digits[--at] = '-';
    key_begin(members, key);
    buf_add(members->to, digits + at, sizeof(digits) - at);
}

void member_hex(struct members *members, const char *key, const uint8_t digest[DIGEST_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char text[DIGEST_TEXT_SIZE];
    for (int i = 0; i < DIGEST_SIZE; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    key_begin(members, key);
    quoted(members->to, text, 2 * DIGEST_SIZE);
}
