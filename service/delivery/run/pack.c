/* pack.c - see the header. Happy path: greedy matches of 3 to 258 bytes, found by a hash of three
 * bytes and a short chain, each written as length and distance, the rest as literals. Failure
 * modes: a full buffer. */
/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/result.h"

/* This module. */
#include "service/delivery/run/pack.h"

enum { MATCH_MIN = 3, MATCH_MAX = 258, CHAIN_MAX = 6, END_OF_BLOCK = 256 };

/* RFC 1951 section 3.2.5. */
static const uint16_t length_bases[29] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                          15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                          67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                         2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_bases[22] = {1,  2,  3,  4,   5,   7,   9,   13,  17,  25,   33,
                                            49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537};

struct bits {
    struct buf *to;
    uint64_t held;
    unsigned n, ready; /* bits held; bytes that wait to go together */
    uint8_t bytes[256];
};

static void bits_flush(struct bits *bits)
{
    buf_add(bits->to, bits->bytes, bits->ready);
    bits->ready = 0;
}

static void bits_byte(struct bits *bits)
{
    bits->bytes[bits->ready++] = (uint8_t)bits->held;
    bits->held >>= 8;
}

static void bits_put(struct bits *bits, uint32_t value, unsigned n)
{
    bits->held |= (uint64_t)value << bits->n;
    bits->n += n;
    if (bits->n < 32)
        return;
    if (bits->ready + 4 > sizeof(bits->bytes))
        bits_flush(bits);
    for (int i = 0; i < 4; i++)
        bits_byte(bits);
    bits->n -= 32;
}

static void bits_end(struct bits *bits)
{
    if (bits->ready + 4 > sizeof(bits->bytes))
        bits_flush(bits);
    for (; bits->n > 0; bits->n = bits->n > 8 ? bits->n - 8 : 0)
        bits_byte(bits);
    bits_flush(bits);
}

/* Huffman codes go on the wire with their highest bit first. */
static uint16_t reverse(unsigned value, unsigned n)
{
    unsigned out = 0;
    for (unsigned i = 0; i < n; i++)
        out |= (value >> i & 1) << (n - 1 - i);
    return (uint16_t)out;
}

/* RFC 1951 section 3.2.6. */
static void fixed_codes(struct packer *packer)
{
    for (unsigned i = 0; i < 288; i++) {
        unsigned width = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
        unsigned code = i < 144   ? 0x30 + i
                        : i < 256 ? 0x190 + (i - 144)
                        : i < 280 ? i - 256
                                  : 0xc0 + (i - 280);
        packer->widths[i] = (uint8_t)width;
        packer->codes[i] = reverse(code, width);
    }
    for (unsigned length = MATCH_MIN, code = 0; length <= MATCH_MAX; length++) {
        while (code + 1 < 29 && length_bases[code + 1] <= length)
            code++;
        packer->length_codes[length] = (uint8_t)code;
    }
    for (unsigned distance = 1, code = 0; distance <= PACK_DISTANCE_MAX; distance++) {
        while (code + 1 < 22 && distance_bases[code + 1] <= distance)
            code++;
        packer->distance_codes[distance] = (uint8_t)code;
    }
}

static uint32_t hash(const uint8_t *at)
{
    uint32_t three = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
    return three * UINT32_C(0x9e3779b1) >> 22;
}
_Static_assert(PACK_HASH == 1 << (32 - 22), "the hash fits the table");

/* Remembers the position; how far back the one before it is, 0 = none or too far. */
static void remember(uint32_t *head, uint16_t *chain, const uint8_t *window, size_t at)
{
    uint32_t *last = &head[hash(window + at)];
    size_t back = *last == 0 ? 0 : at + 1 - *last;
    chain[at] = back <= PACK_DISTANCE_MAX ? (uint16_t)back : 0;
    *last = (uint32_t)at + 1;
}

static void chain_reserve(struct packer *packer, size_t n)
{
    if (n <= packer->capacity)
        return;
    packer->chain = mem_resize(packer->chain, n, sizeof(*packer->chain));
    packer->capacity = n;
}

