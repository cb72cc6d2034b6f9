/* sms_segments.c - how many parts a text message takes, and how to need fewer. Pure.
 *
 * 140 octets a part: 160 septets of the GSM 7-bit alphabet or 70 UTF-16 units alone, 153 or 67 when
 * joined (6 octets of user data header with an 8-bit reference, 3GPP TS 23.040 9.2.3.24.1).
 * Characters of the extension table take two septets (TS 23.038 6.2.1.1). Neither these pairs nor
 * surrogate pairs are cut, so a part may end a unit early; dividing the length would miss that. One
 * character outside the alphabet makes the whole text UCS-2.
 */

/* System. */
#include <string.h>

/* This module. */
#include "notice_internal.h"

enum { GSM_ALONE = 160, GSM_JOINED = 153, UCS2_ALONE = 70, UCS2_JOINED = 67 };

/* Characters of the alphabet outside ASCII (TS 23.038 6.2.1): pounds, yen, accents, Greek capitals.
 */
static const uint16_t gsm_letters[] = {
    0xA1, 0xA3, 0xA4, 0xA5,  0xA7,  0xBF,  0xC4,  0xC5,  0xC6,  0xC7,  0xC9,  0xD1,  0xD6,
    0xD8, 0xDC, 0xDF, 0xE0,  0xE4,  0xE5,  0xE6,  0xE8,  0xE9,  0xEC,  0xF1,  0xF2,  0xF6,
    0xF8, 0xF9, 0xFC, 0x393, 0x394, 0x398, 0x39B, 0x39E, 0x3A0, 0x3A3, 0x3A6, 0x3A8, 0x3A9,
};

/* Septets of ASCII: nearly all characters of nearly all texts. */
/* clang-format off */
static const uint8_t ascii[128] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0x20 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0x30 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0x40 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1, /* 0x50 */
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 0x60 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0, /* 0x70 */
};
/* clang-format on */

/* 1 or 2 septets, 0 when the alphabet lacks the character. */
static unsigned septets_of(int32_t c)
{
    if (c >= 0 && c < 0x80)
        return ascii[c];
    if (c == 0x20AC)
        return 2;
    for (size_t i = 0; i < sizeof gsm_letters / sizeof gsm_letters[0]; i++)
        if (gsm_letters[i] == c)
            return 1;
    return 0;
}

struct tally {
    unsigned units, parts, filled;
    unsigned joined; /* units a part holds */
};

static void tally_add(struct tally *tally, unsigned units)
{
    tally->units += units;
    if (tally->parts == 0 || tally->filled + units > tally->joined) {
        tally->parts++;
        tally->filled = 0;
    }
    tally->filled += units;
}

/* False: a character is not in the alphabet. */
static bool count_gsm(struct tally *tally, const char *text, const char *end)
{
    while (text < end) {
        const bool plain = (unsigned char)*text < 0x80;
        int32_t c = plain ? *text++ : utf8_next(&text, end);
        unsigned septets = septets_of(c);
        if (septets == 0)
            return false;
        tally_add(tally, septets);
    }
    return true;
}

static void count_ucs2(struct tally *tally, const char *text, const char *end)
{
    while (text < end)
        tally_add(tally, utf8_next(&text, end) >= 0x10000 ? 2 : 1);
}

struct sms_count sms_count(const char *text, size_t length)
{
    struct tally tally = {.joined = GSM_JOINED};
    bool gsm7 = count_gsm(&tally, text, text + length);
    if (!gsm7) {
        tally = (struct tally){.joined = UCS2_JOINED};
        count_ucs2(&tally, text, text + length);
    }
    if (tally.units && tally.units <= (gsm7 ? GSM_ALONE : UCS2_ALONE))
        tally.parts = 1;
    return (struct sms_count){gsm7, tally.units, tally.parts};
}

/* ---- Folding ---- */

static const char latin_1[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";
static const char latin_a[] =
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiJjJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRr"
    "SsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
_Static_assert(sizeof latin_1 - 1 == 64, "U+00C0 to U+00FF");
_Static_assert(sizeof latin_a - 1 == 128, "U+0100 to U+017F");

/* What a typographic character is in plain text; NULL to leave it. */
static const char *plain_of(int32_t c)
{
    switch (c) {
    case 0x2018:
    case 0x2019:
    case 0x201A:
    case 0x2032:
    case '`':
        return "'";
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0xAB:
    case 0xBB:
        return "\"";
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2022:
        return "-";
    case 0x2026:
        return "...";
    case 0xA0:
    case 0x2009:
    case 0x202F:
    case '\t':
        return " ";
    default:
        return NULL;
    }
}

static void rewrite(struct buf *text, bool accents)
{
    struct buf out;
    buf_init(&out, text->limit);
    const char *at = text->data, *end = at + text->length;
    while (at < end) {
        const char *from = at;
        int32_t c = utf8_next(&at, end);
        const char *plain = plain_of(c);
        if (plain)
            buf_puts(&out, plain);
        else if (accents && c >= 0xC0 && c <= 0x17F && !septets_of(c))
            buf_putc(&out, c < 0x100 ? latin_1[c - 0xC0] : latin_a[c - 0x100]);
        else
            buf_add(&out, from, (size_t)(at - from));
    }
    text->length = 0;
    buf_add(text, out.data, out.length);
    buf_wipe(&out);
}

void sms_fold(struct buf *text, unsigned parts)
{
    struct sms_count count = sms_count(text->data, text->length);
    if (count.gsm7)
        return;
    rewrite(text, false);
    count = sms_count(text->data, text->length);
    if (!count.gsm7 && count.parts > parts)
        rewrite(text, true);
}
