/* sheet_western.c - is it Windows-1252? Every single-byte encoding gives some text for some bytes;
 * what tells them apart is where the letters stand. A byte counts as evidence only where Western
 * writing would put its character: small letters beside letters, capitals at the beginning of a
 * word or among capitals, marks outside of words. Mac OS Roman, code pages 437 and 850,
 * Windows-1250, 1251, 1253 and Shift-JIS fail that for names of people. The table is
 * https://encoding.spec.whatwg.org/index-windows-1252.txt, without the five bytes that the
 * Unicode Consortium's CP1252.TXT leaves undefined. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

/* 0x80..0x9f; 0: undefined. */
static const uint16_t upper[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                   0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                   0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                   0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

int32_t western_point(uint8_t byte)
{
    if (byte < 0x80 || byte >= 0xa0)
        return byte;
    return upper[byte - 0x80] == 0 ? -1 : upper[byte - 0x80];
}

enum place { PLACE_NONE, PLACE_SMALL, PLACE_CAPITAL, PLACE_MARK };

/* What the byte is in Windows-1252. */
static enum place kind_of(uint8_t byte)
{
    if ((byte >= 'a' && byte <= 'z') || byte == 0x9a || byte == 0x9c || byte == 0x9e ||
        (byte >= 0xdf && byte != 0xf7))
        return PLACE_SMALL;
    if ((byte >= 'A' && byte <= 'Z') || byte == 0x8a || byte == 0x8c || byte == 0x8e ||
        byte == 0x9f || (byte >= 0xc0 && byte <= 0xde && byte != 0xd7))
        return PLACE_CAPITAL;
    return byte >= 0x80 && western_point(byte) >= 0 ? PLACE_MARK : PLACE_NONE;
}

static bool is_letter(enum place place)
{
    return place == PLACE_SMALL || place == PLACE_CAPITAL;
}

static bool is_apostrophe(uint8_t byte)
{
    return byte == 0x91 || byte == 0x92 || byte == 0xb4;
}

static bool mark_fits(uint8_t byte, uint8_t before, uint8_t behind)
{
    bool inside = is_letter(kind_of(before)) && is_letter(kind_of(behind));
    if (is_apostrophe(byte))
        return is_letter(kind_of(before)) || is_letter(kind_of(behind));
    if (byte == 0x96 || byte == 0x97) /* dashes */
        return !inside;
    if (byte == 0xba || byte == 0xaa || byte == 0xb0) /* n° 4, 2º, 1ª */
        return !inside;
    if (byte == 0x93 || byte == 0x84 || byte == 0xab || byte == 0xbf || byte == 0xa1)
        return !is_letter(kind_of(before)) && before < 0x80;
    if (byte == 0x94 || byte == 0xbb || byte == 0x85)
        return !inside;
    return false; /* currency, fractions, daggers: no part of a person's record */
}

/* Bytes that neighbours of Windows-1252 use for letters of other languages (eth, thorn and y acute
 * are Turkish letters in 1254 and Baltic ones in 1257; s and z with caron stand where Mac OS Roman
 * has o with diaeresis and u with circumflex): they prove nothing. */
static bool is_shared(uint8_t byte)
{
    return byte == 0xd0 || byte == 0xdd || byte == 0xde || byte == 0xf0 || byte == 0xfd ||
           byte == 0xfe || byte == 0x8a || byte == 0x8e || byte == 0x9a || byte == 0x9e;
}

/* Small letters that Windows-1250 has another letter for: beside a second accent they are Czech
 * ("Dvo\xf8\xe1k"), but for the Portuguese -\xe7\xe3o, -\xe7\xf5es. */
static bool is_contested(uint8_t byte)
{
    static const char bytes[] = "\xe0\xe3\xe5\xe6\xe8\xea\xec\xef\xf1\xf2\xf5\xf8\xf9\xfb";
    return memchr(bytes, byte, sizeof(bytes) - 1) != NULL;
}

static bool letter_fits(uint8_t byte, uint8_t before, uint8_t behind)
{
    enum place left = kind_of(before), right = kind_of(behind);
    if (is_shared(byte) || (!is_letter(left) && !is_letter(right)))
        return false; /* alone: any script could be meant */
    if (before >= 0x80 && behind >= 0x80)
        return false; /* the third in a row: no Western word */
    if (byte == 0x9c) /* oe: in French u, i or another vowel follows; else it is a Mac's u acute */
        return behind == 'u' || behind == 'i' || behind == 'e';
    if (is_contested(byte) && ((before >= 0x80 && before != 0xe7) || behind >= 0x80))
        return false;
    if (kind_of(byte) == PLACE_CAPITAL)
        return left != PLACE_SMALL; /* a capital inside of a word is Mac OS Roman's accent */
    return right != PLACE_CAPITAL || left == PLACE_SMALL || left == PLACE_NONE;
}

struct western_count western_count(const char *bytes, size_t length, char in_front)
{
    const uint8_t *at = (const uint8_t *)bytes;
    struct western_count count = {0, 0};
    for (size_t i = 0; i < length; i++) {
        if (at[i] < 0x80 || at[i] == 0xa0)
            continue;
        uint8_t before = i > 0 ? at[i - 1] : (uint8_t)in_front;
        uint8_t behind = i + 1 < length ? at[i + 1] : 0;
        bool letter = is_letter(kind_of(at[i]));
        bool fits = letter ? letter_fits(at[i], before, behind)
                           : kind_of(at[i]) == PLACE_MARK && mark_fits(at[i], before, behind);
        count.fits += fits && letter;
        count.doubts += !fits;
    }
    return count;
}

/* The byte that Windows-1252 has for a code point; -1: none. Undefined bytes pass as C1 controls,
 * which is how they were read by whoever damaged the text. */
static int western_byte(int32_t point)
{
    if (point < 0)
        return -1;
    if (point < 0x80 || (point >= 0xa0 && point <= 0xff))
        return (int)point;
    for (int i = 0; i < 32; i++)
        if (upper[i] == point || (upper[i] == 0 && point == 0x80 + i))
            return 0x80 + i;
    return -1;
}

bool western_undo(const char *text, size_t length, char *to, size_t size)
{
    const char *at = text, *end = text + length;
    size_t n = 0, high = 0;
    if (length >= size)
        return false;
    while (at < end) {
        int byte = western_byte(utf8_next(&at, end));
        if (byte < 0)
            return false;
        high += byte >= 0x80;
        to[n++] = (char)byte;
    }
    to[n] = '\0';
    return high >= 2 && n < length && utf8_valid(to, n) && text_is_line(to, n);
}