void packer_init(struct packer *packer, const char *dictionary, size_t length)
{
    require(length <= PACK_DICTIONARY_MAX);
    memset(packer, 0, sizeof(*packer));
    memcpy(packer->window, dictionary, length);
    packer->dictionary = length;
    fixed_codes(packer);
    buf_init(&packer->text, SIZE_MAX);
    chain_reserve(packer, PACK_DICTIONARY_MAX + 1024);
    for (size_t at = 0; at + MATCH_MIN <= length; at++)
        remember(packer->head, packer->chain, packer->window, at);
}

void packer_free(struct packer *packer)
{
    buf_wipe(&packer->text);
    mem_free(packer->chain);
}

static size_t common(const uint8_t *a, const uint8_t *b, size_t most)
{
    size_t n = 0;
    while (n + 8 <= most && memcmp(a + n, b + n, 8) == 0)
        n += 8;
    while (n < most && a[n] == b[n])
        n++;
    return n;
}

struct match {
    size_t length, distance;
};

static struct match find(const struct packer *packer, const uint32_t *head, size_t at, size_t end)
{
    const uint8_t *window = (const uint8_t *)packer->text.data;
    size_t most = end - at < MATCH_MAX ? end - at : MATCH_MAX;
    struct match best = {0, 0};
    uint32_t last = head[hash(window + at)];
    size_t distance = last == 0 ? PACK_DISTANCE_MAX + 1 : at + 1 - last;
    for (int tries = 0; tries < CHAIN_MAX && distance <= PACK_DISTANCE_MAX; tries++) {
        const uint8_t *before = window + at - distance;
        if (before[best.length] == window[at + best.length]) { /* else it is no longer */
            size_t n = common(before, window + at, most);
            if (n > best.length)
                best = (struct match){n, distance};
        }
        size_t back = packer->chain[at - distance];
        if (back == 0 || best.length == most)
            break;
        distance += back;
    }
    return best;
}

/* The codes of distances: five bits, reversed. */
static const uint8_t fives[22] = {0,  16, 8,  24, 4,  20, 12, 28, 2,  18, 10,
                                  26, 6,  22, 14, 30, 1,  17, 9,  25, 5,  21};

static void put_match(const struct packer *packer, struct bits *bits, struct match match)
{
    unsigned code = packer->length_codes[match.length],
             far = packer->distance_codes[match.distance];
    bits_put(bits, packer->codes[257 + code], packer->widths[257 + code]);
    bits_put(bits, (uint32_t)(match.length - length_bases[code]), length_extra[code]);
    bits_put(bits, fives[far], 5);
    bits_put(bits, (uint32_t)(match.distance - distance_bases[far]), far < 4 ? 0 : far / 2 - 1);
}

static void put_text(struct packer *packer, struct bits *bits)
{
    const uint8_t *window = (const uint8_t *)packer->text.data;
    size_t end = packer->text.length;
    uint32_t head[PACK_HASH];
    memcpy(head, packer->head, sizeof(head));
    for (size_t at = packer->dictionary; at < end;) {
        bool hashed = end - at >= MATCH_MIN;
        struct match match = hashed ? find(packer, head, at, end) : (struct match){0, 0};
        size_t n = match.length >= MATCH_MIN ? match.length : 1;
        if (n > 1)
            put_match(packer, bits, match);
        else
            bits_put(bits, packer->codes[window[at]], packer->widths[window[at]]);
        for (; n > 0; n--, at++)
            if (end - at >= MATCH_MIN)
                remember(head, packer->chain, window, at);
    }
}

bool packer_add(struct packer *packer, const char *text, size_t length, struct buf *to)
{
    struct bits bits = {.to = to};
    buf_clear(&packer->text);
    buf_add(&packer->text, packer->window, packer->dictionary);
    buf_add(&packer->text, text, length);
    chain_reserve(packer, packer->text.length + 1);
    bits_put(&bits, 1, 1); /* the last block */
    bits_put(&bits, 1, 2); /* fixed codes */
    put_text(packer, &bits);
    bits_put(&bits, packer->codes[END_OF_BLOCK], packer->widths[END_OF_BLOCK]);
    bits_end(&bits);
    return !to->failed;
}
