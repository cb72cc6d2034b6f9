/* sheet_encoding.c - a stream of bytes into UTF-8, in constant memory.
 *
 * Happy path: the first 512 bytes show a byte order mark or the zeros of UTF-16; else bytes pass as
 * they are as long as they are ASCII. From the first other byte on up to 64 KiB are looked at
 * before anything is decided; then the decision stands. Failure modes: two readings are possible,
 * or the bytes are none of the encoding any more: INVALID with a sentence on how to declare it. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/sheet.h"

enum { HEAD = 512, WINDOW = 64 * 1024 };

struct sheet_decoder {
    enum sheet_charset declared, charset;
    const char *evidence;
    struct buf held; /* bytes not decided about, or half a character */
    bool begun;      /* the head was looked at */
    bool decided;    /* charset will not change */
    char in_front;   /* the last byte that left undecided */
};

const char *sheet_charset_name(enum sheet_charset charset)
{
    static const char *const names[] = {
        [SHEET_UNSAID] = "unknown",   [SHEET_ASCII] = "ASCII",
        [SHEET_UTF8] = "UTF-8",       [SHEET_UTF16LE] = "UTF-16LE",
        [SHEET_UTF16BE] = "UTF-16BE", [SHEET_WINDOWS_1252] = "windows-1252",
        [SHEET_UTF16] = "UTF-16",
    };
    return names[charset];
}

bool sheet_charset_find(const char *label, enum sheet_charset *ret_charset)
{
    static const struct {
        const char *label;
        enum sheet_charset charset;
    } labels[] = {
        {"utf-8", SHEET_UTF8},
        {"utf8", SHEET_UTF8},
        {"us-ascii", SHEET_WINDOWS_1252},
        {"iso-8859-1", SHEET_WINDOWS_1252},
        {"latin1", SHEET_WINDOWS_1252},
        {"windows-1252", SHEET_WINDOWS_1252},
        {"cp1252", SHEET_WINDOWS_1252},
        {"utf-16", SHEET_UTF16},
        {"utf-16le", SHEET_UTF16LE},
        {"utf-16be", SHEET_UTF16BE},
    };
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        if (str_equal_nocase(label, labels[i].label)) {
            *ret_charset = labels[i].charset;
            return true;
        }
    }
    return false;
}

struct sheet_decoder *sheet_decoder_create(enum sheet_charset declared)
{
    struct sheet_decoder *decoder = mem_new(struct sheet_decoder);
    decoder->declared = declared;
    decoder->evidence = "no byte above ASCII was seen";
    buf_init(&decoder->held, SIZE_MAX);
    return decoder;
}

void sheet_decoder_destroy(struct sheet_decoder **decoder)
{
    if (*decoder != NULL)
        buf_wipe(&(*decoder)->held);
    mem_free(*decoder);
    *decoder = NULL;
}

enum sheet_charset sheet_decoder_charset(const struct sheet_decoder *decoder)
{
    return decoder->charset;
}

const char *sheet_decoder_evidence(const struct sheet_decoder *decoder)
{
    return decoder->evidence;
}

static void decide(struct sheet_decoder *d, enum sheet_charset charset, const char *evidence)
{
    d->charset = charset;
    d->evidence = evidence;
    d->decided = true;
}

static enum result refuse(struct error *error, const char *text)
{
    return error_set(error, RESULT_INVALID, "charset", "%s", text);
}

/* ---- Decoding. ---- */

static void drop(struct buf *held, size_t n)
{
    held->length -= n;
    memmove(held->data, held->data + n, held->length);
    held->data[held->length] = '\0';
}

