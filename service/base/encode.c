/* encode.c - hex, base64, base64url and base32 (RFC 4648). Pure. Happy path: bits go through one
 * shifter. Failure modes: decoders refuse what an encoder would not write (padding, stray bits,
 * length, foreign characters). */
/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

struct alphabet {
    const char *digits;
    unsigned bits;  /* a digit stands for */
    unsigned group; /* digits are padded with '=' to a multiple of this; 0 = unpadded */
    bool fold;      /* upper case is read as lower case */
};
static const struct alphabet hex = {"0123456789abcdef", 4, 0, true};
static const struct alphabet base32 = {"abcdefghijklmnopqrstuvwxyz234567", 5, 0, true};
static const struct alphabet base64 = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, 4, false};
static const struct alphabet base64url = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 6, 0, false};

static void encode(const struct alphabet *alphabet, char *to, const uint8_t *from, size_t length)
{
    unsigned held = 0, n_held = 0, mask = (1u << alphabet->bits) - 1;
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        held = held << 8 | from[i];
        for (n_held += 8; n_held >= alphabet->bits;) {
            n_held -= alphabet->bits;
            to[n++] = alphabet->digits[held >> n_held & mask];
        }
        held &= (1u << n_held) - 1;
    }
    if (n_held > 0)
        to[n++] = alphabet->digits[held << (alphabet->bits - n_held) & mask];
    while (alphabet->group > 0 && n % alphabet->group != 0)
        to[n++] = '=';
    to[n] = 0;
}

static int digit_value(const struct alphabet *alphabet, char c)
{
    if (alphabet->fold && c >= 'A' && c <= 'Z')
        c = (char)(c + 32);
    const char *at = c != 0 ? strchr(alphabet->digits, c) : NULL;
    return at != NULL ? (int)(at - alphabet->digits) : -1;
}

static bool unpad(const struct alphabet *alphabet, const char *text, size_t *length)
{
    if (alphabet->group == 0)
        return true;
    if (*length % alphabet->group != 0)
        return false;
    for (int i = 0; i < 2 && *length > 0 && text[*length - 1] == '='; i++)
        --*length;
    return true;
}

static long decode(const struct alphabet *alphabet, void *to, size_t size, struct slice text)
{
    uint8_t *bytes = to;
    unsigned held = 0, n_held = 0;
    size_t n = 0;
    if (!unpad(alphabet, text.data, &text.length))
        return -1;
    for (size_t i = 0; i < text.length; i++) {
        int value = digit_value(alphabet, text.data[i]);
        if (value < 0)
            return -1;
        held = held << alphabet->bits | (unsigned)value;
        n_held += alphabet->bits;
        if (n_held >= 8) {
            n_held -= 8;
            if (n == size)
                return -1;
            bytes[n++] = (uint8_t)(held >> n_held);
            held &= (1u << n_held) - 1;
        }
    }
    /* Left-over bits are the encoder's zero padding: fewer than a digit, and zero. */
    return n_held >= alphabet->bits || held != 0 ? -1 : (long)n;
}

void hex_encode(char *to, const void *bytes, size_t length)
{
    encode(&hex, to, bytes, length);
}

void base64_encode(char *to, const void *bytes, size_t length)
{
    encode(&base64, to, bytes, length);
}

void base64url_encode(char *to, const void *bytes, size_t length)
{
    encode(&base64url, to, bytes, length);
}

void base32_encode(char *to, const void *bytes, size_t length)
{
    encode(&base32, to, bytes, length);
}

long hex_decode(void *to, size_t size, const char *text, size_t length)
{
    return decode(&hex, to, size, (struct slice){text, length});
}

long base64_decode(void *to, size_t size, const char *text, size_t length)
{
    return decode(&base64, to, size, (struct slice){text, length});
}

long base64url_decode(void *to, size_t size, const char *text, size_t length)
{
    return decode(&base64url, to, size, (struct slice){text, length});
}

long base32_decode(void *to, size_t size, const char *text, size_t length)
{
    return decode(&base32, to, size, (struct slice){text, length});
}