static void put_point(struct buf *out, uint32_t c)
{
    char bytes[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(lead[n] | c);
    (void)buf_add(out, bytes, n);
}

static unsigned unit_at(const struct sheet_decoder *d, size_t i)
{
    const uint8_t *at = (const uint8_t *)d->held.data + i;
    return d->charset == SHEET_UTF16LE ? (unsigned)(at[0] | at[1] << 8)
                                       : (unsigned)(at[0] << 8 | at[1]);
}

/* Half a pair stays for the next bytes; a half alone becomes U+FFFD, which the cells' check sees.
 */
static void take_utf16(struct sheet_decoder *d, struct buf *out, bool end)
{
    size_t i = 0;
    while (i + 2 <= d->held.length) {
        uint32_t c = unit_at(d, i);
        if (c >= 0xd800 && c < 0xdc00) {
            if (i + 4 > d->held.length && !end)
                break;
            uint32_t low = i + 4 <= d->held.length ? unit_at(d, i + 2) : 0;
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        put_point(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
        i += 2;
    }
    drop(&d->held, i);
}

static enum result take_western(const char *bytes, size_t length, struct buf *out,
                                struct error *error)
{
    for (size_t i = 0; i < length; i++) {
        int32_t point = western_point((uint8_t)bytes[i]);
        if (point < 0)
            return refuse(error,
                          "The file was read as windows-1252, but it holds a byte which that "
                          "encoding does not have: save it as CSV UTF-8 and send it again.");
        if (point < 0x80)
            (void)buf_putc(out, bytes[i]);
        else
            put_point(out, (uint32_t)point);
    }
    return RESULT_OK;
}

/* ---- Deciding. ---- */

static size_t ascii_run(const char *bytes, size_t length)
{
    size_t i = 0;
    uint64_t word;
    for (; i + sizeof(word) <= length; i += sizeof(word)) {
        memcpy(&word, bytes + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < length && (bytes[i] & 0x80) == 0)
        i++;
    return i;
}

/* UTF-8, but for a character that the end of the window cuts. */
static bool is_utf8(const char *bytes, size_t length, bool end)
{
    for (unsigned cut = 0; cut < 4 && cut <= length; cut++) {
        if (utf8_valid(bytes, length - cut))
            return true;
        if (end || cut == 3 || length == cut || (bytes[length - cut - 1] & 0x80) == 0)
            return false;
    }
    return false;
}

static enum result decide_by_window(struct sheet_decoder *d, bool end, struct error *error)
{
    const char *bytes = d->held.data;
    const bool whole = d->held.length <= WINDOW;
    const size_t length = whole ? d->held.length : WINDOW;
    struct western_count count;
    if (is_utf8(bytes, length, end && whole)) {
        decide(d, SHEET_UTF8, "every byte above ASCII is part of a UTF-8 character");
        return RESULT_OK;
    }
    count = western_count(bytes, length, d->in_front);
    if (count.doubts == 0 && count.fits > 0) {
        decide(d, SHEET_WINDOWS_1252,
               "no UTF-8, and every byte above ASCII is a Western letter where one belongs");
        return RESULT_OK;
    }
    return refuse(error,
                  "The encoding of this file cannot be told for sure: save it as CSV UTF-8, or say "
                  "what it is, like Content-Type: text/csv; charset=windows-1252.");
}

/* Text in UTF-16 of Western writing: nearly every second byte is zero, and hardly another. */
static enum sheet_charset zeros_say(const char *bytes, size_t length)
{
    size_t even = 0, odd = 0, half = length / 2;
    for (size_t i = 0; i + 1 < length; i += 2) {
        even += bytes[i] == 0;
        odd += bytes[i + 1] == 0;
    }
    if (half < 8)
        return SHEET_UNSAID;
    if (odd * 10 >= half * 7 && even == 0)
        return SHEET_UTF16LE;
    return even * 10 >= half * 7 && odd == 0 ? SHEET_UTF16BE : SHEET_UNSAID;
}

static bool starts(const struct buf *held, const char *mark, size_t n)
{
    return held->length >= n && memcmp(held->data, mark, n) == 0;
}

static enum sheet_charset mark_says(const struct buf *held, size_t *ret_length)
{
    *ret_length = 2;
    if (starts(held, "\xff\xfe", 2))
        return SHEET_UTF16LE;
    if (starts(held, "\xfe\xff", 2))
        return SHEET_UTF16BE;
    *ret_length = 3;
    return starts(held, "\xef\xbb\xbf", 3) ? SHEET_UTF8 : SHEET_UNSAID;
}

static bool agrees(enum sheet_charset declared, enum sheet_charset found)
{
    bool utf16 = found == SHEET_UTF16LE || found == SHEET_UTF16BE;
    return declared == SHEET_UNSAID || declared == found || (declared == SHEET_UTF16 && utf16);
}

/* The first bytes: a mark, zeros, or a declaration. */
static enum result begin(struct sheet_decoder *d, struct error *error)
{
    size_t length;
    enum sheet_charset mark = mark_says(&d->held, &length);
    enum sheet_charset zeros = zeros_say(d->held.data, d->held.length);
    d->begun = true;
    if (starts(&d->held, "\xff\xfe\0\0", 4) || starts(&d->held, "\0\0\xfe\xff", 4))
        return refuse(error, "This file is UTF-32: save it as CSV UTF-8 and send it again.");
    if (!agrees(d->declared, mark == SHEET_UNSAID ? d->declared : mark))
        return refuse(error, "The byte order mark of the file says another encoding than the "
                             "charset in Content-Type: leave the charset out, or correct it.");
    if (mark != SHEET_UNSAID) {
        drop(&d->held, length);
        decide(d, mark, "a byte order mark");
    } else if (d->declared == SHEET_UTF16 && zeros == SHEET_UNSAID) {
        return refuse(error, "charset=utf-16 needs a byte order mark: say utf-16le or utf-16be.");
    } else if (d->declared != SHEET_UNSAID && d->declared != SHEET_UTF16) {
        decide(d, d->declared, "declared in Content-Type");
    } else if (zeros != SHEET_UNSAID) {
        decide(d, zeros, "every second byte is zero, as in UTF-16 without a mark");
    } else {
        d->charset = SHEET_ASCII;
    }
    return RESULT_OK;
}

/* All that is held, as far as it can be read now. */
static enum result flow(struct sheet_decoder *d, struct buf *out, bool end, struct error *error)
{
    enum result result = RESULT_OK;
    if (!d->decided) {
        size_t n = ascii_run(d->held.data, d->held.length);
        if (n > 0)
            d->in_front = d->held.data[n - 1];
        (void)buf_add(out, d->held.data, n);
        drop(&d->held, n);
        if (d->held.length == 0 || (!end && d->held.length < WINDOW))
            return RESULT_OK;
        result = decide_by_window(d, end, error);
        if (result != RESULT_OK)
            return result;
    }
    if (d->charset == SHEET_UTF16LE || d->charset == SHEET_UTF16BE) {
        take_utf16(d, out, end);
        return RESULT_OK;
    }
    if (d->charset == SHEET_WINDOWS_1252)
        result = take_western(d->held.data, d->held.length, out, error);
    else
        (void)buf_add(out, d->held.data, d->held.length);
    buf_clear(&d->held);
    return result;
}

enum result sheet_decoder_add(struct sheet_decoder *d, const char *bytes, size_t length,
                              struct buf *out, struct error *error)
{
    enum result result = RESULT_OK;
    if (d->decided && d->held.length == 0 && d->charset == SHEET_UTF8) {
        (void)buf_add(out, bytes, length);
        return RESULT_OK;
    }
    (void)buf_add(&d->held, bytes, length);
    if (!d->begun && d->held.length >= HEAD)
        result = begin(d, error);
    return result == RESULT_OK && d->begun ? flow(d, out, false, error) : result;
}

enum result sheet_decoder_end(struct sheet_decoder *d, struct buf *out, struct error *error)
{
    enum result result = d->begun ? RESULT_OK : begin(d, error);
    if (result == RESULT_OK)
        result = flow(d, out, true, error);
    if (result == RESULT_OK && d->held.length > 0)
        return refuse(error, "The file ends inside a character: it was cut; send the whole file.");
    return result;
}
